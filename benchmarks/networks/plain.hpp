// A topology by plain loops in double, with random weights that every float contender has: are they asked for the same?
#ifndef BENCHMARKS_NETWORKS_PLAIN_HPP
#define BENCHMARKS_NETWORKS_PLAIN_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "benchmarks/networks/topology.hpp"
#include "benchmarks/peers/plain_layer.hpp"

namespace networks {

// Weights of step i ([out channel][height][width][channel]), floats or bytes; the same in every program.
template <class T>
T* random_weights(const topology& t, int i) {
  const window& w = t.steps[i].geometry;
  const auto count = static_cast<std::size_t>(w.out.c * w.depth());
  T* p = peers::random_memory<T>(count);
  if constexpr (std::is_floating_point_v<T>) {
    std::uint64_t s = 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(i + 1);
    for (std::size_t k = 0; k < count; ++k) {
      s = s * 6364136223846793005u + 1442695040888963407u;
      const double u = static_cast<double>(s >> 33) * 0x1p-30 - 1;
      p[k] = static_cast<T>(u * std::sqrt(2.0 / w.depth()));
    }
  }
  return p;
}

// Pixels of the input, as floats in 0 ... 1.
inline float* float_image(const topology& t) {
  const auto count = static_cast<std::size_t>(t.input.size());
  auto* p = peers::memory<float>(count);
  for (std::size_t i = 0; i < count; ++i) p[i] = static_cast<float>(i * 37 % 256) / 256;
  return p;
}

// Values of tensor `wanted`.
inline std::vector<double> plain_tensor(const topology& t, int wanted) {
  std::vector<std::vector<double>> values(static_cast<std::size_t>(t.tensor_count));
  const float* image = float_image(t);
  values[0].assign(image, image + t.input.size());
  for (int i = 0; i < t.step_count; ++i) {
    const step& s = t.steps[i];
    const window& w = s.geometry;
    const auto& in = values[static_cast<std::size_t>(s.in)];
    auto& out = values[static_cast<std::size_t>(s.out)];
    out.resize(static_cast<std::size_t>(w.out.size()));
    const float* kernel = s.what == step_kind::conv ? random_weights<float>(t, i) : nullptr;
    for (int p = 0; p < w.out.positions(); ++p)
      for (int c = 0; c < w.out.c; ++c) {
        double v = 0;
        if (s.what == step_kind::conv) {
          v = peers::plain_sum(w, in.data(), kernel, p, c);
        } else {
          double sum = 0, most = -1e30;
          for (int tap = 0; tap < w.taps(); ++tap) {
            const int y = p / w.out.w * w.stride_h + tap / w.kernel_w, x = p % w.out.w * w.stride_w + tap % w.kernel_w;
            const double a = in[static_cast<std::size_t>((y * w.in.w + x) * w.in.c + c)];
            sum += a, most = std::max(most, a);
          }
          v = s.what == step_kind::max_pool ? most : sum / w.taps();
        }
        double& to = out[static_cast<std::size_t>(p * w.out.c + c)];
        if (s.adds) v += to;
        to = s.relu ? std::max(0.0, v) : v;
      }
  }
  return values[static_cast<std::size_t>(wanted)];
}

// Ends the program where the logits of a float contender are wrong. Large networks are taken on trust.
inline void check_logits(const char* peer, const topology& t, int output, const float* got) {
  if (!peers::checks() || t.macs() > 1e8) return;
  const std::vector<double> expected = plain_tensor(t, t.outputs[output]);
  double scale = 1e-6;
  for (const double v : expected) scale = std::max(scale, std::fabs(v));
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!(std::fabs(static_cast<double>(got[i]) - expected[i]) <= 1e-3 * scale)) {
      std::fprintf(stderr, "%s, %s: logit %zu of output %d: found %g, expected %g\n", peer, t.name, i, output,
                   static_cast<double>(got[i]), expected[i]);
      std::exit(1);
    }
}

}  // namespace networks

#endif
