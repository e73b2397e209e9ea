// Signs times signs on AVX2: the variant its traits choose.
#ifndef OFFRAMP_KERNELS_AVX2_CONV_BITS_HPP
#define OFFRAMP_KERNELS_AVX2_CONV_BITS_HPP

#include <offramp/kernels/avx2/conv_bits_tables.hpp>
#include <offramp/kernels/avx2/conv_bits_traits.hpp>
#include <offramp/kernels/avx2/conv_bits_words.hpp>
#include <offramp/kernels/portable/code.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx2::conv_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    using avx2::conv_bits;
    const kernel_op op{S, g()};
    const std::uint32_t* kernel = a.weights + packed_begin(op);
    if constexpr (Geometry::is_static) {
      constexpr conv_bits::variant v = conv_bits::variant_of({S, Geometry{}()});
      if constexpr (v == conv_bits::variant::tables)
        avx2::convolve_by_tables<S>(g, a, kernel);
      else if constexpr (v == conv_bits::variant::words)
        avx2::convolve_by_words<S>(g, a, kernel);
      else
        code<path::portable>::run<S>(g, a);
    } else {
      switch (conv_bits::variant_of(op)) {
        case conv_bits::variant::tables: avx2::convolve_by_tables<S>(g, a, kernel); break;
        case conv_bits::variant::words: avx2::convolve_by_words<S>(g, a, kernel); break;
        case conv_bits::variant::portable: code<path::portable>::run<S>(g, a); break;
      }
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
