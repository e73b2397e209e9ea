// Reading and writing single elements of a tensor in any kind and layout.
#ifndef OFFRAMP_KERNELS_REFERENCE_ELEMENT_HPP
#define OFFRAMP_KERNELS_REFERENCE_ELEMENT_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/layout.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::reference {

// Bit index, within the tensor's words, of channel c at position p.
constexpr int bit_index(shape s, layout l, int p, int c) {
  if (l == layout::bit_planes) return 32 * c * plane_words(s.positions()) + p;
  if (l == layout::bit_rows) return 32 * c * row_plane_words(s) + p / s.w * row_bits(s.w) + p % s.w;
  return 32 * p * position_words(s.c, l) + c;
}

// The stored number; bits give -1 or +1.
template <kind K, layout L>
inline auto load(const void* tensor, shape s, int p, int c) {
  if constexpr (K == kind::bits)
    return std::int32_t{1} -
           2 * static_cast<std::int32_t>(get_bit(static_cast<const std::uint32_t*>(tensor), bit_index(s, L, p, c)));
  else
    return static_cast<const storage_t<K>*>(tensor)[p * s.c + c];
}

template <layout L>
inline void store_bit(void* tensor, shape s, int p, int c, bool negative) {
  set_bit(static_cast<std::uint32_t*>(tensor), bit_index(s, L, p, c), negative);
}

// Spare bits of a bit tensor must be zero: clears all words before bits are stored.
template <layout L>
inline void clear_bits(void* tensor, shape s) {
  fill_run(static_cast<std::uint32_t*>(tensor), std::uint32_t{0}, static_cast<int>(tensor_bytes(s, kind::bits, L) / 4));
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::reference

#endif
