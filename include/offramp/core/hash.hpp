// Two checks on identity: FNV-1a (64 bit) chains over declared descriptors, CRC-32 (IEEE 802.3,
// reflected) over stored words.
#ifndef OFFRAMP_CORE_HASH_HPP
#define OFFRAMP_CORE_HASH_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

inline constexpr std::uint64_t hash_seed = 0xcbf29ce484222325u;

// Mixes the four bytes of a number into the chain, low byte first, so that every CPU gets the same hash.
constexpr std::uint64_t hash_mix(std::uint64_t h, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) h = (h ^ ((v >> (8 * i)) & 0xffu)) * 0x100000001b3u;
  return h;
}
constexpr std::uint64_t hash_mix(std::uint64_t h, int v) { return hash_mix(h, static_cast<std::uint32_t>(v)); }

// CRC-32 of words taken low byte first; four bits at a time from a 64-byte table keep it small on the device.
constexpr std::uint32_t crc32(const std::uint32_t* words, std::size_t count, std::uint32_t crc = 0) {
  constexpr std::uint32_t table[16] = {0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
                                       0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
                                       0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
  crc = ~crc;
  for (std::size_t i = 0; i < count; ++i) {
    crc ^= words[i];
    for (int nibble = 0; nibble < 8; ++nibble) crc = (crc >> 4) ^ table[crc & 15u];
  }
  return ~crc;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
