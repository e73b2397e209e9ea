// IDX, the array format of MNIST and its kin: two zero bytes, an element type, the number of dimensions, one big-endian
// u32 per dimension, then the elements. Plain or gzip'ed, zlib reads both the same way.
// A header is a claim from outside: nothing is allocated on its word alone, and every byte it promises must be there.
#ifndef OFFRAMP_HOST_IDX_HPP
#define OFFRAMP_HOST_IDX_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <zlib.h>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct idx_images {
  int count = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // count * height * width, one byte each
};

namespace detail {

inline constexpr std::uint64_t idx_largest_side = 1u << 14;                // of one image
inline constexpr std::uint64_t idx_largest_file = std::uint64_t{1} << 31;  // bytes; the full MNIST family needs 2^26

// Closes on every way out. gzFile is a pointer type, so unique_ptr fits.
struct gz_closer {
  void operator()(gzFile file) const { gzclose(file); }
};
using gz_handle = std::unique_ptr<gzFile_s, gz_closer>;

struct idx_array {
  std::vector<std::uint64_t> sides;
  std::vector<std::uint8_t> bytes;
};

// Reads up to `size` bytes and returns how many came; fewer means that the file ends there. Throws on a broken stream.
inline std::size_t gz_read(gzFile file, std::uint8_t* to, std::size_t size, const std::string& name,
                           const char* expected = "IDX file") {
  std::size_t done = 0;
  while (done < size) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(size - done, 1u << 20));
    errno = 0;
    const int got = gzread(file, to + done, part);
    if (got < 0) {
      int code = 0;
      const std::string why = gzerror(file, &code);
      if (code == Z_BUF_ERROR) break;  // the compressed stream ends early: reported as truncated by the caller
      throw error(name + ": cannot read: " + (code == Z_ERRNO ? std::strerror(errno) : why.c_str()) +
                  ", expected a plain or gzip'ed " + expected);
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

inline idx_array read_idx(const std::filesystem::path& path, std::size_t dimensions) {
  const std::string name = path.string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw error(name + ": no such file, expected an IDX file");
  if (std::filesystem::is_directory(path, ignored)) throw error(name + ": is a folder, expected an IDX file");
  errno = 0;
  const gz_handle file{gzopen(name.c_str(), "rb")};
  if (!file) throw error(name + ": cannot open: " + std::strerror(errno));

  const auto truncated = [&](const char* what, std::uint64_t found, std::uint64_t expected) {
    return error(name + ": truncated: found " + std::to_string(found) + " bytes of " + what + ", expected " +
                 std::to_string(expected));
  };

  std::uint8_t magic[4] = {};
  if (const auto got = gz_read(file.get(), magic, 4, name); got < 4) throw truncated("magic number", got, 4);
  if (magic[0] != 0 || magic[1] != 0) {
    throw error(name + ": bad magic: the file begins with bytes " + std::to_string(magic[0]) + " " +
                std::to_string(magic[1]) + ", expected 0 0 (IDX)");
  }
  if (magic[2] != 8) {
    throw error(name + ": wrong element type: found " + std::to_string(magic[2]) + ", expected 8 (unsigned byte)");
  }
  if (magic[3] != dimensions) {
    throw error(name + ": wrong number of dimensions: found " + std::to_string(magic[3]) + ", expected " +
                std::to_string(dimensions) + (dimensions == 3 ? " (images)" : " (labels)"));
  }

  idx_array array;
  std::uint64_t expected = 1;
  for (std::size_t d = 0; d < dimensions; ++d) {
    std::uint8_t side[4] = {};
    if (const auto got = gz_read(file.get(), side, 4, name); got < 4) {
      throw truncated("dimensions", 4 * d + got, 4 * dimensions);
    }
    const std::uint64_t value = std::uint64_t{side[0]} << 24 | std::uint64_t{side[1]} << 16 |
                                std::uint64_t{side[2]} << 8 | std::uint64_t{side[3]};
    if (d > 0 && (value == 0 || value > idx_largest_side)) {
      throw error(name + ": dimension " + std::to_string(d) + " is " + std::to_string(value) + ", expected 1 to " +
                  std::to_string(idx_largest_side));
    }
    array.sides.push_back(value);
    expected *= value;  // cannot wrap: below 2^32 and then below 2^31 before each further factor of at most 2^14
    if (expected > idx_largest_file) {
      throw error(name + ": the header claims at least " + std::to_string(expected) + " bytes, expected at most " +
                  std::to_string(idx_largest_file));
    }
  }

  // Grows with what really arrives, so that a lying header costs no memory.
  while (array.bytes.size() < expected) {
    const auto have = array.bytes.size();
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(expected - have, 1u << 20));
    array.bytes.resize(have + want);
    const auto got = gz_read(file.get(), array.bytes.data() + have, want, name);
    if (got < want) throw truncated("elements", have + got, expected);
  }
  // Asking for one byte more also makes zlib check the checksum at the end of a gzip stream.
  std::uint8_t more = 0;
  if (gz_read(file.get(), &more, 1, name) != 0) {
    throw error(name + ": trailing bytes after the " + std::to_string(expected) + " that the header claims");
  }
  int code = Z_OK;
  gzerror(file.get(), &code);
  if (code == Z_BUF_ERROR) {
    throw error(name + ": truncated: the gzip checksum at the end is missing, found " + std::to_string(expected) +
                " bytes of elements, all that were expected");
  }
  return array;
}

}  // namespace detail

