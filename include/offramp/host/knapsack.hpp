// Widths of layers under a budget: the iterative knapsack of REDS (Corti et al. 2023), solved exactly. Units are sorted
// by importance, so a layer's choice is one width w, worth the importance of its first w units. What it costs depends
// on the width u of the layer before, so the width belongs to the state of the dynamic program:
//
//   V_i(w, b) = value_i(w) + max over u of V_(i-1)(u, b - cost(i, u, w)),  at the end cost(n, u, 0) for the classifier
//
// Costs are in any unit (MACs, predicted time) and rounded up into buckets, so that the budget holds. Layers that share
// a width (residual streams) are tried width by width around that program. Budgets solved one after the other, each
// with at least the widths of the smaller one, give nested solutions.
#ifndef OFFRAMP_HOST_KNAPSACK_HPP
#define OFFRAMP_HOST_KNAPSACK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What may be chosen for one layer.
struct width_choices {
  std::vector<int> widths;    // ascending
  std::vector<double> value;  // of each width; never less for a wider one, never below 0
  int tied = -1;              // an earlier layer: takes the choice of the same number as that one does; -1: none
};

// Cost of layer i with u units in the layer before (0 in the first layer) and w of its own, and of all that hangs on
// both of them; for i one past the last layer, of what follows it (w is 0).
using layer_cost = std::function<double(int i, int u, int w)>;

struct knapsack_options {
  int buckets = 2000;        // of the budget; more are finer and take longer
  std::vector<int> least{};  // widths, one per layer: at least so many units. Empty: no such bound
  layer_cost memory{};       // bytes alive while layer i runs; none: no bound
  double memory_bytes = 0;   // with `memory`: no layer needs more
};

struct knapsack_result {
  std::vector<int> widths;  // one per layer
  double value = 0;
  double cost = 0;  // as the callback says, not rounded
};

namespace detail {

class knapsack_solver {
 public:
  knapsack_solver(const std::vector<width_choices>& layers, const layer_cost& cost, double budget,
                  const knapsack_options& options)
      : layers_{layers}, cost_{cost}, budget_{budget}, options_{options} {
    check();
    for (std::size_t i = 0; i < layers_.size(); ++i) first_.push_back(first_choice(i));
    fixed_.assign(layers_.size(), -1);
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (layers_[i].tied >= 0) {
        const std::size_t root = root_of(i);
        if (std::find(roots_.begin(), roots_.end(), root) == roots_.end()) roots_.push_back(root);
      }
    double programs = 1;
    for (const std::size_t r : roots_) programs *= static_cast<double>(layers_[r].widths.size());
    if (programs > 1e5)
      throw error("knapsack: layers that share widths have " + std::to_string(static_cast<long long>(programs)) +
                  " choices together, expected at most 100000: offer fewer widths");
    fill_costs();
  }

  knapsack_result solve() {
    try_roots(0);
    if (best_.widths.empty()) throw_infeasible();
    best_.cost = cost_of(best_.widths);
    return best_;
  }

 private:
  static constexpr double none = -std::numeric_limits<double>::infinity();

  void check() const {
    if (layers_.empty()) throw error("knapsack: there are no layers");
    if (!(budget_ > 0)) throw error("knapsack: the budget is " + std::to_string(budget_) + ", expected above 0");
    if (options_.buckets < 1 || options_.buckets > 1 << 24)
      throw error("knapsack: found " + std::to_string(options_.buckets) + " buckets, expected 1 to 16777216");
    if (!options_.least.empty() && options_.least.size() != layers_.size())
      throw error("knapsack: found " + std::to_string(options_.least.size()) + " least widths, expected " +
                  std::to_string(layers_.size()) + ", one for each layer");
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const width_choices& c = layers_[i];
      const std::string layer = "knapsack: layer " + std::to_string(i);
      if (c.widths.empty() || c.widths.size() > 65535 || c.value.size() != c.widths.size())
        throw error(layer + " has " + std::to_string(c.widths.size()) + " widths and " +
                    std::to_string(c.value.size()) + " values, expected as many of both, 1 to 65535");
      for (std::size_t n = 0; n < c.widths.size(); ++n)
        if (c.widths[n] <= (n > 0 ? c.widths[n - 1] : 0) || !(c.value[n] >= (n > 0 ? c.value[n - 1] : 0.0)))
          throw error(layer + ": choice " + std::to_string(n) + " is width " + std::to_string(c.widths[n]) +
                      " of value " + std::to_string(c.value[n]) +
                      ", expected widths that rise and values that do not fall");
      if (c.tied >= static_cast<int>(i) || c.tied < -1)
        throw error(layer + " is tied to layer " + std::to_string(c.tied) + ", expected an earlier one");
      if (c.tied >= 0 && layers_[static_cast<std::size_t>(c.tied)].widths.size() != c.widths.size())
        throw error(layer + " has " + std::to_string(c.widths.size()) + " widths, layer " + std::to_string(c.tied) +
                    " that it is tied to has " +
                    std::to_string(layers_[static_cast<std::size_t>(c.tied)].widths.size()));
    }
  }

