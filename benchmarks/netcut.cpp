// what: NetCut: estimated against measured time of all trims, deadlines met, retrainings saved (trains first, minutes)
// Two networks trained on Fashion-MNIST go to another task (MNIST where OFFRAMP_DATA_DIR has it, else five classes that
// are hard to tell apart) under deadlines of 30, 50 and 70 % of the larger one's time. Each is profiled once; the
// longest trim that is estimated to meet the deadline is retrained, one for each network, and compared with the best
// network that meets it uncut. NetCut: Zandigohar et al. 2021, arXiv 2101.05363. --quick: a slice of the data.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <offramp/elastic/trim.hpp>
#include <offramp/host.hpp>
#include <offramp/host/netcut.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/take_prefix.hpp>
#include <offramp/paths/native.hpp>

#include "benchmarks/goals.hpp"

using namespace offramp;
using here = path::native;

namespace {

#ifdef OFFRAMP_HOST_TILES
constexpr auto products = host::product_precision::bf16;  // faster there
#else
constexpr auto products = host::product_precision::f32;
#endif

template <int C, int Stride>
struct grow : layer_sequence<conv2d<C, 3, stride{Stride}>, batch_norm, relu> {};
template <int C>
using keep = residual<conv2d<C, 3>, batch_norm, relu>;
// The stem alone is no block: it classifies nothing, and the estimator does not see that what it writes, the stream of
// the residual behind it, would be i8 instead of i16 without one.
template <int C>
struct stem : layer_sequence<grow<C, 1>, max_pool<2>, keep<C>> {};
template <int C>
using backbone =
    stage<stem<C>, keep<C>, grow<2 * C, 2>, keep<2 * C>, keep<2 * C>, grow<4 * C, 2>, keep<4 * C>, keep<4 * C>>;

using wide = network<image<28, 28, 1>, backbone<32>, exit_head<10>>;
using half = network<image<28, 28, 1>, backbone<16>, exit_head<10>>;

struct settings {
  bool quick = false;
  int source_epochs = 4, head_epochs = 3, fine_epochs = 6;
  int threads = 0;
  int runs = 4000;      // of each chosen trim, against its deadline
  std::string profile;  // JSON of this CPU: the latency model's estimates beside the others
};

std::string percent(double share, int decimals = 1) { return host::fixed(100 * share, decimals) + " %"; }
std::string microseconds(double nanoseconds) { return host::fixed(nanoseconds / 1000, 2); }

bench::goals reached;

// Images of some classes, which become 0, 1, ...
host::labelled_images of_classes(const host::labelled_images& set, const std::vector<int>& classes) {
  host::labelled_images part{set.height, set.width, set.channels, static_cast<int>(classes.size()), {}, {}, {}};
  for (int i = 0; i < set.count(); ++i) {
    const auto at = std::find(classes.begin(), classes.end(), int{set.labels[static_cast<std::size_t>(i)]});
    if (at == classes.end()) continue;
    part.pixels.insert(part.pixels.end(), set.image(i), set.image(i) + set.image_size());
    part.labels.push_back(static_cast<std::uint8_t>(at - classes.begin()));
  }
  return part;
}

host::labelled_images first(const host::labelled_images& set, int count) {
  return set.slice(0, std::min(count, set.count()));
}

host::dataset target_task(const settings& s, const host::dataset& source, std::string& name) {
  const char* root = std::getenv("OFFRAMP_DATA_DIR");
  host::dataset d;
  if (root != nullptr && std::filesystem::is_directory(std::filesystem::path{root} / "mnist")) {
    name = "MNIST";
    d = host::mnist(std::filesystem::path{root} / "mnist");
    if (s.quick) return {first(d.train, 1000), first(d.validation, 500), first(d.test, 500)};
    return {first(d.train, 6000), d.validation, d.test};
  }
  name = "five classes of Fashion-MNIST";
  const std::vector<int> hard = {0, 2, 3, 4, 6};  // T-shirt, pullover, dress, coat, shirt
  return {of_classes(source.train, hard), of_classes(source.validation, hard), of_classes(source.test, hard)};
}

// A network ready to run: nothing but its time is asked of it, so its parameters are those it starts with.
struct runner {
  std::function<void(int)> run;  // image i
  std::vector<double> times;
};

template <class Net>
runner make_runner(const host::model& m, const host::labelled_images& images) {
  using lowered = lower<Net>;
  const host::quantized_model q = host::quantize<lowered>(m, first(images, 64), 1);
  auto net = std::make_shared<host::deployed<lowered, here>>(
      host::pack_model<lowered, here>(q, {}, {images.image(0), images.image_size()}));
  return {[net, &images](int i) {
            using session_t = typename host::deployed<lowered, here>::session_type;
            volatile std::int16_t label =
                (**net).classify(host::checked_input<session_t>({images.image(i), images.image_size()})).label;
            static_cast<void>(label);
          },
          {}};
}

double time_once(const runner& r, int image) {
  const auto start = steady_clock::now();
  r.run(image);
  return static_cast<double>(elapsed(start, steady_clock::now()));
}

// All of them in turn, so that a slow moment meets every one. The first of each turn's three runs warms the cache up.
void measure(std::vector<runner*> all, int images, int rounds) {
  for (int round = -5; round < rounds; ++round)
    for (runner* r : all)
      for (int again = 0; again < 3; ++again) {
        const double t = time_once(*r, std::abs(round) % images);
        if (round >= 0 && again > 0) r->times.push_back(t);
      }
}

double quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  return v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
}

