// what: measures this CPU in two minutes and leaves its latency profile: JSON, constexpr header, report
// needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
// Times some three thousand ops of constant shape as they run in networks, a third of them drawn to cover sizes evenly,
// the others the ops of random networks; fits a linear model tree for each class, and adds what a session costs beside
// its ops, from sixteen more networks, half of them tiny.
#include <sys/resource.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/dispatched.hpp>
#include <offramp/host/fit_latency.hpp>
#include <offramp/host/nonnegative_least_squares.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/profile_header.hpp>
#include <offramp/host/progress.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/latency/measure_networks.hpp"
#include "benchmarks/profile_cpu/measure_ops.hpp"
#include "benchmarks/profile_cpu/networks.hpp"
#include "benchmarks/profile_cpu/page.hpp"
#include "benchmarks/profile_cpu/samples_file.hpp"
#include "benchmarks/profile_cpu/subject.hpp"

using namespace profile_cpu;
using latency_check::network_subject;
using latency_check::network_time;
using offramp::profile_data;

namespace {

// Nanoseconds by which the time of an op may be off without harm: the core runs over both ends of what is timed.
constexpr double negligible_ns = 10;

// Visits to each network; more take memory and say nothing new.
constexpr int network_rounds = 1000;

bench::goals reached;

// What a session takes beside its ops: least squares over networks, relative, of (1, steps, exits).
void put_rest(profile_data& p, const std::vector<network_subject>& networks, const std::vector<network_time>& times,
              const std::vector<double>& ops_ns) {
  Eigen::MatrixXd a(static_cast<Eigen::Index>(networks.size()), 3);
  Eigen::VectorXd b(a.rows());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double whole_ns = times[i].cycles / static_cast<double>(p.gigahertz);
    a(row, 0) = 1 / whole_ns;
    a(row, 1) = static_cast<double>(networks[i].steps.size()) / whole_ns;
    a(row, 2) = networks[i].exits / whole_ns;
    b(row) = (whole_ns - ops_ns[i]) / whole_ns;
  }
  const Eigen::VectorXd x = host::nonnegative_least_squares(a, b);
  p.per_sample = static_cast<float>(x(0));
  p.per_step = static_cast<float>(x(1));
  p.per_exit = static_cast<float>(x(2));
}

// The ratio of measured to predicted time that this share of single runs of unseen networks stays within: what trees
// err by that were fitted without a network's ops (`errors`: measured over predicted sums of these, one for each
// network), times what single runs take of what is typical. Not of tiny networks, which reading the clock disturbs.
double ratio_of_runs(const std::vector<double>& errors, const std::vector<network_subject>& networks,
                     const std::vector<network_time>& times, double share) {
  constexpr std::size_t runs_of_each = 100;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (networks[i].seed >= latency_check::first_tiny_network) continue;
    const std::size_t step = std::max<std::size_t>(1, times[i].runs.size() / runs_of_each);
    for (std::size_t k = 0; k < times[i].runs.size(); k += step)
      for (const double error : errors) ratios.push_back(error * times[i].runs[k] / times[i].cycles);
  }
  return std::max(1.0, quantile(ratios, share));
}

struct choices {
  std::string path;
  std::filesystem::path output = "build/benchmarks/profile";
  double seconds = 90;
  bool quick = false;
};