// A three-dimensional file of unsigned bytes: images, rows, columns. Throws `error` on anything else.
inline idx_images read_idx_images(const std::filesystem::path& path) {
  auto array = detail::read_idx(path, 3);
  return {static_cast<int>(array.sides[0]), static_cast<int>(array.sides[1]), static_cast<int>(array.sides[2]),
          std::move(array.bytes)};
}

// A one-dimensional file of unsigned bytes. Throws `error` on anything else.
inline std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
  return detail::read_idx(path, 1).bytes;
}

// Writes unsigned bytes as a gzip'ed IDX file. The bytes are the same on every run (no time stamp is stored). The file
// appears under its name only when complete; until then an older one stays. Throws where the folder cannot be written.
inline void write_idx(const std::filesystem::path& path, std::initializer_list<std::uint32_t> sides,
                      std::span<const std::uint8_t> elements) {
  std::uint64_t expected = 1;
  for (const auto side : sides) expected *= side;
  if (sides.size() == 0 || sides.size() > 255 || elements.size() != expected) {
    throw error(path.string() + ": found " + std::to_string(elements.size()) + " elements, expected " +
                std::to_string(expected) + ", the product of the dimensions");
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const auto part = std::filesystem::path(path.string() + ".part");
  bool begun = false;
  const auto failed = [&](const std::string& why) {
    std::error_code ignored;
    if (begun) std::filesystem::remove(part, ignored);
    return error(path.string() + ": cannot write into folder " + folder.string() + ": " + why);
  };

  errno = 0;
  gzFile file = gzopen(part.string().c_str(), "wb9");
  if (file == nullptr) throw failed(std::strerror(errno));
  begun = true;
  std::vector<std::uint8_t> header{0, 0, 8, static_cast<std::uint8_t>(sides.size())};
  for (const auto side : sides) {
    for (const int shift : {24, 16, 8, 0}) header.push_back(static_cast<std::uint8_t>(side >> shift));
  }
  bool good = gzwrite(file, header.data(), static_cast<unsigned>(header.size())) != 0;
  for (std::size_t at = 0; good && at < elements.size();) {
    const auto size = std::min<std::size_t>(elements.size() - at, 1u << 20);
    good = gzwrite(file, elements.data() + at, static_cast<unsigned>(size)) == static_cast<int>(size);
    at += size;
  }
  const int closed = gzclose(file);  // flushes: a full disk may show only here
  if (!good || closed != Z_OK) throw failed(errno != 0 ? std::strerror(errno) : "the write was cut short");
  std::error_code why;
  std::filesystem::rename(part, path, why);
  if (why) throw failed(why.message());
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
