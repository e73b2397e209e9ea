// Which units of a trained network matter: the first-order Taylor measure |w g| (Molchanov et al. 2019), summed over a
// unit's weights and over mini-batches; and the network with its units in that order, most important first, so that
// every narrower network is a prefix of it (REDS, Corti et al. 2023). Reordering changes nothing that is computed.
#ifndef OFFRAMP_HOST_IMPORTANCE_HPP
#define OFFRAMP_HOST_IMPORTANCE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/graph.hpp>
#include <offramp/host/loss.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/width_layers.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct importance_options {
  int batches = 100;
  int batch = 128;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: all
};

// [width layer][unit], see width_layers. Layers that go together have the sums of all of them; where one of them has
// several units for each of the first one's (a residual that widens), all of these have the same number.
using unit_importance = std::vector<std::vector<double>>;

namespace detail {

inline void expect_width_layers(const char* who, const network_view& net, const width_layers& w, std::size_t found) {
  if (found != w.layers.size())
    throw error(std::string{who} + ": found " + std::to_string(found) + " layers, the network has " +
                std::to_string(w.layers.size()) + " with a width (of " + std::to_string(net.layer_count) + ")");
}

// Adds |w g| of layer i to the units that its output channels are.
inline void add_taylor(const layer_desc& d, const channel_runs& out, const float* w, const float* g,
                       const network_view& net, const width_layers& widths, unit_importance& sums) {
  const int each = weight_count(d) / d.out.c;
  int c = 0;
  for (const int j : out) {
    const int units = j < 0 ? d.out.c - c : net.layers[widths.layers[static_cast<std::size_t>(j)]].out.c;
    for (int u = 0; u < units && c < d.out.c; ++u, ++c) {
      if (j < 0) continue;
      double sum = 0;
      for (int k = c * each; k < (c + 1) * each; ++k)
        sum += std::fabs(static_cast<double>(w[k]) * static_cast<double>(g[k]));
      sums[static_cast<std::size_t>(j)][static_cast<std::size_t>(u)] += sum;
    }
  }
}

// Layers that go together: everything to the first one, and back.
inline void join_tied(const width_layers& widths, unit_importance& sums) {
  const auto root = [&](std::size_t j) -> std::vector<double>& {
    return sums[static_cast<std::size_t>(widths.tied[j])];
  };
  for (std::size_t j = 0; j < sums.size(); ++j)
    if (&root(j) != &sums[j])
      for (std::size_t u = 0; u < sums[j].size(); ++u) root(j)[u % root(j).size()] += sums[j][u];
  for (std::size_t j = 0; j < sums.size(); ++j)
    if (&root(j) != &sums[j])
      for (std::size_t u = 0; u < sums[j].size(); ++u) sums[j][u] = root(j)[u % root(j).size()];
}

// The old numbers of a tensor's channels, in their new order.
inline std::vector<int> channel_order(const channel_runs& runs, int channels,
                                      const std::vector<std::vector<int>>& order) {
  std::vector<int> all;
  for (const int j : runs) {
    const int first = static_cast<int>(all.size());
    if (j >= 0) {
      for (const int unit : order[static_cast<std::size_t>(j)]) all.push_back(first + unit);
    } else if (runs.size() == 1) {
      all.resize(static_cast<std::size_t>(channels));
      std::iota(all.begin(), all.end(), 0);
    }
  }
  // Nobody's channels beside others': their number is not known here, and they stay where they are.
  if (static_cast<int>(all.size()) != channels || std::find(runs.begin(), runs.end(), -1) != runs.end()) {
    all.resize(static_cast<std::size_t>(channels));
    std::iota(all.begin(), all.end(), 0);
  }
  return all;
}

inline void reorder(std::vector<float>& values, const std::vector<int>& order, std::size_t each = 1) {
  if (values.empty()) return;
  const std::vector<float> old = values;
  for (std::size_t i = 0; i < order.size(); ++i)
    std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(order[i]) * each), each,
                values.begin() + static_cast<std::ptrdiff_t>(i * each));
}

}  // namespace detail

