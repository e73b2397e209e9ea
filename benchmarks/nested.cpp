// what: nested networks (REDS): accuracy of every level against a network of its size trained alone, time per level and
// of a switch; the knapsack over MACs and, with a profile of this CPU, over predicted time
// Two networks on Fashion-MNIST, one of depthwise-separable int8 layers, one binary. The whole network is trained, its
// units sorted by importance, all levels fine-tuned together; alone is as many epochs as both. Widths of the binary
// levels are what the knapsack found (it is run again and printed), those of the separable ones are round numbers of a
// quarter, half and nearly three quarters of its operations. Of both, levels found over MACs are then compared with
// levels found over predicted time, at equal accuracy.
// OFFRAMP_DATA_DIR: the full set, else the slice.
// Trained models are kept in the folder of --output and taken from there by the next run.
//   nested [--quick] [--images N] [--epochs N] [--profile FILE] [--net NAME] [--output FOLDER]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <offramp/host.hpp>
#include <offramp/host/checkpoint.hpp>
#include <offramp/host/importance.hpp>
#include <offramp/host/knapsack.hpp>
#include <offramp/host/nested_model.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/recipes/nested.hpp>
#include <offramp/host/width_costs.hpp>
#include <offramp/paths/x86.hpp>

#include "benchmarks/goals.hpp"

using namespace offramp;

namespace {

using clock_type = std::chrono::steady_clock;

struct options {
  int images = 8000;
  int epochs = 3;
  bool quick = false;
  std::string profile;
  std::string net;
  std::filesystem::path output = "build/benchmarks/nested";

