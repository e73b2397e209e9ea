// what: widths steered by predicted time against widths scaled by MACs alone, of equal MACs: time, accuracy (trains)
// needs: libeigen3-dev libcli11-dev nlohmann-json3-dev
// A network of round widths is to have half of its OPs. Who counts OPs alone scales all widths alike and gets odd ones;
// the search takes the network of as many OPs that the profile of this CPU predicts to be fastest (FastDeepIoT, Yao et
// al. 2018, arXiv 1809.06970). Both are trained on Fashion-MNIST by one recipe and timed in turns. The searches run on
// descriptions; what they found stands below as types, and a run with a profile says if they find something else now:
// `steering --search --profile FILE`.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/round_widths.hpp>
#include <offramp/paths/native.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/profile_cpu/stopwatch.hpp"

using namespace offramp;
using here = path::native;

namespace {

#ifdef OFFRAMP_HOST_TILES
constexpr auto products = host::product_precision::bf16;  // faster there
#else
constexpr auto products = host::product_precision::f32;
#endif

template <int A, int B, int C, int D>
struct int8_net {
  using type = network<image<28, 28, 1, u8>,
                       stage<conv2d<A, 3, stride{2}>, batch_norm, relu, conv2d<B, 3>, batch_norm, relu,
                             conv2d<C, 3, stride{2}>, batch_norm, relu, conv2d<D, 3>, batch_norm, relu>,
                       exit_head<10, avg_pool<7>>>;
  static std::vector<int> widths() { return {A, B, C, D}; }
};
template <int A, int B, int C, int D>
struct binary_net {
  using type = network<image<28, 28, 1, u8>,
                       stage<conv2d<A, 3, stride{2}>, batch_norm, sign, conv2d<B, 3, binary>, batch_norm, sign,
                             conv2d<C, 3, binary, stride{2}>, batch_norm, sign, conv2d<D, 3, binary>, batch_norm, sign>,
                       exit_head<10, avg_pool<7>>>;
  static std::vector<int> widths() { return {A, B, C, D}; }
};

// Found by `steering --search` with profiles of path avx512_popcnt, of a Zen 4.
struct int8_case {
  static constexpr const char* name = "int8";
  using base = int8_net<24, 48, 96, 96>;
  using by_macs = int8_net<17, 34, 67, 67>;
  using steered = int8_net<28, 32, 48, 80>;
};
struct binary_case {
  static constexpr const char* name = "binary";
  using base = binary_net<32, 64, 128, 128>;
  using by_macs = binary_net<21, 43, 86, 86>;
  using steered = binary_net<28, 32, 64, 116>;
};

constexpr double budget = 0.5;  // of the OPs of the base
constexpr double slack = 0.98;  // equal OPs: at least so many of those by MACs alone, and within the budget

struct settings {
  std::string profile = std::string{"build/benchmarks/profile/"} + here::name + ".json";
  std::filesystem::path output = "build/benchmarks/steering";
  std::string net;  // empty: all
  int epochs = 10, images = 12000, seeds = 10, rounds = 400, threads = 0;
  bool search = false;
};

bench::goals reached;

std::string text(const std::vector<int>& widths, char between = ' ') {
  std::string t;
  for (const int w : widths) t += (t.empty() ? std::string{} : std::string{between}) + std::to_string(w);
  return t;
}
std::string times(double ratio) { return host::fixed(ratio, 3); }

// Of at least two values.
double error_of_mean(const std::vector<double>& values) {
  const double mean = host::mean(values), n = static_cast<double>(values.size());
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (n - 1) / n);
}

double ops_of(const network_view& net) {
  op_cost sum;
  for (const step_desc& s : host::planned_steps<here>(net)) sum = sum + s.cost;
  return static_cast<double>(sum.ops());
}

// All widths times one number, the largest that keeps the budget; rounded to whole channels, as nothing says otherwise.
std::vector<int> scaled_to(const network_view& net, double ops) {
  const auto variables = host::find_widths(net);
  const auto now = host::widths_now(variables);
  std::vector<int> best;
  for (double factor = 0.1; factor < 1; factor += 0.001) {
    std::vector<int> widths;
    for (const int w : now) widths.push_back(std::max(1, static_cast<int>(std::lround(factor * w))));
    if (ops_of(host::with_widths(net, variables, widths).view()) > ops) break;
    best = std::move(widths);
  }
  return best;
}

// The fastest predicted network of as many OPs: what steer_widths makes of the one by MACs under ever later deadlines,
// of those with equal OPs the one that takes least.
std::optional<host::chosen_widths> steered_to(const network_view& by_macs, const profile_data& profile, double ops) {
  const host::width_options options{.quantum = 4, .least = 0.6, .most = 1 / 0.6};
  const double now = ops_of(by_macs), time = host::predict_network<here>(by_macs, profile).to_exit.back();
  std::optional<host::chosen_widths> best;
  for (int percent = 40; percent <= 100; ++percent) {
    host::chosen_widths c;
    try {
      c = host::steer_widths<here>(by_macs, profile, percent / 100.0 * time, options);
    } catch (const host::error&) {
      continue;  // not even the narrowest meets this deadline
    }
    const auto its = static_cast<double>(c.ops);
    if (its <= ops && its >= slack * now && (!best || c.time < best->time)) best = std::move(c);
  }
  return best;
}