// One network of the pool, and what becomes of it.
struct candidate {
  std::string name;
  std::shared_ptr<const host::model> trained;
  std::vector<std::string> cuts;
  std::vector<runner> trims;  // one for each cut; the last is the whole backbone
  host::network_profile profile;
  std::function<std::vector<host::trim_estimate>(const host::network_profile&, double)> estimate;
  std::vector<host::trim_estimate> by_profile, by_model;
  std::function<double(int)> retrain;  // trim -> accuracy on the test images
  std::map<int, double> accuracy;
};

template <class Net>
candidate prepare(const std::string& name, const settings& s, const host::dataset& source,
                  const host::dataset& target) {
  using family = trim_family<Net>;
  candidate c;
  c.name = name;
  std::cout << "training " << name << " on " << source.train.count() << " images\n";
  c.trained =
      std::make_shared<const host::model>(host::train<Net>(source.train, recipes::joint{.epochs = s.source_epochs},
                                                           {.threads = s.threads, .graph = {.products = products}}));
  const auto build = [&]<int... I>(std::integer_sequence<int, I...>) {
    const auto one = [&]<class Trim>(std::type_identity<Trim>) {
      c.cuts.push_back(name + ", " + std::to_string(c.cuts.size() + 1));
      const host::model start = host::take_prefix(*c.trained, Trim::view(), {.trained_heads = false});
      c.trims.push_back(make_runner<Trim>(start, target.test));
    };
    (one(std::type_identity<typename family::template at<I>>{}), ...);
  };
  build(std::make_integer_sequence<int, family::size>{});

  using whole = typename family::template at<family::size - 1>;
  const host::quantized_model q = host::quantize<lower<whole>>(
      host::take_prefix(*c.trained, whole::view(), {.trained_heads = false}), first(target.train, 64), 1);
  const host::deployed<lower<whole>, here> net{
      host::pack_model<lower<whole>, here>(q, {}, {target.test.image(0), target.test.image_size()})};
  const auto weights = host::bind_or_throw<lower<whole>, here>(net.words(), name);
  c.profile = host::profile_network(weights, target.test.pixels, 1999);
  c.estimate = [](const host::network_profile& p, double margin) {
    return host::estimate_by_profile<trim_family<whole>, lower<whole>, here>(p, margin);
  };
  if (!s.profile.empty())
    c.by_model = host::estimate_by_model<family>(host::profile_for<here>(host::load_profile(s.profile)));

  c.retrain = [trained = c.trained, &s, &target](int trim) {
    double accuracy = 0;
    const auto one = [&]<class Trim>(std::type_identity<Trim>) {
      const host::model start = host::take_prefix(*trained, Trim::view(), {.trained_heads = false});
      const recipes::transfer how{.fine = {.epochs = s.fine_epochs, .learning_rate = 1e-3f},
                                  .head_epochs = s.head_epochs};
      const host::model m = host::train<Trim>(target.train, how,
                                              {.threads = s.threads, .start = &start, .graph = {.products = products}});
      accuracy = host::accuracy(host::evaluate(m, target.test, s.threads), target.test, 0);
    };
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((I == trim ? one(std::type_identity<typename family::template at<I>>{}) : void()), ...);
    }
    (std::make_integer_sequence<int, family::size>{});
    return accuracy;
  };
  return c;
}