  std::size_t root_of(std::size_t i) const {
    while (layers_[i].tied >= 0) i = static_cast<std::size_t>(layers_[i].tied);
    return i;
  }
  std::size_t first_choice(std::size_t i) const {
    if (options_.least.empty()) return 0;
    const std::vector<int>& w = layers_[i].widths;
    const auto at = std::lower_bound(w.begin(), w.end(), options_.least[i]);
    if (at == w.end())
      throw error("knapsack: layer " + std::to_string(i) + " has at most " + std::to_string(w.back()) +
                  " units, its least width is " + std::to_string(options_.least[i]));
    return static_cast<std::size_t>(at - w.begin());
  }
  int width(std::size_t layer, std::size_t choice) const { return layers_[layer].widths[choice]; }
  std::size_t choices(std::size_t layer) const { return layer < layers_.size() ? layers_[layer].widths.size() : 1; }
  double cost_at(std::size_t layer, std::size_t u, std::size_t w) const {
    const bool end = layer == layers_.size();
    return cost_(static_cast<int>(layer), layer == 0 ? 0 : width(layer - 1, u), end ? 0 : width(layer, w));
  }

  // Buckets of every layer, choice of the layer before and own choice; more than there are where memory forbids it.
  void fill_costs() {
    buckets_.resize(layers_.size() + 1);
    const double unit = budget_ / options_.buckets;
    for (std::size_t i = 0; i <= layers_.size(); ++i) {
      const std::size_t before = i == 0 ? 1 : choices(i - 1), own = choices(i);
      buckets_[i].resize(before * own);
      for (std::size_t u = 0; u < before; ++u)
        for (std::size_t w = 0; w < own; ++w) {
          const double c = cost_at(i, u, w);
          if (!(c >= 0) || !std::isfinite(c))
            throw error("knapsack: layer " + std::to_string(i) + " costs " + std::to_string(c) +
                        ", expected a finite number that is not negative");
          const bool fits =
              i == layers_.size() || !options_.memory ||
              options_.memory(static_cast<int>(i), i == 0 ? 0 : width(i - 1, u), width(i, w)) <= options_.memory_bytes;
          buckets_[i][u * own + w] =
              fits ? static_cast<int>(std::min(std::ceil(c / unit), options_.buckets + 1.0)) : options_.buckets + 1;
        }
    }
  }

  void try_roots(std::size_t n) {
    if (n == roots_.size()) return run();
    for (std::size_t c = 0; c < layers_[roots_[n]].widths.size(); ++c) {
      bool allowed = true;
      for (std::size_t i = 0; i < layers_.size(); ++i)
        if (root_of(i) == roots_[n]) {
          fixed_[i] = static_cast<int>(c);
          allowed = allowed && c >= first_[i];
        }
      if (allowed) try_roots(n + 1);
    }
  }

  bool allowed(std::size_t layer, std::size_t choice) const {
    return choice >= first_[layer] && (fixed_[layer] < 0 || fixed_[layer] == static_cast<int>(choice));
  }

