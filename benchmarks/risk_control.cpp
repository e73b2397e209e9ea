// what: thresholds with a promise on the shipped network: 100 random splits, how often it is broken, what it costs
// needs: gnuplot-nox
// Held-out Fashion-MNIST: validation and test images where OFFRAMP_DATA_DIR holds the full set, else the slice's test
// part. Each split calibrates on 1,000 images (a fifth of the slice's); all others stand for images to come.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host.hpp>

#include "benchmarks/goals.hpp"
#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;

namespace {

constexpr int splits = 100;
constexpr double delta = 0.1;
constexpr double allowed = delta + 3 * 0.03;  // and three standard errors, sqrt(delta (1 - delta) / splits)

// What thresholds are worth on the images of a split that they were not chosen on.
struct result {
  double loss = 0;    // mean loss as controlled: wrong where the last exit is right
  double drop = 0;    // of accuracy
  double saving = 0;  // share of the cost of the network without early exits
};

struct split {
  host::exit_outputs calibration;
  host::exit_outputs rest;
  host::loss_table loss;

  split(const host::exit_outputs& pool, int n, int number) {
    const std::vector<int> order =
        host::random_order(pool.count(), host::random_source{2405, static_cast<std::uint64_t>(number)});
    calibration = host::images_of(pool, {order.begin(), order.begin() + n});
    rest = host::images_of(pool, {order.begin() + n, order.end()});
    loss = host::early_exit_losses(rest, risk_loss::accuracy_gap);
  }
  [[nodiscard]] result of(const std::vector<std::int32_t>& thresholds) const {
    const host::operating_point p = host::evaluate_thresholds(rest, thresholds);
    return {host::mean_loss(rest, loss, thresholds), host::exit_accuracy(rest, rest.exits() - 1) - p.accuracy,
            1 - p.mean_ops / static_cast<double>(rest.full_ops)};
  }
};

result mean(const std::vector<result>& all) {
  result m;
  for (const result& r : all) m.loss += r.loss, m.drop += r.drop, m.saving += r.saving;
  const auto n = static_cast<double>(all.size());
  return {m.loss / n, m.drop / n, m.saving / n};
}

std::string percent(double share, int decimals = 1) { return host::fixed(100 * share, decimals) + "%"; }

// The most that a threshold saves with at most this drop, of those on the curve.
double most_saved(const std::vector<result>& curve, double drop) {
  double most = 0;
  for (const result& r : curve)
    if (r.drop <= drop) most = std::max(most, r.saving);
  return most;
}

// One threshold for all exits, the cheapest with at most this drop on these images.
std::vector<std::int32_t> cheapest_of_sweep(const host::exit_outputs& o, host::accuracy_drop wish) {
  const double floor = host::exit_accuracy(o, o.exits() - 1) - wish.most;
  std::vector<std::int32_t> best(static_cast<std::size_t>(o.exits()), never_q16);
  double ops = host::evaluate_thresholds(o, best).mean_ops;
  for (const host::operating_point& p : host::sweep(o, host::threshold_grid(o)))
    if (p.accuracy >= floor && p.mean_ops < ops) best = p.thresholds_q16, ops = p.mean_ops;
  return best;
}

bench::goals reached;

}  // namespace

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  host::labelled_images images = data.test;
  const bool full = data.validation.count() == 5000 && data.test.count() >= 5000;
  if (full) {
    images.pixels.insert(images.pixels.end(), data.validation.pixels.begin(), data.validation.pixels.end());
    images.labels.insert(images.labels.end(), data.validation.labels.begin(), data.validation.labels.end());
  }
  const bound_weights<device_net, path::portable> weights = garment_weights;
  host::thread_pool threads;
  const host::exit_outputs pool = host::run_all_exits(weights, images, threads);
  const int n = full ? 1000 : pool.count() / 5;
  const std::vector<double> limits = full ? std::vector<double>{0.005, 0.01} : std::vector<double>{0.02};
  std::cout << pool.count() << " held-out images, " << splits << " splits: " << n << " to calibrate with, "
            << pool.count() - n << " to come; delta " << delta << "\n\n";
  std::vector<split> all;
  for (int i = 0; i < splits; ++i) all.emplace_back(pool, n, i);

  // Uncontrolled: one threshold for all exits, whatever it be, on all images; what a promise saves is compared with the
  // most that could have been saved at the same drop.
  std::vector<result> uncontrolled;
  for (const host::operating_point& p : host::sweep(pool, host::threshold_grid(pool, 400)))
    uncontrolled.push_back({0, host::exit_accuracy(pool, pool.exits() - 1) - p.accuracy,
                            1 - p.mean_ops / static_cast<double>(pool.full_ops)});

  host::table t({"thresholds", "epsilon", "broken", "loss", "drop", "saving", "of uncontrolled"});
  host::curve_plot plot{"A promise about early exits: " + std::to_string(splits) + " random splits",
                        {.label = "accuracy lost on images to come [points]", .high = 200 * limits.back()},
                        {.label = "operations saved [%]", .low = 0},
                        {}};
  const auto points_of = [](const std::string& name, const std::vector<result>& results, bool line) {
    host::curve c{name, {}, {}};
    for (const result& r : results) c.x.push_back(100 * r.drop), c.y.push_back(100 * r.saving);
    c.line = line;
    return c;
  };
  plot.curves.push_back(points_of("no promise: every threshold", uncontrolled, true));
  plot.curves.back().points = false;
  struct verdict {
    double epsilon, broken, saving;
  };
  std::vector<verdict> verdicts;
  for (const double epsilon : limits) {
    const auto row = [&](const std::string& name, const auto& choose) {
      std::vector<result> results;
      int broken = 0;
      for (const split& s : all) {
        results.push_back(s.of(choose(s.calibration)));
        // Some are about the drop itself, the others about what is lost, whatever is gained.
        const bool about_drop = name == "betting" || name.starts_with("no promise");
        broken += (about_drop ? results.back().drop : results.back().loss) > epsilon ? 1 : 0;
      }
      const result m = mean(results);
      const double share = m.saving / most_saved(uncontrolled, m.drop);
      t.add({name, percent(epsilon), std::to_string(broken) + " of " + std::to_string(splits), percent(m.loss, 2),
             percent(m.drop, 2), percent(m.saving), percent(share)});
      if (name == "binomial") {
        verdicts.push_back({epsilon, broken / static_cast<double>(splits), share});
        plot.curves.push_back(points_of("promise of " + percent(epsilon), results, false));
      }
    };
    row("no promise, each exit",
        [&](const host::exit_outputs& o) { return host::calibrate(o, host::accuracy_drop{epsilon}).thresholds_q16; });
    row("no promise, one for all",
        [&](const host::exit_outputs& o) { return cheapest_of_sweep(o, host::accuracy_drop{epsilon}); });
    const auto controlled = [&](risk_test test, bool each_exit) {
      return [=](const host::exit_outputs& o) {
        return host::calibrate(
                   o, host::risk_control{.epsilon = epsilon, .delta = delta, .test = test, .each_exit = each_exit})
            .thresholds_q16;
      };
    };
    row("binomial", controlled(risk_test::binomial, false));
    row("Hoeffding-Bentkus", controlled(risk_test::hoeffding_bentkus, false));
    row("betting", controlled(risk_test::betting, false));
    row("in expectation", controlled(risk_test::in_expectation, false));
    if (host::fewest_images({.epsilon = epsilon, .delta = delta}) <= n / 2)
      row("binomial, each exit", controlled(risk_test::binomial, true));
  }
  const std::filesystem::path folder = "build/benchmarks/risk_control";
  std::filesystem::create_directories(folder);
  host::save_plot(plot, folder / "risk_control.svg");
  std::cout
      << t
      << "\nbroken: loss (share of images wrong where the last exit is right; betting and no promise: drop) on the "
         "images to come\nabove epsilon; of uncontrolled: saving relative to the most that any threshold for all exits "
         "saves at\nthe "
         "same drop. Plot:\n"
      << (folder / "risk_control.svg").string() << "\n\n";
  for (const verdict& v : verdicts) {
    const std::string at = "_at_" + percent(v.epsilon);
    reached.at_most("broken" + at, 100 * v.broken, 100 * allowed, "%", 1);
    reached.at_least("saving_of_uncontrolled" + at, 100 * v.saving, 90, "%", 1);
  }
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "risk_control: " << e.what() << '\n';
  return 1;
}
