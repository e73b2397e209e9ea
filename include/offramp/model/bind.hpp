// Binding: every check of outside data happens here, once; a bound network has no error path. Zero copy.
#ifndef OFFRAMP_MODEL_BIND_HPP
#define OFFRAMP_MODEL_BIND_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/hash.hpp>
#include <offramp/core/status.hpp>
#include <offramp/model/format.hpp>
#include <offramp/net/bound_weights.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI::format {

template <class Lowered, class Path>
inline constexpr sections sections_of = layout_of(static_cast<std::size_t>(Lowered::exits),
                                                  static_cast<std::size_t>(Lowered::classes),
                                                  planned<Lowered, Path>::plan.weight_words, Lowered::input);

// Reads the exit records; `words` is known to hold them.
template <class Lowered, class Path>
constexpr bound_weights<Lowered, Path> view_of(const std::uint32_t* words) {
  constexpr sections at = sections_of<Lowered, Path>;
  bound_weights<Lowered, Path> b;
  b.ops = words + at.ops;
  b.criterion = words[6];
  for (std::size_t k = 0; k < static_cast<std::size_t>(Lowered::exits); ++k) {
    const std::uint32_t* r = words + at.records + 4 * k;
    b.exits[k].logit_scale = __builtin_bit_cast(float, r[0]);
    b.exits[k].unit = {static_cast<std::int32_t>(r[1]), static_cast<std::int32_t>(r[2])};
    b.exits[k].threshold_q16 = static_cast<std::int32_t>(r[3]);
  }
  return b;
}

}  // namespace offramp::inline OFFRAMP_ABI::format

namespace offramp::inline OFFRAMP_ABI {

// Checks `bytes` bytes at `data` and binds them. On anything but ok, `bound` is untouched.
// The data must outlive `bound`.
template <class Lowered, class Path>
constexpr status bind_weights(const std::uint32_t* data, std::size_t bytes, bound_weights<Lowered, Path>& bound) {
  constexpr format::sections at = format::sections_of<Lowered, Path>;
  if (bytes < format::header_words * 4) return status::too_short;
  if (data[0] != format::magic) return status::bad_magic;
  if (data[1] != format::format_version) return status::unknown_version;
  if (bytes / 4 < data[2]) return status::too_short;
  if (bytes % 4 != 0 || bytes / 4 != data[2] || data[2] <= format::header_words) return status::wrong_length;
  if (crc32(data, data[2] - 1) != data[data[2] - 1]) return status::bad_checksum;
  if (data[3] != (Path::id | std::uint32_t{Path::version} << 16)) return status::wrong_path;
  const auto exits = static_cast<std::uint32_t>(Lowered::exits);
  if (data[4] != exits || data[5] != static_cast<std::uint32_t>(Lowered::classes)) return status::wrong_network;
  for (std::size_t k = 0; k < exits; ++k) {
    const std::uint64_t h = Lowered::hash(static_cast<int>(k));
    if (data[at.hashes + 2 * k] != static_cast<std::uint32_t>(h) ||
        data[at.hashes + 2 * k + 1] != static_cast<std::uint32_t>(h >> 32))
      return status::wrong_network;
  }
  if (data[2] != at.total || data[7] != at.answer_input - at.ops) return status::wrong_length;
  bound = format::view_of<Lowered, Path>(data);
  return status::ok;
}

// The same for data that may not be aligned to words (a file mapped at any address): refused rather than misread.
template <class Lowered, class Path>
inline status bind_weights(const void* data, std::size_t bytes, bound_weights<Lowered, Path>& bound) {
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint32_t) != 0) return status::misaligned;
  return bind_weights(static_cast<const std::uint32_t*>(data), bytes, bound);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
