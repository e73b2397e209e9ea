// What every op of a network takes on this machine: run through all its exits again and again with a recorder
// (timing/recorder.hpp), then shown as a table and as a picture, with the share of the whole and the operations per
// count of the clock.
#ifndef OFFRAMP_HOST_OP_PROFILE_HPP
#define OFFRAMP_HOST_OP_PROFILE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/exits/recorded.hpp>
#include <offramp/host/cost_table.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/table.hpp>
#include <offramp/timing/clocks/steady.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Times in counts of `unit`, the clock's own cost taken off.
struct op_profile {
  struct row {
    std::string name;
    int exit = 0;  // the first exit that needs this op
    bool head = false;
    shape output{};
    std::int64_t ops = 0;  // MACs + binary MACs / 64
    double median = 0, deviation = 0, minimum = 0;
  };
  std::string path;
  time_unit unit = time_unit::nanoseconds;
  int runs = 0;
  std::vector<row> rows;  // as they run

  [[nodiscard]] double total() const {
    double sum = 0;
    for (const row& r : rows) sum += r.median;
    return sum;
  }
  [[nodiscard]] std::int64_t total_ops() const {
    std::int64_t sum = 0;
    for (const row& r : rows) sum += r.ops;
    return sum;
  }
};

// `runs` runs through all exits, after some that warm up, on `inputs` in turn: [n][input_size]. The last 199 times of
// each op count. Throws where there is no whole input, or the clock does not advance.
template <clock_source Clock = steady_clock, class Lowered, class Path, class Criterion, class Reuse>
op_profile profile_ops(const bound_weights<Lowered, Path, Criterion, Reuse>& weights,
                       std::span<const typename session<Lowered, Path, Criterion, Reuse>::input_element> inputs,
                       int runs = 199) {
  using recorder_t = recorder_for<Lowered, Path, Clock, 199>;
  using session_t = session<Lowered, Path, Criterion, Reuse, recorder_t>;
  constexpr std::size_t size = session_t::input_size;
  if (inputs.empty() || inputs.size() % size != 0)
    throw error("profile_ops: found inputs of " + std::to_string(inputs.size()) +
                " elements together, expected a multiple of " + std::to_string(size));
  if (runs < 1) throw error("profile_ops: found runs = " + std::to_string(runs) + ", expected 1 or more");
  const auto times = std::make_unique<recorder_t>();
  const auto memory = std::make_unique<arena<Lowered, Path>>();
  session_t net{weights, *memory, *times};
  const std::size_t count = inputs.size() / size;
  const auto run = [&](int i) {
    net.begin(checked_input<session_t>(inputs.subspan(static_cast<std::size_t>(i) % count * size, size)));
    while (net.step()) {}
  };
  if (const clock_status s = times->start(); s != clock_status::ok)
    throw error(std::string{"profile_ops: the clock is "} + to_string(s));
  for (int i = 0; i < 10; ++i) run(i);
  times->clear();
  for (int i = 0; i < runs; ++i) run(i);

  op_profile p;
  p.path = Path::name;
  p.unit = Clock::unit;
  p.runs = runs;
  using plan = planned<Lowered, Path>;
  for (int i = 0; i < plan::steps; ++i) {
    const step_desc& s = plan::program.steps[i];
    const auto t = times->times(i);
    p.rows.push_back({op_name(s), s.exit, s.head, s.op.geometry.out, s.cost.ops(), static_cast<double>(t.median),
                      static_cast<double>(t.deviation), static_cast<double>(t.minimum)});
  }
  return p;
}

namespace detail {

inline std::string unit_sign(time_unit u) { return u == time_unit::nanoseconds ? "ns" : to_string(u); }
inline std::string one_unit(time_unit u) {
  std::string name = unit_sign(u);
  if (u != time_unit::nanoseconds) name.pop_back();
  return name;
}

}  // namespace detail

// One row for each op, and their sum.
inline table op_table(const op_profile& p) {
  const std::string unit = detail::unit_sign(p.unit);
  table t({"op", "exit", "output", "median " + unit, "MAD", "share", "OPs", "OPs/" + detail::one_unit(p.unit)});
  const double total = p.total();
  const auto row = [&](const std::string& name, const std::string& exit, const std::string& out, double time,
                       const std::string& deviation, std::int64_t ops) {
    t.add({name, exit, out, grouped(std::llround(time)), deviation,
           total > 0 ? fixed(100 * time / total, 1) + " %" : "-", grouped(ops),
           time > 0 && ops > 0 ? fixed(static_cast<double>(ops) / time, 2) : "-"});
  };
  for (const op_profile::row& r : p.rows)
    row(r.name, std::to_string(r.exit + 1) + (r.head ? " head" : ""), shape_name(r.output), r.median,
        grouped(std::llround(r.deviation)), r.ops);
  row("all ops", "", "", total, "", p.total_ops());
  return t;
}

// A bar for each op, as it runs, with its share of the whole. To be drawn by host/plot.hpp.
inline bar_plot op_plot(const op_profile& p, const std::string& title) {
  const double total = p.total();
  const bool micro = p.unit == time_unit::nanoseconds && total >= 10'000;
  bar_plot plot;
  plot.title = title;
  plot.value.label = "median time (" + (micro ? std::string{"us"} : detail::unit_sign(p.unit)) + ")";
  plot.horizontal = true;
  plot.series.push_back({"", {}, {}});
  for (std::size_t i = 0; i < p.rows.size(); ++i) {
    const op_profile::row& r = p.rows[i];
    plot.categories.push_back(std::to_string(i + 1) + " " + r.name +
                              (r.head ? ", head " + std::to_string(r.exit + 1) : ""));
    plot.series[0].values.push_back(micro ? r.median / 1000 : r.median);
    plot.series[0].labels.push_back(total > 0 ? fixed(100 * r.median / total, 1) + " %" : "");
  }
  return plot;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
