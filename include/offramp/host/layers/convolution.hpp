// Convolution and dense layers, forward and backward, as matrix products: windows are laid out as rows
// (im2col), a block of them at a time that stays in the second-level cache, and a product with the weights
// [out_c][kh * kw * in_c] does the rest. x is [n][in], y is [n][out], NHWC; nothing may overlap. `columns` is
// scratch of convolution_columns() elements. One group only: see grouped_convolution.hpp.
#ifndef OFFRAMP_HOST_LAYERS_CONVOLUTION_HPP
#define OFFRAMP_HOST_LAYERS_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>

#include <offramp/core/window.hpp>
#include <offramp/host/eigen.hpp>
#include <offramp/host/layers/product.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

namespace detail {

// Are the windows already rows of x? Dense layers and 1x1 convolutions.
constexpr bool windows_are_rows(const window& g) {
  const bool whole = g.kernel_h == g.in.h && g.kernel_w == g.in.w && g.out.positions() == 1;
  const bool point = g.taps() == 1 && g.stride_h == 1 && g.stride_w == 1;
  return (whole || point) && g.pad_top == 0 && g.pad_left == 0;
}

// Rows of output positions (one image line each) taken at once: about 768 KB of columns.
template <class T>
int block_lines(const window& g) {
  const int line = g.out.w * g.depth() * static_cast<int>(sizeof(T));
  return std::max(1, 768 * 1024 / line);
}

// Calls f(input, column, count, taps_left, taps_right) for every kernel line of the windows in output lines [first,
// last), counted over all images: `count` elements from `input` (null: outside) lie between `taps_left` and
// `taps_right` elements of padding in the column.
template <class T, class F>
void for_each_kernel_line(const window& g, T* x, int first, int last, F f) {
  const int tap_line = g.kernel_w * g.in.c;
  std::ptrdiff_t column = 0;
  for (int line = first; line < last; ++line) {
    T* const image = x + static_cast<std::ptrdiff_t>(line / g.out.h) * g.in.size();
    const int top = line % g.out.h * g.stride_h - g.pad_top;
    for (int ox = 0; ox < g.out.w; ++ox) {
      const int left = ox * g.stride_w - g.pad_left;
      const int begin = std::min(std::max(0, -left), g.kernel_w);
      const int end = std::max(begin, std::min(g.kernel_w, g.in.w - left));
      for (int ky = 0; ky < g.kernel_h; ++ky, column += tap_line) {
        const int iy = top + ky;
        if (iy < 0 || iy >= g.in.h)
          f(static_cast<T*>(nullptr), column, 0, tap_line, 0);
        else
          f(image + (iy * g.in.w + left + begin) * g.in.c, column, (end - begin) * g.in.c, begin * g.in.c,
            (g.kernel_w - end) * g.in.c);
      }
    }
  }
}

}  // namespace detail

template <class T>
int convolution_columns(const window& g) {
  return detail::windows_are_rows(g) ? 0 : detail::block_lines<T>(g) * g.out.w * g.depth();
}

// Columns of output lines [first, last).
template <class T>
void windows_to_rows(const window& g, T padding, const T* x, int first, int last, T* columns) {
  detail::for_each_kernel_line(g, x, first, last,
                               [=](const T* input, std::ptrdiff_t column, int count, int left, int right) {
                                 T* to = std::fill_n(columns + column, left, padding);
                                 to = std::copy_n(input, count, to);
                                 std::fill_n(to, right, padding);
                               });
}

// The transpose: adds columns to the positions they were taken from.
template <class T>
void add_rows_to_windows(const window& g, const T* columns, int first, int last, T* dx) {
  detail::for_each_kernel_line(g, dx, first, last, [=](T* input, std::ptrdiff_t column, int count, int left, int) {
    const T* const from = columns + column + left;
    for (int i = 0; i < count; ++i) input[i] += from[i];
  });
}

// y = windows(x) * weights^T + bias (none if null).
template <class T>
void convolution_forward(const window& g, T padding, int n, const T* x, const T* weights, const T* bias, T* y,
                         T* columns) {
  const bool direct = detail::windows_are_rows(g);
  const int lines = n * g.out.h;
  const int block = direct ? lines : detail::block_lines<T>(g);
  for (int first = 0; first < lines; first += block) {
    const int last = std::min(lines, first + block);
    if (!direct) windows_to_rows(g, padding, x, first, last, columns);
    const int rows = (last - first) * g.out.w;
    T* const out = y + static_cast<std::ptrdiff_t>(first) * g.out.w * g.out.c;
    multiply<T>(direct ? x : columns, weights, rows, g.depth(), g.out.c, out);
    if (bias)
      for (int r = 0; r < rows; ++r)
        array_view<T>{out + static_cast<std::ptrdiff_t>(r) * g.out.c, g.out.c} += const_array_view<T>{bias, g.out.c};
  }
}

// d_weights (+)= dy^T * windows(x), d_bias (+)= column sums of dy, dx (+)= windows^T(dy * weights).
// Null outputs are not computed; `add` and `add_dx` say whether to add to what is there.
template <class T>
void convolution_backward(const window& g, T padding, int n, const T* x, const T* weights, const T* dy, T* dx,
                          bool add_dx, T* d_weights, T* d_bias, bool add, T* columns) {
  const bool direct = detail::windows_are_rows(g);
  const int lines = n * g.out.h;
  const int block = direct ? lines : detail::block_lines<T>(g);
  if (dx && !add_dx && !direct) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g.in.size(), T{});
  if (d_bias && !add) std::fill_n(d_bias, g.out.c, T{});
  for (int first = 0; first < lines; first += block) {
    const int last = std::min(lines, first + block);
    const int rows = (last - first) * g.out.w;
    const T* const part = dy + static_cast<std::ptrdiff_t>(first) * g.out.w * g.out.c;
    if (d_weights) {
      if (!direct) windows_to_rows(g, padding, x, first, last, columns);
      multiply_for_weights<T>(part, direct ? x : columns, rows, g.depth(), g.out.c, add || first > 0, d_weights);
    }
    if (d_bias)
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < g.out.c; ++c) d_bias[c] += part[static_cast<std::ptrdiff_t>(r) * g.out.c + c];
    if (dx && direct) {
      multiply_for_input(part, weights, rows, g.depth(), g.out.c, add_dx, dx);
    } else if (dx) {
      multiply_for_input(part, weights, rows, g.depth(), g.out.c, false, columns);
      add_rows_to_windows(g, static_cast<const T*>(columns), first, last, dx);
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
