// 04: when to stop. The network runs once over the images and keeps every head's logits; criteria, thresholds and reuse
// of earlier predictions are then compared on them. On a device each is a template argument of the session.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <offramp/exits/policies.hpp>
#include <offramp/exits/statistics.hpp>
#include <offramp/host.hpp>
#include <offramp/host/fit_ensemble.hpp>
#include <offramp/host/fit_gate.hpp>
#include <offramp/host/policy_words.hpp>

#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;
using here = path::portable;
constexpr int exits = device_net::exits, classes = device_net::classes;
using words = std::vector<std::uint32_t>;

static std::string percent(double share) { return host::fixed(100 * share, 1) + " %"; }

// Thresholds chosen on one half of the images, no worse than the last exit there; figures of the other half.
template <class Criterion>
static void row(host::table& t, const std::string& reuse, host::exit_outputs choose, host::exit_outputs test,
                const words& parameters = {}) {
  host::rescore<Criterion>(choose, parameters);
  host::rescore<Criterion>(test, parameters);
  const host::operating_point chosen = host::calibrate(choose, host::accuracy_drop{0.0});
  const host::operating_point p = host::evaluate_thresholds(test, chosen.thresholds_q16);
  std::vector<std::string> cells = {Criterion::name, reuse, percent(host::exit_accuracy(test, exits - 1)),
                                    percent(p.accuracy), percent(p.mean_ops / static_cast<double>(test.full_ops))};
  for (const int n : p.left) cells.push_back(std::to_string(n));
  t.add(cells);
}

int main() try {
  const host::labelled_images images = host::fashion_mnist(host::find_data("fashion-mnist")).test;
  const int half = images.count() / 2;
  const bound_weights<device_net, here> weights = garment_weights;
  host::thread_pool pool;
  const host::exit_outputs choose = host::run_all_exits(weights, images.slice(0, half), pool);
  const host::exit_outputs test = host::run_all_exits(weights, images.slice(half, half), pool);

  host::table t({"criterion", "reuse", "last exit", "right", "OPs of full", "left at 1", "2", "3", "4"});
  row<max_softmax>(t, "none", choose, test);
  row<logit_margin>(t, "none", choose, test);
  row<entropy>(t, "none", choose, test);
  row<patience>(t, "none", choose, test);
  row<learned_gate>(t, "none", choose, test, host::fit_gate(choose));

  // Reuse: every exit judges a mixture of its own prediction and the earlier ones.
  std::vector<host::head_logits> heads;
  for (const double scale : choose.scale) heads.push_back({.scale = scale});
  const auto with = [&]<class Reuse>(Reuse, const host::reuse_plan& plan) {
    const auto judged = [&](const host::exit_outputs& o) {
      return host::with_reuse<Reuse, exits, classes>(o, plan.words, plan.scale);
    };
    row<max_softmax>(t, Reuse::name, judged(choose), judged(test));
    row<entropy>(t, Reuse::name, judged(choose), judged(test));
  };
  with(geometric_ensemble{}, host::geometric_words(host::fit_ensemble(choose), heads));
  with(additive{}, host::additive_words(std::vector<double>{0.5}, heads));
  std::cout << half << " images; thresholds from " << half << " others\n\n" << t << '\n';

  // One word of the session's type: leave where the network is sure and two exits agree.
  using careful = session<device_net, here, all_of<max_softmax, patience>>;
  const auto ram = std::make_unique<arena<device_net>>();
  careful net{garment_weights, *ram};
  careful::thresholds_type thresholds;
  for (int k = 0; k < exits; ++k) thresholds.q16[2 * k] = to_q16(0.7f), thresholds.q16[2 * k + 1] = to_q16(1.0f);
  stream_statistics<exits, classes> seen;
  int right = 0;
  for (int i = half; i < images.count(); ++i) {
    const prediction p = host::classify(net, {images.image(i), images.image_size()}, thresholds);
    seen.record(p);
    right += p.label == images.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  std::cout << "all_of<max_softmax, patience>, 0.7 and two exits: " << percent(static_cast<double>(right) / half)
            << " right, mean probability " << percent(seen.mean_probability_q16() / 65535.0) << ", leaving at";
  for (int k = 0; k < exits; ++k) std::cout << ' ' << seen.left_at(k);
  std::cout << '\n';
  return 0;
} catch (const host::error& e) {
  std::cerr << "04_exits: " << e.what() << '\n';
  return 1;
}
