// Joint training: all exits at once, the loss is the weighted sum of their cross-entropies (BranchyNet, Teerapittayanon
// et al. 2016); early exits may come in slowly (Shallow-Deep Networks, Kaya et al. 2019), and a teacher may have a say.
// The defaults suit binary networks: Adam, approx-sign, cosine.
#ifndef OFFRAMP_HOST_RECIPES_JOINT_HPP
#define OFFRAMP_HOST_RECIPES_JOINT_HPP

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/loss.hpp>
#include <offramp/host/teacher.hpp>
#include <offramp/host/training.hpp>

namespace offramp::inline OFFRAMP_ABI::recipes {

// How the loss weights of exits move in training.
enum class exit_schedule : unsigned char {
  constant,
  sdn,  // early exit k in epoch t of T: min(weight, 0.01 + t weight / T); the last one stays
};

struct joint {
  int epochs = 30;
  int batch = 128;              // the rest of an epoch that fills no batch is left out, another one each time
  float learning_rate = 2e-3f;  // of the first step; falls to 0 along half a cosine
  float warm_up_epochs = 0;
  std::vector<float> exit_weights{};  // one per exit; empty: all 1, or with `sdn` each exit's share of the full cost
  std::uint64_t seed = 1;
  bool flip = false;  // augmentation: left-right, every second image
  int shift = 0;      // augmentation: by up to so many pixels each way
  host::optimizer_options optimizer{};
  host::sign_gradient activation_gradient = host::sign_gradient::approx_sign;
  host::sign_gradient weight_gradient = host::sign_gradient::approx_sign;
  host::rate_rule rate{};
  exit_schedule schedule = exit_schedule::constant;
  bool rescale_gradients = false;  // see rescaled_gradients
  host::distillation_options distill{};

  // Identity of the run this recipe makes: a checkpoint of another one is not resumed.
  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t h = hash_seed;
    const auto mix = [&](auto v) { h = hash_mix(h, std::bit_cast<std::uint32_t>(v)); };
    for (const int v : {epochs, batch, flip ? 1 : 0, shift, static_cast<int>(activation_gradient),
                        static_cast<int>(weight_gradient), static_cast<int>(optimizer.rule.index())})
      mix(v);
    for (const float v : {learning_rate, warm_up_epochs, optimizer.weight_decay, optimizer.binary_clip}) mix(v);
    for (const float v : exit_weights) mix(v);
    mix(static_cast<std::uint32_t>(seed));
    mix(static_cast<std::uint32_t>(seed >> 32));
    if (const auto* const a = std::get_if<host::adam>(&optimizer.rule))
      for (const float v : {a->beta1, a->beta2, a->epsilon}) mix(v);
    if (const auto* const s = std::get_if<host::sgd>(&optimizer.rule)) mix(s->momentum);
    if (const auto* const r = std::get_if<host::rate_steps>(&rate)) {
      mix(r->factor);
      for (const float v : r->at) mix(v);
    }
    if (schedule != exit_schedule::constant) mix(0x73646e);
    if (rescale_gradients) mix(0x72657363);
    if (distill.teacher) {
      mix(distill.share);
      mix(distill.temperature);
      const std::uint64_t said = distill.teacher->hash();
      for (const int part : {0, 32}) mix(static_cast<std::uint32_t>(said >> part));
    }
    return h;
  }
  [[nodiscard]] std::uint64_t first_seed() const { return seed; }
  [[nodiscard]] std::vector<host::training_stage> stages(const network_view& net, bool started) const;
};

