// Networks cut short: the first blocks of a backbone and a new head behind them (NetCut, Zandigohar et al. 2021,
// arXiv 2101.05363). `cut` ends at one of a network's own exits; `trim` ends behind any block. A block is a layer that
// computes (a convolution, dense, a residual or concat as a whole, a user's layer) with the batch norms, activations
// and poolings behind it; a sign belongs to the convolution that reads it. Types only: nothing here is code.
#ifndef OFFRAMP_ELASTIC_TRIM_HPP
#define OFFRAMP_ELASTIC_TRIM_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/latency/predict.hpp>
#include <offramp/net/lower.hpp>
#include <offramp/net/network.hpp>

namespace offramp::inline OFFRAMP_ABI {

// What stands behind the last block that is kept: global average pooling, then dense<Classes>.
template <int Classes>
using default_head = exit_head<Classes>;

namespace detail {

// What a type in a stage is to the rule of blocks.
enum class block_part : std::uint8_t { follows, computes, precedes };

template <class Layer>
constexpr block_part part_of() {
  layer_desc all[Layer::layer_count > 0 ? Layer::layer_count : 1]{};
  layer_desc* end = all;
  Layer::append(end);
  if (end == all) return block_part::follows;
  for (const layer_desc* d = all; d != end; ++d) switch (d->what) {
      case layer_kind::conv2d:
      case layer_kind::dense:
      case layer_kind::residual_begin:
      case layer_kind::concat_begin:
      case layer_kind::user: return block_part::computes;
      default: break;
    }
  return end[-1].what == layer_kind::sign ? block_part::precedes : block_part::follows;
}

// The types in all stages of a network, one behind the other, and where blocks end among them.
template <int Types>
struct backbone_parts {
  block_part part[Types]{};
  int layers[Types]{};    // descriptions of the type
  int stage[Types]{};     // its stage, and so the exit behind it
  int types_to[Types]{};  // of block b: types up to its end
  int blocks = 0;

