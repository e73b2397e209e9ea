// Maximum over windows of bits and numbers, mean over windows; weights are canonical.
#ifndef OFFRAMP_KERNELS_AVX2_POOL_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_POOL_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/reference/traits.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Bytes of a position.
constexpr int position_bytes(const op_signature& s, const window& w) {
  return s.in == kind::bits ? 4 * ceil_div(w.in.c, 32) : w.in.c * bit_width(s.in) / 8;
}

// Windows of 2x2 side by side whose positions are parts of a vector of `vector_bytes`: those take a vector of
// neighbouring positions at a time. Not floats: which of two zeros is the larger, and what is no number, depends on
// order.
constexpr bool pools_pairs(const op_signature& s, const window& w, int vector_bytes) {
  const int bytes = position_bytes(s, w);
  return s.in != kind::f32 && w.kernel_h == 2 && w.kernel_w == 2 && w.stride_w == 2 && bytes % 4 == 0 &&
         bytes < vector_bytes && vector_bytes % bytes == 0;
}

// For vectors of so many bytes: those read by all windows, as numbers of 32 bits where they are summed; means are made
// anew for every repetition of their channels. What maxima store needs no output stage.
constexpr reckoning reckoned_pool(const kernel_op& op, int vector_bytes) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const std::int64_t taps = w.taps(), positions = w.out.positions();
  const int bytes = position_bytes(s, w);
  if (s.what == op_kind::avg_pool) {
    const int lanes = vector_bytes / 4;
    const std::int64_t vectors = positions * ceil_div(w.in.c, lanes), repeated = lanes * ceil_div(w.out.c, w.in.c);
    return {.loops = vectors * taps,
            .turns = vectors,
            .stored = vectors * repeated,
            .uneven = w.in.c % lanes != 0 ? positions * repeated : 0};
  }
  const std::int64_t vectors = pools_pairs(s, w, vector_bytes)
                                   ? std::int64_t{w.out.h} * ceil_div(2 * w.out.w * bytes, vector_bytes)
                                   : positions * ceil_div(bytes, vector_bytes);
  return {.loops = vectors * (pools_pairs(s, w, vector_bytes) ? 2 : taps), .turns = vectors, .stored = vectors};
}

struct pool {
  static constexpr bool runs(const op_signature& s) {
    if (s.in_layout != layout::nhwc || s.out_layout != layout::nhwc) return false;
    if (s.what == op_kind::max_pool) return s.in != kind::i32;
    return s.what == op_kind::avg_pool && s.in != kind::i32;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) {
    return op.signature.what == op_kind::max_pool && pools_pairs(op.signature, op.geometry, 32) ? 1 : 0;
  }
  static constexpr reckoning reckoned(const kernel_op& op) { return reckoned_pool(op, 32); }
  static constexpr std::size_t weight_words(const kernel_op& op) { return canonical_layout(op).total(); }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    traits<path::reference>::pack(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
