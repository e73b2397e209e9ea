// One weight set, several networks (REDS, Corti et al. 2023): every level is a prefix of each layer's channels. A level
// is written as widths, one for each convolution and dense layer of the backbone in order (a depthwise layer has its
// input's); levels come narrowest first, and the last one, not written, is the network itself:
//
//   using family = nested<net, widths<16, 32>, widths<32, 64>>;      // three levels
//   using small = family::level<0>;                                  // a network like any other: train it, lower it
//
// Types only; nested_session.hpp runs them on shared weights.
#ifndef OFFRAMP_ELASTIC_NESTED_HPP
#define OFFRAMP_ELASTIC_NESTED_HPP

#include <cstdint>

#include <offramp/net/network.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int... Widths>
struct widths {
  static constexpr int count = static_cast<int>(sizeof...(Widths));
  static constexpr int at[count > 0 ? count : 1]{Widths...};
};

enum class nested_error : std::uint8_t { none, count, empty, order, word, residual, groups, branch, user };

struct nested_check {
  nested_error error = nested_error::none;
  int level = 0;
  int layer = 0;  // of the network, counted from 0 in the order written, blocks opened and closed counting one each
  int got = 0;
  int expected = 0;
};

namespace detail {

constexpr bool is_convolution(const layer_desc& d) {
  return d.what == layer_kind::conv2d || d.what == layer_kind::dense;
}
constexpr bool is_depthwise(const layer_desc& d) {
  return d.what == layer_kind::conv2d && d.groups > 1 && d.groups == d.in.c;
}
// Layers of the backbone that a width is given for.
constexpr bool has_width(const layer_desc& d) { return is_convolution(d) && !d.head && !is_depthwise(d); }

template <class Net>
constexpr int width_layer_count() {
  int n = 0;
  for (int i = 0; i < Net::description.layer_count; ++i) n += has_width(Net::description.layers[i]) ? 1 : 0;
  return n;
}

// The description of Net with other widths, composed anew.
template <class Net>
constexpr auto with_widths(const int* width, int count) {
  constexpr const auto& full = Net::description;
  auto d = full;
  item_desc items[2 * sizeof(full.exits) / sizeof(full.exits[0])]{};
  int next = 0;
  for (int i = 0; i < full.layer_count; ++i) {
    if (has_width(full.layers[i])) {
      if (next < count) d.layers[i].out_c = width[next];
      ++next;
    } else if (is_depthwise(full.layers[i])) {
      d.layers[i].groups = 0;
      d.layers[i].out_c = full.layers[i].out.c / full.layers[i].in.c;
    }
  }
  for (int k = 0; k < full.exit_count; ++k) {
    const exit_desc& e = full.exits[k];
    items[2 * k] = {e.stage_first, e.stage_last, false, 0};
    items[2 * k + 1] = {e.head_first, e.head_last, true, e.classes};
  }
  d.check = compose(d.input, d.layers, d.layer_count, items, 2 * full.exit_count, d.exits, d.exit_count);
  return d;
}

// Is `d`, a level, one whose channels are the first of the full network's everywhere?
template <class Description>
constexpr nested_check check_prefix(const Description& full, const Description& d, int level) {
  using e = nested_error;
  for (int i = 0; i < full.layer_count; ++i) {
    const layer_desc &f = full.layers[i], &n = d.layers[i];
    const bool narrow_in = n.in.c != f.in.c, narrow_out = n.out.c != f.out.c;
    if (is_convolution(f) && f.groups > 1 && !is_depthwise(f) && (narrow_in || narrow_out))
      return {e::groups, level, i, narrow_in ? n.in.c : n.out.c, narrow_in ? f.in.c : f.out.c};
    if (f.weights == kind::bits && f.reads_bits && narrow_in && n.in.c % 32 != 0)
      return {e::word, level, i, n.in.c, n.in.c / 32 * 32};
    if (f.what == layer_kind::residual_end) {
      const layer_desc &a = full.layers[f.partner], &b = d.layers[f.partner];
      if (n.out.c * a.in.c != f.out.c * b.in.c) return {e::residual, level, i, n.out.c, f.out.c / a.in.c * b.in.c};
    }
    // What ends here is not the last branch: what stands behind it must stay in its place.
    if (f.what == layer_kind::branch_begin) {
      if (i != f.partner + 1 && i > 0 && d.layers[i - 1].out.c != full.layers[i - 1].out.c)
        return {e::branch, level, i - 1, d.layers[i - 1].out.c, full.layers[i - 1].out.c};
    }
    if (f.what == layer_kind::user && narrow_in && f.user->parameter_count(f.in) != f.user->parameter_count(n.in))
      return {e::user, level, i, n.in.c, f.in.c};
  }
  return {};
}

template <class Net, class... Levels>
constexpr nested_check check_nested() {
  using e = nested_error;
  constexpr int layers = width_layer_count<Net>();
  constexpr int levels = static_cast<int>(sizeof...(Levels));
  if constexpr (levels == 0) return {};
  const int counts[levels + 1]{Levels::count..., layers};
  for (int s = 0; s < levels; ++s)
    if (counts[s] != layers) return {e::count, s, 0, counts[s], layers};
  const int* const all[levels + 1]{Levels::at..., nullptr};
  for (int s = 0; s < levels; ++s) {
    int next = 0;
    for (int i = 0; i < Net::description.layer_count; ++i) {
      if (!has_width(Net::description.layers[i])) continue;
      const int wider = s + 1 < levels ? all[s + 1][next] : Net::description.layers[i].out.c;
      if (all[s][next] < 1) return {e::empty, s, i, all[s][next], 1};
      if (all[s][next] > wider) return {e::order, s, i, all[s][next], wider};
      ++next;
    }
  }
  for (int s = 0; s < levels; ++s) {
    const auto d = with_widths<Net>(all[s], layers);
    if (d.check.error != composition_error::none)  // only residuals can refuse other widths
      return {e::residual, s, d.check.layer, d.check.got, d.check.expected};
    const nested_check c = check_prefix(Net::description, d, s);
    if (c.error != e::none) return c;
  }
  return {};
}

}  // namespace detail

