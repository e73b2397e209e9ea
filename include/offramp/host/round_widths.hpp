// Widths chosen by predicted time (the steering of FastDeepIoT, Yao et al. 2018, arXiv 1809.06970). Time moves in steps
// of words, vectors and tiles, OPs do not: `round_widths` takes the wider layer where that is predicted no slower,
// `steer_widths` makes a network as large as a deadline allows. The same search under a budget of OPs is what to
// compare with.
#ifndef OFFRAMP_HOST_ROUND_WIDTHS_HPP
#define OFFRAMP_HOST_ROUND_WIDTHS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/network_widths.hpp>
#include <offramp/host/predicted_network.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What makes a network large.
enum class size_measure : std::uint8_t {
  log_widths,  // sum over layers of the logarithm of their channels: no layer is starved for another
  ops,
};

struct width_options {
  int quantum = 8;      // widths tried are multiples of it (and of what groups ask for)
  int reach = 64;       // round_widths: up to the next multiple of it, the largest step of a kernel
  double least = 0.25;  // steer_widths: between so many times the width now
  double most = 4;      // and so many
  size_measure size = size_measure::log_widths;
  kind rest = kind::i8;  // as lower<Net, Rest, Stream>
  kind stream = kind::none;
};

struct chosen_widths {
  std::vector<width_variable> variables;
  std::vector<int> widths;  // one for each variable
  sized_network network;    // with these widths
  double time = 0;          // predicted, every exit declined; counts of the profile's unit
  double time_before = 0;   // of the network as it was
  std::int64_t ops = 0;
  std::int64_t ops_before = 0;
};

namespace detail {

struct judged_widths {
  double time = 0;
  std::int64_t ops = 0;
};

// Predicts networks that differ in widths.
template <class Path>
class width_judge {
 public:
  width_judge(const network_view& net, const profile_data& profile, const width_options& o, const std::string& who)
      : net_{net}, profile_{profile}, options_{o}, variables_{find_widths(net)} {
    if (o.quantum < 1 || o.reach < 1)
      throw error(who + ": found quantum = " + std::to_string(o.quantum) + " and reach = " + std::to_string(o.reach) +
                  ", expected at least 1");
    if (!(o.least > 0) || !(o.least <= 1) || !(o.most >= 1) || !(o.most < 1e6))
      throw error(who + ": found least = " + std::to_string(o.least) + " and most = " + std::to_string(o.most) +
                  ", expected 0 < least <= 1 <= most");
    expect_profile<Path>(profile, who);
    const network_prediction now = predict(net);
    if (!now.known) throw error(who + ": the profile \"" + name_of(profile) + "\" lacks " + missing());
    now_ = {now.to_exit.back(), now.ops};
  }

  [[nodiscard]] const std::vector<width_variable>& variables() const { return variables_; }
  [[nodiscard]] judged_widths now() const { return now_; }
  [[nodiscard]] judged_widths operator()(const std::vector<int>& widths) const {
    const sized_network s = with_widths(net_, variables_, widths);
    const network_prediction p = predict(s.view());
    return {p.to_exit.back(), p.ops};
  }
  [[nodiscard]] chosen_widths chosen(std::vector<int> widths) const {
    chosen_widths c;
    c.network = with_widths(net_, variables_, widths);
    const network_prediction p = predict(c.network.view());
    c.variables = variables_;
    c.widths = std::move(widths);
    c.time = p.to_exit.back(), c.ops = p.ops;
    c.time_before = now_.time, c.ops_before = now_.ops;
    return c;
  }
  // Between widths that may be chosen.
  [[nodiscard]] int step(std::size_t v) const { return std::lcm(variables_[v].step, options_.quantum); }

 private:
  [[nodiscard]] network_prediction predict(const network_view& net) const {
    return predict_steps<Path>(planned_steps<Path>(net, options_.rest, options_.stream), net.exit_count, profile_);
  }
  // The first class of op that was not measured.
  [[nodiscard]] std::string missing() const {
    for (const step_desc& s : planned_steps<Path>(net_, options_.rest, options_.stream)) {
      const op_class c = class_of(s.op.signature);
      if (profile_.classes[static_cast<int>(c)].root == class_profile::not_measured) return to_string(c);
    }
    return "an op";
  }

