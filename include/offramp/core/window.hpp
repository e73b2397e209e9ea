// The geometry of one sliding window: convolution, dense (window = whole input) and pooling alike.
// Kernels take a geometry object `g` and read `const window w = g();`: with `static_geometry` every number folds into
// the code, with `dynamic_geometry` the same kernel runs on numbers known at run time (random tests, host tools).
#ifndef OFFRAMP_CORE_WINDOW_HPP
#define OFFRAMP_CORE_WINDOW_HPP

#include <offramp/core/config.hpp>
#include <offramp/core/shape.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct window {
  shape in{};
  shape out{};
  int kernel_h = 1;
  int kernel_w = 1;
  int stride_h = 1;
  int stride_w = 1;
  int pad_top = 0;  // bottom and right padding follow from `out`
  int pad_left = 0;
  // Channels the weights are stored for; larger than the active ones in nested widths (tap stride), else equal.
  int stored_in_c = 0;
  int stored_out_c = 0;
  int groups = 1;  // output channels o read the input channels of group o * groups / out.c only
  // Copies into a wider tensor: the first output channel written. Convolutions: words between parameters and kernel,
  // where nested widths share the kernel (elastic/nested.hpp). One number for both: gcc copies a larger struct by
  // memcpy.
  int out_first = 0;

  [[nodiscard]] constexpr int taps() const { return kernel_h * kernel_w; }
  // Input channels that one output channel reads, active and stored. Groups are kept or dropped whole.
  [[nodiscard, gnu::always_inline]] constexpr int group_in_c() const { return groups == 1 ? in.c : in.c / groups; }
  [[nodiscard, gnu::always_inline]] constexpr int stored_group_in_c() const {
    return groups == 1 ? stored_in_c : in.c / groups;
  }
  // Products added up for one output.
  [[nodiscard, gnu::always_inline]] constexpr int depth() const { return taps() * group_in_c(); }
  friend constexpr bool operator==(const window&, const window&) = default;
};

// Output extent of a window of `kernel` moved by `stride` over `in` with `pad` on both sides; <= 0 if it does not fit.
constexpr int window_extent(int in, int kernel, int stride, int pad) {
  const int room = in + 2 * pad - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

// `stride_w` 0: the same as `stride_h`.
constexpr window make_window(shape in, int out_c, int kernel_h, int kernel_w, int stride_h, int pad_h, int pad_w,
                             int stride_w = 0, int groups = 1) {
  if (stride_w == 0) stride_w = stride_h;
  window w;
  w.in = in;
  w.out = {window_extent(in.h, kernel_h, stride_h, pad_h), window_extent(in.w, kernel_w, stride_w, pad_w), out_c};
  w.kernel_h = kernel_h;
  w.kernel_w = kernel_w;
  w.stride_h = stride_h;
  w.stride_w = stride_w;
  w.pad_top = pad_h;
  w.pad_left = pad_w;
  w.stored_in_c = in.c;
  w.stored_out_c = out_c;
  w.groups = groups;
  return w;
}

// Does the window meet no padding, wherever it is?
[[gnu::always_inline]] constexpr bool stays_inside(const window& w) {
  return w.pad_top == 0 && w.pad_left == 0 && (w.out.h - 1) * w.stride_h + w.kernel_h <= w.in.h &&
         (w.out.w - 1) * w.stride_w + w.kernel_w <= w.in.w;
}

// The same convolution with fewer, longer rows, where there is one. Positions keep their order.
[[gnu::always_inline]] constexpr window with_long_rows(window w) {
  const bool inside = stays_inside(w);
  if (inside && w.taps() == 1 && w.stride_h == 1 && w.stride_w == 1) {
    w.in.w *= w.in.h;
    w.out.w *= w.out.h;
    w.in.h = w.out.h = 1;
  } else if (inside && w.kernel_w == w.in.w && w.out.h == 1) {
    w.in.w *= w.kernel_h;
    w.kernel_w *= w.kernel_h;
    w.in.h = w.kernel_h = 1;
  }
  return w;
}

template <window W>
struct static_geometry {
  static constexpr bool is_static = true;
  constexpr window operator()() const { return W; }
};

struct dynamic_geometry {
  static constexpr bool is_static = false;
  window value;
  constexpr window operator()() const { return value; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
