// Numbers of 16 bits, or made such, times int8 or signs with vpmaddwd; signs times int8 too.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_INTEGER_TRAITS_HPP

#include <offramp/kernels/avx2/conv_integer_traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

namespace integer {
using half_plan = avx2::integer::work_plan<16, 2>;
}  // namespace integer

struct conv_integer {
  // Where products of bytes and signs cannot saturate, the parent has as many a cycle.
  static constexpr bool runs(const op_signature& s) {
    return avx2::conv_integer::runs(s) && !avx2::integer::meets_signs(s);
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr reckoning reckoned(const kernel_op& op) { return avx2::integer::reckoned<16, 2>(op); }
  static constexpr std::size_t weight_words(const kernel_op& op) { return avx2::integer::packed_words<16, 2>(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) { return integer::half_plan{op}.scratch_bytes(); }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    avx2::integer::pack<16, 2>(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