// Share of runs within the deadline. A run counts if the control, timed right before and after it, was as fast as when
// the deadline was measured: on a machine that others slow down a deadline in microseconds means nothing.
struct meeting {
  double share = 0;
  int counted = 0, aside = 0;
};
meeting meets(const runner& chosen, const runner& control, double deadline, int images, int runs) {
  const double limit = 1.1 * quantile(control.times, 0.5);
  meeting m;
  int met = 0;
  for (int i = 0; m.counted < runs && m.counted + m.aside < 10 * runs; ++i) {
    const auto warm = [&](const runner& r) {
      r.run(i % images);
      return time_once(r, i % images);
    };
    const double before = warm(control), t = warm(chosen), after = warm(control);
    if (before > limit || after > limit) {
      ++m.aside;
      continue;
    }
    ++m.counted;
    met += t <= deadline ? 1 : 0;
  }
  m.share = m.counted > 0 ? static_cast<double>(met) / m.counted : 0;
  return m;
}

double relative_error(const std::vector<candidate>& pool, bool model) {
  double sum = 0;
  int n = 0;
  for (const candidate& c : pool) {
    const auto& estimates = model ? c.by_model : c.by_profile;
    for (std::size_t i = 0; i < estimates.size(); ++i, ++n) {
      const double measured = quantile(c.trims[i].times, 0.5);
      sum += std::abs(estimates[i].time - measured) / measured;
    }
  }
  return n > 0 ? sum / n : 0;
}