// Runs some mini-batches of `set` forward and backward, for the sum of the cross-entropies of all exits. `m` stays as
// it is.
inline unit_importance importance_of_units(const model& m, const labelled_images& set,
                                           const importance_options& options = {}) {
  const network_view net = m.view();
  check_images(net, set, "importance");
  if (options.batches < 1 || options.batch < 1)
    throw error("importance: found batches = " + std::to_string(options.batches) +
                " and batch = " + std::to_string(options.batch) + ", expected at least 1 of both");
  const width_layers widths = width_layers_of(net);
  unit_importance sums;
  for (const int i : widths.layers) sums.emplace_back(static_cast<std::size_t>(net.layers[i].out.c), 0.0);
  thread_pool pool{options.threads};
  parameter_store<float> parameters{m};
  const int batch = std::min(options.batch, set.count()), per_epoch = set.count() / batch;
  graph g{net, parameters, pool, batch};
  std::vector<int> order;
  std::vector<std::uint8_t> labels(static_cast<std::size_t>(batch));
  for (int b = 0; b < options.batches; ++b) {
    if (b % per_epoch == 0)
      order = random_order(set.count(), random_source{options.seed, 0x696d70, static_cast<std::uint64_t>(b)});
    for (int i = 0; i < batch; ++i) {
      const int image = order[static_cast<std::size_t>(b % per_epoch * batch + i)];
      labels[static_cast<std::size_t>(i)] = set.labels[static_cast<std::size_t>(image)];
      to_real(m, set.image(image), g.input(i));
    }
    g.forward(batch);
    for (int k = 0; k < net.exit_count; ++k)
      cross_entropy(
          g.logits(k), labels.data(), batch, net.exits[k].classes,
          [&](int) { return 1.0f / static_cast<float>(batch); }, g.logit_gradient(k));
    g.backward(batch);
    for (int i = 0; i < net.layer_count; ++i) {
      const parameter_slot at = parameters.layout[i].weights;
      const layer_desc& d = net.layers[i];
      if (d.has_weights() && !d.head)
        detail::add_taylor(d, widths.out[static_cast<std::size_t>(i)], parameters.at(at),
                           g.gradient().data() + at.first, net, widths, sums);
    }
  }
  for (std::vector<double>& layer : sums)
    for (double& v : layer) v /= options.batches;
  detail::join_tied(widths, sums);
  return sums;
}

// The order that sorts units: [width layer][new place] = old number, most important first, equals as they stood. Layers
// that go together get one order, repeated where one of them has several units for each of the first one's; layers
// whose units cannot move keep theirs.
inline std::vector<std::vector<int>> order_by_importance(const network_view& net, const unit_importance& importance) {
  const width_layers widths = width_layers_of(net);
  detail::expect_width_layers("importance", net, widths, importance.size());
  std::vector<std::vector<int>> order;
  for (std::size_t j = 0; j < importance.size(); ++j) {
    const auto units = static_cast<std::size_t>(net.layers[widths.layers[j]].out.c);
    if (importance[j].size() != units)
      throw error("importance: width layer " + std::to_string(j) + " has " + std::to_string(importance[j].size()) +
                  " numbers, expected " + std::to_string(units) + ", one for each unit");
    std::vector<int> own(units);
    std::iota(own.begin(), own.end(), 0);
    const auto root = static_cast<std::size_t>(widths.tied[j]);
    if (!widths.fixed[j] && root == j) {
      std::stable_sort(own.begin(), own.end(), [&](int a, int b) {
        return importance[j][static_cast<std::size_t>(a)] > importance[j][static_cast<std::size_t>(b)];
      });
    } else if (!widths.fixed[j]) {
      const std::size_t base = order[root].size();
      for (std::size_t p = 0; p < units; ++p) own[p] = static_cast<int>(p / base * base) + order[root][p % base];
    }
    order.push_back(own);
  }
  return order;
}

// The same network with its units in another order; computes the same.
inline model permuted(model m, const std::vector<std::vector<int>>& order) {
  const network_view net = m.view();
  const width_layers widths = width_layers_of(net);
  detail::expect_width_layers("permuted", net, widths, order.size());
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const layer_desc& d = m.layers[i];
    layer_parameters& p = m.parameters[i];
    if (d.what == layer_kind::user || d.what == layer_kind::mixed_pool || d.what == layer_kind::cascade) continue;
    const std::vector<int> out = detail::channel_order(widths.out[i], d.out.c, order);
    if (d.has_weights()) {
      const std::size_t each = p.weights.size() / static_cast<std::size_t>(d.out.c);
      detail::reorder(p.weights, out, each);
      const std::vector<int> in = detail::channel_order(widths.in[i], d.in.c, order);
      const int in_c = d.geometry().group_in_c();
      if (in_c == d.in.c) {  // one group
        const std::vector<float> old = p.weights;
        for (std::size_t k = 0; k < old.size(); ++k) {
          const auto c = static_cast<int>(k % static_cast<std::size_t>(in_c));
          p.weights[k] =
              old[k - static_cast<std::size_t>(c) + static_cast<std::size_t>(in[static_cast<std::size_t>(c)])];
        }
      }
    } else {
      detail::reorder(p.weights, out);  // slopes of a prelu
    }
    for (std::vector<float>* v : {&p.bias, &p.gamma, &p.beta, &p.mean, &p.variance}) detail::reorder(*v, out);
  }
  return m;
}

// Sorted by importance, and the importance in that order.
struct sorted_model {
  host::model model;
  unit_importance importance;
};

inline sorted_model sort_by_importance(const model& m, const labelled_images& set,
                                       const importance_options& options = {}) {
  sorted_model s{{}, importance_of_units(m, set, options)};
  const auto order = order_by_importance(m.view(), s.importance);
  s.model = permuted(m, order);
  for (std::size_t j = 0; j < order.size(); ++j) {
    const std::vector<double> old = s.importance[j];
    for (std::size_t p = 0; p < old.size(); ++p) s.importance[j][p] = old[static_cast<std::size_t>(order[j][p])];
  }
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
