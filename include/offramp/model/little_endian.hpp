// Model files are little-endian words. A little-endian machine binds the bytes where they lie; any other, or one whose
// buffer is not aligned, turns them into words in a buffer of its own first. Shifts only, so that one code serves all.
#ifndef OFFRAMP_MODEL_LITTLE_ENDIAN_HPP
#define OFFRAMP_MODEL_LITTLE_ENDIAN_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// `count` words from 4 * count bytes at any address. In place is allowed: `bytes` may be where `words` are.
constexpr void words_from_bytes(const unsigned char* bytes, std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i, bytes += 4)
    words[i] = std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
               std::uint32_t{bytes[3]} << 24;
}

constexpr void bytes_from_words(const std::uint32_t* words, std::size_t count, unsigned char* bytes) {
  for (std::size_t i = 0; i < count; ++i)
    for (int shift = 0; shift < 32; shift += 8) *bytes++ = static_cast<unsigned char>(words[i] >> shift);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
