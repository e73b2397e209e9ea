// Zero Time Waste (Wolczyk et al. 2021): first the network alone, as if it had its last exit only; then it is frozen,
// batch norm on its running statistics, and the early heads are trained, each for itself. With cascade_head a head
// reads what the one before said, without a gradient back; with exit_head these are the internal classifiers of
// Shallow-Deep Networks. The geometric ensembles are fitted afterwards on stored outputs: fit_ensemble.
#ifndef OFFRAMP_HOST_RECIPES_ZERO_TIME_WASTE_HPP
#define OFFRAMP_HOST_RECIPES_ZERO_TIME_WASTE_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/recipes/joint.hpp>

namespace offramp::inline OFFRAMP_ABI::recipes {

struct zero_time_waste {
  joint base{};  // the network alone; left out where training begins with a model (train_options::start)
  // The heads: Adam, as in the paper (1e-3, tenfold less from 15 of 50 epochs on). Augmentation, batch, seed and
  // teacher are those of `base`.
  int epochs = 50;
  float learning_rate = 1e-3f;
  host::rate_rule rate = host::rate_steps{{0.3f}, 0.1f};
  bool detach = true;  // false: a head's loss also trains the heads before it, through the cascade

  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t h = hash_mix(base.hash(), 0x7a7477);
    for (const int part : {0, 32}) h = hash_mix(h, static_cast<std::uint32_t>(heads_alone().hash() >> part));
    return hash_mix(h, detach ? 1 : 0);
  }
  [[nodiscard]] std::uint64_t first_seed() const { return base.seed; }

  [[nodiscard]] std::vector<host::training_stage> stages(const network_view& net, bool started) const {
    if (net.exit_count < 2)
      throw host::error("train: zero_time_waste trains early exits, but the network has its last one only");
    std::vector<host::training_stage> all;
    const auto exits = static_cast<std::size_t>(net.exit_count);
    if (!started) {
      joint alone = base;
      alone.schedule = exit_schedule::constant;
      alone.exit_weights.assign(exits, 0.0f);
      alone.exit_weights.back() = 1;
      all.push_back(std::move(alone.stages(net, started)[0]));
      all.back().name = "backbone";
      all.back().flow.frozen = early_heads(net, true);
    }
    joint heads = heads_alone();
    heads.exit_weights.assign(exits, 1.0f);
    heads.exit_weights.back() = 0;
    all.push_back(std::move(heads.stages(net, started)[0]));
    all.back().name = "heads";
    all.back().flow.frozen = early_heads(net, false);
    if (!detach) all.back().flow.from_previous.assign(exits, 1.0f);
    return all;
  }

 private:
  [[nodiscard]] joint heads_alone() const {
    joint heads = base;
    heads.epochs = epochs;
    heads.learning_rate = learning_rate;
    heads.rate = rate;
    heads.warm_up_epochs = 0;
    heads.optimizer.rule = host::adam{};
    heads.schedule = exit_schedule::constant;
    heads.rescale_gradients = false;
    return heads;
  }

  // Per layer: does it belong to a head before the last one (a cascade counts as that of an earlier exit), or (`early`
  // false) to anything else?
  static std::vector<bool> early_heads(const network_view& net, bool early) {
    std::vector<bool> layers;
    for (int i = 0; i < net.layer_count; ++i) {
      const layer_desc& d = net.layers[i];
      const bool last = d.exit + 1 == net.exit_count;
      layers.push_back(early ? d.head && (!last || d.what == layer_kind::cascade) : !d.head || last);
    }
    return layers;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::recipes

namespace offramp::inline OFFRAMP_ABI::host {

// Carries the parameters of all layers outside early heads from one model into another whose network differs in its
// early heads only: one trained backbone serves many of them. Throws where the networks differ elsewhere.
inline void copy_backbone(const model& from, model& to) {
  const auto backbone = [](const model& m) {
    std::vector<std::size_t> layers;
    for (std::size_t i = 0; i < m.layers.size(); ++i)
      if (!m.layers[i].head || m.layers[i].exit + 1 == static_cast<int>(m.exits.size())) layers.push_back(i);
    return layers;
  };
  const std::vector<std::size_t> source = backbone(from), target = backbone(to);
  if (source.size() != target.size())
    throw error("copy_backbone: found " + std::to_string(source.size()) + " layers outside early heads, expected " +
                std::to_string(target.size()));
  for (std::size_t i = 0; i < source.size(); ++i) {
    const layer_desc &a = from.layers[source[i]], &b = to.layers[target[i]];
    const layer_parameters &p = from.parameters[source[i]], &q = to.parameters[target[i]];
    if (a.what != b.what || a.in != b.in || a.out != b.out || a.weights != b.weights ||
        p.weights.size() != q.weights.size() || p.bias.size() != q.bias.size())
      throw error("copy_backbone: layer " + std::to_string(source[i]) + " is a " + to_string(a.what) +
                  ", which does not fit layer " + std::to_string(target[i]) + " (" + to_string(b.what) + ")");
  }
  for (std::size_t i = 0; i < source.size(); ++i) to.parameters[target[i]] = from.parameters[source[i]];
  to.input_zero = from.input_zero;
  to.input_scale = from.input_scale;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
