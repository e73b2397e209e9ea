// Numbers of 16 bits, or made such, times int8 or signs with vpmaddwd; signs times int8 too.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_INTEGER_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_INTEGER_TRAITS_HPP

#include <offramp/kernels/avx2/integer_packing.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

namespace integer {

using half_plan = work_plan<8, 2>;
using sign_plan = work_plan<8, 4>;

// Bytes times signs go their own way (conv_signs.hpp).
constexpr bool meets_signs(const op_signature& s) {
  return s.weights == kind::bits && (s.in == kind::u8 || s.in == kind::i8);
}

}  // namespace integer

struct conv_integer {
  static constexpr bool runs(const op_signature& s) {
    if (s.what != op_kind::conv || s.grouped || s.in_layout != layout::nhwc || s.out_layout != layout::nhwc)
      return false;
    if (s.in == kind::bits) return s.weights == kind::i8;
    const bool halves = s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16;
    return halves && (s.weights == kind::i8 || s.weights == kind::bits);
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr reckoning reckoned(const kernel_op& op) {
    return integer::meets_signs(op.signature) ? integer::reckoned<8, 4>(op) : integer::reckoned<8, 2>(op);
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    return integer::meets_signs(op.signature) ? integer::packed_words<8, 4>(op) : integer::packed_words<8, 2>(op);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return integer::meets_signs(op.signature) ? integer::sign_plan{op}.scratch_bytes()
                                              : integer::half_plan{op}.scratch_bytes();
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    if (integer::meets_signs(op.signature))
      integer::pack<8, 4>(op, canonical, packed);
    else
      integer::pack<8, 2>(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
