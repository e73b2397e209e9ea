// From accumulator to stored element: the one place that says what `bits`, `i8`, `i16`, `i32` and `f32` outputs mean.
// Batch norm, relu and sign have become thresholds, or a factor and a bias per channel (see weights.hpp).
#ifndef OFFRAMP_KERNELS_OUTPUT_STAGE_HPP
#define OFFRAMP_KERNELS_OUTPUT_STAGE_HPP

#include <cstdint>

#include <offramp/core/fixed_point.hpp>
#include <offramp/core/kind.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <op_signature S>
using accumulator_t = storage_t<S.float_accumulator() ? kind::f32 : kind::i32>;

// Output kind bits, without the flip, which is applied to whole words; and two slopes: is `acc` below the channel's
// threshold?
template <op_signature S>
constexpr bool below_threshold(const parameters<S>& p, int c, accumulator_t<S> acc) {
  if constexpr (S.float_accumulator())
    return acc < p.real(0, c);
  else
    return acc < p.integer(0, c);
}

// All other output kinds. `previous` is what stands in the stream, for S.add.
template <op_signature S>
constexpr storage_t<S.out> finish(const parameters<S>& p, int c, accumulator_t<S> acc, storage_t<S.out> previous) {
  static_assert(S.out != kind::bits);
  if constexpr (S.rectified) acc = acc < 0 ? 0 : acc;
  int set = 0;  // the array its parameters begin with
  if constexpr (S.two_slopes) set = below_threshold(p, c, acc) ? 1 + parameter_set(S) : 1;
  if constexpr (S.out == kind::i32 && !S.add) {
    return acc + p.integer(set, c);
  } else if constexpr (S.out == kind::i32) {
    return previous + requantize(acc + p.integer(set, c), p.integer(set + 1, c), p.integer(set + 2, c));
  } else if constexpr (S.out == kind::f32) {
    const float y = clamp(static_cast<float>(acc) * p.real(set, c) + p.real(set + 1, c), p.low_f32(), p.high_f32());
    return S.add ? previous + y : y;
  } else {
    std::int32_t q;
    if constexpr (S.float_accumulator()) {
      // A float entering the integer world (a quantizing pointwise op): factor and bias are floats in arrays 0 and 1.
      const float y = acc * p.real(set, c) + p.real(set + 1, c);
      const float limited = clamp(y, -1e9f, 1e9f);
      q = static_cast<std::int32_t>(limited < 0 ? limited - 0.5f : limited + 0.5f);
    } else {
      constexpr std::int32_t unit = std::int32_t{1} << accumulator_fraction_bits(S);
      q = requantize(acc * unit + p.integer(set, c), p.integer(set + 1, c), p.integer(set + 2, c));
    }
    constexpr std::int32_t most = S.out == kind::i8 ? 127 : 32767;
    // out_zero is small and q may be near the limits of i32: clamp before adding it.
    q = clamp(clamp(q, -(std::int32_t{1} << 24), std::int32_t{1} << 24) + p.out_zero(), p.low(), p.high());
    if constexpr (S.add) q = clamp(q + previous, -most - 1, most);
    return static_cast<storage_t<S.out>>(q);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
