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
  blocks_nested,
  groups_in,
  groups_out,
  flatten_end,
  cascade_first,
  user_shape,
  concat_height,
  concat_width,
  mixed_signs,
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

// A residual or concat whose end has not come yet.
struct open_block {
  int begin = 0;
  bool concat = false;
  shape from{};
  value_range from_range = value_range::any;
  int branches = 0;  // of a concat: begun so far, their joint shape and range
  shape joined{};
  value_range joined_range = value_range::any;
};

// Puts the channels of the branch that just ended behind those of the branches before it.
constexpr composition_check join_branch(open_block& b, int layer, shape at, value_range range) {
  using e = composition_error;
  if (b.branches == 0) return {};
  if (b.branches == 1) {
    b.joined = at;
    b.joined_range = range;
    return {};
  }
  if (at.h != b.joined.h) return {e::concat_height, layer, at.h, b.joined.h};
  if (at.w != b.joined.w) return {e::concat_width, layer, at.w, b.joined.w};
  b.joined.c += at.c;
  if (range != b.joined_range) b.joined_range = value_range::any;
  return {};
}

// The window of a pooling along one direction, where it depends on the input's extent; `step` goes with it.
constexpr void fit_window(int extent, int& size, int& step) {
  if (size == 0) size = extent;
  if (size < 0) size = step = extent < -size ? 1 : extent / -size;
}

