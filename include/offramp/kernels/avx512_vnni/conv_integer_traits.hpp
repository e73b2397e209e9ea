// Bytes times bytes with vpdpbusd: numbers of 8 bits times int8 or signs, and signs times int8.
#ifndef OFFRAMP_KERNELS_AVX512_VNNI_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_VNNI_CONV_INTEGER_TRAITS_HPP

#include <offramp/kernels/avx2/integer_packing.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_vnni {

namespace integer {
using byte_plan = avx2::integer::work_plan<16, 4>;
}  // namespace integer

struct conv_integer {
  static constexpr bool runs(const op_signature& s) {
    if (s.what != op_kind::conv || s.grouped || s.in_layout != layout::nhwc || s.out_layout != layout::nhwc)
      return false;
    if (s.in == kind::bits) return s.weights == kind::i8;
    return (s.in == kind::u8 || s.in == kind::i8) && (s.weights == kind::i8 || s.weights == kind::bits);
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  // Rows of taps at once (1), rows of taps that are one run of the input, of fewer channels than fill a lane (2), as
  // images have; or neither.
  static constexpr int form(const kernel_op& op) {
    const integer::byte_plan p{op, true};
    if (p.runs == 1 && p.w.kernel_w > 1 && p.channels < 4) return 2;
    const int sums = p.block_positions(p.together) * p.together;
    return p.trims && avx2::integer::joins_taps<16, 4>(sums, p.together, p.w.kernel_w) ? 1 : 0;
  }
  static constexpr reckoning reckoned(const kernel_op& op) { return avx2::integer::reckoned<16, 4>(op); }
  static constexpr std::size_t weight_words(const kernel_op& op) { return avx2::integer::packed_words<16, 4>(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) { return integer::byte_plan{op}.scratch_bytes(); }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    avx2::integer::pack<16, 4>(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_vnni

#endif
