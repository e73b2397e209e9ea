// Training on the host: runs a network type as written, in float, by a recipe. The same seed gives the same model bit
// for bit, on any number of threads, interrupted or not.
#ifndef OFFRAMP_HOST_TRAIN_HPP
#define OFFRAMP_HOST_TRAIN_HPP

#include <offramp/host/recipes/boosted.hpp>
#include <offramp/host/recipes/joint.hpp>
#include <offramp/host/recipes/zero_time_waste.hpp>
#include <offramp/host/training.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What a recipe must say: the stages of its training, its seed, and a hash of all it depends on. `started`: there are
// parameters to begin with (train_options::start).
template <class R>
concept recipe = requires(const R& r, const network_view& net, bool started) {
  { r.stages(net, started) } -> std::same_as<std::vector<training_stage>>;
  { r.hash() } -> std::same_as<std::uint64_t>;
  { r.first_seed() } -> std::same_as<std::uint64_t>;
};

// Throws where the training set is empty or does not fit the network, the recipe is not possible, a checkpoint is not
// of this run, or training diverges.
template <recipe Recipe = recipes::joint>
model train(const network_view& net, const labelled_images& set, const Recipe& how = {},
            const train_options& options = {}) {
  return detail::training_run{net,        set,    how.stages(net, options.start != nullptr), how.first_seed(),
                              how.hash(), options}
      .run();
}

template <class Net, recipe Recipe = recipes::joint>
model train(const labelled_images& set, const Recipe& how = {}, const train_options& options = {}) {
  return train(Net::view(), set, how, options);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