  // The program for the ties as they are fixed; keeps the best of all.
  void run() {
    const auto columns = static_cast<std::size_t>(options_.buckets) + 1;  // a budget of 0, 1, ... buckets
    std::vector<double> value, before(columns, 0.0);
    from_.resize(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t own = choices(i), last = i == 0 ? 1 : choices(i - 1);
      value.assign(own * columns, none);
      from_[i].assign(own * columns, 0);
      for (std::size_t w = 0; w < own; ++w) {
        if (!allowed(i, w)) continue;
        for (std::size_t u = 0; u < last; ++u) {
          if (i > 0 && !allowed(i - 1, u)) continue;
          const auto c = static_cast<std::size_t>(buckets_[i][u * own + w]);
          for (std::size_t b = c; b < columns; ++b) {
            const double v = before[u * columns + b - c] + layers_[i].value[w];
            if (v > value[w * columns + b]) {
              value[w * columns + b] = v;
              from_[i][w * columns + b] = static_cast<std::uint16_t>(u);
            }
          }
        }
      }
      std::swap(value, before);
    }
    const std::size_t end = layers_.size(), last = choices(end - 1);
    double best = best_.widths.empty() ? none : best_.value;
    std::size_t choice = last, left = 0;
    for (std::size_t u = 0; u < last; ++u) {
      const auto c = static_cast<std::size_t>(buckets_[end][u]);
      if (c < columns && before[u * columns + columns - 1 - c] > best) {
        best = before[u * columns + columns - 1 - c];
        choice = u;
        left = columns - 1 - c;
      }
    }
    if (choice == last) return;
    best_.value = best;
    best_.widths.assign(end, 0);
    for (std::size_t i = end; i-- > 0;) {
      best_.widths[i] = width(i, choice);
      const std::size_t u = from_[i][choice * columns + left];
      left -= static_cast<std::size_t>(buckets_[i][u * choices(i) + choice]);
      choice = u;
    }
  }

  double cost_of(const std::vector<int>& widths) const {
    double sum = 0;
    for (std::size_t i = 0; i <= widths.size(); ++i)
      sum += cost_(static_cast<int>(i), i == 0 ? 0 : widths[i - 1], i == widths.size() ? 0 : widths[i]);
    return sum;
  }

  [[noreturn]] void throw_infeasible() const {
    std::vector<int> least;
    for (std::size_t i = 0; i < layers_.size(); ++i) least.push_back(width(i, first_[i]));
    std::string text = "knapsack: nothing fits: the least widths cost " + std::to_string(cost_of(least)) +
                       ", the budget is " + std::to_string(budget_);
    if (!options_.memory) throw error(text);
    double most = 0;
    for (std::size_t i = 0; i < least.size(); ++i)
      most = std::max(most, options_.memory(static_cast<int>(i), i == 0 ? 0 : least[i - 1], least[i]));
    throw error(text + "; they need " + std::to_string(most) + " bytes, the bound is " +
                std::to_string(options_.memory_bytes));
  }

  const std::vector<width_choices>& layers_;
  const layer_cost& cost_;
  const double budget_;
  const knapsack_options& options_;
  std::vector<std::size_t> first_, roots_;
  std::vector<int> fixed_;
  std::vector<std::vector<int>> buckets_;         // [layer][before][own]
  std::vector<std::vector<std::uint16_t>> from_;  // [layer][own][buckets]: choice of the layer before
  knapsack_result best_;
};

}  // namespace detail

// The widths of most value within `budget`. Throws where nothing fits, and on choices or costs that cannot be.
inline knapsack_result knapsack(const std::vector<width_choices>& layers, const layer_cost& cost, double budget,
                                const knapsack_options& options = {}) {
  return detail::knapsack_solver{layers, cost, budget, options}.solve();
}

// One solution for every budget (ascending), each at least as wide everywhere as the one before: bottom-up.
inline std::vector<knapsack_result> nested_knapsack(const std::vector<width_choices>& layers, const layer_cost& cost,
                                                    const std::vector<double>& budgets, knapsack_options options = {}) {
  std::vector<knapsack_result> all;
  for (const double budget : budgets) {
    if (!all.empty() && budget < budgets[all.size() - 1])
      throw error("knapsack: budget " + std::to_string(budget) + " follows " + std::to_string(budgets[all.size() - 1]) +
                  ", expected budgets that rise");
    all.push_back(knapsack(layers, cost, budget, options));
    options.least = all.back().widths;
  }
  return all;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
