// A network is a type: an input, then stages each followed by an exit head. Its description, a constant, is the one
// list that the trainer runs, `lower` turns into device ops, and the structure hash is made of.
#ifndef OFFRAMP_NET_NETWORK_HPP
#define OFFRAMP_NET_NETWORK_HPP

#include <cstddef>
#include <type_traits>

#include <offramp/layers/activation.hpp>
#include <offramp/layers/batch_norm.hpp>
#include <offramp/layers/blocks.hpp>
#include <offramp/layers/concat.hpp>
#include <offramp/layers/conv1d.hpp>
#include <offramp/layers/conv2d.hpp>
#include <offramp/layers/dense.hpp>
#include <offramp/layers/flatten.hpp>
#include <offramp/layers/layer.hpp>
#include <offramp/layers/pool.hpp>
#include <offramp/layers/residual.hpp>
#include <offramp/layers/user_layer.hpp>
#include <offramp/net/composition.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI {

// The input: height, width, channels and what one element is (u8 raw pixels, whose mean and scale are folded in; f32).
template <int Height, int Width, int Channels, kind Element = u8>
struct image {
  static_assert(Height > 0 && Width > 0 && Channels > 0,
                "offramp: image<Height, Width, Channels> needs positive sizes");
  static_assert(Element == u8 || Element == f32, "offramp: an image holds u8 or f32");
  static constexpr input_desc input{{Height, Width, Channels}, Element};
};

// A 1-D input lies along the width.
template <int Length, int Channels, kind Element = u8>
using sequence = image<1, Length, Channels, Element>;

// Layers between two exits.
template <class... Layers>
struct stage {
  static_assert(sizeof...(Layers) > 0, "offramp: stage<> needs layers");
  static constexpr bool is_head = false;
  static constexpr int classes = 0;
  static constexpr int layer_count = (Layers::layer_count + ... + 0);
  static constexpr void append(layer_desc*& out) { (Layers::append(out), ...); }
};

// An exit: layers that turn the stage's output into features (global average pooling if none
// are given), then dense<Classes>.
template <int Classes, class... Layers>
struct exit_head {
  static_assert(Classes > 1, "offramp: exit_head<Classes> needs at least two classes");
  static constexpr bool is_head = true;
  static constexpr int classes = Classes;
  static constexpr int layer_count = 1 + (sizeof...(Layers) == 0 ? 1 : (Layers::layer_count + ... + 0));
  static constexpr void append(layer_desc*& out) {
    if constexpr (sizeof...(Layers) == 0)
      global_avg_pool::append(out);
    else
      (Layers::append(out), ...);
    dense<Classes>::append(out);
  }
};

// An exit that also reads the previous exit's logits: z_k = dense(features) + W z_(k-1), W a trained Classes x Classes
// map, the cascade connection of Zero Time Waste (Wolczyk et al. 2021). Not for the first exit.
template <int Classes, class... Layers>
struct cascade_head : exit_head<Classes, Layers...> {
  static constexpr int layer_count = exit_head<Classes, Layers...>::layer_count + 1;
  static constexpr void append(layer_desc*& out) {
    exit_head<Classes, Layers...>::append(out);
    *out++ = layer_desc{.what = layer_kind::cascade};
  }
};

namespace detail {

template <class Input, class... Items>
constexpr auto describe_network() {
  constexpr int layers = (Items::layer_count + ... + 0);
  constexpr int heads = ((Items::is_head ? 1 : 0) + ... + 0);
  network_desc<(layers > 0 ? layers : 1), (heads > 0 ? heads : 1)> d;
  d.input = Input::input;
  layer_desc* next = d.layers;
  item_desc items[sizeof...(Items) + 1]{};
  int n = 0;
  (
      [&] {
        items[n].first = static_cast<int>(next - d.layers);
        Items::append(next);
        items[n].last = static_cast<int>(next - d.layers);
        items[n].head = Items::is_head;
        items[n].classes = Items::classes;
        ++n;
      }(),
      ...);
  d.layer_count = layers;
  d.check = compose(d.input, d.layers, layers, items, n, d.exits, d.exit_count);
  if (d.check.error != composition_error::none) d.layer_count = d.exit_count = 0;  // refused: nothing to go on with
  return d;
}

}  // namespace detail

template <class Input, class... Items>
struct network {
  static constexpr auto description = detail::describe_network<Input, Items...>();
  static_assert(composition_rule<description.check.error, description.check.layer, description.check.got,
                                 description.check.expected>::checked);
  static constexpr int exits = description.exit_count;
  static constexpr int classes = description.exits[0].classes;
  static constexpr network_view view() { return description.view(); }
};

namespace detail {

template <class Input, class Kept, int Count, class... Items>
struct cut_items;
template <class Input, class... Kept, int Count, class Item, class... Items>
struct cut_items<Input, network<void, Kept...>, Count, Item, Items...>
    : cut_items<Input, network<void, Kept..., Item>, Count - 1, Items...> {};
template <class Input, class... Kept, class... Items>
struct cut_items<Input, network<void, Kept...>, 0, Items...> {
  using type = network<Input, Kept...>;
};
template <class Input, class... Kept, class Item, class... Items>
struct cut_items<Input, network<void, Kept...>, 0, Item, Items...> {
  using type = network<Input, Kept...>;
};

// A function, so that one mistake gives one error: what asks it stays whole.
template <int Exits, int Has>
constexpr bool exits_to_keep() {
  static_assert(Exits > 0 && Exits <= Has, "offramp: cut<Net, Exits> keeps between one exit and all of them");
  return true;
}

template <class Net, int Exits>
struct cut;
template <class Input, class... Items, int Exits>
struct cut<network<Input, Items...>, Exits>
    : cut_items<Input, network<void>,
                (Exits > 0 && 2 * Exits <= static_cast<int>(sizeof...(Items)) ? 2 * Exits
                                                                              : static_cast<int>(sizeof...(Items))),
                Items...> {
  static_assert(exits_to_keep<Exits, static_cast<int>(sizeof...(Items)) / 2>());
};

}  // namespace detail

// The network up to and including its exit number `Exits` (counted from 1).
template <class Net, int Exits>
using cut = typename detail::cut<Net, Exits>::type;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
