// Maximum over signs plane by plane (layout bit_rows): the AND of rows, of columns, then every stride-th bit.
#ifndef OFFRAMP_KERNELS_AVX2_POOL_BIT_ROWS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_POOL_BIT_ROWS_TRAITS_HPP

#include <offramp/kernels/portable/traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

struct pool_bit_rows {
  // Planes whose rows fit 64 bits; others take the reference's loop.
  [[gnu::always_inline]] static constexpr bool takes(const window& w) {
    return w.in.w <= 64 && w.pad_top == 0 && w.pad_left == 0;
  }

  // Windows of 2x2 that do not overlap.
  [[gnu::always_inline]] static constexpr bool halves(const window& w) {
    return w.kernel_h == 2 && w.kernel_w == 2 && w.stride_h == 2 && w.stride_w == 2;
  }

  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::max_pool && s.in == kind::bits && s.in_layout == layout::bit_rows;
  }
  static constexpr layout reads(const kernel_op&) { return layout::bit_rows; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::bit_rows; }
  static constexpr int form(const kernel_op& op) { return !takes(op.geometry) ? 0 : halves(op.geometry) ? 1 : 2; }
  // Rows of all planes, two at a time where they are short.
  static constexpr reckoning reckoned(const kernel_op& op) {
    const window& w = op.geometry;
    const bool pairs = halves(w) && row_bits(w.in.w) == 16;
    const std::int64_t rows = pairs ? ceil_div(w.out.h, 2) : w.out.h;
    return {.loops = w.in.c * rows * (halves(w) ? 2 : w.kernel_h + w.kernel_w), .turns = w.in.c};
  }
  static constexpr std::size_t weight_words(const kernel_op&) { return 0; }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op&, const std::uint32_t*, std::uint32_t*) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
