// Fake quantization: values take the places that integer codes can express, and stay real numbers. Gradients pass
// straight through, except where a value was clipped (the straight-through estimator; Jacob et al. 2018, Esser et al.
// 2020, LSQ, equation 3).
#ifndef OFFRAMP_HOST_LAYERS_ROUNDING_HPP
#define OFFRAMP_HOST_LAYERS_ROUNDING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <offramp/host/quantization_plan.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

// The nearest whole number, for |x| below 2^22: where adding 1.5 * 2^23 leaves no fraction (2^52 in double). A sum and
// a difference vectorise on every CPU, a call of a function does not. Ties go to the even one.
template <class T>
T nearest(T x) {
  constexpr T whole = std::is_same_v<T, float> ? T(12582912.0) : T(6755399441055744.0);
  return (x + whole) - whole;
}

// A rounding in the type that computes.
template <class T>
struct grid {
  T scale, inverse, low, high;  // codes less their zero

  explicit grid(const rounding& r)
      : scale{static_cast<T>(r.scale)}, inverse{static_cast<T>(1 / r.scale)},
        low{static_cast<T>((r.codes == kind::i8 ? -128 : -32768) - r.zero)}, high{static_cast<T>(
                                                                                 (r.codes == kind::i8 ? 127 : 32767) -
                                                                                 r.zero)} {}

  // Means of codes lie half way between two codes often; integers then take the upper one. A little more than x gets
  // there whatever the last bits of x are.
  T operator()(T x) const { return nearest(std::clamp(x * inverse + T(1.0 / 4096), low, high)) * scale; }
};

// y = x on the grid. y may be x.
template <class T>
void round_forward(const rounding& r, const T* x, std::ptrdiff_t count, T* y) {
  const grid<T> g{r};
  for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = g(x[i]);
}

// dx (+)= dy, and 0 where x lies outside the codes. dx may be dy.
template <class T>
void round_backward(const rounding& r, const T* x, const T* dy, std::ptrdiff_t count, bool add, T* dx) {
  const grid<T> g{r};
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const T v = x[i] * g.inverse;
    const T d = v > g.low && v < g.high ? dy[i] : T{0};
    dx[i] = add ? dx[i] + d : d;
  }
}

// The same where only the rounded value is left: what lies on the first or last code counts as outside.
template <class T>
void round_backward_from_output(const rounding& r, const T* y, const T* dy, std::ptrdiff_t count, T* dx) {
  const grid<T> g{r};
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const T v = y[i] * g.inverse;
    dx[i] = v > g.low + T(0.5) && v < g.high - T(0.5) ? dy[i] : T{0};
  }
}

// i8 weights [channels][each]: y = scale_c * code, scale_c = max |w| / 127 over the channel, or over all.
template <class T>
void round_weights(const T* w, int channels, int each, bool one_scale, T* y) {
  const auto most = [&](int first, int last) {
    T m = 0;
    for (int i = first; i < last; ++i) m = std::max(m, std::abs(w[i]));
    return m;
  };
  const T all = one_scale ? most(0, channels * each) : T{0};
  for (int c = 0; c < channels; ++c) {
    const int first = c * each, last = first + each;
    const T m = one_scale ? all : most(first, last);
    const T scale = m > 0 ? m / 127 : T{1}, inverse = 1 / scale;
    for (int i = first; i < last; ++i) y[i] = nearest(w[i] * inverse) * scale;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
