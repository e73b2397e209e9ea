// From a network to the knapsack: which widths each layer may take, what they are worth, and what the ops of a lowered
// network cost as a function of the widths of two neighbouring layers. A depthwise layer or an exit's head counts with
// the layer whose channels it reads; layers that a residual ties have one choice together.
#ifndef OFFRAMP_HOST_WIDTH_COSTS_HPP
#define OFFRAMP_HOST_WIDTH_COSTS_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <offramp/elastic/nested_session.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/importance.hpp>
#include <offramp/host/knapsack.hpp>
#include <offramp/host/width_layers.hpp>
#include <offramp/kernels/cost.hpp>
#include <offramp/latency/predict.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Cost of one op, in any unit. The op's geometry has the widths in question; convolutions are stored for the full ones,
// as in a nested network.
using op_cost_of = std::function<double(const kernel_op&)>;

// OPs: multiply-accumulates, those of two bits counted 1/64.
inline double op_macs(const kernel_op& op) {
  const op_cost c = kernels::cost(op, 0);
  return static_cast<double>(c.macs) + static_cast<double>(c.binary_macs) / 64.0;
}

// Predicted time on a profile of Path, in its unit, as an op of a nested level; what the profile charges for every step
// is in it.
template <class Path>
op_cost_of predicted_time(const profile_data& profile) {
  return [profile](const kernel_op& op) {
    const kernel_op own = for_active_channels(op);
    const bool shares = offramp::detail::shares_kernel<Path>(op, for_stored_channels(op));
    const auto words = static_cast<std::int64_t>(kernels::weight_words<Path>(own));
    return op_latency(profile, features<Path>(shares ? op : own, 4 * words)) + static_cast<double>(profile.per_step);
  };
}

namespace detail {

inline int full_width(const network_view& net, const width_layers& w, int j) {
  return net.layers[w.layers[static_cast<std::size_t>(j)]].out.c;
}

// Layers that must keep all channels in every level (nested.hpp): those before the last branch of a concatenation, and
// around convolutions in groups.
inline std::vector<bool> whole_layers(const network_view& net, const width_layers& w) {
  std::vector<bool> whole(w.layers.size());
  const auto keep = [&](const channel_runs& runs, std::size_t count) {
    for (std::size_t r = 0; r < count; ++r)
      if (runs[r] >= 0) whole[static_cast<std::size_t>(runs[r])] = true;
  };
  for (int i = 0; i < net.layer_count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const layer_desc& d = net.layers[i];
    keep(w.out[at], w.out[at].size() - 1);
    if (d.groups > 1 && d.groups != d.in.c && d.has_weights()) {
      keep(w.in[at], w.in[at].size());
      keep(w.out[at], w.out[at].size());
    }
  }
  return whole;
}

// An op whose channels are sums of widths and of numbers that stay.
struct width_op {
  kernel_op op{};
  channel_runs in, out;
  int in_rest = 0, out_rest = 0;
  bool depthwise = false;
};

}  // namespace detail

// Choices for the knapsack: multiples of `step` (32 where binary layers read them, packed in words) and the full width.
// `importance` is that of the sorted network (sort_by_importance); what a tied group is worth counts with its first
// layer.
inline std::vector<width_choices> choices_of_widths(const network_view& net, const unit_importance& importance,
                                                    int step) {
  const width_layers w = width_layers_of(net);
  detail::expect_width_layers("choices_of_widths", net, w, importance.size());
  if (step < 1) throw error("choices_of_widths: step is " + std::to_string(step) + ", expected at least 1");
  const std::vector<bool> whole = detail::whole_layers(net, w);
  std::vector<int> quantum(w.layers.size(), step);  // of a group, at its first layer
  std::vector<bool> keeps(w.layers.size());
  for (int i = 0; i < net.layer_count; ++i)
    if (net.layers[i].weights == kind::bits && net.layers[i].reads_bits)
      for (const int j : w.in[static_cast<std::size_t>(i)])
        if (j >= 0) {
          int& q = quantum[static_cast<std::size_t>(w.tied[static_cast<std::size_t>(j)])];
          q = std::max(q, static_cast<int>(round_up(static_cast<std::size_t>(step), 32)));
        }
  for (std::size_t j = 0; j < whole.size(); ++j)
    if (whole[j]) keeps[static_cast<std::size_t>(w.tied[j])] = true;
  std::vector<width_choices> all;
  for (int j = 0; j < w.count(); ++j) {
    const auto at = static_cast<std::size_t>(j), root = static_cast<std::size_t>(w.tied[at]);
    const int full = detail::full_width(net, w, j), root_full = detail::full_width(net, w, w.tied[at]);
    width_choices c;
    c.tied = root == at ? -1 : w.tied[at];
    for (int n = quantum[root]; n < root_full && !keeps[root]; n += quantum[root]) c.widths.push_back(n);
    c.widths.push_back(root_full);
    double sum = 0;
    int counted = 0;
    for (int& n : c.widths) {
      for (; counted < n; ++counted) sum += importance[root][static_cast<std::size_t>(counted)];
      c.value.push_back(root == at ? sum : 0.0);
      n = n * full / root_full;
    }
    all.push_back(std::move(c));
  }
  return all;
}

