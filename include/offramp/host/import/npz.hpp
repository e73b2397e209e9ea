// NPZ, what numpy.savez and savez_compressed write: a zip archive of one NPY file per array. Reads with libzip
// (-lzip), which also compares the checksums.
#ifndef OFFRAMP_HOST_IMPORT_NPZ_HPP
#define OFFRAMP_HOST_IMPORT_NPZ_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <zip.h>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/npy.hpp>
#include <offramp/host/import/state_dict.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

struct zip_discarder {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct zip_file_closer {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// A whole file of an archive. Memory grows with what arrives, not with what a header claims, up to `most` bytes.
inline std::vector<unsigned char> unpack(zip_t* archive, zip_uint64_t index, std::uint64_t most,
                                         const std::string& where) {
  const std::unique_ptr<zip_file_t, zip_file_closer> file{zip_fopen_index(archive, index, 0)};
  if (!file)
    throw error(where + ": cannot be unpacked: " + zip_strerror(archive) + ", expected stored or deflated data");
  std::vector<unsigned char> bytes;
  for (;;) {
    constexpr std::size_t piece = 1u << 16;
    const std::size_t have = bytes.size();
    if (have > most)
      throw error(where + ": the arrays of the archive take more than " + std::to_string(largest_import) +
                  " bytes together, which is the most that is read");
    bytes.resize(have + piece);
    const zip_int64_t got = zip_fread(file.get(), bytes.data() + have, piece);  // compares the checksum at the end
    if (got < 0)
      throw error(where + ": corrupted behind byte " + std::to_string(have) + ": " + zip_file_strerror(file.get()) +
                  ", expected intact data");
    bytes.resize(have + static_cast<std::size_t>(got));
    if (got == 0) return bytes;
  }
}

}  // namespace detail

// The arrays of an archive that lies in memory, each under its name without ".npy". `source` is what messages call it.
// Throws on anything that is not an intact archive of NPY files of numbers.
inline state_dict read_npz(std::span<const unsigned char> bytes, const std::string& source) {
  zip_error_t why;
  zip_error_init(&why);
  const auto failed = [&] {
    error e(source + ": not a zip archive: " + zip_error_strerror(&why) + ", expected a file of numpy.savez");
    zip_error_fini(&why);
    return e;
  };
  zip_source_t* const memory = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &why);
  if (memory == nullptr) throw failed();
  const std::unique_ptr<zip_t, detail::zip_discarder> archive{zip_open_from_source(memory, ZIP_RDONLY, &why)};
  if (!archive) {
    zip_source_free(memory);
    throw failed();
  }
  zip_error_fini(&why);

  state_dict dict{source, {}};
  std::uint64_t budget = detail::largest_import;
  const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
  if (entries < 1) throw error(source + ": an empty file or archive, expected a file of numpy.savez");
  for (zip_int64_t i = 0; i < entries; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* const found = zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW);
    if (found == nullptr) throw error(source + ": entry " + std::to_string(i) + " has no name, expected NAME.npy");
    std::string name = found;
    if (name.ends_with("/data.pkl") || name == "data.pkl")
      throw error(source + ": a file of torch.save, which holds Python objects; expected .npz, as written by "
                           "numpy.savez(file, **{k: v.numpy() for k, v in net.state_dict().items()}), or .safetensors");
    if (!name.ends_with(".npy")) throw error(source + ": found the entry '" + name + "', expected only NAME.npy");
    name.resize(name.size() - 4);
    const std::string where = source + ": tensor '" + name + "'";
    const std::vector<unsigned char> array = detail::unpack(archive.get(), index, budget, where);
    budget -= std::min<std::uint64_t>(budget, array.size());
    named_tensor tensor = read_npy(array, where);
    if (!dict.tensors.emplace(name, std::move(tensor)).second)
      throw error(source + ": tensor '" + name + "' stands there twice, expected once");
  }
  return dict;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
