// Fits the layers of a network together: shapes, ranges, partners of residuals, places of exits. The first
// thing that does not fit becomes a `composition_check`, and a `composition_rule` turns that into one
// compile error that shows the numbers.
#ifndef OFFRAMP_NET_COMPOSITION_HPP
#define OFFRAMP_NET_COMPOSITION_HPP

#include <cstdint>

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct input_desc {
  shape extent{};
  kind element = kind::u8;
};

// Layers [stage_first, stage_last) feed the head [head_first, head_last).
struct exit_desc {
  int stage_first = 0;
  int stage_last = 0;
  int head_first = 0;
  int head_last = 0;
  int classes = 0;
};

enum class composition_error : std::uint8_t {
  none,
  no_exit_head,
  starts_with_head,
  two_heads,
  two_stages,
  stage_behind_last_head,
  classes_differ,
  window_too_large,
  sign_after_relu,
  sign_after_sign,
  residual_height,
  residual_width,
  residual_channels,
  residual_end,
  residual_nested,
};

struct composition_check {
  composition_error error = composition_error::none;
  int layer = 0;  // number of the layer (or of the stage or head), counted from 0 in the order written
  int got = 0;
  int expected = 0;
};

namespace detail {

struct item_desc {
  int first = 0;
  int last = 0;
  bool head = false;
  int classes = 0;
};

// What is known of the values: enough to see that a sign would be constant.
enum class value_range : std::uint8_t { any, non_negative, signs };

// Shapes and ranges of the layers [first, last), starting from `at`.
constexpr composition_check compose_layers(layer_desc* layers, int first, int last, shape& at, value_range& range) {
  using e = composition_error;
  int open = -1;
  bool ends_in_conv = false;  // so far, the residual body ends in conv2d [batch_norm] [relu]
  for (int i = first; i < last; ++i) {
    layer_desc& d = layers[i];
    d.in = d.out = at;
    d.reads_bits = range == value_range::signs;
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense: {
        if (d.what == layer_kind::dense) d.kernel_h = at.h, d.kernel_w = at.w;
        d.bias = i + 1 == last || layers[i + 1].what != layer_kind::batch_norm;
        const int kernel = d.kernel_h > d.kernel_w ? d.kernel_h : d.kernel_w;
        const int padded = (at.h < at.w ? at.h : at.w) + 2 * d.pad_h;
        if (d.what == layer_kind::conv2d && kernel > padded) return {e::window_too_large, i, kernel, padded};
        d.out = make_window(at, d.out_c, d.kernel_h, d.kernel_w, d.stride, d.pad_h, d.pad_w).out;
        range = value_range::any;
        ends_in_conv = true;
        break;
      }
      case layer_kind::max_pool:
      case layer_kind::avg_pool: {
        if (d.kernel_h == 0) d.kernel_h = at.h, d.kernel_w = at.w;
        const int room = at.h < at.w ? at.h : at.w;
        if (d.kernel_h > at.h || d.kernel_w > at.w) return {e::window_too_large, i, d.kernel_h, room};
        d.out = make_window(at, at.c, d.kernel_h, d.kernel_w, d.stride, 0, 0).out;
        if (d.what == layer_kind::avg_pool && range == value_range::signs) range = value_range::any;
        ends_in_conv = false;
        break;
      }
      case layer_kind::batch_norm:
        ends_in_conv = ends_in_conv && layers[i - 1].has_weights();
        range = value_range::any;
        break;
      case layer_kind::relu:
        ends_in_conv = ends_in_conv && layers[i - 1].what != layer_kind::relu;
        range = value_range::non_negative;
        break;
      case layer_kind::sign:
        if (range == value_range::non_negative) return {e::sign_after_relu, i, i, i};
        if (range == value_range::signs) return {e::sign_after_sign, i, i, i};
        range = value_range::signs;
        ends_in_conv = false;
        break;
      case layer_kind::residual_begin:
        if (open >= 0) return {e::residual_nested, i, 2, 1};
        open = i;
        ends_in_conv = false;
        break;
      case layer_kind::residual_end: {
        const shape from = layers[open].in;
        if (!ends_in_conv) return {e::residual_end, i, 0, 1};
        if (at.c % from.c != 0) return {e::residual_channels, i, at.c, from.c};
        if (from.h % at.h != 0) return {e::residual_height, i, at.h, from.h};
        if (from.w % at.w != 0 || from.w / at.w != from.h / at.h)
          return {e::residual_width, i, at.w, from.w / (from.h / at.h)};
        d.partner = open;
        layers[open].partner = i;
        open = -1;
        range = value_range::any;
        break;
      }
    }
    at = d.out;
  }
  return {};
}