int run(const choices& chosen) {
  const double begin = now_s();
  const auto at = host::choose_path<paths>(chosen.path);
  const std::string path{host::paths_here<paths>()[at].name};
  std::cout << bench::cpu_name() << "; paths compiled in: " << host::describe_paths<paths>() << "\npath " << path
            << ", " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS OFFRAMP_PROFILE_FLAGS << "\n"
            << counter_name << ": a tick of " << host::fixed(tick_ns(), 3) << " ns, steps of "
            << host::fixed(resolution_ns(), 1) << " ns\n";

  std::vector<op_subject> ops;
  for (const auto part : {binary_convs_0, binary_convs_1, binary_convs_2, binary_convs_3, integer_convs, float_convs,
                          other_convs, small_ops}) {
    const auto more = part(path);
    ops.insert(ops.end(), more.begin(), more.end());
  }
  const std::size_t stratified = ops.size();
  auto groups = group_by_size(ops, 10);
  int drawn = 0;
  std::vector<int> drawn_of(stratified, -1);  // which of the drawn networks an op is of
  const auto take_turns = [&](const std::vector<op_subject>& steps) {
    auto& g = groups.emplace_back();
    for (const op_subject& s : steps) {
      g.push_back(ops.size());
      ops.push_back(s);
      drawn_of.push_back(drawn);
    }
  };
  for (const auto part :
       {network_ops_0,  network_ops_1,  network_ops_2,  network_ops_3,  network_ops_4,  network_ops_5,
        network_ops_6,  network_ops_7,  network_ops_8,  network_ops_9,  network_ops_10, network_ops_11,
        network_ops_12, network_ops_13, network_ops_14, network_ops_15, network_ops_16, network_ops_17,
        network_ops_18, network_ops_19, network_ops_20, network_ops_21})
    for (const auto& steps : part(path)) {
      take_turns(steps);
      ++drawn;
    }
  const std::size_t samples = ops.size();
  auto networks = calibration_networks(path);
  for (network_subject& n : tiny_networks(path)) networks.push_back(std::move(n));
  for (const network_subject& n : networks) take_turns(n.steps);
  std::cout << stratified << " ops in groups of 10, " << samples - stratified << " of " << drawn << " networks, and "
            << networks.size() << " networks with " << ops.size() - samples << " ops\n";

  const double seconds = chosen.quick ? std::min(chosen.seconds, 15.0) : chosen.seconds;
  watched_core core;
  op_timer op_times{ops, groups, core};
  latency_check::network_timer timer{networks, core};
  {
    host::progress shown{std::cerr, "measuring", 100};
    const double start = now_s();
    // On a machine that nobody else uses, everything is known long before.
    const auto done = [&] { return op_times.done() && timer.rounds_done() >= network_rounds; };
    for (double spent = 0; (spent < seconds && !done()) || op_times.rounds_done() < 4; spent = now_s() - start) {
      op_times.round();
      for (int i = 0; i < 2 && timer.rounds_done() < network_rounds; ++i) timer.round();
      shown.update(std::min(99, static_cast<int>(100 * (now_s() - start) / seconds)));
    }
    shown.update(100);
  }
  const measured_ops measured = op_times.result();
  const auto times = timer.times();
  const double clock = measured.gigahertz;
  std::cout << op_times.rounds_done() << " rounds; clock " << host::fixed(clock, 2) << " GHz, control "
            << host::fixed(core.alone(), 3) << "\n";

  std::filesystem::create_directories(chosen.output);
  // Ops that never had the core alone would only mislead; unless most are such.
  const auto up_to = static_cast<std::ptrdiff_t>(samples);
  const auto good = static_cast<std::size_t>(std::count(measured.alone.begin(), measured.alone.begin() + up_to, true));
  const bool all = 2 * good < samples;
  std::vector<op_subject> kept;
  std::vector<double> ns, difference;
  std::vector<int> kept_of;
  for (std::size_t i = 0; i < samples; ++i) {
    if (!all && !measured.alone[i]) continue;
    kept.push_back(ops[i]);
    kept_of.push_back(drawn_of[i]);
    ns.push_back(measured.cycles[i] / clock);
    difference.push_back(measured.difference[i]);
  }
  std::cout << good << " of " << samples << " samples had the core alone" << (all ? "; all are used" : "") << "\n";
  save_samples(chosen.output / (path + "_samples.csv"), kept, ns, difference);
  page_data page;
  for (std::size_t i = 0; i < kept.size(); ++i) page.samples.push_back({kept[i].features, ns[i]});
  page.difference = difference;
  const double before_fit = now_s();
  host::fit_options options;
  options.negligible = negligible_ns;
  options.depth = 6;
  // Where a core was hardly ever alone, classes may be left with few samples: then with smaller leaves.
  std::vector<int> of_class(offramp::op_classes);
  for (const auto& sample : page.samples) ++of_class[static_cast<std::size_t>(sample.features.what)];
  options.least_samples = 16;
  for (const int n : of_class)
    if (n > 0) options.least_samples = std::max(10, std::min(options.least_samples, n / 2));
  options.least_worth = 0.02;
  auto fit = host::fit_and_hold_out(page.samples, options);
  std::cout << "fitted in " << host::fixed(now_s() - before_fit, 1) << " s\n\n";
  page.held_out = fit.held_out;
  profile_data& p = fit.profile;
  std::snprintf(p.name, sizeof p.name, "%s (%s)", bench::cpu_name().c_str(), path.c_str());
  p.unit = offramp::time_unit::nanoseconds;
  p.gigahertz = static_cast<float>(clock);
  p.alone = static_cast<float>(core.alone());
  p.from = offramp::provenance::measured;
  paths::for_each([&]<class P>() {
    if (path != P::name) return;
    p.path_id = P::id;
    p.path_version = P::version;
  });
  {
    std::vector<double> d = page.difference;
    p.repeatability = static_cast<float>(quantile(d, 0.5));
  }
  std::vector<double> ops_ns;
  std::size_t next = samples;
  for (const network_subject& n : networks) {
    double sum = 0;
    for (std::size_t k = 0; k < n.steps.size(); ++k) sum += measured.cycles[next++] / clock;
    ops_ns.push_back(sum);
  }
  put_rest(p, networks, times, ops_ns);
  p.quantile = 0.95f;
  std::vector<double> took(static_cast<std::size_t>(drawn)), guessed(took.size()), errors;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept_of[i] < 0) continue;
    took[static_cast<std::size_t>(kept_of[i])] += ns[i];
    guessed[static_cast<std::size_t>(kept_of[i])] += fit.held_out[i];
  }
  for (std::size_t n = 0; n < took.size(); ++n)
    if (guessed[n] > 0) errors.push_back(took[n] / guessed[n]);
  p.quantile_ratio = static_cast<float>(ratio_of_runs(errors, networks, times, 0.95));

  host::table t{{"network", "ops", "exits", "measured, us", "sum of its ops", "predicted", "error", "repeatability"}};
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const double guess = networks[i].predict(p);
    t.add({networks[i].name(), std::to_string(networks[i].steps.size()), std::to_string(networks[i].exits),
           host::fixed(times[i].cycles / clock / 1000, 2), host::fixed(ops_ns[i] / 1000, 2),
           host::fixed(guess / 1000, 2), host::fixed(100 * (guess * clock / times[i].cycles - 1), 1) + " %",
           host::fixed(100 * times[i].difference, 2) + " %"});
  }
  page.profile = p;
  std::cout << class_table(page) << '\n'
            << t << "\nbeside the ops: " << p.per_sample << " ns a sample, " << p.per_step << " ns a step, "
            << p.per_exit << " ns an exit; " << 100 * p.quantile << " % of runs within " << p.quantile_ratio
            << " times the prediction\n";

  page.machine = bench::cpu_name();
  page.build = std::string{OFFRAMP_COMPILER} + "; " + OFFRAMP_FLAGS OFFRAMP_PROFILE_FLAGS;
  host::save_profile(chosen.output / (path + ".json"), p);
  host::write_file(chosen.output / (path + ".hpp"), host::profile_header(p, path + "_profile", "path::" + path));
  host::write_file(chosen.output / (path + ".html"), html_report(page));
  std::cout << "left in " << chosen.output.string() << ": " << path << ".json, " << path << ".hpp, " << path
            << ".html, " << path << "_samples.csv\n\n";

  // How long a prediction takes.
  double sink = 0;
  const double start = now_s();
  constexpr int rounds = 200;
  for (int i = 0; i < rounds; ++i)
    for (const network_subject& n : networks) sink += n.predict(p);
  std::size_t steps = 0;
  for (const network_subject& n : networks) steps += n.steps.size();
  const double per_op = (now_s() - start) / rounds / static_cast<double>(steps) * 1e6;
  if (sink < 0) return 1;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  if (!chosen.quick) reached.at_most("seconds", now_s() - begin, 120, "s");
  reached.at_most("peak_memory", static_cast<double>(used.ru_maxrss) / 1024, 256, "MB");
  reached.at_most("prediction_of_an_op", per_op, 1, "us");
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  choices chosen;
  CLI::App app{"Measures this CPU and leaves its latency profile"};
  app.add_option("--path", chosen.path, "one of: " + host::describe_paths<paths>());
  app.add_option("--seconds", chosen.seconds, "time of measuring")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--output", chosen.output, "folder")->capture_default_str();
  app.add_flag("--quick", chosen.quick, "15 seconds of measuring, no goal for time");
  CLI11_PARSE(app, argc, argv);
  return run(chosen);
} catch (const std::exception& e) {
  std::cerr << "profile_cpu: " << e.what() << '\n';
  return 1;
}
