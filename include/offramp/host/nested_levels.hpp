// The trained models of a nested network's levels. Weights of convolutions and dense layers are shared: those of a
// narrower level are the first channels of the whole network's. Biases, batch norms and slopes are each level's own.
#ifndef OFFRAMP_HOST_NESTED_LEVELS_HPP
#define OFFRAMP_HOST_NESTED_LEVELS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <offramp/elastic/nested.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Narrowest first; the last one is the whole network.
using nested_models = std::vector<model>;

template <class Nested>
std::vector<network_view> level_views() {
  return []<int... I>(std::integer_sequence<int, I...>) {
    return std::vector<network_view>{Nested::template level<I>::view()...};
  }
  (std::make_integer_sequence<int, Nested::levels>{});
}

namespace detail {

// The first channels of [out_c][taps][in_c]: `out`, `in` of them.
template <class T>
std::vector<T> first_channels(const std::vector<T>& from, int taps, int from_in, int out, int in) {
  std::vector<T> to;
  to.reserve(static_cast<std::size_t>(out) * static_cast<std::size_t>(taps) * static_cast<std::size_t>(in));
  for (int row = 0; row < out * taps; ++row)
    for (int c = 0; c < in; ++c)
      to.push_back(
          from[static_cast<std::size_t>(row) * static_cast<std::size_t>(from_in) + static_cast<std::size_t>(c)]);
  return to;
}

// Weights of layer `d` of a level from those of the same layer `full` of the whole network.
inline std::vector<float> level_weights(const std::vector<float>& from, const layer_desc& full, const layer_desc& d) {
  if (!full.has_weights()) return {from.begin(), from.begin() + weight_count(d)};
  const window f = full.geometry(), w = d.geometry();
  return first_channels(from, w.taps(), f.group_in_c(), w.out.c, w.group_in_c());
}

}  // namespace detail

// Copies the shared weights of the last model into the others.
inline void share_weights(nested_models& levels) {
  const model& full = levels.back();
  for (std::size_t s = 0; s + 1 < levels.size(); ++s)
    for (std::size_t i = 0; i < full.layers.size(); ++i)
      if (full.layers[i].has_weights())
        levels[s].parameters[i].weights =
            detail::level_weights(full.parameters[i].weights, full.layers[i], levels[s].layers[i]);
}

// Every level as the first channels of `full`, biases and batch norms too: where fine-tuning begins.
inline nested_models cut_levels(const model& full, const std::vector<network_view>& views) {
  nested_models levels;
  for (const network_view& v : views) {
    if (v.layer_count != static_cast<int>(full.layers.size()))
      throw error("nested: a level has " + std::to_string(v.layer_count) + " layers, the model has " +
                  std::to_string(full.layers.size()));
    model m = make_model(v, 1);
    m.input_zero = full.input_zero;
    m.input_scale = full.input_scale;
    for (std::size_t i = 0; i < m.layers.size(); ++i) {
      const layer_desc &f = full.layers[i], &d = m.layers[i];
      if (d.what != f.what || d.in.c > f.in.c || d.out.c > f.out.c)
        throw error("nested: layer " + std::to_string(i) + " of a level is " + to_string(d.what) + " of " +
                    std::to_string(d.in.c) + " to " + std::to_string(d.out.c) + " channels, the model has " +
                    to_string(f.what) + " of " + std::to_string(f.in.c) + " to " + std::to_string(f.out.c));
      const layer_parameters& from = full.parameters[i];
      layer_parameters& to = m.parameters[i];
      to.weights = detail::level_weights(from.weights, full.layers[i], m.layers[i]);
      const std::pair<std::vector<float>*, const std::vector<float>*> rest[] = {{&to.bias, &from.bias},
                                                                                {&to.gamma, &from.gamma},
                                                                                {&to.beta, &from.beta},
                                                                                {&to.mean, &from.mean},
                                                                                {&to.variance, &from.variance}};
      for (const auto& [mine, theirs] : rest) std::copy_n(theirs->begin(), mine->size(), mine->begin());
    }
    levels.push_back(std::move(m));
  }
  return levels;
}
template <class Nested>
nested_models cut_levels(const model& full) {
  return cut_levels(full, level_views<Nested>());
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