namespace detail {

// OPs (MACs, those of two bits counted 1/64) from the input to each exit, every head before it included, over those of
// the last one.
inline std::vector<float> cost_shares(const network_view& net) {
  std::vector<double> ops(static_cast<std::size_t>(net.exit_count));
  for (int i = 0; i < net.layer_count; ++i) {
    const layer_desc& d = net.layers[i];
    if (!d.has_weights()) continue;
    const double macs = static_cast<double>(d.out.size()) * d.geometry().depth();
    const double cost = d.weights == kind::bits && d.reads_bits ? macs / 64 : macs;
    for (int k = d.exit; k < net.exit_count; ++k) ops[static_cast<std::size_t>(k)] += cost;
  }
  std::vector<float> shares;
  for (const double o : ops) shares.push_back(static_cast<float>(o / std::max(ops.back(), 1.0)));
  return shares;
}

inline std::vector<float> loss_weights(const joint& r, const network_view& net) {
  const auto exits = static_cast<std::size_t>(net.exit_count);
  if (!r.exit_weights.empty() && r.exit_weights.size() != exits)
    throw host::error("train: recipe has " + std::to_string(r.exit_weights.size()) + " exit_weights, the network has " +
                      std::to_string(exits) + " exits");
  if (!r.exit_weights.empty()) return r.exit_weights;
  return r.schedule == exit_schedule::sdn ? cost_shares(net) : std::vector<float>(exits, 1.0f);
}

// The part of an exit's loss that a teacher does not take, and then the teacher's.
inline double exit_loss(const host::distillation_options& distill, const host::batch_view& batch,
                        host::basic_graph<float>& g, int exit, int classes, float weight,
                        const float* offset = nullptr) {
  float* const gradient = g.logit_gradient(exit);
  const float own = distill.teacher ? weight * (1 - distill.share) : weight;
  double sum = host::cross_entropy(
      g.logits(exit), batch.labels, batch.size, classes, [&](int i) { return own * batch.weights[i]; }, gradient,
      offset);
  if (!distill.teacher) return sum;
  for (int i = 0; i < batch.size; ++i)
    sum += host::distillation(g.logits(exit) + i * classes, distill.teacher->at(batch.images[i], batch.flipped[i] != 0),
                              classes, distill.temperature, weight * distill.share * batch.weights[i],
                              gradient + i * classes);
  return sum;
}

// Everything of a stage but its loss.
inline host::training_stage stage_of(const joint& r) {
  host::training_stage s;
  s.epochs = r.epochs, s.batch = r.batch;
  s.learning_rate = r.learning_rate, s.warm_up_epochs = r.warm_up_epochs, s.rate = r.rate;
  s.flip = r.flip, s.shift = r.shift;
  s.optimizer = r.optimizer;
  s.activation_gradient = r.activation_gradient, s.weight_gradient = r.weight_gradient;
  return s;
}

inline void check_teacher(const host::distillation_options& distill, const network_view& net) {
  if (distill.teacher && distill.teacher->classes != net.exits[0].classes)
    throw host::error("train: the teacher tells " + std::to_string(distill.teacher->classes) +
                      " classes apart, the network " + std::to_string(net.exits[0].classes));
}

}  // namespace detail

// The gradient that reaches a stage becomes the mean over the heads behind it instead of their sum (IMTA, Li et al.
// 2019): at exit k of K the head's part counts 1 / (K - k + 1), that of the next stage K - k times as much.
inline host::plan_options rescaled_gradients(int exits) {
  host::plan_options flow;
  for (int behind = exits - 1; behind >= 0; --behind) {
    flow.from_head.push_back(1.0f / static_cast<float>(behind + 1));
    flow.from_next.push_back(static_cast<float>(behind) / static_cast<float>(behind + 1));
  }
  return flow;
}

inline std::vector<host::training_stage> joint::stages(const network_view& net, bool) const {
  detail::check_teacher(distill, net);
  host::training_stage s = detail::stage_of(*this);
  if (rescale_gradients) s.flow = rescaled_gradients(net.exit_count);
  s.loss = [weights = detail::loss_weights(*this, net), classes = net.exits[0].classes, how = schedule,
            distill = distill](const host::batch_view& batch, host::basic_graph<float>& g) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      float weight = weights[k];
      if (how == exit_schedule::sdn && k + 1 < weights.size())
        weight = std::min(weight, 0.01f + weight * static_cast<float>(batch.epoch) / static_cast<float>(batch.epochs));
      sum += detail::exit_loss(distill, batch, g, static_cast<int>(k), classes, weight);
    }
    return sum;
  };
  return {std::move(s)};
}

}  // namespace offramp::inline OFFRAMP_ABI::recipes

#endif