  network_view net_;
  const profile_data& profile_;
  width_options options_;
  std::vector<width_variable> variables_;
  judged_widths now_;
};

// Times closer than this are equal.
inline bool no_slower(double a, double b) { return a <= b * (1 + 1e-9); }

inline double size_of(const std::vector<width_variable>& variables, const std::vector<int>& widths,
                      const judged_widths& j, size_measure how) {
  if (how == size_measure::ops) return static_cast<double>(j.ops);
  double sum = 0;
  for (std::size_t v = 0; v < widths.size(); ++v)
    for (const int f : variables[v].factors) sum += std::log(static_cast<double>(f) * widths[v]);
  return sum;
}

// The largest network whose cost is within the budget: from the cheapest one up, always the step that gives most size
// for its cost (a step may be several quanta wide, over a stair); then pairs, one wider and one narrower, as long as
// that makes it larger.
template <class Path, class Cost>
std::vector<int> fill_budget(const width_judge<Path>& judge, const width_options& o, double budget, Cost cost_of,
                             const std::string& who, const std::string& unit) {
  const std::vector<width_variable>& variables = judge.variables();
  std::vector<int> lowest, highest;
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const int step = judge.step(v);
    const auto up = [&](double w) { return std::max(1, static_cast<int>(std::ceil(w / step))) * step; };
    lowest.push_back(up(o.least * variables[v].width));
    highest.push_back(std::max(lowest[v], static_cast<int>(o.most * variables[v].width) / step * step));
  }
  std::vector<int> widths = lowest;
  constexpr int farthest = 8;  // quanta of one step: a stair of 64 channels in eights
  judged_widths now = judge(widths);
  // The narrowest layer need not be the cheapest.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t v = 0; v < widths.size(); ++v)
      for (int quanta = farthest; quanta > 0; --quanta) {
        std::vector<int> w = widths;
        w[v] += quanta * judge.step(v);
        if (w[v] > highest[v]) continue;
        const judged_widths j = judge(w);
        if (no_slower(cost_of(now), cost_of(j))) continue;
        widths = std::move(w), now = j, changed = true;
      }
  }
  if (cost_of(now) > budget)
    throw error(who + ": found a budget of " + std::to_string(budget) + " " + unit +
                ", but the narrowest network takes " + std::to_string(cost_of(now)) +
                ": allow narrower layers (width_options::least) or cut it shorter");
  const auto size = [&](const std::vector<int>& w, const judged_widths& j) { return size_of(variables, w, j, o.size); };
  const auto grow = [&] {
    for (;;) {
      double best = 0;
      std::vector<int> to;
      judged_widths to_judged;
      for (std::size_t v = 0; v < widths.size(); ++v)
        for (int quanta = 1; quanta <= farthest; ++quanta) {
          std::vector<int> w = widths;
          w[v] += quanta * judge.step(v);
          if (w[v] > highest[v]) break;
          const judged_widths j = judge(w);
          if (cost_of(j) > budget) continue;
          const double gain = size(w, j) - size(widths, now);
          const double price = std::max(cost_of(j) - cost_of(now), 1e-9 * budget);
          if (gain / price > best) best = gain / price, to = std::move(w), to_judged = j;
        }
      if (to.empty()) return;
      widths = std::move(to);
      now = to_judged;
    }
  };
  const auto exchange = [&] {
    for (std::size_t a = 0; a < widths.size(); ++a)
      for (std::size_t b = 0; b < widths.size(); ++b)
        for (int up = 1; up <= farthest && a != b; ++up)
          for (int down = 1; down <= farthest; ++down) {
            std::vector<int> w = widths;
            w[a] += up * judge.step(a);
            w[b] -= down * judge.step(b);
            if (w[a] > highest[a] || w[b] < lowest[b]) break;
            const judged_widths j = judge(w);
            if (cost_of(j) > budget || !(size(w, j) > size(widths, now) * (1 + 1e-12))) continue;
            widths = std::move(w);
            now = j;
            return true;
          }
    return false;
  };
  grow();
  for (int round = 0; round < 64 && exchange(); ++round) grow();
  return widths;
}

}  // namespace detail

// Rounds widths up where that costs nothing: layer by layer, the fastest of the wider widths up to the next multiple of
// `reach`, the widest of equals, if it is predicted no slower than the width now; over and over until nothing changes.
// No layer gets narrower, and the network no slower. Throws where the profile does not fit Path or lacks an op.
template <class Path>
chosen_widths round_widths(const network_view& net, const profile_data& profile, const width_options& options = {}) {
  const detail::width_judge<Path> judge{net, profile, options, "round_widths"};
  std::vector<int> widths = widths_now(judge.variables());
  std::vector<int> highest;
  for (const int w : widths) highest.push_back((w + options.reach - 1) / options.reach * options.reach);
  double now = judge.now().time;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t v = 0; v < widths.size(); ++v) {
      const int step = judge.step(v);
      std::vector<int> best = widths;
      double best_time = now;
      for (int w = (widths[v] / step + 1) * step; w <= highest[v]; w += step) {
        std::vector<int> wider = widths;
        wider[v] = w;
        const double time = judge(wider).time;
        if (detail::no_slower(time, best_time)) best = std::move(wider), best_time = std::min(time, best_time);
      }
      if (best == widths) continue;
      changed = true;
      widths = std::move(best);
      now = best_time;
    }
  }
  return judge.chosen(std::move(widths));
}

// The largest network (options.size) that is predicted to take at most `deadline` counts of the profile's unit, every
// exit declined. Throws as round_widths does, and where even the narrowest takes longer.
template <class Path>
chosen_widths steer_widths(const network_view& net, const profile_data& profile, double deadline,
                           const width_options& options = {}) {
  const detail::width_judge<Path> judge{net, profile, options, "steer_widths"};
  return judge.chosen(detail::fill_budget(
      judge, options, deadline, [](const detail::judged_widths& j) { return j.time; }, "steer_widths",
      "of the profile's unit"));
}

// The same within a budget of OPs; the profile only says what that takes.
template <class Path>
chosen_widths steer_widths_by_ops(const network_view& net, const profile_data& profile, double ops,
                                  const width_options& options = {}) {
  const detail::width_judge<Path> judge{net, profile, options, "steer_widths_by_ops"};
  return judge.chosen(detail::fill_budget(
      judge, options, ops, [](const detail::judged_widths& j) { return static_cast<double>(j.ops); },
      "steer_widths_by_ops", "OPs"));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
