// A network known only at run time, lowered and planned for a path as the compiler does it for types, and what a
// profile predicts for it. For searches over widths and cuts: no network is compiled to be judged.
#ifndef OFFRAMP_HOST_PREDICTED_NETWORK_HPP
#define OFFRAMP_HOST_PREDICTED_NETWORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/latency/predict.hpp>
#include <offramp/net/description.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// A vector that is indexed as an array is: code written for arrays takes either.
template <class T>
struct row {
  std::vector<T> values;
  T& operator[](int i) { return values[static_cast<std::size_t>(i)]; }
  const T& operator[](int i) const { return values[static_cast<std::size_t>(i)]; }
};

// net/program.hpp with as much room as the network needs.
struct growing_program {
  row<step_desc> steps;
  int step_count = 0;
  row<tensor_desc> tensors;
  int tensor_count = 0;
  int groups = 0;
  row<int> exit_first, head_first, logits;
  int exit_count = 0;
  int classes = 0;
};

inline constexpr int most_branches = 256;  // of one concat

inline growing_program lower_at_run_time(const network_view& net, kind rest, kind stream) {
  if (net.exit_count < 1) throw error("predict: the network has no exit, expected at least one");
  int branches = 0;
  for (int i = 0; i < net.layer_count; ++i) branches += net.layers[i].what == layer_kind::branch_begin ? 1 : 0;
  if (branches > most_branches)
    throw error("predict: the network has " + std::to_string(branches) + " branches, expected at most " +
                std::to_string(most_branches));
  offramp::detail::lowering<growing_program, most_branches> l;
  l.net = net;
  l.rest = rest;
  l.stream = stream;
  const auto room = static_cast<std::size_t>(4 * net.layer_count + 1);
  const auto exits = static_cast<std::size_t>(net.exit_count);
  l.p.steps.values.resize(room);
  l.p.tensors.values.resize(room);
  l.p.exit_first.values.resize(exits + 1);
  l.p.head_first.values.resize(exits);
  l.p.logits.values.resize(exits);
  l.lower_all();
  return std::move(l.p);
}

}  // namespace detail

// The steps of `net` on Path: those of planned<lower<Net, rest, stream>, Path>, without places in memory. `stream`
// none: i16, or f32 where `rest` is.
template <class Path>
std::vector<step_desc> planned_steps(const network_view& net, kind rest = kind::i8, kind stream = kind::none) {
  if (rest != kind::i8 && rest != kind::f32)
    throw error("predict: found rest = " + std::string{to_string(rest)} + ", expected i8 or f32");
  if (stream == kind::none) stream = rest == kind::f32 ? kind::f32 : kind::i16;
  detail::growing_program p = offramp::detail::agree_on_layouts<Path>(detail::lower_at_run_time(net, rest, stream));
  std::vector<step_desc> steps = std::move(p.steps.values);
  steps.resize(static_cast<std::size_t>(p.step_count));
  for (step_desc& s : steps) {
    s.weight_words = kernels::weight_words<Path>(s.op);
    s.cost = kernels::cost(s.op, s.weight_words);
  }
  return steps;
}

// Counts of the profile's unit, as in latency_prediction.
struct network_prediction {
  std::vector<double> to_exit;
  double longest_path = 0;
  bool known = true;
  bool extrapolated = false;
  std::vector<double> steps;  // of each op, going to it included
  std::int64_t ops = 0;       // OPs of the longest path
};

inline std::string name_of(const profile_data& p) {
  return {p.name, std::find(std::begin(p.name), std::end(p.name), '\0')};
}

// Throws where the profile is not one of Path's.
template <class Path>
void expect_profile(const profile_data& p, const std::string& who) {
  const profile_status s = check_profile<Path>(p);
  if (s == profile_status::ok) return;
  std::string why = to_string(s);
  if (s == profile_status::wrong_path)
    why += ": it is of path " + std::to_string(p.path_id) + ", expected " + std::to_string(Path::id) + " (" +
           Path::name + ")";
  if (s == profile_status::wrong_version)
    why += ": it is of version " + std::to_string(p.path_version) + " of " + Path::name + ", expected " +
           std::to_string(Path::version);
  if (s == profile_status::wrong_features)
    why += ": it was fitted on features of version " + std::to_string(p.features) + ", expected " +
           std::to_string(features_version);
  throw error(who + ": the profile \"" + name_of(p) + "\" cannot be used: " + why);
}

// Of steps planned for Path.
template <class Path>
network_prediction predict_steps(const std::vector<step_desc>& steps, int exits, const profile_data& p) {
  network_prediction r;
  r.to_exit.resize(static_cast<std::size_t>(exits), static_cast<double>(p.per_sample));
  double sum = static_cast<double>(p.per_sample);
  std::size_t next = 0;
  op_cost cost;
  for (int k = 0; k < exits; ++k) {
    for (; next < steps.size() && steps[next].exit == k; ++next) {
      const op_features f = features<Path>(steps[next]);
      const class_profile& c = p.classes[static_cast<int>(f.what)];
      r.steps.push_back(op_latency(p, f) + static_cast<double>(p.per_step));
      sum += r.steps.back();
      cost = cost + steps[next].cost;
      r.known = r.known && c.root != class_profile::not_measured;
      r.extrapolated = r.extrapolated || f.get(regressor::work) > static_cast<double>(c.largest_work);
    }
    sum += static_cast<double>(p.per_exit);
    r.to_exit[static_cast<std::size_t>(k)] = sum;
  }
  r.longest_path = sum * static_cast<double>(p.quantile_ratio);
  r.ops = cost.ops();
  return r;
}

// What latency<lower<Net, rest, stream>>(cpu) says, for a network that need not be a type. Throws where the profile
// does not fit Path, and on a network without exits.
template <class Path>
network_prediction predict_network(const network_view& net, const profile_data& profile, kind rest = kind::i8,
                                   kind stream = kind::none) {
  expect_profile<Path>(profile, "predict");
  return predict_steps<Path>(planned_steps<Path>(net, rest, stream), net.exit_count, profile);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
