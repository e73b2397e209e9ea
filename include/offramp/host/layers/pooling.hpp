// Pooling without padding, and the shortcut of a residual that changes shape, which is an average pooling with its
// channels repeated (He et al. 2016, option A). x is [n][in], y is [n][out], NHWC; windows may overlap.
#ifndef OFFRAMP_HOST_LAYERS_POOLING_HPP
#define OFFRAMP_HOST_LAYERS_POOLING_HPP

#include <algorithm>
#include <cstddef>

#include <offramp/core/window.hpp>

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

// The window of the shortcut past a residual from `in` to `out`; 1x1 where the shapes agree.
constexpr window shortcut_window(shape in, shape out) {
  const int s = in.h / out.h;
  window g = make_window(in, out.c, s, s, s, 0, 0);
  return g;
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
