// what: the latency model on 48 random networks that it never saw: predicted against measured, end to end
// needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
// Reads the profile and the samples that profile_cpu left (--profile). Networks are drawn at compile time, of 2 to 14
// layers in floats, int8, signs or a mixture; each is timed through its session in many passes, and so is every op in
// it. Beside the model stands one in proportion to OPs, fitted to the same ops.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <offramp/host/dispatched.hpp>
#include <offramp/host/fit_latency.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/progress.hpp>
#include <offramp/host/table.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/latency/measure_networks.hpp"
#include "benchmarks/latency/networks.hpp"
#include "benchmarks/profile_cpu/samples_file.hpp"

using namespace latency_check;
namespace host = offramp::host;

namespace {

bench::goals reached;

struct quality {
  double mape = 0, within_10 = 0, bias = 0;
};
quality quality_of(const std::vector<double>& ratio) {
  quality q;
  const auto n = static_cast<double>(ratio.size());
  for (const double r : ratio) {
    q.mape += 100 * std::fabs(r - 1) / n;
    q.bias += 100 * (r - 1) / n;
    q.within_10 += std::fabs(r - 1) <= 0.1 ? 100 / n : 0;
  }
  return q;
}

std::string percent(double v) { return host::fixed(v, 1) + " %"; }

struct choices {
  std::string path;
  std::filesystem::path profile = "build/benchmarks/profile", output = "build/benchmarks/latency";
  double seconds = 60;
};

int run(const choices& chosen) {
  const auto at = host::choose_path<profile_cpu::paths>(chosen.path);
  const std::string path{host::paths_here<profile_cpu::paths>()[at].name};
  const auto profile = host::load_profile(chosen.profile / (path + ".json"));
  profile_cpu::paths::for_each([&]<class P>() {
    if (path == P::name) static_cast<void>(host::profile_for<P>(profile));  // throws where it does not fit
  });
  const auto samples = profile_cpu::load_samples(chosen.profile / (path + "_samples.csv"));
  const auto proportional = host::fit_proportional(samples);
  const auto per_class = host::fit_proportional(samples, true);

  std::vector<network_subject> networks;
  for (const auto part :
       {networks_0, networks_1, networks_2, networks_3, networks_4, networks_5, networks_6, networks_7}) {
    const auto more = part(path);
    networks.insert(networks.end(), more.begin(), more.end());
  }
  std::cout << profile.name << ", " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS OFFRAMP_PROFILE_FLAGS
            << "\nprofile: " << profile.samples << " ops, repeatability " << percent(100.0 * profile.repeatability)
            << "; " << networks.size() << " networks that it never saw\n\n";
  profile_cpu::watched_core core{static_cast<double>(profile.alone)};
  network_timer timer{networks, core};
  {
    host::progress shown{std::cerr, "measuring", 100};
    const double start = profile_cpu::now_s();
    for (double spent = 0; spent < chosen.seconds || timer.rounds_done() < 4; spent = profile_cpu::now_s() - start) {
      timer.round();
      shown.update(std::min(100, static_cast<int>(100 * (profile_cpu::now_s() - start) / chosen.seconds)));
    }
  }
  const auto times = timer.times();
  // Times are those of the clock that the profile is of.
  const auto ns_of = [&](double cycles) { return cycles / static_cast<double>(profile.gigahertz); };
  std::size_t counted = 0, set_aside = 0, in_company = 0;
  std::vector<double> clock;
  for (const network_time& n : times) {
    counted += n.runs.size();
    set_aside += n.set_aside;
    in_company += n.alone ? 0 : 1;
    clock.push_back(n.gigahertz);
  }
  std::cout << "every network visited " << timer.rounds_done() << " times with the core alone: " << counted << " runs, "
            << set_aside << " set aside, " << in_company << " networks never had it alone; clock "
            << host::fixed(profile_cpu::quantile(clock, 0.5), 2) << " GHz, that of the profile "
            << host::fixed(static_cast<double>(profile.gigahertz), 2) << "; control " << host::fixed(core.alone(), 3)
            << ", when profiled " << host::fixed(static_cast<double>(profile.alone), 3) << "\n\n";

  host::table t{{"network", "input", "layers", "residuals", "exits", "ops", "kOPs", "measured, us", "repeatability",
                 "predicted, us", "error", "by OPs", "by OPs of classes"}};
  std::vector<double> ratio, ratio_ops, ratio_classes, repeat;
  host::curve_plot scatter{"", {"measured, us"}, {"predicted, us"}, {}};
  scatter.x.logarithmic = scatter.y.logarithmic = true;
  for (int k = 0; k < 4; ++k) {
    host::curve c{to_string(static_cast<style>(k)), {}, {}};
    c.line = false;
    scatter.curves.push_back(c);
  }
  host::curve by_ops{"in proportion to OPs", {}, {}};
  by_ops.line = false;
  double least = 1e300, most = 0;
  struct of_class {
    double share = 0, predicted = 0, absolute = 0;
    int count = 0;
  };
  std::vector<of_class> classes(offramp::op_classes);
  double all_ops = 0, sums = 0;
  std::ostringstream residuals;  // of every op in every network
  residuals << "network,measured_whole," << profile_cpu::samples_head() << ",predicted\n";
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const network_subject& n = networks[i];
    const double took = ns_of(times[i].cycles);
    const double guess = n.predict(profile), by = n.predict(proportional), by_class = n.predict(per_class);
    ratio.push_back(guess / took);
    ratio_ops.push_back(by / took);
    ratio_classes.push_back(by_class / took);
    repeat.push_back(times[i].difference);
    const auto us = [](double v) { return host::fixed(v / 1000, 2); };
    t.add({n.name(), n.input(), std::to_string(n.layers), std::to_string(n.residuals), std::to_string(n.exits),
           std::to_string(n.steps.size()), host::fixed(n.work() / 1000, 1), us(took),
           host::fixed(100 * times[i].difference, 2) + " %", us(guess), percent(100 * (ratio.back() - 1)),
           percent(100 * (ratio_ops.back() - 1)), percent(100 * (ratio_classes.back() - 1))});
    auto& c = scatter.curves[static_cast<std::size_t>(n.of)];
    c.x.push_back(took / 1000);
    c.y.push_back(guess / 1000);
    by_ops.x.push_back(took / 1000);
    by_ops.y.push_back(by / 1000);
    least = std::min(least, took / 1000);
    most = std::max(most, took / 1000);
    double sum = 0;
    for (std::size_t k = 0; k < n.steps.size(); ++k) {
      of_class& to = classes[static_cast<std::size_t>(n.steps[k].features.what)];
      const double measured = ns_of(times[i].step_cycles[k]),
                   predicted = offramp::op_latency(profile, n.steps[k].features);
      residuals << n.name() << ',' << took << ',' << profile_cpu::sample_text(n.steps[k].op, n.steps[k].features) << ','
                << measured << ",0," << predicted << '\n';
      to.share += measured;
      to.predicted += predicted;
      to.absolute += std::fabs(predicted - measured);
      ++to.count;
      all_ops += measured;
      sum += measured;
    }
    sums += sum / took / static_cast<double>(networks.size());
  }
  std::cout << t << '\n';

