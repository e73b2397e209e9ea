// Networks trained elsewhere: a state dict from .npz or .safetensors becomes a model of ours, by names that default to
// those of a PyTorch module written like our type (host/import/parameters.hpp). Not part of offramp/host.hpp, because
// it needs libzip (-lzip) and nlohmann-json; the CMake target is offramp::import.
//   const host::model m = host::import_model<my_net>("weights.npz");
#ifndef OFFRAMP_HOST_IMPORT_HPP
#define OFFRAMP_HOST_IMPORT_HPP

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/import_model.hpp>
#include <offramp/host/import/name_map.hpp>
#include <offramp/host/import/npz.hpp>
#include <offramp/host/import/safetensors.hpp>
#include <offramp/host/import/state_dict.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Reads a .npz or .safetensors file. Throws `error`, naming file and tensor, where it is missing or not intact.
inline state_dict read_state_dict(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::string ending = path.extension().string();
  if (ending != ".npz" && ending != ".safetensors")
    throw error(name + ": found the ending '" + ending + "', expected .npz (numpy.savez) or .safetensors");
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  if (failed) throw error(name + ": cannot be read: " + failed.message() + ", expected a file of weights");
  if (size > detail::largest_import)
    throw error(name + ": found " + std::to_string(size) + " bytes, expected at most " +
                std::to_string(detail::largest_import));
  std::vector<unsigned char> bytes(static_cast<std::size_t>(size));
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    throw error(name + ": cannot be read: " + std::strerror(errno) + ", expected " + std::to_string(size) + " bytes");
  return ending == ".npz" ? read_npz(bytes, name) : read_safetensors(bytes, name);
}

// The weights of a network from a file. See import_model.hpp for what is checked.
template <class Net>
model import_model(const std::filesystem::path& file, const name_map& names = default_names(Net::view()),
                   const import_options& options = {}) {
  return import_model(Net::view(), read_state_dict(file), names, options);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