// Fits everything together; fills in layers and exits.
constexpr composition_check compose(const input_desc& input, layer_desc* layers, int layer_count,
                                    const item_desc* items, int item_count, exit_desc* exits, int& exit_count) {
  using e = composition_error;
  exit_count = 0;
  exits[0].classes = 2;  // something harmless for what reads a network that is already refused
  if (item_count == 0 || layer_count == 0) return {e::no_exit_head, 0, 0, 1};
  if (items[0].head) return {e::starts_with_head, 0, 0, 1};
  shape at = input.extent;
  value_range range = value_range::any;
  for (int n = 0; n < item_count; ++n) {
    if (n > 0 && items[n].head && items[n - 1].head) return {e::two_heads, n, 0, 1};
    if (n > 0 && !items[n].head && !items[n - 1].head) return {e::two_stages, n, 0, 1};
    shape head_at = at;
    value_range head_range = range;
    const composition_check c = compose_layers(layers, items[n].first, items[n].last, items[n].head ? head_at : at,
                                               items[n].head ? head_range : range);
    if (c.error != e::none) return c;
    for (int i = items[n].first; i < items[n].last; ++i) {
      layers[i].exit = exit_count;
      layers[i].head = items[n].head;
    }
    exit_desc& x = exits[exit_count];
    if (!items[n].head) {
      if (n + 1 == item_count)
        return exit_count == 0 ? composition_check{e::no_exit_head, n, 0, 1}
                               : composition_check{e::stage_behind_last_head, n, n + 1, n};
      x.stage_first = items[n].first, x.stage_last = items[n].last;
      continue;
    }
    x.head_first = items[n].first, x.head_last = items[n].last, x.classes = items[n].classes;
    if (x.classes != exits[0].classes && exit_count > 0) return {e::classes_differ, n, x.classes, exits[0].classes};
    ++exit_count;
  }
  return {};
}

}  // namespace detail

// The rules. A broken one is instantiated with its numbers, so that they stand in the first line of the error;
// `checked` is true all the same, because one mistake gives one error.
template <composition_error Error, int Layer, int Got, int Expected>
struct composition_rule {
  static constexpr bool checked = true;
};

#define OFFRAMP_COMPOSITION_RULE(name, error, condition, message) \
  template <int Layer, int Got, int Expected>                     \
  struct name {                                                   \
    static_assert(condition, "offramp: " message);                \
    static constexpr bool checked = true;                         \
  };                                                              \
  template <int Layer, int Got, int Expected>                     \
  struct composition_rule<composition_error::error, Layer, Got, Expected> : name<Layer, Got, Expected> {}

OFFRAMP_COMPOSITION_RULE(exit_heads_in_network, no_exit_head, Got >= Expected,
                         "a network needs at least one stage followed by an exit_head");
OFFRAMP_COMPOSITION_RULE(stages_before_first_head, starts_with_head, Got >= Expected,
                         "an exit_head needs a stage before it");
OFFRAMP_COMPOSITION_RULE(stages_between_heads, two_heads, Got >= Expected,
                         "two exit heads follow each other: put a stage between them");
OFFRAMP_COMPOSITION_RULE(heads_between_stages, two_stages, Got >= Expected,
                         "two stages follow each other: merge them, or put an exit_head between");
OFFRAMP_COMPOSITION_RULE(items_up_to_last_head, stage_behind_last_head, Got == Expected,
                         "a stage stands behind the last exit_head: nothing reads its output");
OFFRAMP_COMPOSITION_RULE(exit_head_classes, classes_differ, Got == Expected,
                         "this exit_head has another number of classes than the first one");
OFFRAMP_COMPOSITION_RULE(window_fits_input, window_too_large, Got <= Expected,
                         "this layer's window is larger than its padded input");
OFFRAMP_COMPOSITION_RULE(sign_behind_relu, sign_after_relu, Got < Expected,
                         "sign right after relu is constant (+1): put a batch_norm between them, or leave relu out");
OFFRAMP_COMPOSITION_RULE(sign_behind_sign, sign_after_sign, Got < Expected,
                         "sign after sign changes nothing: leave one out, or put a convolution between");
OFFRAMP_COMPOSITION_RULE(residual_body_height, residual_height, Expected % Got == 0,
                         "the residual's input height is not a multiple of its body's output height");
OFFRAMP_COMPOSITION_RULE(residual_body_width, residual_width, Got == Expected,
                         "the residual's body must shrink width by the same factor as height");
OFFRAMP_COMPOSITION_RULE(residual_body_channels, residual_channels, Got % Expected == 0,
                         "the residual's body has output channels that are not a multiple of its input channels");
OFFRAMP_COMPOSITION_RULE(residual_body_end, residual_end, Got == Expected,
                         "a residual's body must end in conv2d [batch_norm] [relu]");
OFFRAMP_COMPOSITION_RULE(residuals_open, residual_nested, Got <= Expected,
                         "a residual stands inside a residual: put them one behind the other");
#undef OFFRAMP_COMPOSITION_RULE

}  // namespace offramp::inline OFFRAMP_ABI

#endif