// Says what the searches find now, and warns where that is not what was compiled.
template <class Case>
void search(const profile_data& profile) {
  const network_view base = Case::base::type::view();
  const double ops = budget * ops_of(base);
  const std::vector<int> odd = scaled_to(base, ops);
  const host::sized_network by_macs = host::with_widths(base, host::find_widths(base), odd);
  const auto found = steered_to(by_macs.view(), profile, ops);
  const auto rounded = host::round_widths<here>(by_macs.view(), profile, {.quantum = 4});
  host::table t({"widths of the " + std::string{Case::name} + " network", "", "OPs", "predicted us", "of by MACs"});
  const auto row = [&](const std::string& name, const std::vector<int>& widths, double its, double time) {
    t.add({name, text(widths), host::grouped(static_cast<long long>(its)), host::fixed(time / 1000, 2),
           times(time / rounded.time_before)});
  };
  row("base", host::widths_now(host::find_widths(base)), ops_of(base),
      host::predict_network<here>(base, profile).to_exit.back());
  row("by MACs alone, half of them", odd, ops_of(by_macs.view()), rounded.time_before);
  row("rounded up where no slower", rounded.widths, static_cast<double>(rounded.ops), rounded.time);
  if (found) row("steered, as many MACs", found->widths, static_cast<double>(found->ops), found->time);
  std::cout << t;
  const auto warn = [](const char* which, const std::string& now, const std::vector<int>& compiled) {
    if (now == text(compiled)) return;
    std::cout << "warning: " << Case::name << ", " << which << ": the search finds " << now << ", compiled in are "
              << text(compiled) << '\n';
  };
  warn("by MACs", text(odd), Case::by_macs::widths());
  warn("steered", found ? text(found->widths) : "nothing of equal OPs", Case::steered::widths());
  std::cout << '\n';
}

// A network ready to be timed.
struct runner {
  std::function<void(int)> run;  // image i
  std::vector<double> ns{};
};

template <class Net>
runner make_runner(const host::model& m, const host::dataset& data, double& accuracy) {
  using lowered = lower<Net>;
  const host::quantized_model q = host::quantize<lowered>(m, data.train.slice(0, std::min(300, data.train.count())), 1);
  const auto net = std::make_shared<host::deployed<lowered, here>>(
      host::pack_model<lowered, here>(q, {}, {data.test.image(0), data.test.image_size()}));
  host::thread_pool pool;
  accuracy = host::exit_accuracy(
      host::run_all_exits(host::bind_or_throw<lowered, here>(net->words(), "trained"), data.test, pool), 0);
  return {[net, &images = data.test](int i) {
    using session_t = session<lowered, here>;
    volatile std::int16_t label = (**net).classify(session_t::input_view::unchecked(images.image(i))).label;
    static_cast<void>(label);
  }};
}

// In turns; a sample is the mean of ten images.
void measure(const std::vector<runner*>& all, int images, int rounds) {
  for (int round = -20; round < rounds; ++round)
    for (runner* r : all) {
      r->run(0);
      const std::uint64_t from = profile_cpu::ticks();
      for (int i = 0; i < 10; ++i) r->run((std::abs(round) * 10 + i) % images);
      const std::uint64_t to = profile_cpu::ticks();
      if (round >= 0) r->ns.push_back(static_cast<double>(to - from) * profile_cpu::tick_ns() / 10);
    }
}

// Mean over seeds of the accuracy as deployed; the last of them runs.
template <class Net>
runner train(const std::string& name, const std::vector<int>& widths, const host::dataset& data,
             const host::labelled_images& set, const settings& s, std::vector<double>& accuracies) {
  runner last;
  for (int seed = 1; seed <= s.seeds; ++seed) {
    const recipes::joint recipe{
        .epochs = s.epochs, .batch = 64, .seed = static_cast<std::uint64_t>(seed), .flip = true};
    const std::string file = name + '-' + text(widths, '-') + '-' + std::to_string(set.count()) + '-' +
                             std::to_string(s.epochs) + '-' + std::to_string(seed) + ".checkpoint";
    const host::model m = host::train<Net>(
        set, recipe, {.threads = s.threads, .checkpoint = (s.output / file).string(), .graph = {.products = products}});
    accuracies.push_back(0);
    last = make_runner<Net>(m, data, accuracies.back());
    std::cout << name << ", seed " << seed << ": " << host::fixed(100 * accuracies.back(), 2) << " %" << std::endl;
  }
  return last;
}

