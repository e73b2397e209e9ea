// Pointwise layers: relu, the trained shifts and slopes per channel, and sign with its pseudo-gradients, the same for
// activations and latent weights.
// sign(0) = +1. Straight-through: 1 where |x| <= clip (Hubara et al. 2016); approx-sign: 2 - 2|x| where |x| < 1, the
// derivative of a piecewise quadratic that follows sign more closely (Liu et al. 2018, Bi-Real Net).
#ifndef OFFRAMP_HOST_LAYERS_POINTWISE_HPP
#define OFFRAMP_HOST_LAYERS_POINTWISE_HPP

#include <cmath>
#include <cstddef>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

enum class sign_gradient : unsigned char { approx_sign, straight_through };

namespace layers {

template <class T>
void sign_forward(const T* x, std::ptrdiff_t count, T* y) {
  for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? T{-1} : T{1};
}

// dx (+)= dy * pseudo-gradient at x. dx may be dy. `clip` counts for straight_through only.
template <class T>
void sign_backward(sign_gradient rule, T clip, const T* x, const T* dy, std::ptrdiff_t count, bool add, T* dx) {
  if (rule == sign_gradient::approx_sign) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const T slope = T{2} - T{2} * std::abs(x[i]);
      const T d = dy[i] * (slope > 0 ? slope : T{0});
      dx[i] = add ? dx[i] + d : d;
    }
  } else {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const T d = std::abs(x[i]) <= clip ? dy[i] : T{0};
      dx[i] = add ? dx[i] + d : d;
    }
  }
}

template <class T>
void relu_forward(const T* x, std::ptrdiff_t count, T* y) {
  for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : T{0};
}

// From the output: the slope at 0 is 0.
template <class T>
void relu_backward(const T* y, const T* dy, std::ptrdiff_t count, bool add, T* dx) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const T d = y[i] > 0 ? dy[i] : T{0};
    dx[i] = add ? dx[i] + d : d;
  }
}

// Adds b_c to every channel; x is [rows][channels].
template <class T>
void shift_forward(const T* __restrict x, int rows, int channels, const T* __restrict b, T* __restrict y) {
  for (int r = 0; r < rows; ++r, x += channels, y += channels)
    for (int c = 0; c < channels; ++c) y[c] = x[c] + b[c];
}

// Adds to d_b the sums of dy per channel.
template <class T>
void shift_sums(const T* __restrict dy, int rows, int channels, T* __restrict d_b) {
  for (int r = 0; r < rows; ++r, dy += channels)
    for (int c = 0; c < channels; ++c) d_b[c] += dy[c];
}

// y = x < 0 ? a_c x : x.
template <class T>
void prelu_forward(const T* __restrict x, int rows, int channels, const T* __restrict a, T* __restrict y) {
  for (int r = 0; r < rows; ++r, x += channels, y += channels)
    for (int c = 0; c < channels; ++c) y[c] = x[c] < 0 ? a[c] * x[c] : x[c];
}

// dx (+)= slope at x * dy: 1 at 0.
template <class T>
void prelu_backward(const T* __restrict x, const T* __restrict dy, int rows, int channels, const T* __restrict a,
                    bool add, T* __restrict dx) {
  for (int r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels)
    for (int c = 0; c < channels; ++c) {
      const T d = x[c] < 0 ? a[c] * dy[c] : dy[c];
      dx[c] = add ? dx[c] + d : d;
    }
}

// Adds to d_a the sums of x * dy where x < 0, per channel.
template <class T>
void prelu_sums(const T* __restrict x, const T* __restrict dy, int rows, int channels, T* __restrict d_a) {
  for (int r = 0; r < rows; ++r, x += channels, dy += channels)
    for (int c = 0; c < channels; ++c) d_a[c] += x[c] < 0 ? x[c] * dy[c] : T{0};
}

// to (+)= factor * from.
template <class T>
void scaled_copy(T factor, const T* from, std::ptrdiff_t count, bool add, T* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = add ? to[i] + factor * from[i] : factor * from[i];
}

}  // namespace layers
}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