  // Where a model of this run is kept.
  [[nodiscard]] std::string file(const std::string& name) const {
    return (output / (name + '-' + std::to_string(images) + '-' + std::to_string(epochs) + ".model")).string();
  }
};

bench::goals reached;

// A family as measured: levels narrowest first.
struct measured_family {
  std::vector<double> share, accuracy, alone;  // of the OPs; %, %
  std::function<void(int)> run;                // twenty images at this level
  std::vector<double> us;
};

using separable =
    network<image<28, 28, 1>,
            stage<conv2d<64, 3, stride{2}>, batch_norm, relu, depthwise_conv2d<3>, batch_norm, relu, conv2d<64, 1>,
                  batch_norm, relu, depthwise_conv2d<3, stride{2}>, batch_norm, relu, conv2d<64, 1>, batch_norm, relu>,
            exit_head<10>,
            stage<depthwise_conv2d<3>, batch_norm, relu, conv2d<64, 1>, batch_norm, relu, depthwise_conv2d<3>,
                  batch_norm, relu, conv2d<64, 1>, batch_norm, relu>,
            exit_head<10>>;
using separable_family =
    nested<separable, widths<20, 28, 36, 40, 40>, widths<36, 44, 48, 48, 60>, widths<48, 56, 56, 56, 60>>;

// Found over MACs, and over predicted time on a Zen 4, at the same budgets.
using separable_macs =
    nested<separable, widths<8, 64, 60, 8, 64>, widths<32, 64, 64, 12, 64>, widths<40, 64, 64, 56, 64>>;
using separable_time =
    nested<separable, widths<4, 4, 4, 4, 32>, widths<16, 64, 48, 16, 64>, widths<32, 64, 64, 64, 64>>;

using binary_net =
    network<image<28, 28, 1>,
            stage<conv2d<64, 3, stride{2}>, batch_norm, sign, conv2d<128, 3, binary, stride{2}>, batch_norm, sign>,
            exit_head<10>,
            stage<conv2d<128, 3, binary>, batch_norm, sign, conv2d<128, 3, binary, stride{2}>, batch_norm>,
            exit_head<10>>;
// Found likewise.
using binary_family = nested<binary_net, widths<32, 32, 32, 96>, widths<32, 128, 64, 96>, widths<32, 128, 128, 128>>;
using binary_time = nested<binary_net, widths<32, 32, 64, 64>, widths<32, 96, 64, 128>, widths<64, 128, 64, 128>>;

// Models of these networks: read from where an earlier run kept them, or made and kept.
template <class Make>
host::nested_models kept(const options& o, const std::string& name, const std::vector<network_view>& views, Make make) {
  host::nested_models models;
  const auto file = [&](std::size_t s) { return o.file(name + std::to_string(s)); };
  bool all = true;
  for (std::size_t s = 0; s < views.size(); ++s) all = all && std::filesystem::exists(file(s));
  if (all) {
    for (std::size_t s = 0; s < views.size(); ++s) models.push_back(host::read_model(file(s), views[s]));
    return models;
  }
  models = make();
  for (std::size_t s = 0; s < models.size(); ++s) host::write_model(file(s), models[s]);
  return models;
}

double seconds_since(clock_type::time_point t) { return std::chrono::duration<double>(clock_type::now() - t).count(); }

template <class Family>
std::string widths_of(const std::vector<int>& w) {
  std::string text;
  for (const int n : w) text += (text.empty() ? "" : " ") + std::to_string(n);
  return text;
}

// Microseconds of one image without early exits: the least of some rounds, levels and families in turns.
void measure(const std::vector<measured_family*>& all, int rounds) {
  for (measured_family* f : all) f->us.assign(f->share.size(), 1e9);
  for (int r = 0; r < rounds; ++r)
    for (measured_family* f : all)
      for (std::size_t level = 0; level < f->us.size(); ++level) {
        const auto start = clock_type::now();
        f->run(static_cast<int>(level));
        f->us[level] = std::min(f->us[level], 1e6 * seconds_since(start) / 20);
      }
}

// Nanoseconds of set_level, and of the first call behind it to find its session.
template <class Session>
double switch_time(Session& s, const host::labelled_images& set) {
  constexpr int count = 1 << 16;
  double least = 1e9;
  for (int r = 0; r < 20; ++r) {
    const auto start = clock_type::now();
    for (int i = 0; i < count; ++i) {
      s.set_level(i & (Session::levels - 1));
      s.begin(Session::input_view::unchecked(set.image(0)));
      asm volatile("" : : "r"(&s) : "memory");
    }
    least = std::min(least, 1e9 * seconds_since(start) / count);
  }
  return least;
}

template <class Session>
double accuracy_of(Session& s, const host::labelled_images& set) {
  int right = 0;
  for (int i = 0; i < set.count(); ++i)
    right += s.classify(Session::input_view::unchecked(set.image(i)), confidence{2.0f}).label ==
                     set.labels[static_cast<std::size_t>(i)]
                 ? 1
                 : 0;
  return 100.0 * right / set.count();
}

recipes::joint recipe(int epochs) {
  recipes::joint how;
  how.epochs = epochs;
  how.batch = 64;
  how.learning_rate = 3e-3f;
  return how;
}

template <class Path, class Net>
void print_knapsack(const options& o, const host::sorted_model& sorted, int step) {
  const network_view net = Net::view();
  using plan = planned<lower<Net>, Path>;
  const std::span<const step_desc> steps{plan::program.steps, static_cast<std::size_t>(plan::steps)};
  const auto choices = host::choices_of_widths(net, sorted.importance, step);
  std::vector<int> full;
  for (const auto& c : choices) full.push_back(c.widths.back());
  const auto search = [&](const char* over, const host::op_cost_of& cost) {
    const auto start = clock_type::now();
    const host::layer_cost of = host::costs_of_widths(net, steps, cost);
    double whole = 0;
    for (std::size_t i = 0; i < full.size(); ++i) whole += of(static_cast<int>(i), i == 0 ? 0 : full[i - 1], full[i]);
    for (const host::knapsack_result& r : host::nested_knapsack(choices, of, {0.25 * whole, 0.5 * whole, 0.75 * whole}))
      std::printf("  knapsack over %s: %5.1f %%, widths %s\n", over, 100 * r.cost / whole,
                  widths_of<Net>(r.widths).c_str());
    std::printf("  (%.2f s)\n", seconds_since(start));
  };
  search("MACs", host::op_macs);
  if (o.profile.empty()) return;
  const profile_data profile = host::profile_for<Path>(host::load_profile(o.profile)).data;
  search("predicted time", host::predicted_time<Path>(profile));
}

template <class Path, class Nested, bool WithAlone = true>
measured_family compare(const options& o, const std::string& whole, const std::string& name, const std::string& about,
                        const host::dataset& data, int step) {
  using family = lower_nested<Nested>;
  using net = typename Nested::full;
  using levels_session = nested_session<family, Path>;
  const host::labelled_images set = data.train.slice(0, std::min(o.images, data.train.count()));
  const host::labelled_images& test = data.test;
  const host::labelled_images calibration = set.slice(0, std::min(200, set.count()));
  std::printf("%s: %d images, %d + %d epochs, path %s\n", about.c_str(), set.count(), o.epochs, o.epochs, Path::name);
  host::train_options how;
  how.threads = 1;
  auto start = clock_type::now();
  const host::model full = kept(o, whole + "-whole-", {net::view()}, [&] {
                             return host::nested_models{host::train<net>(set, recipe(o.epochs), how)};
                           }).front();
  std::printf("  the whole network: %.0f s\n", seconds_since(start));
  start = clock_type::now();
  const host::sorted_model sorted = host::sort_by_importance(full, set, {.batches = 100, .batch = 64, .threads = 1});
  std::printf("  importance: %.1f s\n", seconds_since(start));
  print_knapsack<Path, net>(o, sorted, step);
  start = clock_type::now();
  how.start = &sorted.model;
  const std::vector<network_view> views = []<int... S>(std::integer_sequence<int, S...>) {
    return std::vector<network_view>{Nested::template level<S>::view()...};
  }
  (std::make_integer_sequence<int, Nested::levels>{});
  const host::nested_models levels = kept(o, name + "-level-", views, [&] {
    return host::train_nested<Nested>(set, {recipe(o.epochs), {}}, how);
  });
  std::printf("  all levels: %.0f s\n", seconds_since(start));
  how.start = nullptr;
  const auto q = host::quantize_nested<family>(levels, calibration, {}, 1);
  const auto net_of_levels = std::make_shared<host::deployed_nested<family, Path>>(host::pack_nested<family, Path>(q));
  auto& s = *net_of_levels;
  measured_family result;
  const auto whole_ops = static_cast<double>(levels_session::ops_to_exit(Nested::levels - 1, 1));
  for (int level = 0; level < Nested::levels; ++level)
    result.share.push_back(static_cast<double>(levels_session::ops_to_exit(level, 1)) / whole_ops);
  result.run = [net_of_levels, &test](int level) {
    auto& session = **net_of_levels;
    session.set_level(level);
    for (int i = 0; i < 20; ++i) {
      const prediction p =
          session.classify(levels_session::input_view::unchecked(test.image(i % test.count())), confidence{2.0f});
      asm volatile("" : : "r"(&p) : "memory");
    }
  };
  measure({&result}, o.quick ? 20 : 200);
  const std::vector<double>& times = result.us;
  const auto predicted = [&]<int S>(std::integral_constant<int, S>) {
    if (o.profile.empty()) return std::string("-");
    const auto cpu = host::profile_for<Path>(host::load_profile(o.profile));
    return host::fixed(latency<typename family::template level<S>>(cpu).to_exit[1] / 1000, 2);
  };
  std::printf("  level  OPs %%  nested %%  alone %%   us    predicted  alone us\n");
  std::size_t apart = 0;
  [&]<int... S>(std::integer_sequence<int, S...>) {
    (
        [&] {
          using own = typename Nested::template level<S>;
          using alone = lower<own>;
          s->set_level(S);
          const double nested_accuracy = accuracy_of(*s, test);
          result.accuracy.push_back(nested_accuracy);
          if constexpr (!WithAlone) {
            std::printf("  %5d  %5.1f  %7.2f        -  %6.2f  %9s         -\n", S,
                        100.0 * static_cast<double>(levels_session::ops_to_exit(S, 1)) / whole_ops, nested_accuracy,
                        times[S], predicted(std::integral_constant<int, S>{}).c_str());
            return;
          }
          const host::model m = kept(o, name + "-alone-" + std::to_string(S) + '-', {own::view()}, [&] {
                                  return host::nested_models{host::train<own>(set, recipe(2 * o.epochs), how)};
                                }).front();
          const auto small = host::quantize<alone>(m, calibration, 1);
          const auto words = host::pack_model<alone, Path>(small, {}, {test.image(0), test.image_size()});
          apart += words.size() * 4;
          host::deployed<alone, Path> d{words};
          double least = 1e9;
          for (int r = 0; r < (o.quick ? 20 : 200); ++r) {
            const auto begin = clock_type::now();
            for (int i = 0; i < 20; ++i) {
              const prediction p =
                  d->classify(session<alone, Path>::input_view::unchecked(test.image(i)), confidence{2.0f});
              asm volatile("" : : "r"(&p) : "memory");
            }
            least = std::min(least, 1e6 * seconds_since(begin) / 20);
          }
          result.alone.push_back(accuracy_of(*d, test));
          std::printf("  %5d  %5.1f  %7.2f  %7.2f  %6.2f  %9s    %6.2f\n", S,
                      100.0 * static_cast<double>(levels_session::ops_to_exit(S, 1)) / whole_ops, nested_accuracy,
                      result.alone.back(), times[S], predicted(std::integral_constant<int, S>{}).c_str(), least);
          std::fflush(stdout);
        }(),
        ...);
  }
  (std::make_integer_sequence<int, Nested::levels>{});
  const double switched = switch_time(*s, test);
  std::printf("  a switch and the next begin(): %.1f ns; words: %zu bytes, %zu as %d networks, %zu of the whole one\n",
              switched, s.words().size() * 4, apart, Nested::levels, memory<lower<net>, Path>.weight_bytes);
  reached.at_most(name + "_switch", switched, 100, "ns", 1);
  if constexpr (!WithAlone) return result;
  // The level whose OPs come nearest to so much of the whole network's.
  for (const auto& [share, allowed] : {std::pair{0.5, 1.0}, std::pair{0.25, 3.0}}) {
    std::size_t at = 0;
    for (std::size_t i = 1; i < result.share.size(); ++i)
      if (std::fabs(result.share[i] - share) < std::fabs(result.share[at] - share)) at = i;
    const std::string level =
        name + "_at_" + std::to_string(static_cast<int>(std::lround(100 * result.share[at]))) + "%";
    reached.at_most(level + "_accuracy_below_whole", result.accuracy.back() - result.accuracy[at], allowed, "points");
    // And against the whole network trained alone, which its narrower levels do not hold back.
    if (!result.alone.empty())
      reached.at_most(level + "_accuracy_below_whole_alone", result.alone.back() - result.accuracy[at], allowed,
                      "points");
  }
  return result;
}

// What `f` takes to be right as often, between its levels; where it is never so, what its best level takes.
double time_at(const measured_family& f, double accuracy) {
  double best = 1e9;
  for (std::size_t b = 0; b < f.us.size(); ++b) {
    if (f.accuracy[b] >= accuracy) best = std::min(best, f.us[b]);
    for (std::size_t a = 0; a < f.us.size(); ++a)
      if (f.accuracy[a] < accuracy && f.accuracy[b] > accuracy)
        best = std::min(best,
                        f.us[a] + (f.us[b] - f.us[a]) * (accuracy - f.accuracy[a]) / (f.accuracy[b] - f.accuracy[a]));
  }
  return best < 1e9 ? best : f.us.back();
}

// Levels by MACs against levels by predicted time, timed in turns: over all accuracies that both reach, the time that
// either needs for them. One level alone would be judged by the noise of its accuracy.
void compare_knapsacks(const options& o, const std::string& name, measured_family by_macs, measured_family by_time) {
  measure({&by_macs, &by_time}, o.quick ? 20 : 400);
  const auto [macs_low, macs_high] = std::minmax_element(by_macs.accuracy.begin(), by_macs.accuracy.end());
  const auto [time_low, time_high] = std::minmax_element(by_time.accuracy.begin(), by_time.accuracy.end());
  const double low = std::max(*macs_low, *time_low), high = std::min(*macs_high, *time_high);
  if (!(low < high)) throw host::error("nested: " + name + ": levels by MACs and by time reach no accuracy in common");
  constexpr int steps = 20;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double accuracy = low + (high - low) * i / steps;
    const double macs = time_at(by_macs, accuracy), time = time_at(by_time, accuracy);
    if (i % 4 == 0)
      std::printf("  %s at %.2f %%: %.2f us by MACs, %.2f by predicted time, %.3f of it\n", name.c_str(), accuracy,
                  macs, time, time / macs);
    sum += time / macs / (steps + 1);
  }
  reached.at_most(name + "_knapsack_time_over_macs", sum, 1, "", 3);
}

}  // namespace