template <class Case>
void compare(const host::dataset& data, const settings& s) {
  using base = typename Case::base::type;
  using by_macs = typename Case::by_macs::type;
  using steered = typename Case::steered::type;
  const host::labelled_images set =
      data.train.slice(0, s.images > 0 ? std::min(s.images, data.train.count()) : data.train.count());
  const std::string name = Case::name;
  double untrained = 0;
  std::vector<double> accuracy_odd, accuracy_steered;
  runner whole = make_runner<base>(host::make_model(base::view(), 1), data, untrained);  // only for its time
  runner odd = train<by_macs>(name + "-by-macs", Case::by_macs::widths(), data, set, s, accuracy_odd);
  runner mine = train<steered>(name + "-steered", Case::steered::widths(), data, set, s, accuracy_steered);
  measure({&whole, &odd, &mine}, data.test.count(), s.rounds);
  const auto least = [](const runner& r) { return *std::min_element(r.ns.begin(), r.ns.end()); };
  const auto median = [](const runner& r) { return host::quantile(r.ns, 0.5); };
  host::table t({name, "widths", "OPs", "least us", "median us", "of by MACs", "by medians", "accuracy", "of seeds"});
  const auto row = [&](const std::string& which, const std::vector<int>& widths, const network_view& net,
                       const runner& r, const std::vector<double>& accuracies) {
    std::string each;
    for (const double a : accuracies) each += (each.empty() ? "" : " ") + host::fixed(100 * a, 2);
    t.add({which, text(widths), host::grouped(static_cast<long long>(ops_of(net))), host::fixed(least(r) / 1000, 2),
           host::fixed(median(r) / 1000, 2), times(least(r) / least(odd)), times(median(r) / median(odd)),
           accuracies.empty() ? "-" : host::fixed(100 * host::mean(accuracies), 2) + " %", each});
  };
  row("base", Case::base::widths(), base::view(), whole, {});
  row("by MACs alone", Case::by_macs::widths(), by_macs::view(), odd, accuracy_odd);
  row("steered", Case::steered::widths(), steered::view(), mine, accuracy_steered);
  const double lost = 100 * (host::mean(accuracy_odd) - host::mean(accuracy_steered));
  std::cout << '\n' << t;
  if (s.seeds > 1)
    std::cout << "accuracy lost: " << host::fixed(lost, 2) << " points, standard error over seeds "
              << host::fixed(100 * std::hypot(error_of_mean(accuracy_odd), error_of_mean(accuracy_steered)), 2) << '\n';
  std::cout << '\n';
  // Of minima; medians stand beside them.
  reached.at_least(name + "_steered_faster", 100 * (1 - least(mine) / least(odd)), 15, "%", 1);
  reached.at_most(name + "_ops_over_by_macs", 100 * (ops_of(steered::view()) / ops_of(by_macs::view()) - 1), 2, "%", 1);
  reached.at_least(name + "_ops_kept", 100 * ops_of(steered::view()) / ops_of(by_macs::view()), 100 * slack, "%", 1);
  reached.at_most(name + "_accuracy_lost", lost, 0.3, "points");
}

int run(const settings& s) {
  std::optional<profile_data> profile;
  if (std::filesystem::exists(s.profile) || s.profile != settings{}.profile) profile = host::load_profile(s.profile);
  std::cout << bench::cpu_name() << "; " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << "; path " << here::name
            << "\n";
  if (profile) {
    std::cout << "profile: " << profile->name << " (" << s.profile << ")\n\n";
    search<int8_case>(*profile);
    search<binary_case>(*profile);
  } else {
    std::cout << "no profile at " << s.profile
              << ": the widths are those that were found before; benchmarks/run.sh profile_cpu makes one\n\n";
  }
  if (s.search) return profile ? 0 : 1;
  std::filesystem::create_directories(s.output);
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  std::cout << (s.images > 0 ? std::min(s.images, data.train.count()) : data.train.count()) << " training images, "
            << s.epochs << " epochs, " << s.seeds << " seeds; accuracies of " << data.test.count()
            << " test images, as deployed\n";
  const auto wanted = [&s](const std::string& name) { return s.net.empty() || s.net == name; };
  if (wanted(int8_case::name)) compare<int8_case>(data, s);
  if (wanted(binary_case::name)) compare<binary_case>(data, s);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  CLI::App app{"Widths steered by a profile against widths by MACs alone"};
  app.add_option("--profile", s.profile, "JSON of profile_cpu, of this CPU")->capture_default_str();
  app.add_flag("--search", s.search, "say what the searches find, and end");
  app.add_option("--net", s.net, "int8 or binary; both where not given")->check(CLI::IsMember({"int8", "binary"}));
  app.add_option("--epochs", s.epochs, "of training")->capture_default_str();
  app.add_option("--images", s.images, "to train with, 0: all")->capture_default_str();
  app.add_option("--seeds", s.seeds, "of each network, at least 1")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--rounds", s.rounds, "of measuring")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--threads", s.threads, "of training, 0: all")->capture_default_str();
  app.add_option("--output", s.output, "folder of checkpoints")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(s);
} catch (const std::exception& e) {
  std::cerr << "steering: " << e.what() << '\n';
  return 1;
}