  constexpr void find_blocks() {
    bool computes = false;  // the block that is open
    int next = -1;          // where the one behind it begins, if a sign came
    for (int i = 0; i < Types; ++i) {
      if (i > 0 && stage[i] != stage[i - 1]) {  // an exit stands behind a whole block
        types_to[blocks++] = i;
        computes = false;
        next = -1;
      }
      if (!computes) {
        computes = part[i] == block_part::computes;
      } else if (part[i] == block_part::precedes) {
        if (next < 0) next = i;
      } else if (part[i] == block_part::computes) {
        types_to[blocks++] = next < 0 ? i : next;
        next = -1;
      }
    }
    types_to[blocks++] = Types;
  }
};

template <class Item>
struct stage_parts {
  static constexpr int types = 0;
  template <class Parts>
  static constexpr void put(Parts&, int&, int& stage) {
    ++stage;  // a head ends the stage before it
  }
};
template <class... Layers>
struct stage_parts<stage<Layers...>> {
  static constexpr int types = sizeof...(Layers);
  template <class Parts>
  static constexpr void put(Parts& p, int& next, int& stage) {
    ((p.part[next] = part_of<Layers>(), p.layers[next] = Layers::layer_count, p.stage[next++] = stage), ...);
  }
};

template <class Net>
struct backbone;
template <class Input, class... Items>
struct backbone<network<Input, Items...>> {
  static constexpr auto parts = [] {
    backbone_parts<(stage_parts<Items>::types + ... + 0)> p;
    int next = 0, stage = 0;
    (stage_parts<Items>::put(p, next, stage), ...);
    p.find_blocks();
    return p;
  }();
};

// A function, so that one mistake gives one error: what asks it stays whole.
template <int Blocks, int Has>
constexpr bool blocks_to_keep() {
  static_assert(Blocks > 0 && Blocks <= Has, "offramp: trim<Net, Blocks> keeps between one block and all of them");
  return true;
}

// The first `Count` types of the stages, in one stage.
template <int Count, class Taken, class... Items>
struct take_types;
template <class... Taken, class... Items>
struct take_types<0, stage<Taken...>, Items...> {
  using type = stage<Taken...>;
};
template <int Count, class... Taken, class Layer, class... Layers, class... Items>
  requires(Count > 0)
struct take_types<Count, stage<Taken...>, stage<Layer, Layers...>, Items...>
    : take_types<Count - 1, stage<Taken..., Layer>, stage<Layers...>, Items...> {};
template <int Count, class... Taken, class Item, class... Items>
  requires(Count > 0)
struct take_types<Count, stage<Taken...>, Item, Items...> : take_types<Count, stage<Taken...>, Items...> {};

// The same with the heads between them; `Head` only where none stands behind the last block.
template <int Count, class Head, class Kept, class... Items>
struct take_exits;
template <int Count, class Head, class Input, class... Kept, class... Layers, class Own, class... Items>
struct take_exits<Count, Head, network<Input, Kept...>, stage<Layers...>, Own, Items...> {
  static constexpr int here = sizeof...(Layers);
  static constexpr auto choose() {
    if constexpr (Count < here)
      return std::type_identity<
          network<Input, Kept..., typename take_types<Count, stage<>, stage<Layers...>>::type, Head>>{};
    else if constexpr (Count == here)
      return std::type_identity<network<Input, Kept..., stage<Layers...>, Own>>{};
    else
      return take_exits<Count - here, Head, network<Input, Kept..., stage<Layers...>, Own>, Items...>::choose();
  }
};

template <class Net, int Blocks, class Head>
struct trim;
template <class Input, class... Items, int Blocks, class Head>
struct trim<network<Input, Items...>, Blocks, Head> {
  static constexpr const auto& parts = backbone<network<Input, Items...>>::parts;
  static_assert(blocks_to_keep<Blocks, parts.blocks>());
  static constexpr int kept = Blocks > 0 && Blocks <= parts.blocks ? Blocks : parts.blocks;
  static constexpr int types = parts.types_to[kept - 1];
  using without_exits = network<Input, typename take_types<types, stage<>, Items...>::type, Head>;
  template <class Default>
  using with_exits = typename decltype(take_exits<types, Default, network<Input>, Items...>::choose())::type;
};

}  // namespace detail

// Blocks of a network's backbone, counted across its stages; heads do not count.
template <class Net>
inline constexpr int backbone_blocks = detail::backbone<Net>::parts.blocks;

// The first `Blocks` blocks and one new head; early exits are left out, and all that is kept becomes one stage.
// host/take_prefix.hpp gives it the parameters of a trained `Net`.
template <class Net, int Blocks, class Head = default_head<Net::classes>>
using trim = typename detail::trim<Net, Blocks, Head>::without_exits;

// The first `Blocks` blocks with the exits between them. Where an exit of the network stands behind the last of them it
// is kept as it is: that is cut<Net, k>. Elsewhere a new head follows.
template <class Net, int Blocks, class Head = default_head<Net::classes>>
using trim_with_exits = typename detail::trim<Net, Blocks, Head>::template with_exits<Head>;

// All trims of a network, the shortest first: at<i> keeps i + 1 blocks.
template <class Net, class Head = default_head<Net::classes>>
struct trim_family {
  using network = Net;
  static constexpr bool keeps_exits = false;
  static constexpr int size = backbone_blocks<Net>;
  template <int I>
  using at = trim<Net, I + 1, Head>;
};
template <class Net, class Head = default_head<Net::classes>>
struct trim_family_with_exits {
  using network = Net;
  static constexpr bool keeps_exits = true;
  static constexpr int size = backbone_blocks<Net>;
  template <int I>
  using at = trim_with_exits<Net, I + 1, Head>;
};

// Where block `block` (from 0) of `Net` ends: the place behind its last layer in Net's description, heads counted.
template <class Net>
constexpr int block_end(int block) {
  constexpr const auto& parts = detail::backbone<Net>::parts;
  int layers = 0, stage = 0;
  for (int t = 0; t < parts.types_to[block]; ++t) {
    if (parts.stage[t] != stage) {
      const exit_desc& head = Net::description.exits[stage++];
      layers += head.head_last - head.head_first;
    }
    layers += parts.layers[t];
  }
  return layers;
}

// A longest path in counts of the profile's unit, rounded up: what stands in the message.
template <long long Shortest, long long Deadline>
struct deadline_of_trims {
  static_assert(Shortest <= Deadline, "offramp: even the shortest trim of this family misses the deadline");
  static constexpr bool checked = true;
};

namespace detail {

template <class Path>
constexpr profile_status status_of(const cpu_profile<Path>& cpu) {
  return check_profile<Path>(cpu.data);
}

// From the longest one down: a trim that is not needed is not described.
template <class Family, const auto& Cpu, long long Deadline, kind Rest, int I>
constexpr int longest_within() {
  if constexpr (I < 0)
    return -1;
  else if constexpr (latency<lower<typename Family::template at<I>, Rest>>(Cpu).longest_path <=
                     static_cast<double>(Deadline))
    return I;
  else
    return longest_within<Family, Cpu, Deadline, Rest, I - 1>();
}

template <class Family, const auto& Cpu, kind Rest>
constexpr long long shortest_latency() {
  constexpr double longest = latency<lower<typename Family::template at<0>, Rest>>(Cpu).longest_path;
  constexpr long long down = longest < 9e18 ? static_cast<long long>(longest) : 0x7ffffffffffffffe;
  return static_cast<double>(down) < longest ? down + 1 : down;
}

template <class Family, const auto& Cpu, long long Deadline, kind Rest>
struct netcut {
  static_assert(profile_of_path<status_of(Cpu)>::checked);
  static constexpr int index = longest_within<Family, Cpu, Deadline, Rest, Family::size - 1>();
  static_assert(deadline_of_trims<(index < 0 ? shortest_latency<Family, Cpu, Rest>() : Deadline), Deadline>::checked);
  using type = typename Family::template at<(index < 0 ? 0 : index)>;
};

}  // namespace detail

// The longest trim whose predicted longest path on `Cpu`, a constexpr cpu_profile<Path>, is within `Deadline` counts of
// the profile's unit. Where none is, one line says how long the shortest takes.
template <class Family, const auto& Cpu, long long Deadline, kind Rest = kind::i8>
using netcut_type = typename detail::netcut<Family, Cpu, Deadline, Rest>::type;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
