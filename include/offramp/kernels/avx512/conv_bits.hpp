// Bits times bits on AVX-512 BW; words are counted by carry-save adders.
#ifndef OFFRAMP_KERNELS_AVX512_CONV_BITS_HPP
#define OFFRAMP_KERNELS_AVX512_CONV_BITS_HPP

#include <offramp/kernels/avx512/conv_bits_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <offramp/kernels/avx2/conv_bits.hpp>
#include <offramp/kernels/avx512/carry_save.hpp>
#include <offramp/kernels/avx512/conv_bits_columns.hpp>
#include <offramp/kernels/avx512/word_conv.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx512::conv_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    using enum avx512::conv_bits_variant;
    if constexpr (Geometry::is_static) {
      constexpr kernel_op op{S, Geometry{}()};
      run<S, avx512::choose_conv_bits(op).variant>(g, a);
    } else {
      switch (avx512::choose_conv_bits({S, g()}).variant) {
        case avx512::conv_bits_variant::portable: return run<S, avx512::conv_bits_variant::portable>(g, a);
        case columns: return run<S, columns>(g, a);
        case tables: return run<S, tables>(g, a);
        case words: return run<S, words>(g, a);
      }
    }
  }

  template <op_signature S, avx512::conv_bits_variant Variant, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Variant == avx512::conv_bits_variant::columns) {
      if constexpr (avx512::conv_bits_columns::runs(S)) code<avx512::conv_bits_columns>::run<S>(g, a);
    } else if constexpr (Variant == avx512::conv_bits_variant::tables) {
      code<avx2::conv_bits>::run<S>(g, a);
    } else if constexpr (Variant == avx512::conv_bits_variant::words) {
      avx512::convolve_words<S, avx512::carry_save>(g, a);
    } else if constexpr (S.grouped) {
      kernels::portable::conv_grouped<S>(g, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