int main(int argc, char** argv) try {
  options o;
  CLI::App app{"nested networks: accuracy, time and size of levels"};
  app.add_option("--images", o.images, "training images");
  app.add_option("--epochs", o.epochs, "of the whole network, and again of all levels together");
  app.add_option("--profile", o.profile, "of this CPU, path avx512_popcnt: knapsack over predicted time");
  app.add_option("--net", o.net, "one part; all where not given")
      ->check(CLI::IsMember({"separable", "binary", "knapsack"}));
  app.add_option("--output", o.output, "folder of trained models")->capture_default_str();
  app.add_flag("--quick", o.quick, "1000 images, one epoch: does it run?");
  CLI11_PARSE(app, argc, argv);
  if (o.quick) o.images = 1000, o.epochs = 1;
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  using path = offramp::path::avx512_popcnt;
  if (!kernels::runs_here<path>()) throw host::error("nested: this CPU lacks what path avx512_popcnt needs");
  std::filesystem::create_directories(o.output);
  const bool all = o.net.empty();
  if (all || o.net == "separable")
    compare<path, separable_family>(o, "separable", "separable", "separable int8", data, 4);
  if (all || o.net == "binary")
    compare<path, binary_family>(o, "binary", "binary", "binary, widths over MACs", data, 32);
  if (all || o.net == "knapsack") {
    const auto without = [&]<class Family>(std::type_identity<Family>, const std::string& whole,
                                           const std::string& name, const std::string& about, int step) {
      return compare<path, Family, false>(o, whole, name, about, data, step);
    };
    const measured_family binary_by_macs =
        without(std::type_identity<binary_family>{}, "binary", "binary", "binary, widths over MACs", 32);
    const measured_family binary_by_time =
        without(std::type_identity<binary_time>{}, "binary", "binary_time", "binary, widths over predicted time", 32);
    compare_knapsacks(o, "binary", binary_by_macs, binary_by_time);
    const measured_family separable_by_macs = without(std::type_identity<separable_macs>{}, "separable",
                                                      "separable_macs", "separable int8, widths over MACs", 4);
    const measured_family separable_by_time =
        without(std::type_identity<separable_time>{}, "separable", "separable_time",
                "separable int8, widths over predicted time", 4);
    compare_knapsacks(o, "separable", separable_by_macs, separable_by_time);
  }
  std::fflush(stdout);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << e.what() << "\n";
  return 1;
}
