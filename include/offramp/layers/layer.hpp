// A layer is a description: a plain `layer_desc` that says what is computed and trained. It does not run.
// A composite (residual) appends several. The trainer walks these descriptions, `lower` turns them into device ops.
#ifndef OFFRAMP_LAYERS_LAYER_HPP
#define OFFRAMP_LAYERS_LAYER_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/user_op.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class layer_kind : std::uint8_t {
  conv2d,
  dense,  // a convolution whose window is the whole input
  batch_norm,
  relu,
  sign,
  max_pool,
  avg_pool,
  residual_begin,
  residual_end,
  flatten,  // no work: says that a dense reads all positions
  shift,    // y = x + b, trained per channel
  prelu,    // y = x < 0 ? a x : x, trained per channel
  blur_pool,
  concat_begin,
  branch_begin,
  concat_end,
  cascade,  // adds a trained map of the previous exit's logits
  user,
  mixed_pool,  // a maximum + (1 - a) mean, one trained a
};

constexpr const char* to_string(layer_kind k) {
  switch (k) {
    case layer_kind::conv2d: return "conv2d";
    case layer_kind::dense: return "dense";
    case layer_kind::batch_norm: return "batch_norm";
    case layer_kind::relu: return "relu";
    case layer_kind::sign: return "sign";
    case layer_kind::max_pool: return "max_pool";
    case layer_kind::avg_pool: return "avg_pool";
    case layer_kind::residual_begin: return "residual_begin";
    case layer_kind::residual_end: return "residual_end";
    case layer_kind::flatten: return "flatten";
    case layer_kind::shift: return "shift";
    case layer_kind::prelu: return "prelu";
    case layer_kind::blur_pool: return "blur_pool";
    case layer_kind::concat_begin: return "concat_begin";
    case layer_kind::branch_begin: return "branch_begin";
    case layer_kind::concat_end: return "concat_end";
    case layer_kind::cascade: return "cascade";
    case layer_kind::user: return "user";
    case layer_kind::mixed_pool: return "mixed_pool";
  }
  return "unknown";
}

struct layer_desc {
  // Declared by the layer.
  layer_kind what = layer_kind::relu;
  kind weights = kind::none;  // bits, i8, f32; none: decided by `lower`
  int out_c = 0;              // conv2d, dense; outputs per input channel where `groups` is 0
  int kernel_h = 0;           // 0: the whole input (dense, global pooling); -n: an n-th of it, the stride too
  int kernel_w = 0;
  int stride_h = 1;
  int stride_w = 1;
  int pad_h = 0;
  int pad_w = 0;
  int groups = 1;  // conv2d; 0: as many as input channels (depthwise), until the network fills it in
  const user_op* user = nullptr;

  // Filled in by the network, which knows what stands before and behind.
  shape in{};
  shape out{};
  bool reads_bits = false;  // the input holds signs (-1, +1); padding is then +1, else 0
  bool bias = false;        // trained bias: a conv2d or dense with no batch norm or shift behind it
  int partner = -1;         // residual_begin <-> residual_end, concat_begin <-> concat_end: index of the other one;
                            // branch_begin: its concat_begin
  int exit = 0;             // the stage or head k this layer belongs to
  bool head = false;

  // Computed as a convolution.
  [[nodiscard]] constexpr bool has_weights() const {
    return what == layer_kind::conv2d || what == layer_kind::dense || what == layer_kind::cascade;
  }
  [[nodiscard]] constexpr bool is_affine() const { return what == layer_kind::batch_norm || what == layer_kind::shift; }
  [[nodiscard]] constexpr bool is_rectifier() const { return what == layer_kind::relu || what == layer_kind::prelu; }
  [[nodiscard]] constexpr window geometry() const {
    return make_window(in, out.c, kernel_h, kernel_w, stride_h, pad_h, pad_w, stride_w, groups);
  }
};

// Options of layers, given as values behind the sizes: conv2d<64, 3, binary, stride{2}, valid>. One number counts for
// both directions.
struct kernel {
  int h;
  int w = h;
};
struct stride {
  int h;
  int w = h;
};
struct padding {
  int h;  // on both sides
  int w = h;
};
inline constexpr padding valid{0};
struct groups {
  int value;
};
struct multiplier {  // of a depthwise convolution: output channels per input channel
  int value;
};

namespace detail {

constexpr void apply(layer_desc& d, kind weights) { d.weights = weights; }
constexpr void apply(layer_desc& d, stride s) { d.stride_h = s.h, d.stride_w = s.w; }
constexpr void apply(layer_desc& d, padding p) { d.pad_h = p.h, d.pad_w = p.w; }
constexpr void apply(layer_desc& d, groups g) { d.groups = g.value; }
constexpr void apply(layer_desc& d, multiplier m) { d.out_c = m.value; }

constexpr kernel as_kernel(int size) { return {size}; }
constexpr kernel as_kernel(kernel size) { return size; }

template <class... Options>
constexpr layer_desc with_options(layer_desc d, Options... options) {
  (apply(d, options), ...);
  return d;
}

// "Same" padding of (kernel - 1) / 2 unless an option says otherwise.
template <class... Options>
constexpr layer_desc convolution(int out_c, kernel size, Options... options) {
  layer_desc d{.what = layer_kind::conv2d, .out_c = out_c};
  d.kernel_h = size.h, d.kernel_w = size.w;
  d.pad_h = (size.h - 1) / 2, d.pad_w = (size.w - 1) / 2;
  return with_options(d, options...);
}

// Is an option of this type among those given?
template <class Option, auto... Options>
inline constexpr bool has_option = (std::is_same_v<std::remove_cv_t<decltype(Options)>, Option> || ...);

// The same along the width alone.
constexpr layer_desc one_dimensional(layer_desc d) {
  d.kernel_h = d.stride_h = 1;
  d.pad_h = 0;
  return d;
}

}  // namespace detail

// Base of layers that are one description. A user's layer may derive from it, or supply the two members itself.
template <layer_desc D>
struct single_layer {
  static constexpr int layer_count = 1;
  static constexpr void append(layer_desc*& out) { *out++ = D; }
};

// Layers that go by one name.
template <class... Layers>
struct layer_sequence {
  static constexpr int layer_count = (Layers::layer_count + ... + 0);
  static constexpr void append(layer_desc*& out) { (Layers::append(out), ...); }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
