// Files of weights as other programs write them, made in the test: NPY arrays, NPZ archives, safetensors.
#ifndef OFFRAMP_TESTS_SUPPORT_IMPORT_FILES_HPP
#define OFFRAMP_TESTS_SUPPORT_IMPORT_FILES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <zip.h>

namespace offramp_test {

using bytes = std::vector<unsigned char>;
using named_bytes = std::vector<std::pair<std::string, bytes>>;

inline bytes as_bytes(const std::string& text) { return {text.begin(), text.end()}; }

// The numbers as a little-endian machine stores them.
template <class T>
bytes numbers(const std::vector<T>& values) {
  bytes out(values.size() * sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

// An NPY file with this dictionary, version 1 or 2.
inline bytes npy_file(const std::string& dictionary, const bytes& data, unsigned char version = 1) {
  bytes out{0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
  const std::size_t size = dictionary.size();
  for (int b = 0; b < (version == 1 ? 2 : 4); ++b) out.push_back(static_cast<unsigned char>(size >> (8 * b)));
  out.insert(out.end(), dictionary.begin(), dictionary.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

inline bytes npy_floats(const std::string& shape, const std::vector<float>& values) {
  return npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", numbers(values));
}

// A zip archive of these files, in memory.
inline bytes zip_file_of(const named_bytes& files, bool deflated = true) {
  zip_error_t why;
  zip_error_init(&why);
  zip_source_t* const memory = zip_source_buffer_create(nullptr, 0, 0, &why);
  zip_t* const archive = memory == nullptr ? nullptr : zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &why);
  if (archive == nullptr) throw std::runtime_error("libzip cannot make an archive in memory");
  zip_source_keep(memory);
  for (const auto& [name, data] : files) {
    zip_source_t* const part = zip_source_buffer(archive, data.data(), data.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), part, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  if (zip_close(archive) != 0) throw std::runtime_error("libzip cannot close an archive in memory");
  bytes out;
  zip_stat_t size;
  zip_source_stat(memory, &size);
  out.resize(size.size);
  zip_source_open(memory);
  zip_source_read(memory, out.data(), out.size());
  zip_source_close(memory);
  zip_source_free(memory);
  zip_error_fini(&why);
  return out;
}

inline bytes safetensors_file(const std::string& header, const bytes& data) {
  bytes out;
  for (int b = 0; b < 8; ++b) out.push_back(static_cast<unsigned char>(std::uint64_t{header.size()} >> (8 * b)));
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

inline void write_bytes(const std::filesystem::path& path, const bytes& data) {
  std::ofstream out{path, std::ios::binary};
  out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
}

}  // namespace offramp_test

#endif
