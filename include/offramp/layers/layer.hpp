// A layer is a description: a plain `layer_desc` that says what is computed and trained. It does not run.
// A composite (residual) appends several. The trainer walks these descriptions, `lower` turns them into device ops.
#ifndef OFFRAMP_LAYERS_LAYER_HPP
#define OFFRAMP_LAYERS_LAYER_HPP

#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>
#include <offramp/core/window.hpp>

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
  }
  return "unknown";
}

struct layer_desc {
  // Declared by the layer.
  layer_kind what = layer_kind::relu;
  kind weights = kind::none;  // bits, i8, f32; none: decided by `lower`
  int out_c = 0;              // conv2d, dense
  int kernel_h = 0;           // 0: the whole input (dense, global pooling)
  int kernel_w = 0;
  int stride = 1;
  int pad_h = 0;
  int pad_w = 0;

  // Filled in by the network, which knows what stands before and behind.
  shape in{};
  shape out{};
  bool reads_bits = false;  // the input holds signs (-1, +1); padding is then +1, else 0
  bool bias = false;        // trained bias: a conv2d or dense with no batch norm behind it
  int partner = -1;         // residual_begin <-> residual_end: index of the other one
  int exit = 0;             // the stage or head k this layer belongs to
  bool head = false;

  [[nodiscard]] constexpr bool has_weights() const { return what == layer_kind::conv2d || what == layer_kind::dense; }
  [[nodiscard]] constexpr window geometry() const {
    return make_window(in, out.c, kernel_h, kernel_w, stride, pad_h, pad_w);
  }
};

// Options of layers, given as values behind the sizes: conv2d<64, 3, binary, stride{2}, valid>.
struct stride {
  int value;
};
struct padding {
  int value;  // on all four sides
};
inline constexpr padding valid{0};

namespace detail {

constexpr void apply(layer_desc& d, kind weights) { d.weights = weights; }
constexpr void apply(layer_desc& d, stride s) { d.stride = s.value; }
constexpr void apply(layer_desc& d, padding p) { d.pad_h = d.pad_w = p.value; }

template <class... Options>
constexpr layer_desc with_options(layer_desc d, Options... options) {
  (apply(d, options), ...);
  return d;
}

}  // namespace detail

// Base of layers that are one description. A user's layer may derive from it, or supply the two members itself.
template <layer_desc D>
struct single_layer {
  static constexpr int layer_count = 1;
  static constexpr void append(layer_desc*& out) { *out++ = D; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