void run(const settings& s, const host::dataset& source, const host::dataset& target) {
  std::vector<candidate> pool;
  pool.push_back(prepare<wide>("wide", s, source, target));
  pool.push_back(prepare<half>("half", s, source, target));

  std::vector<runner*> all;
  for (candidate& c : pool)
    for (runner& r : c.trims) all.push_back(&r);
  measure(all, target.test.count(), s.quick ? 200 : 2000);
  std::size_t trims = 0;
  for (candidate& c : pool) {
    // t_N from the same turns as what it is held against; the margin is three deviations of runs of the whole network,
    // estimated from their median distance, which runs that were interrupted do not move.
    c.profile.whole = quantile(c.trims.back().times, 0.5);
    std::vector<double> distances;
    for (const double t : c.trims.back().times) distances.push_back(std::abs(t - c.profile.whole));
    c.by_profile = c.estimate(c.profile, 1 + 3 * 1.4826 * quantile(std::move(distances), 0.5) / c.profile.whole);
    trims += c.trims.size();
  }

  host::table t({"network, blocks", "measured us", "by profile us", "error", "by model us", "error "});
  for (const candidate& c : pool)
    for (std::size_t i = 0; i < c.trims.size(); ++i) {
      const double measured = quantile(c.trims[i].times, 0.5);
      const auto error = [&](double estimate) { return percent((estimate - measured) / measured); };
      t.add({c.cuts[i], microseconds(measured), microseconds(c.by_profile[i].time), error(c.by_profile[i].time),
             c.by_model.empty() ? "-" : microseconds(c.by_model[i].time),
             c.by_model.empty() ? "-" : error(c.by_model[i].time)});
    }
  std::cout << '\n' << t << '\n';

  const auto accuracy = [&](candidate& c, int trim) {
    if (!c.accuracy.contains(trim)) {
      std::cout << "retraining " << c.cuts[static_cast<std::size_t>(trim)] << " blocks\n";
      c.accuracy[trim] = c.retrain(trim);
    }
    return c.accuracy[trim];
  };
  const double full = quantile(pool[0].trims.back().times, 0.5);
  host::table chosen(
      {"deadline us", "network, blocks", "estimated us", "meets", "runs", "set aside", "accuracy", "uncut"});
  double least_met = 1, least_gain = 1;
  int retrained = 0;
  for (const double share : {0.3, 0.5, 0.7}) {
    const double deadline = share * full;
    double best = 0, uncut = 0;
    for (candidate& c : pool) {
      const host::netcut_choice choice = host::netcut(c.by_profile, deadline);
      if (!choice.found()) {
        std::cout << c.name << ": " << host::describe(choice, "ns") << '\n';
        continue;
      }
      const int last = static_cast<int>(c.trims.size()) - 1;
      const std::size_t before = c.accuracy.size();
      const double a = accuracy(c, choice.index);
      retrained += static_cast<int>(c.accuracy.size() - before);
      best = std::max(best, a);
      if (c.by_profile.back().longest <= deadline) uncut = std::max(uncut, accuracy(c, last));
      const auto at = static_cast<std::size_t>(choice.index);
      const meeting m = meets(c.trims[at], pool[1].trims[0], deadline, target.test.count(), s.runs);
      least_met = std::min(least_met, m.share);
      chosen.add({microseconds(deadline), c.cuts[at], microseconds(choice.estimate.time), percent(m.share),
                  std::to_string(m.counted), std::to_string(m.aside), percent(a), choice.index == last ? "yes" : ""});
    }
    if (uncut > 0) least_gain = std::min(least_gain, best - uncut);
  }
  std::cout << '\n' << chosen << '\n';
  reached.at_most("netcut_estimator_error", 100 * relative_error(pool, false), 5, "%");
  if (!s.profile.empty()) reached.at_most("netcut_model_error", 100 * relative_error(pool, true), 10, "%");
  reached.at_least("netcut_least_runs_within_deadline", 100 * least_met, 95, "%");
  if (least_gain < 1) reached.at_least("netcut_accuracy_above_uncut", 100 * least_gain, 0, "points");
  // For one deadline: one retraining a network, instead of one a trim.
  reached.at_least("netcut_retrainings_saved",
                   100 * (1 - static_cast<double>(pool.size()) / static_cast<double>(trims)), 50, "%");
  std::cout << trims << " trims, " << retrained << " retrained for three deadlines\n";
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--quick") {
      s.quick = true, s.source_epochs = s.head_epochs = s.fine_epochs = 6, s.runs = 500;
    } else if (a == "--threads" && i + 1 < argc) {
      s.threads = std::atoi(argv[++i]);
    } else if (a == "--profile" && i + 1 < argc) {
      s.profile = argv[++i];
    } else {
      std::cerr << "netcut [--quick] [--threads N] [--profile THIS_CPU.json]\n";
      return 1;
    }
  }
  if (!s.profile.empty())  // refused before training, not after
    static_cast<void>(host::profile_for<here>(host::load_profile(s.profile)));
  host::dataset source = host::fashion_mnist(host::find_data("fashion-mnist"));
  source.train = first(source.train, s.quick ? 1000 : 10000);
  std::string name;
  const host::dataset target = target_task(s, source, name);
  std::cout << bench::cpu_name() << "; " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << "; path " << here::name
            << "; from Fashion-MNIST to " << name << ", " << target.train.count() << " images\n";
  run(s, source, target);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "netcut: " << e.what() << '\n';
  return 1;
}
