// One arithmetic over channel counts: 3x3 convolutions of C into C channels at 16x16, with constant shapes on a ladder
// that stands close around multiples of words and vectors, and with every count known at run time.
#ifndef BENCHMARKS_CHANNELS_SWEEP_HPP
#define BENCHMARKS_CHANNELS_SWEEP_HPP

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/paths/native.hpp>

#include "benchmarks/channels/points.hpp"
#include "benchmarks/peers/layer.hpp"

namespace channels {

using path = offramp::path::native;

inline constexpr int ladder[] = {1,   2,   3,   4,   6,   8,   12,  15,  16,  17,  20,  24,  28,  31,
                                 32,  33,  36,  40,  48,  52,  56,  60,  63,  64,  65,  72,  80,  96,
                                 100, 112, 120, 127, 128, 129, 144, 160, 176, 191, 192, 193, 224, 240,
                                 255, 256, 257, 288, 320, 352, 383, 384, 385, 416, 448, 480, 511, 512};

constexpr offramp_test::benchmark_shape layer_of(int c) { return {"", offramp_test::square_conv(16, c, c, 3)}; }

template <peers::op_signature S, class Geometry>
point time_layer(Geometry g) {
  const offramp::window w = g();
  const peers::prepared<path, S> layer{w};
  const auto a = layer.arguments();
  const auto run = [&] { peers::kernels::run<path, S>(g, a); };
  run();
  const bool right = !Geometry::is_static || layer.correct();  // shapes at run time are the tests' business
  const peers::timing t = peers::measure(run, Geometry::is_static ? 0.02 : 0.004);
  const double macs = static_cast<double>(w.out.size()) * w.depth();
  return {t.min_us, macs / (t.min_us * t.ghz * 1e3), peers::kernels::running_path<path, S>::name, right};
}

template <peers::arithmetic A>
curve_of_points sweep() {
  curve_of_points all;
  static constexpr auto any = peers::signature(A, layer_of(64));  // 3 channels are no first layer here
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          constexpr auto layer = layer_of(ladder[I]);
          constexpr auto s = peers::settled<path>(any, layer.geometry);
          all.constant[ladder[I]] = time_layer<s>(offramp::static_geometry<layer.geometry>{});
        }(),
        ...);
  }
  (std::make_index_sequence<sizeof(ladder) / sizeof(ladder[0])>{});
  for (int c = 1; c <= 512; c += c < 136 ? 1 : c % 32 == 31 || c % 32 < 2 ? 1 : 6 - c % 2) {
    const auto layer = layer_of(c);
    const auto s = peers::settled<path>(any, layer.geometry);
    peers::with_layouts<path, any>(s.in_layout, s.out_layout, [&]<peers::op_signature Settled>() {
      all.at_run_time[c] = time_layer<Settled>(offramp::dynamic_geometry{layer.geometry});
    });
  }
  return all;
}

}  // namespace channels

#endif