  host::table by{{"class", "ops in networks", "of their time", "bias", "mean error, by time"}};
  for (int c = 0; c < offramp::op_classes; ++c) {
    const of_class& o = classes[static_cast<std::size_t>(c)];
    if (o.count == 0) continue;
    by.add({to_string(static_cast<offramp::op_class>(c)), std::to_string(o.count), percent(100 * o.share / all_ops),
            percent(100 * (o.predicted / o.share - 1)), percent(100 * o.absolute / o.share)});
  }
  std::cout << by << "\nops as timed inside the networks are " << percent(100 * sums) << " of their time\n";

  std::filesystem::create_directories(chosen.output);
  host::curve line{"equal", {least, most}, {least, most}};
  line.points = false;
  line.drawn = host::curve_look::reference;
  scatter.curves.push_back(by_ops);
  scatter.curves.push_back(line);
  scatter.title = "48 networks that the model never saw, on " + path;
  scatter.width = 860;
  scatter.height = 560;
  host::save_plot(scatter, chosen.output / "latency.svg");
  host::write_file(chosen.output / "residuals.csv", residuals.str());
  std::cout << "picture: " << (chosen.output / "latency.svg").string() << "; every op: residuals.csv\n\n";

  const quality q = quality_of(ratio), p = quality_of(ratio_ops), pc = quality_of(ratio_classes);
  const double repeatability = 100 * profile_cpu::quantile(repeat, 0.5);
  std::cout << "model: MAPE " << percent(q.mape) << ", bias " << percent(q.bias) << "; in proportion to OPs: MAPE "
            << percent(p.mape) << ", to those of each class: " << percent(pc.mape)
            << "; repeatability of the networks' times " << host::fixed(repeatability, 2) << " %\n\n";
  reached.at_most("mape", q.mape, std::max(5.0, 2 * repeatability), "%");
  reached.at_least("networks_within_10_percent", q.within_10, 95, "%");
  reached.at_most("mape_over_that_of_ops", 100 * q.mape / p.mape, 100.0 / 3, "%");
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  choices chosen;
  CLI::App app{"Predicted against measured times of networks that the profile never saw"};
  app.add_option("--path", chosen.path, "one of: " + host::describe_paths<profile_cpu::paths>());
  app.add_option("--profile", chosen.profile, "folder that profile_cpu wrote")->capture_default_str();
  app.add_option("--seconds", chosen.seconds, "time of measuring")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--output", chosen.output, "folder")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(chosen);
} catch (const std::exception& e) {
  std::cerr << "latency: " << e.what() << '\n';
  return 1;
}
