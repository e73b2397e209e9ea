// Bits times bits with VPOPCNTDQ, BITALG and GFNI.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_CONV_BITS_HPP

#include <offramp/kernels/avx512_popcnt/conv_bits_traits.hpp>
#include <offramp/kernels/x86/target.hpp>

#if OFFRAMP_X86_64
#include <offramp/kernels/avx512/conv_bits.hpp>
#include <offramp/kernels/avx512/word_conv.hpp>
#include <offramp/kernels/avx512_popcnt/count_words.hpp>
#include <offramp/kernels/avx512_popcnt/majority_conv.hpp>
#include <offramp/kernels/portable/conv_grouped.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx512_popcnt::conv_bits> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      constexpr kernel_op op{S, Geometry{}()};
      run<S, avx512_popcnt::choose_conv_bits(op).variant>(g, a);
    } else {
      using enum avx512_popcnt::conv_bits_variant;
      const auto variant = avx512_popcnt::choose_conv_bits({S, g()}).variant;
      if (variant == majorities)
        run<S, majorities>(g, a);
      else if (variant == columns)
        run<S, columns>(g, a);
      else if (variant == words)
        run<S, words>(g, a);
      else
        run<S, avx512_popcnt::conv_bits_variant::portable>(g, a);
    }
  }

 private:
  template <op_signature S, avx512_popcnt::conv_bits_variant Variant, class Geometry>
  static void run(Geometry g, const arguments& a) {
    if constexpr (Variant == avx512_popcnt::conv_bits_variant::majorities)
      by_majorities<S>(g, a);
    else if constexpr (Variant == avx512_popcnt::conv_bits_variant::words)
      avx512::convolve_words<S, avx512_popcnt::count_words>(g, a);
    else if constexpr (Variant == avx512_popcnt::conv_bits_variant::columns)
      code<avx512::conv_bits>::run<S, avx512::conv_bits_variant::columns>(g, a);
    else if constexpr (S.grouped)
      kernels::portable::conv_grouped<S>(g, a);
  }

  // Plans of constant shapes are constants: made by divisions, they took as long as some hundreds of outputs.
  template <op_signature S, class Geometry>
  static void by_majorities(Geometry g, const arguments& a) {
    if constexpr (Geometry::is_static) {
      static constexpr window w = Geometry{}();
      static constexpr avx512_popcnt::majority_plan plan = avx512_popcnt::plan_majority({S, w});
      static constexpr avx512_popcnt::majority_scratch scratch = avx512_popcnt::scratch_majority(plan, w);
      avx512_popcnt::convolve_by_majorities<S, avx512_popcnt::tile_kinds(plan, {S, w})>(plan, scratch, w, a);
    } else {
      const window w = g();
      const avx512_popcnt::majority_plan plan = avx512_popcnt::plan_majority({S, w});
      avx512_popcnt::convolve_by_majorities<S, avx512_popcnt::every_tile_kind>(
          plan, avx512_popcnt::scratch_majority(plan, w), w, a);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
