// Output stages that follow no convolution, from bits: of a channel only two results are possible, that of +1 and that
// of -1, and packing works both out. They follow the canonical words: 32 channels of results of +1, the same of -1, and
// so on; as many words each as the output kind has bits.
#ifndef OFFRAMP_KERNELS_AVX2_POINTWISE_BITS_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_POINTWISE_BITS_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Where results begin, and words of them for 32 channels.
constexpr std::size_t results_begin(const kernel_op& op) { return round_up(canonical_layout(op).total(), 16); }
constexpr int result_words(const op_signature& s) { return 2 * bit_width(s.out); }

namespace detail {

// What the output stage makes of `sum` in channel c, before it is added to a stream.
template <kind Out, bool TwoSlopes>
constexpr std::uint32_t result_of(const std::uint32_t* canonical, const window& w, int c, std::int32_t sum) {
  constexpr op_signature s = [] {
    op_signature same{op_kind::pointwise, kind::bits, kind::none, Out};
    same.two_slopes = TwoSlopes;
    return same;
  }();
  const parameters<s> p{canonical, w};
  if constexpr (Out == kind::bits)
    return static_cast<std::uint32_t>(below_threshold(p, c, sum)) ^ (p.flips(c / 32) >> (c % 32) & 1);
  else if constexpr (Out == kind::f32)
    return __builtin_bit_cast(std::uint32_t, finish(p, c, sum, 0.0f));
  else
    return static_cast<std::uint32_t>(finish(p, c, sum, storage_t<Out>{})) & low_bits(bit_width(Out));
}

template <kind Out>
constexpr std::uint32_t result_of(const kernel_op& op, const std::uint32_t* canonical, int c, std::int32_t sum) {
  return op.signature.two_slopes ? result_of<Out, true>(canonical, op.geometry, c, sum)
                                 : result_of<Out, false>(canonical, op.geometry, c, sum);
}

}  // namespace detail

struct pointwise_bits {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::pointwise && s.in == kind::bits &&
           (s.out == kind::bits || s.out == kind::i8 || s.out == kind::i16 || s.out == kind::f32) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const int words = ceil_div(op.geometry.stored_out_c, 32) * result_words(op.signature);
    return results_begin(op) + round_up(static_cast<std::size_t>(words), 16);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }

  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const std::size_t words = canonical_layout(op).total();
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < words ? canonical[i] : 0;
    const int bits = bit_width(op.signature.out);
    const auto result = [&](int c, std::int32_t sum) {
      switch (op.signature.out) {
        case kind::bits: return detail::result_of<kind::bits>(op, canonical, c, sum);
        case kind::i8: return detail::result_of<kind::i8>(op, canonical, c, sum);
        case kind::i16: return detail::result_of<kind::i16>(op, canonical, c, sum);
        default: return detail::result_of<kind::f32>(op, canonical, c, sum);
      }
    };
    for (int c = 0; c < op.geometry.stored_out_c; ++c) {
      std::uint32_t* group = packed + results_begin(op) + c / 32 * result_words(op.signature);
      const int at = c % 32 * bits;
      group[at / 32] |= result(c, 1) << (at % 32);
      group[bits + at / 32] |= result(c, -1) << (at % 32);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
