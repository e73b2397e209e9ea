// Output stages from bits on a path: equal to the reference bit for bit, for any number of channels, for narrower and
// strided outputs and where outputs repeat channels.
#ifndef OFFRAMP_TESTS_SUPPORT_POINTWISE_BITS_CHECK_HPP
#define OFFRAMP_TESTS_SUPPORT_POINTWISE_BITS_CHECK_HPP

#include <array>
#include <cstdint>
#include <utility>

#include "tests/support/kernel_check.hpp"

namespace offramp_test {

inline constexpr std::array from_bits{pointwise(kind::bits, kind::i8),
                                      pointwise(kind::bits, kind::i8, true),
                                      pointwise(kind::bits, kind::i16),
                                      pointwise(kind::bits, kind::i16, true),
                                      pointwise(kind::bits, kind::f32),
                                      pointwise(kind::bits, kind::f32, true),
                                      pointwise(kind::bits, kind::bits),
                                      two_slopes(pointwise(kind::bits, kind::i8)),
                                      two_slopes(pointwise(kind::bits, kind::i16, true)),
                                      two_slopes(pointwise(kind::bits, kind::f32))};

template <class Path, std::size_t... I>
void check_from_bits(const window& w, std::uint64_t stream, std::index_sequence<I...>) {
  (check_op<Path, from_bits[I]>(dynamic_geometry{w}, "random", stream), ...);
}

template <class Path>
void check_from_bits_of_all_channels() {
  if (!kernels::runs_here<Path>()) return;
  for (int channels = 1; channels <= 300; ++channels) {
    const auto stream = static_cast<std::uint64_t>(4000 + channels);
    random_numbers r{stream};
    const shape in{r.between(1, 5), r.between(1, 5), channels};
    window w = make_window(in, channels, 1, 1, r.one_in(4) ? 2 : 1, 0, 0);
    if (r.one_in(8)) w.out.c = w.stored_out_c = 2 * channels;
    if (r.one_in(4)) w.stored_in_c = w.stored_out_c = w.out.c + r.between(1, 70);
    check_from_bits<Path>(w, stream, std::make_index_sequence<from_bits.size()>{});
  }
}

}  // namespace offramp_test

#endif