// Shapes and ranges of the layers [first, last), starting from `at`. `exit` is the number of the stage or head.
constexpr composition_check compose_layers(layer_desc* layers, int first, int last, shape& at, value_range& range,
                                           int exit) {
  using e = composition_error;
  constexpr int deepest = 8;
  open_block open[deepest]{};
  int depth = 0;
  // How far the layers so far may go on as the output stage of one convolution: 0 not at all, 1 conv2d [affine]...,
  // 2 the same with a rectifier [affine]... behind it.
  int foldable = 0;
  for (int i = first; i < last; ++i) {
    layer_desc& d = layers[i];
    d.in = d.out = at;
    d.reads_bits = range == value_range::signs;
    const int before = foldable;
    foldable = 0;
    switch (d.what) {
      case layer_kind::conv2d:
      case layer_kind::dense: {
        if (d.what == layer_kind::dense) d.kernel_h = at.h, d.kernel_w = at.w;
        if (d.groups == 0) d.groups = at.c, d.out_c *= at.c;
        if (at.c % d.groups != 0) return {e::groups_in, i, at.c, d.groups};
        if (d.out_c % d.groups != 0) return {e::groups_out, i, d.out_c, d.groups};
        // Sums of signs lie around 0, where the relu of a QuickNet block cuts them: no bias there either.
        d.bias = !(i + 1 < last && layers[i + 1].is_affine()) &&
                 !(d.weights == kind::bits && i + 2 < last && layers[i + 1].what == layer_kind::relu &&
                   layers[i + 2].is_affine());
        if (d.what == layer_kind::conv2d && d.kernel_h > at.h + 2 * d.pad_h)
          return {e::window_too_large, i, d.kernel_h, at.h + 2 * d.pad_h};
        if (d.what == layer_kind::conv2d && d.kernel_w > at.w + 2 * d.pad_w)
          return {e::window_too_large, i, d.kernel_w, at.w + 2 * d.pad_w};
        d.out.c = d.out_c;
        d.out = d.geometry().out;
        range = value_range::any;
        foldable = 1;
        break;
      }
      case layer_kind::max_pool:
      case layer_kind::avg_pool:
      case layer_kind::mixed_pool: {
        if (d.what == layer_kind::mixed_pool && range == value_range::signs) return {e::mixed_signs, i, 0, 1};
        fit_window(at.h, d.kernel_h, d.stride_h);
        fit_window(at.w, d.kernel_w, d.stride_w);
        if (d.kernel_h > at.h) return {e::window_too_large, i, d.kernel_h, at.h};
        if (d.kernel_w > at.w) return {e::window_too_large, i, d.kernel_w, at.w};
        d.out = d.geometry().out;
        if (d.what == layer_kind::avg_pool && range == value_range::signs) range = value_range::any;
        break;
      }
      case layer_kind::blur_pool:
        d.groups = d.out_c = at.c;
        if (d.kernel_h > at.h + 2 * d.pad_h) return {e::window_too_large, i, d.kernel_h, at.h + 2 * d.pad_h};
        if (d.kernel_w > at.w + 2 * d.pad_w) return {e::window_too_large, i, d.kernel_w, at.w + 2 * d.pad_w};
        d.out = d.geometry().out;
        if (range == value_range::signs) range = value_range::any;
        break;
      case layer_kind::batch_norm:
      case layer_kind::shift:
        foldable = before;
        range = value_range::any;
        break;
      case layer_kind::relu:
      case layer_kind::prelu:
        foldable = before == 1 ? 2 : 0;
        range = d.what == layer_kind::relu ? value_range::non_negative : value_range::any;
        break;
      case layer_kind::sign:
        if (range == value_range::non_negative) return {e::sign_after_relu, i, i, i};
        if (range == value_range::signs) return {e::sign_after_sign, i, i, i};
        range = value_range::signs;
        break;
      case layer_kind::flatten:
        if (i + 1 == last || layers[i + 1].what != layer_kind::dense) return {e::flatten_end, i, 0, 1};
        break;
      case layer_kind::cascade:
        if (exit == 0) return {e::cascade_first, i, 1, 2};
        d.kernel_h = d.kernel_w = 1;
        d.out_c = at.c;
        break;
      case layer_kind::user:
        d.out = d.user->out_shape(at);
        if (d.out.h <= 0 || d.out.w <= 0 || d.out.c <= 0) return {e::user_shape, i, d.out.size(), 1};
        range = value_range::any;
        break;
      case layer_kind::residual_begin:
        for (int b = 0; b < depth; ++b)
          if (!open[b].concat) return {e::residual_nested, i, 2, 1};
        if (depth == deepest) return {e::blocks_nested, i, depth + 1, deepest};
        open[depth++] = {i, false, at};
        break;
      case layer_kind::residual_end: {
        const open_block b = open[--depth];
        if (before == 0) return {e::residual_end, i, 0, 1};
        if (at.c % b.from.c != 0) return {e::residual_channels, i, at.c, b.from.c};
        if (at.h > b.from.h) return {e::residual_height, i, at.h, b.from.h};
        if (at.w > b.from.w) return {e::residual_width, i, at.w, b.from.w};
        d.partner = b.begin;
        layers[b.begin].partner = i;
        range = value_range::any;
        break;
      }
      case layer_kind::concat_begin:
        if (depth == deepest) return {e::blocks_nested, i, depth + 1, deepest};
        open[depth++] = {i, true, at, range};
        break;
      case layer_kind::branch_begin: {
        open_block& b = open[depth - 1];
        const composition_check c = join_branch(b, i, at, range);
        if (c.error != e::none) return c;
        ++b.branches;
        at = d.in = d.out = b.from;
        range = b.from_range;
        d.partner = b.begin;
        break;
      }
      case layer_kind::concat_end: {
        open_block& b = open[--depth];
        const composition_check c = join_branch(b, i, at, range);
        if (c.error != e::none) return c;
        d.out = b.joined;
        range = b.joined_range;
        d.partner = b.begin;
        layers[b.begin].partner = i;
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
                                               items[n].head ? head_range : range, exit_count);
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
OFFRAMP_COMPOSITION_RULE(residual_body_height, residual_height, Got <= Expected,
                         "the residual's body makes more rows than it reads: no shortcut does");
OFFRAMP_COMPOSITION_RULE(residual_body_width, residual_width, Got <= Expected,
                         "the residual's body makes more columns than it reads: no shortcut does");
OFFRAMP_COMPOSITION_RULE(residual_body_channels, residual_channels, Got % Expected == 0,
                         "the residual's body has output channels that are not a multiple of its input channels");
OFFRAMP_COMPOSITION_RULE(residual_body_end, residual_end, Got == Expected,
                         "a residual's body must end in conv2d [batch_norm] [relu or prelu] [batch_norm]");
OFFRAMP_COMPOSITION_RULE(residuals_open, residual_nested, Got <= Expected,
                         "a residual stands inside a residual: put them one behind the other");
OFFRAMP_COMPOSITION_RULE(blocks_open, blocks_nested, Got <= Expected, "residuals and concats are nested too deep");
OFFRAMP_COMPOSITION_RULE(groups_of_input, groups_in, Got % Expected == 0,
                         "the convolution's input channels are not a multiple of its groups");
OFFRAMP_COMPOSITION_RULE(groups_of_output, groups_out, Got % Expected == 0,
                         "the convolution's output channels are not a multiple of its groups");
OFFRAMP_COMPOSITION_RULE(dense_behind_flatten, flatten_end, Got == Expected,
                         "flatten does nothing but announce a dense layer: put a dense behind it");
OFFRAMP_COMPOSITION_RULE(
    exits_before_cascade, cascade_first, Got >= Expected,
    "the first exit has no earlier logits to read: give it an exit_head, later ones a cascade_head");
OFFRAMP_COMPOSITION_RULE(user_layer_output, user_shape, Got >= Expected,
                         "this user layer's out_shape gives an empty shape for its input");
OFFRAMP_COMPOSITION_RULE(branch_height, concat_height, Got == Expected,
                         "a branch of this concat ends with another height than the first one");
OFFRAMP_COMPOSITION_RULE(branch_width, concat_width, Got == Expected,
                         "a branch of this concat ends with another width than the first one");
OFFRAMP_COMPOSITION_RULE(mixed_pool_of_numbers, mixed_signs, Got == Expected,
                         "mixed_pool reads numbers: put it before the sign, or pool signs by max_pool or avg_pool");
#undef OFFRAMP_COMPOSITION_RULE

}  // namespace offramp::inline OFFRAMP_ABI

#endif
