// what: mean time of an early-exit stream, and its longest path: predicted from a profile and exit rates, then measured
// needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
// Two networks: the shipped one with the thresholds stored in it, and a residual one with random weights. How many
// images leave at each exit is counted on validation images; times are those of the test images, one by one. The cost
// to each exit is predicted from the profile of this CPU (profile_cpu leaves it) and, for comparison, measured once.
// The longest path is timed in 10,000 runs that no exit ends. Runs count where the core was alone, in cycles of its
// clock; every round runs a copy of the network in memory of its own (profile_cpu/drawn_places.hpp).
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host.hpp>
#include <offramp/host/op_profile.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/latency/predict.hpp>
#include <offramp/model/self_test.hpp>
#include <offramp/paths/native.hpp>
#include <offramp/paths/x86.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/profiled_path.hpp"
#include "benchmarks/stream/timed_stream.hpp"
#include "benchmarks/stream/unpacked.hpp"
#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using here = bench::profiled_path;
#ifndef OFFRAMP_PROFILE_FLAGS
#define OFFRAMP_PROFILE_FLAGS ""
#endif

namespace {

template <int Channels>
using block = residual<relu, conv2d<Channels, 3>, batch_norm, relu, conv2d<Channels, 3>, batch_norm>;
using residual_net =
    network<image<28, 28, 1, u8>, stage<conv2d<16, 3, stride{2}>, batch_norm, block<16>, block<16>>,
            exit_head<10, avg_pool<7>>, stage<relu, conv2d<32, 3, stride{2}>, batch_norm, block<32>, block<32>>,
            exit_head<10, avg_pool<7>>, stage<relu, conv2d<64, 3, stride{2}>, batch_norm, block<64>, block<64>>,
            exit_head<10, avg_pool<4>>>;

constexpr std::int32_t always_q16 = -never_q16;
constexpr double patience_s = 0.05;  // of waiting for the core to be alone

bench::goals reached;

struct settings {
  std::string profile = std::string{"build/benchmarks/profile/"} + here::name + ".json";
  std::filesystem::path output = "build/benchmarks/stream";
  int rounds = 15, runs = 10000;
  double seconds = 60;
};

std::string percent(double share, int decimals = 1) { return host::fixed(100 * share, decimals) + " %"; }
std::string us(double ns) { return host::fixed(ns / 1000, 2); }

std::vector<double> shares(const host::exit_outputs& o, const std::vector<std::int32_t>& thresholds) {
  std::vector<double> s;
  for (const int left : host::evaluate_thresholds(o, thresholds).left) s.push_back(left / double(o.count()));
  return s;
}

double mean_of(const std::vector<double>& to_exit, const std::vector<double>& leaving) {
  double sum = 0;
  for (std::size_t k = 0; k < leaving.size(); ++k) sum += leaving[k] * to_exit[k];
  return sum;
}

// So that of these images `leaving[k]` of those that get to exit k leave there.
std::vector<std::int32_t> thresholds_for(const host::exit_outputs& o, const std::vector<double>& leaving) {
  std::vector<std::int32_t> thresholds(static_cast<std::size_t>(o.exits()), always_q16);
  std::vector<std::size_t> left(o.truth.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  for (std::size_t k = 0; k < leaving.size(); ++k) {
    std::vector<std::int32_t> scores;
    for (const std::size_t i : left) scores.push_back(o.score_q16[k][i]);
    if (scores.empty()) break;
    thresholds[k] = host::quantile(scores, 1 - leaving[k]);
    std::erase_if(left, [&](std::size_t i) { return o.score_q16[k][i] >= thresholds[k]; });
  }
  return thresholds;
}

// How single runs spread, and the predicted limit unless that is 0; runs above the picture's end are counted in its
// last column.
void draw(const std::string& name, const std::vector<double>& ns, double limit, double share,
          const std::filesystem::path& file) {
  const double low = 0.98 * *std::min_element(ns.begin(), ns.end());
  const double high = 1.1 * std::max(limit, host::quantile(ns, 0.95));
  constexpr int columns = 80;
  const double width = (high - low) / columns;
  host::curve runs{"runs", {}, {}};
  for (int c = 0; c < columns; ++c) runs.x.push_back((low + (c + 0.5) * width) / 1000), runs.y.push_back(0);
  for (const double t : ns)
    runs.y[static_cast<std::size_t>(std::clamp((t - low) / width, 0.0, columns - 1.0))] +=
        100 / static_cast<double>(ns.size());
  runs.drawn = host::curve_look::boxes;
  host::curve_plot plot{"The longest path of " + name + ", " + std::to_string(ns.size()) + " runs on " + here::name,
                        {.label = "us", .low = low / 1000, .high = high / 1000},
                        {.label = "share of runs [%]", .low = 0},
                        {runs}};
  if (limit > 0) {
    const double top = *std::max_element(runs.y.begin(), runs.y.end());
    plot.curves.push_back(
        {"predicted: " + percent(share, 0) + " of runs within", {limit / 1000, limit / 1000}, {0, top}});
    plot.curves.back().points = false;
  }
  host::save_plot(plot, file);
}

// Where the profile errs: ops as timed inside the network, class by class.
template <class Lowered>
void print_classes(const host::op_profile& ops, const profile_data& profile) {
  struct sums {
    int count = 0;
    double measured = 0, predicted = 0;
  };
  std::vector<sums> classes(op_classes);
  for (int i = 0; i < planned<Lowered, here>::steps; ++i) {
    const op_features f = features<here>(planned<Lowered, here>::program.steps[i]);
    sums& c = classes[static_cast<std::size_t>(f.what)];
    ++c.count;
    c.measured += ops.rows[static_cast<std::size_t>(i)].median;
    c.predicted += op_latency(profile, f);
  }
  host::table t({"ops of class", "count", "inside us", "predicted us", "error"});
  for (int k = 0; k < op_classes; ++k) {
    const sums& c = classes[static_cast<std::size_t>(k)];
    if (c.count > 0)
      t.add({to_string(static_cast<op_class>(k)), std::to_string(c.count), us(c.measured), us(c.predicted),
             percent(c.predicted / c.measured - 1)});
  }
  std::cout << t << '\n';
}

// `share`: thresholds are chosen so that, of the validation images that get to exit k, this one leaves there; empty:
// they are those stored in the model.
template <class Lowered>
void examine(const std::string& name, const std::vector<std::uint32_t>& words, const std::vector<double>& share,
             const host::dataset& data, const std::optional<profile_data>& profile, const settings& s) {
  using session_t = session<Lowered, here>;
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  using deployed = host::deployed<Lowered, here>;
  deployed net{words, name};
  if (const status ok = self_test<Lowered, here>(*net, net.words().data()); ok != status::ok)
    throw host::error(name + ": self test: " + to_string(ok));
  const auto weights = host::bind_or_throw<Lowered, here>(net.words(), name);
  host::thread_pool pool;
  const host::exit_outputs validation = host::run_all_exits(weights, data.validation, pool);
  const host::exit_outputs test = host::run_all_exits(weights, data.test, pool);
  std::vector<std::int32_t> chosen = thresholds_for(validation, share);
  for (std::size_t k = 0; share.empty() && k < exits; ++k)
    chosen[k] = weights.record(static_cast<int>(k)).threshold_q16();
  chosen.back() = always_q16;
  typename session_t::thresholds_type thresholds, never;
  std::copy_n(chosen.begin(), exits, thresholds.q16);
  std::fill_n(never.q16, exits, never_q16);
  const std::vector<double> leaving = shares(validation, chosen), left = shares(test, chosen);

  // Everything in turns: the stream; validation images that are made to leave at exit k, for costs measured once; and
  // the longest path.
  const host::labelled_images some = data.validation.slice(0, std::min(200, data.validation.count()));
  profile_cpu::watched_core core{profile ? static_cast<double>(profile->alone) : 0};
  stream::series adaptive{data.test.count(), core}, declined{data.test.count(), core};
  std::vector<stream::series> to_exit(exits, stream::series{some.count(), core});
  std::vector<typename session_t::thresholds_type> only(exits, never);
  for (std::size_t k = 0; k < exits; ++k) only[k].q16[k] = always_q16;
  std::vector<std::unique_ptr<deployed>> copies;
  for (int r = 0; r < s.rounds; ++r) copies.push_back(std::make_unique<deployed>(words, name));
  const auto copy = [&](int round) -> deployed& { return *copies[static_cast<std::size_t>(round) % copies.size()]; };
  int declined_runs = 0;
  const auto decline = [&](deployed& of, int runs) {
    for (int i = 0; i < runs; ++i) {
      if (i % 64 == 0) core.wait(patience_s);
      if (i % 64 == 0) core.before();
      declined.time(*of, data.test, declined_runs++ % data.test.count(), never);
    }
  };
  const double start = profile_cpu::now_s();
  const auto in_time = [&] { return profile_cpu::now_s() - start < s.seconds; };
  for (int r = 0; r < s.rounds || (2 * adaptive.images_counted() < data.test.count() && in_time()); ++r) {
    deployed& now = copy(r);
    for (int i = 0; i < 200; ++i) (*now).classify(session_t::input_view::unchecked(data.test.image(0)), never);
    core.wait(patience_s);
    adaptive.pass(*now, data.test, thresholds);
    for (std::size_t k = 0; k < exits; ++k) {
      core.wait(patience_s);
      to_exit[k].pass(*now, some, only[k]);
    }
    decline(now, (s.runs + s.rounds - 1) / s.rounds);
  }
  for (int r = 0; static_cast<int>(declined.counted().size()) < s.runs && in_time(); ++r)
    decline(copy(r), s.runs / 10 + 1);
  // Times are those of the clock that the profile is of.
  const double clock = profile && profile->gigahertz > 0 ? static_cast<double>(profile->gigahertz) : core.gigahertz();
  std::vector<double> longest_runs = declined.counted();
  if (longest_runs.empty() || adaptive.images_counted() == 0)
    throw host::error(name + ": the core was never alone, expected some time without neighbours: try again later");
  for (double& t : longest_runs) t /= clock;
  const std::size_t set_aside = declined.size() - longest_runs.size();
  const double measured = adaptive.mean() / clock;
  std::vector<double> once, predicted;
  for (const stream::series& to : to_exit) once.push_back(to.mean() / clock);
  double longest = 0;
  if (profile) {
    const auto p = latency<Lowered>(host::profile_for<here>(*profile));
    if (!p.known) throw host::error(name + ": the profile knows nothing of some op's class");
    predicted.assign(std::begin(p.to_exit), std::end(p.to_exit));
    longest = p.longest_path;
    if (p.extrapolated) std::cout << name << ": has an op larger than any that was profiled\n";
  }
  const auto error = [](double guess, double truth) { return percent(guess / truth - 1); };
  host::table costs({"exit", "leaves, validation", "leaves, test", "measured once us", "predicted us", "error"});
  for (std::size_t k = 0; k < exits; ++k)
    costs.add({std::to_string(k + 1), percent(leaving[k]), percent(left[k]), us(once[k]),
               profile ? us(predicted[k]) : "-", profile ? error(predicted[k], once[k]) : "-"});
  host::table means({"mean of the stream", "us", "error"});
  means.add({"measured, " + std::to_string(adaptive.images_counted()) + " of " + std::to_string(data.test.count()) +
                 " test images",
             us(measured), ""});
  const auto add = [&](const std::string& way, const std::vector<double>& to_exit, const std::vector<double>& rates) {
    means.add({way, us(mean_of(to_exit, rates)), error(mean_of(to_exit, rates), measured)});
  };
  add("costs measured once, validation rates", once, leaving);
  add("costs measured once, test rates", once, left);
  if (profile) {
    add("costs of the profile, validation rates", predicted, leaving);
    add("costs of the profile, test rates", predicted, left);
  }
  std::cout << '\n' << name << ", " << planned<Lowered, here>::steps << " ops\n\n" << costs << '\n' << means << '\n';

  if (profile) print_classes<Lowered>(host::profile_ops(weights, data.test.pixels, 199), *profile);
  const auto of_all = [&](double q) { return us(host::quantile(longest_runs, q)); };
  std::cout << "longest path: " << longest_runs.size() << " runs, " << set_aside
            << " set aside, as the core was not alone; least "
            << us(*std::min_element(longest_runs.begin(), longest_runs.end())) << " us, half within " << of_all(0.5)
            << ", 95 % " << of_all(0.95) << ", 99 % " << of_all(0.99) << ", most "
            << us(*std::max_element(longest_runs.begin(), longest_runs.end())) << " us\n";
  const std::string stem = name.substr(0, name.find(' '));
  if (profile) {
    const double share = static_cast<double>(profile->quantile);
    const auto above = std::count_if(longest_runs.begin(), longest_runs.end(), [&](double t) { return t > longest; });
    std::cout << "predicted: " << percent(share, 0) << " within " << us(longest) << " us; " << above
              << " took longer\n";
    reached.at_most(stem + "_mean_from_profile", 100 * std::fabs(mean_of(predicted, leaving) / measured - 1), 5, "%");
    // Fewer runs than wanted prove nothing.
    reached.at_most(stem + "_longest_path_exceeded",
                    static_cast<int>(longest_runs.size()) < s.runs
                        ? host::not_given
                        : 100 * static_cast<double>(above) / static_cast<double>(longest_runs.size()),
                    100 * (1 - share), "%");
  }
  reached.at_most(stem + "_mean_measured_once", 100 * std::fabs(mean_of(once, leaving) / measured - 1), 5, "%");
  const auto file = s.output / (stem + ".svg");
  draw(stem, longest_runs, longest, profile ? static_cast<double>(profile->quantile) : 0, file);
  std::cout << "picture: " << file.string() << '\n';
}

int run(const settings& s) {
  std::optional<profile_data> profile;
  if (std::filesystem::exists(s.profile) || s.profile != settings{}.profile) profile = host::load_profile(s.profile);
  std::cout << bench::cpu_name() << "; " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS OFFRAMP_PROFILE_FLAGS << "; path "
            << here::name << "\n"
            << (profile
                    ? std::string{"profile: "} + profile->name + " (" + s.profile + "), " +
                          std::to_string(profile->samples) + " ops, repeatability " +
                          percent(static_cast<double>(profile->repeatability), 2)
                    : "no profile at " + s.profile + ": nothing is predicted; benchmarks/run.sh profile_cpu makes one")
            << '\n';
  if (profile && profile->unit != time_unit::nanoseconds)
    throw host::error(s.profile + ": found a profile in " + to_string(profile->unit) + ", expected nanoseconds");
  if (profile) static_cast<void>(host::profile_for<here>(*profile));  // refused before anything is run
  std::filesystem::create_directories(s.output);
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));

  const auto canonical = stream::unpacked<fashion::device_net, path::portable>(garment_weights.words, "garments");
  examine<fashion::device_net>("garments (binary, four exits, shipped)",
                               host::repack<fashion::device_net, here>(canonical, "garments"), {}, data, profile, s);
  using device = lower<residual_net>;
  const host::quantized_model q =
      host::quantize<device>(host::make_model(residual_net::view(), 6), data.train.slice(0, 64), 1);
  examine<device>("residual (int8, three exits, random weights)",
                  host::pack_model<device, here>(q, {}, {data.test.image(0), data.test.image_size()}), {0.5, 0.6}, data,
                  profile, s);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  CLI::App app{"Early-exit streams: predicted and measured"};
  app.add_option("--profile", s.profile, "JSON of profile_cpu, of this CPU")->capture_default_str();
  app.add_option("--rounds", s.rounds, "over the test images")->capture_default_str()->check(CLI::Range(5, 1000));
  app.add_option("--seconds", s.seconds, "at most, of each network, where the core is not alone")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--runs", s.runs, "of the longest path")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--output", s.output, "folder")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(s);
} catch (const std::exception& e) {
  std::cerr << "stream: " << e.what() << '\n';
  return 1;
}