// Net with other widths: a network as far as everything else is concerned.
template <class Net, class Widths>
struct narrowed {
  static constexpr auto description = detail::with_widths<Net>(Widths::at, Widths::count);
  static constexpr int exits = description.exit_count;
  static constexpr int classes = description.exits[0].classes;
  static constexpr network_view view() { return description.view(); }
};

// The rules. A broken one is instantiated with its numbers, so that they stand in the first line of the error.
template <nested_error Error, int Level, int Layer, int Got, int Expected>
struct nested_rule {
  static constexpr bool checked = true;
};

#define OFFRAMP_NESTED_RULE(name, error, condition, message) \
  template <int Level, int Layer, int Got, int Expected>     \
  struct name {                                              \
    static_assert(condition, "offramp: " message);           \
    static constexpr bool checked = true;                    \
  };                                                         \
  template <int Level, int Layer, int Got, int Expected>     \
  struct nested_rule<nested_error::error, Level, Layer, Got, Expected> : name<Level, Layer, Got, Expected> {}

OFFRAMP_NESTED_RULE(widths_of_level, count, Got == Expected,
                    "a level needs one width for each convolution and dense layer of the backbone (depthwise ones have "
                    "their input's, heads keep theirs)");
OFFRAMP_NESTED_RULE(width_of_layer, empty, Got >= Expected, "a width is 1 or more");
OFFRAMP_NESTED_RULE(widths_rise, order, Got <= Expected,
                    "a level is wider here than the next one, or than the network: write levels narrowest first");
OFFRAMP_NESTED_RULE(width_of_packed_bits, word, Got == Expected,
                    "a binary layer reads these channels packed in words: a narrower width is a multiple of 32");
OFFRAMP_NESTED_RULE(width_of_stream, residual, Got == Expected,
                    "a residual adds these channels to others: the last layer of its body narrows as its input does");
OFFRAMP_NESTED_RULE(width_of_groups, groups, Got == Expected,
                    "a convolution in groups keeps its channels, those it reads too, in every level");
OFFRAMP_NESTED_RULE(width_of_branch, branch, Got == Expected,
                    "only the last branch of a concat may be narrower: the others keep what stands behind them in "
                    "place");
OFFRAMP_NESTED_RULE(width_before_user_layer, user, Got == Expected,
                    "this user layer's parameters depend on its input's channels, which must not be narrower");
#undef OFFRAMP_NESTED_RULE

namespace detail {

template <class Net, int I, class... Rest>
struct pick_level {
  using type = Net;
};
template <class Net, int I, class First, class... Rest>
struct pick_level<Net, I, First, Rest...> : pick_level<Net, I - 1, Rest...> {};
template <class Net, class First, class... Rest>
struct pick_level<Net, 0, First, Rest...> {
  using type = narrowed<Net, First>;
};

}  // namespace detail

template <class Net, class... Levels>
struct nested {
  static constexpr int levels = static_cast<int>(sizeof...(Levels)) + 1;
  static constexpr int width_layers = detail::width_layer_count<Net>();
  static constexpr nested_check check = detail::check_nested<Net, Levels...>();
  static_assert(nested_rule<check.error, check.level, check.layer, check.got, check.expected>::checked);
  using full = Net;

  // The network of level I; the last one is Net.
  template <int I>
  using level = typename detail::pick_level<Net, I, Levels...>::type;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
