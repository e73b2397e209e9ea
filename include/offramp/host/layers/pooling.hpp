// Pooling without padding, by maximum, mean, or a mixture of both (Lee et al. 2016); the shortcut of a residual that
// changes shape, an average pooling with its channels repeated (He et al. 2016, option A); blurring, an average with
// binomial weights and padding (Zhang 2019). x is [n][in], y is [n][out], NHWC; windows may overlap.
#ifndef OFFRAMP_HOST_LAYERS_POOLING_HPP
#define OFFRAMP_HOST_LAYERS_POOLING_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include <offramp/core/window.hpp>
#include <offramp/host/layers/taps.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

namespace detail {

// Calls f(offset in y, offset of the window's first position in x) for all windows of n images.
template <class F>
void for_each_window(const window& g, int n, F f) {
  for (int i = 0; i < n; ++i)
    for (int oy = 0; oy < g.out.h; ++oy)
      for (int ox = 0; ox < g.out.w; ++ox)
        f(static_cast<std::ptrdiff_t>(i) * g.out.size() + (oy * g.out.w + ox) * g.out.c,
          static_cast<std::ptrdiff_t>(i) * g.in.size() + (oy * g.stride_h * g.in.w + ox * g.stride_w) * g.in.c);
}

}  // namespace detail

template <class T>
void max_pool_forward(const window& g, int n, const T* x, T* y) {
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    std::copy_n(x + from, g.out.c, y + to);
    for (int ky = 0; ky < g.kernel_h; ++ky)
      for (int kx = 0; kx < g.kernel_w; ++kx) {
        const T* const tap = x + from + (ky * g.in.w + kx) * g.in.c;
        for (int c = 0; c < g.out.c; ++c) y[to + c] = tap[c] > y[to + c] ? tap[c] : y[to + c];
      }
  });
}

// The gradient goes to the first largest element of each window.
template <class T>
void max_pool_backward(const window& g, int n, const T* x, const T* dy, bool add, T* dx) {
  if (!add) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    for (int c = 0; c < g.out.c; ++c) {
      std::ptrdiff_t best = from + c;
      for (int ky = 0; ky < g.kernel_h; ++ky)
        for (int kx = 0; kx < g.kernel_w; ++kx) {
          const std::ptrdiff_t tap = from + (ky * g.in.w + kx) * g.in.c + c;
          if (x[tap] > x[best]) best = tap;
        }
      dx[best] += dy[to + c];
    }
  });
}

// y (+)= the average of each window. With more output than input channels, output channel c
// reads input channel c % in.c.
template <class T>
void avg_pool_forward(const window& g, int n, const T* x, bool add, T* y) {
  const T share = T{1} / static_cast<T>(g.taps());
  if (!add) std::fill_n(y, static_cast<std::ptrdiff_t>(n) * g.out.size(), T{});
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    for (int first = 0; first < g.out.c; first += g.in.c)
      for (int ky = 0; ky < g.kernel_h; ++ky)
        for (int kx = 0; kx < g.kernel_w; ++kx) {
          const T* const tap = x + from + (ky * g.in.w + kx) * g.in.c;
          T* const out = y + to + first;
          for (int c = 0; c < g.in.c; ++c) out[c] += share * tap[c];
        }
  });
}

template <class T>
void avg_pool_backward(const window& g, int n, const T* dy, bool add, T* dx) {
  const T share = T{1} / static_cast<T>(g.taps());
  if (!add) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    for (int first = 0; first < g.out.c; first += g.in.c)
      for (int ky = 0; ky < g.kernel_h; ++ky)
        for (int kx = 0; kx < g.kernel_w; ++kx) {
          T* const tap = dx + from + (ky * g.in.w + kx) * g.in.c;
          const T* const out = dy + to + first;
          for (int c = 0; c < g.in.c; ++c) tap[c] += share * out[c];
        }
  });
}

