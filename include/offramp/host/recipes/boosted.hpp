// Boosted training (BoostNet, Yu et al. 2023): the exits form an additive model. With G_1 = z_1 and
// G_k = z_k + lambda G_(k-1), exit k minimises the cross-entropy of G_k, in which G_(k-1) has no gradient: it learns
// what is left to learn. At run time `additive` reuse with the same lambda judges G_k.
#ifndef OFFRAMP_HOST_RECIPES_BOOSTED_HPP
#define OFFRAMP_HOST_RECIPES_BOOSTED_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/recipes/joint.hpp>

namespace offramp::inline OFFRAMP_ABI::recipes {

struct boosted {
  joint how{.rescale_gradients = true};  // everything else; its `schedule` is not used
  float lambda = 0.5f;                   // 0: every exit for itself, plain joint training

  [[nodiscard]] std::uint64_t hash() const {
    return hash_mix(hash_mix(how.hash(), 0x626f6f73), std::bit_cast<std::uint32_t>(lambda));
  }
  [[nodiscard]] std::uint64_t first_seed() const { return how.seed; }

  [[nodiscard]] std::vector<host::training_stage> stages(const network_view& net, bool started) const {
    std::vector<host::training_stage> all = how.stages(net, started);
    all[0].loss = [weights = detail::loss_weights(how, net), classes = net.exits[0].classes, distill = how.distill,
                   factor = lambda](const host::batch_view& batch, host::basic_graph<float>& g) {
      const auto count = static_cast<std::size_t>(batch.size) * static_cast<std::size_t>(classes);
      std::vector<float> before(count, 0.0f);  // lambda G_(k-1)
      double sum = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) {
        const int exit = static_cast<int>(k);
        sum += detail::exit_loss(distill, batch, g, exit, classes, weights[k], before.data());
        const float* const z = g.logits(exit);
        for (std::size_t i = 0; i < count; ++i) before[i] = factor * (z[i] + before[i]);
      }
      return sum;
    };
    return all;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::recipes

#endif