// What layer i costs with the one before it (knapsack.hpp). `steps` are the ops of the network, lowered or planned.
// Throws where an op's channels depend on layers that neither follow each other nor are tied.
inline layer_cost costs_of_widths(const network_view& net, std::span<const step_desc> steps, op_cost_of cost) {
  const width_layers w = width_layers_of(net);
  std::vector<std::vector<detail::width_op>> ops(w.layers.size());
  std::vector<int> full;
  for (int j = 0; j < w.count(); ++j) full.push_back(detail::full_width(net, w, j));
  const auto sum_of = [&](const channel_runs& runs) {
    int sum = 0;
    for (const int j : runs) sum += j >= 0 ? full[static_cast<std::size_t>(j)] : 0;
    return sum;
  };
  for (const step_desc& s : steps) {
    detail::width_op o;
    o.op = s.op;
    const bool empty = s.layer_first == s.layer_last;
    const auto first = static_cast<std::size_t>(s.layer_first);
    o.in = w.in[first];
    o.out = empty ? w.in[first] : w.out[static_cast<std::size_t>(s.layer_last - 1)];
    if (!empty && net.layers[first].what == layer_kind::residual_begin)  // a shrinking shortcut
      o.out = w.out[static_cast<std::size_t>(net.layers[first].partner)];
    o.in_rest = s.op.geometry.in.c - sum_of(o.in);
    o.out_rest = s.op.geometry.out.c - sum_of(o.out);
    o.depthwise = s.op.geometry.groups > 1 && s.op.geometry.groups == s.op.geometry.in.c;
    const auto has_rest = [](const channel_runs& runs) {
      return std::find(runs.begin(), runs.end(), -1) != runs.end();
    };
    int last = -1;
    for (const channel_runs* runs : {&o.in, &o.out})
      for (const int j : *runs) last = std::max(last, j);
    const auto near = [&](int j) {
      const int root = w.tied[static_cast<std::size_t>(j)];
      return j < 0 || root == w.tied[static_cast<std::size_t>(last)] ||
             (last > 0 && root == w.tied[static_cast<std::size_t>(last - 1)]);
    };
    bool chain =
        o.in_rest >= 0 && o.out_rest >= 0 && (o.in_rest == 0 || has_rest(o.in)) && (o.out_rest == 0 || has_rest(o.out));
    for (const channel_runs* runs : {&o.in, &o.out})
      for (const int j : *runs) chain = chain && (j < 0 || near(j));
    if (!chain)
      throw error("costs_of_widths: the op of layer " + std::to_string(s.layer_first) + " (" +
                  to_string(s.op.signature.what) +
                  ") has channels of layers that neither follow each other nor are tied, expected a chain");
    ops[last < 0 ? 0 : static_cast<std::size_t>(last)].push_back(std::move(o));
  }
  return [w, full, ops = std::make_shared<const std::vector<std::vector<detail::width_op>>>(std::move(ops)),
          cost = std::move(cost)](int i, int u, int width) {
    if (i >= w.count()) return 0.0;
    const auto of = [&](int j) {
      const auto at = static_cast<std::size_t>(j), own = static_cast<std::size_t>(i);
      if (j == i) return width;
      if (w.tied[at] == w.tied[own]) return width * full[at] / full[own];
      return u * full[at] / full[own - 1];
    };
    const auto channels = [&](const channel_runs& runs, int rest) {
      for (const int j : runs) rest += j >= 0 ? of(j) : 0;
      return rest;
    };
    double sum = 0;
    for (const detail::width_op& o : (*ops)[static_cast<std::size_t>(i)]) {
      kernel_op op = o.op;
      op.geometry.in.c = channels(o.in, o.in_rest);
      op.geometry.out.c = channels(o.out, o.out_rest);
      if (o.depthwise) op.geometry.groups = op.geometry.in.c;
      sum += cost(op.signature.what == op_kind::conv ? op : for_active_channels(op));
    }
    return sum;
  };
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