// y = a * maximum + (1 - a) * mean of each window.
template <class T>
void mixed_pool_forward(const window& g, T a, int n, const T* x, T* y) {
  max_pool_forward(g, n, x, y);
  const T share = (T{1} - a) / static_cast<T>(g.taps());
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    for (int c = 0; c < g.out.c; ++c) y[to + c] *= a;
    for (int ky = 0; ky < g.kernel_h; ++ky)
      for (int kx = 0; kx < g.kernel_w; ++kx) {
        const T* const tap = x + from + (ky * g.in.w + kx) * g.in.c;
        for (int c = 0; c < g.out.c; ++c) y[to + c] += share * tap[c];
      }
  });
}

// dx (+)= the gradient, d_a += that of a, sum of dy * (maximum - mean). Either may be null: not wanted.
template <class T>
void mixed_pool_backward(const window& g, T a, int n, const T* x, const T* dy, bool add, T* dx, T* d_a) {
  if (dx && !add) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  const T part = T{1} / static_cast<T>(g.taps());
  T of_a{};
  detail::for_each_window(g, n, [&](std::ptrdiff_t to, std::ptrdiff_t from) {
    for (int c = 0; c < g.out.c; ++c) {
      std::ptrdiff_t best = from + c;
      T sum{};
      const T slope = dy[to + c];
      for (int ky = 0; ky < g.kernel_h; ++ky)
        for (int kx = 0; kx < g.kernel_w; ++kx) {
          const std::ptrdiff_t tap = from + (ky * g.in.w + kx) * g.in.c + c;
          if (x[tap] > x[best]) best = tap;
          sum += x[tap];
          if (dx) dx[tap] += (T{1} - a) * part * slope;
        }
      if (dx) dx[best] += a * slope;
      of_a += slope * (x[best] - part * sum);
    }
  });
  if (d_a) *d_a += of_a;
}

// The filter of a blur pooling along one direction, as integers: the binomial coefficients (size - 1 over i). A tap of
// the two-dimensional filter is the product of two of them over the square of their sum, 2^(size - 1).
inline std::vector<int> blur_taps(int size) {
  std::vector<int> taps(static_cast<std::size_t>(size), 1);
  for (int row = 2; row < size; ++row)
    for (int i = row - 1; i > 0; --i) taps[static_cast<std::size_t>(i)] += taps[static_cast<std::size_t>(i - 1)];
  return taps;
}

namespace detail {

template <class T>
std::vector<T> blur_weights(const window& g) {
  const T unit = T{1} / static_cast<T>(1 << (g.kernel_h + g.kernel_w - 2));
  std::vector<T> weights;
  for (const int row : blur_taps(g.kernel_h))
    for (const int column : blur_taps(g.kernel_w)) weights.push_back(unit * static_cast<T>(row * column));
  return weights;
}

}  // namespace detail

template <class T>
void blur_pool_forward(const window& g, T padding, int n, const T* x, T* y) {
  std::fill_n(y, static_cast<std::ptrdiff_t>(n) * g.out.size(), T{});
  const std::vector<T> weights = detail::blur_weights<T>(g);
  detail::for_each_tap(g, n, [&](int tap, std::ptrdiff_t to, std::ptrdiff_t from) {
    const T weight = weights[static_cast<std::size_t>(tap)];
    for (int c = 0; c < g.in.c; ++c) y[to + c] += weight * (from < 0 ? padding : x[from + c]);
  });
}

template <class T>
void blur_pool_backward(const window& g, int n, const T* dy, bool add, T* dx) {
  if (!add) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  const std::vector<T> weights = detail::blur_weights<T>(g);
  detail::for_each_tap(g, n, [&](int tap, std::ptrdiff_t to, std::ptrdiff_t from) {
    if (from < 0) return;
    const T weight = weights[static_cast<std::size_t>(tap)];
    for (int c = 0; c < g.in.c; ++c) dx[from + c] += weight * dy[to + c];
  });
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
