// What a layer computes, by plain loops, to see that a contender was asked for the same; and random numbers to fill it.
// Inputs are NHWC, kernels [out channel][height][width][channel of the group].
#ifndef BENCHMARKS_PEERS_PLAIN_LAYER_HPP
#define BENCHMARKS_PEERS_PLAIN_LAYER_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include <offramp/core/window.hpp>

#include "benchmarks/peers/measure.hpp"

namespace peers {

// xorshift64
inline std::uint64_t random_bits() {
  static std::uint64_t s = 0x2545f4914f6cdd1d;
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return s;
}
// Floats in -1 ... 1, integers of the whole range but for -128.
template <class T>
T random_number() {
  const auto bits = random_bits();
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(static_cast<double>(bits >> 11) * 0x1p-52 - 1.0);
  else if constexpr (std::is_signed_v<T>)
    return static_cast<T>(static_cast<int>((bits >> 32) % 255) - 127);
  else
    return static_cast<T>(bits >> 56);
}
template <class T>
T* random_memory(std::size_t count) {
  T* p = memory<T>(count);
  for (std::size_t i = 0; i < count; ++i) p[i] = random_number<T>();
  return p;
}

// Sum of products of output channel `o` at `position`.
template <class In, class Weight>
double plain_sum(const offramp::window& w, const In* in, const Weight* kernel, int position, int o) {
  const int depth = w.group_in_c(), first = w.groups == 1 ? 0 : o / (w.out.c / w.groups) * depth;
  const int oy = position / w.out.w, ox = position % w.out.w;
  double sum = 0;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int y = oy * w.stride_h - w.pad_top + ky, x = ox * w.stride_w - w.pad_left + kx;
      if (y < 0 || x < 0 || y >= w.in.h || x >= w.in.w) continue;
      for (int c = 0; c < depth; ++c)
        sum += static_cast<double>(in[(y * w.in.w + x) * w.in.c + first + c]) *
               static_cast<double>(kernel[((o * w.kernel_h + ky) * w.kernel_w + kx) * depth + c]);
    }
  return sum;
}

// Compares some outputs, corners among them, of relu(sum * scale), up to `most` for integers; ends the program where
// they differ.
template <class In, class Weight, class Out>
void check_output(const char* peer, const char* shape, const offramp::window& w, const In* in, const Weight* kernel,
                  const Out* out, double scale, double most = 255) {
  if (!checks()) return;
  constexpr bool integers = !std::is_floating_point_v<Out>;
  for (int i = 0; i < 50; ++i) {
    const int position = i == 0   ? 0
                         : i == 1 ? w.out.positions() - 1
                                  : static_cast<int>(random_bits() >> 33) % w.out.positions();
    const int o = static_cast<int>(random_bits() >> 33) % w.out.c;
    double expected = std::fmax(0, plain_sum(w, in, kernel, position, o) * scale);
    if (integers) expected = std::fmin(expected, most);
    const auto got = static_cast<double>(out[position * w.out.c + o]);
    if (std::fabs(got - expected) <= (integers ? 1.0 : 1e-3 * (1 + std::fabs(expected)))) continue;
    std::fprintf(stderr, "%s, %s: position %d, channel %d: found %g, expected %g\n", peer, shape, position, o, got,
                 expected);
    std::exit(1);
  }
}

// A factor that brings sums of int8 products into the range of a byte.
inline float byte_scale(const offramp::window& w) {
  return 40.0f / (100.0f * 75.0f * std::sqrt(static_cast<float>(w.depth())));
}

}  // namespace peers

#endif
