// Bits times bits on AVX-512 BW: words, counted by carry-save adders.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_HPP

#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <offramp/kernels/avx512/carry_save.hpp>
#include <offramp/kernels/avx512/word_conv.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx512::conv_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const kernel_op op{S, g()};
    if constexpr (S.grouped) {
      if (portable::by_channel(op)) return portable::conv_grouped<S>(g, a);
    }
    avx512::convolve_words<S, avx512::carry_save>(avx512::plan_words(op), op.geometry, a);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
