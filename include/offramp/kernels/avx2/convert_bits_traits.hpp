// Signs between channels innermost (nhwc) and planes in rows (bit_rows).
#ifndef OFFRAMP_KERNELS_AVX2_CONVERT_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONVERT_BITS_TRAITS_HPP

#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

struct convert_bits {
  static constexpr bool runs(const op_signature& s) {
    const bool there = s.in_layout == layout::nhwc && s.out_layout == layout::bit_rows;
    const bool back = s.in_layout == layout::bit_rows && s.out_layout == layout::nhwc;
    return s.what == op_kind::convert && s.in == kind::bits && (there || back);
  }
  static constexpr layout reads(const kernel_op& op) { return op.signature.in_layout; }
  static constexpr bool writes(const kernel_op& op, layout l) { return l == op.signature.out_layout; }
  static constexpr std::size_t weight_words(const kernel_op&) { return 0; }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op&, const std::uint32_t*, std::uint32_t*) {}
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
