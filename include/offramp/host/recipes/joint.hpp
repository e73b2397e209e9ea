// Joint training: all exits at once, the loss is the weighted sum of their cross-entropies (BranchyNet, Teerapittayanon
// et al. 2016). The defaults suit binary networks: Adam, approx-sign, cosine.
#ifndef OFFRAMP_HOST_RECIPES_JOINT_HPP
#define OFFRAMP_HOST_RECIPES_JOINT_HPP

#include <bit>
#include <cstdint>
#include <variant>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/layers/pointwise.hpp>
#include <offramp/host/optimizer.hpp>

namespace offramp::inline OFFRAMP_ABI::recipes {

struct joint {
  int epochs = 30;
  int batch = 128;              // the rest of an epoch that fills no batch is left out, another one each time
  float learning_rate = 2e-3f;  // of the first step; falls to 0 along half a cosine
  float warm_up_epochs = 0;
  std::vector<float> exit_weights{};  // one per exit; empty: all 1
  std::uint64_t seed = 1;
  bool flip = false;  // augmentation: left-right, every second image
  int shift = 0;      // augmentation: by up to so many pixels each way
  host::optimizer_options optimizer{};
  host::sign_gradient activation_gradient = host::sign_gradient::approx_sign;
  host::sign_gradient weight_gradient = host::sign_gradient::approx_sign;

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
    return h;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::recipes

#endif
