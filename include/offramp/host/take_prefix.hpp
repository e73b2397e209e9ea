// What a trained network hands on to a shorter one (elastic/trim.hpp, net/network.hpp `cut`): the parameters of the
// layers they share. And the recipe that retrains the shorter one: first its heads on frozen features, then everything
// at a small rate (NetCut, arXiv 2101.05363).
#ifndef OFFRAMP_HOST_TAKE_PREFIX_HPP
#define OFFRAMP_HOST_TAKE_PREFIX_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/recipes/joint.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct prefix_options {
  std::uint64_t seed = 1;     // of the layers that start fresh
  bool trained_heads = true;  // heads that the longer network has at the same place stay as they are; false: all start
                              // fresh (another task)
};

namespace detail {

// Do both layers compute the same from the same input with parameters of the same meaning?
inline bool same_layer(const layer_desc& a, const layer_desc& b) {
  return a.what == b.what && a.weights == b.weights && a.in == b.in && a.out == b.out && a.kernel_h == b.kernel_h &&
         a.kernel_w == b.kernel_w && a.stride_h == b.stride_h && a.stride_w == b.stride_w && a.pad_h == b.pad_h &&
         a.pad_w == b.pad_w && a.groups == b.groups && a.reads_bits == b.reads_bits && a.bias == b.bias &&
         (a.user == nullptr) == (b.user == nullptr) && (a.user == nullptr || a.user->id == b.user->id);
}

inline std::string in_words(const layer_desc& d) {
  const auto extent = [](shape s) {
    return std::to_string(s.h) + " x " + std::to_string(s.w) + " x " + std::to_string(s.c);
  };
  return std::string{to_string(d.what)} + " from " + extent(d.in) + " to " + extent(d.out) +
         (d.kernel_h > 0 ? ", window " + std::to_string(d.kernel_h) + " x " + std::to_string(d.kernel_w) : "") +
         (d.bias ? ", with bias" : "");
}

inline std::vector<int> backbone_layers(const network_view& net) {
  std::vector<int> layers;
  for (int i = 0; i < net.layer_count; ++i)
    if (!net.layers[i].head) layers.push_back(i);
  return layers;
}

// Backbone layers before exit k.
inline int depth_of_exit(const network_view& net, int k) {
  int depth = 0;
  for (int i = 0; i <= k; ++i) depth += net.exits[i].stage_last - net.exits[i].stage_first;
  return depth;
}

// Is head k of `trimmed` also head j of `longer`?
inline bool same_head(const network_view& longer, int j, const network_view& trimmed, int k) {
  const exit_desc &a = longer.exits[j], &b = trimmed.exits[k];
  if (a.head_last - a.head_first != b.head_last - b.head_first) return false;
  for (int i = 0; i < a.head_last - a.head_first; ++i) {
    const layer_desc& d = longer.layers[a.head_first + i];
    if (!same_layer(d, trimmed.layers[b.head_first + i])) return false;
    if (d.what == layer_kind::cascade && depth_of_exit(longer, j - 1) != depth_of_exit(trimmed, k - 1)) return false;
  }
  return true;
}

}  // namespace detail

// For every layer of `trimmed` the layer of `longer` whose parameters it takes; -1: none, a head of its own. Throws
// unless the backbone of `trimmed` is how that of `longer` begins.
inline std::vector<int> shared_layers(const network_view& longer, const network_view& trimmed,
                                      bool trained_heads = true) {
  const shape a = longer.input.extent, b = trimmed.input.extent;
  if (a != b || longer.input.element != trimmed.input.element)
    throw error("take_prefix: the longer network reads " + std::to_string(a.h) + " x " + std::to_string(a.w) + " x " +
                std::to_string(a.c) + " " + to_string(longer.input.element) + ", the trimmed one " +
                std::to_string(b.h) + " x " + std::to_string(b.w) + " x " + std::to_string(b.c) + " " +
                to_string(trimmed.input.element));
  const std::vector<int> from = detail::backbone_layers(longer), to = detail::backbone_layers(trimmed);
  if (to.size() > from.size())
    throw error("take_prefix: the longer network's backbone has " + std::to_string(from.size()) +
                " layers, the trimmed one's " + std::to_string(to.size()) + ": nothing to take them from");
  std::vector<int> source(static_cast<std::size_t>(trimmed.layer_count), -1);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const layer_desc &l = longer.layers[from[i]], &t = trimmed.layers[to[i]];
    if (!detail::same_layer(l, t))
      throw error("take_prefix: layer " + std::to_string(to[i]) + " of the trimmed network is " + detail::in_words(t) +
                  ", layer " + std::to_string(from[i]) + " of the longer one is " + detail::in_words(l));
    source[static_cast<std::size_t>(to[i])] = from[i];
  }
  if (!trained_heads) return source;
  for (int k = 0; k < trimmed.exit_count; ++k)
    for (int j = 0; j < longer.exit_count; ++j)
      if (detail::depth_of_exit(longer, j) == detail::depth_of_exit(trimmed, k) &&
          detail::same_head(longer, j, trimmed, k))
        for (int i = trimmed.exits[k].head_first; i < trimmed.exits[k].head_last; ++i)
          source[static_cast<std::size_t>(i)] = longer.exits[j].head_first + i - trimmed.exits[k].head_first;
  return source;
}

// A model of `trimmed` that begins with what `longer` learned; other layers start fresh. Throws as shared_layers does.
inline model take_prefix(const model& longer, const network_view& trimmed, const prefix_options& options = {}) {
  const std::vector<int> source = shared_layers(longer.view(), trimmed, options.trained_heads);
  model m = make_model(trimmed, options.seed);
  for (std::size_t i = 0; i < source.size(); ++i)
    if (source[i] >= 0) m.parameters[i] = longer.parameters[static_cast<std::size_t>(source[i])];
  m.input_zero = longer.input_zero;
  m.input_scale = longer.input_scale;
  return m;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

namespace offramp::inline OFFRAMP_ABI::recipes {

// Retraining of a network that begins with a trained backbone (train_options::start = what take_prefix gave).
struct transfer {
  joint fine{.epochs = 5,
             .learning_rate = 3e-4f};  // everything, in small steps; also the heads' batch, seed, augmentation
  int head_epochs = 2;                 // before: heads alone, features frozen
  float head_rate = 2e-3f;

  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t h = hash_mix(fine.hash(), 0x7472616e);
    const std::uint64_t first = heads().hash();
    for (const int part : {0, 32}) h = hash_mix(h, static_cast<std::uint32_t>(first >> part));
    return h;
  }
  [[nodiscard]] std::uint64_t first_seed() const { return fine.seed; }

  [[nodiscard]] std::vector<host::training_stage> stages(const network_view& net, bool started) const {
    if (!started)
      throw host::error("train: transfer begins with a trained backbone: give take_prefix's model as options.start");
    std::vector<host::training_stage> all;
    if (head_epochs > 0) {
      all.push_back(std::move(heads().stages(net, started)[0]));
      all.back().name = "heads";
      for (int i = 0; i < net.layer_count; ++i) all.back().flow.frozen.push_back(!net.layers[i].head);
    }
    all.push_back(std::move(fine.stages(net, started)[0]));
    all.back().name = "all";
    return all;
  }

 private:
  [[nodiscard]] joint heads() const {
    joint h = fine;
    h.epochs = head_epochs;
    h.learning_rate = head_rate;
    return h;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::recipes

#endif
