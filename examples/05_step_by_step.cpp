// 05: a network that can be interrupted. begin(x) starts a sample, step() runs one stage and its head, best() is the
// best answer so far: for main loops with other duties. classify(x, deadline) is that loop with a time to keep.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <offramp/host.hpp>

#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;
using session_t = session<device_net>;
constexpr int exits = device_net::exits;

static std::string percent(double share) { return host::fixed(100 * share, 1) + " %"; }

int main() try {
  const host::labelled_images images = host::fashion_mnist(host::find_data("fashion-mnist")).test.slice(0, 1000);
  const auto ram = std::make_unique<arena<device_net>>();
  session_t net{garment_weights, *ram};
  const auto input = [&](int i) { return host::checked_input<session_t>({images.image(i), images.image_size()}); };
  const auto right = [&](int i, const prediction& p) { return p.label == images.labels[static_cast<std::size_t>(i)]; };

  // What stage and head cost here, but for the slowest 5 % of some runs. A firmware would have such constants.
  std::vector<std::uint64_t> runs[exits];
  int hard = 0;  // an image that the first exit gets wrong and the last one right
  for (int i = 0; i < 300; ++i) {
    bool wrong_first = false;
    net.begin(input(i));
    for (int k = 0; k < exits; ++k) {
      const std::uint64_t start = steady_clock::now();
      net.step();
      runs[k].push_back(elapsed(start, steady_clock::now()));
      if (k == 0) wrong_first = !right(i, net.best());
    }
    if (wrong_first && right(i, net.best())) hard = i;
  }
  std::uint64_t next_cost_ns[exits - 1], all_ns = host::quantile(runs[0], 0.95);
  for (int k = 1; k < exits; ++k) all_ns += next_cost_ns[k - 1] = host::quantile(runs[k], 0.95);

  std::cout << "One image, " << images.class_name(images.labels[static_cast<std::size_t>(hard)]) << ":\n";
  net.begin(input(hard));
  for (bool more = true; more;) {
    more = net.step();  // anything else may be done between two steps
    const prediction p = net.best();
    std::cout << "  after stage " << p.exit + 1 << ": " << images.class_name(p.label) << ", "
              << percent(static_cast<double>(p.probability())) << ", " << host::grouped(p.spent) << " OPs, "
              << to_string(p.why) << '\n';
  }

  host::table t({"deadline us", "right", "sure in time", "out of time", "mean exit", "mean us", "p95 us"});
  for (const int share : {0, 40, 60, 80, 100, 300}) {  // per cent of what all stages take
    const std::uint64_t budget_ns = all_ns * static_cast<std::uint64_t>(share) / 100;
    std::vector<double> us;
    double correct = 0, sure = 0, late = 0, exit = 0;
    for (int i = 0; i < images.count(); ++i) {
      const std::uint64_t start = steady_clock::now();
      const prediction p = net.classify(input(i), deadline_in<steady_clock>(budget_ns, next_cost_ns));
      us.push_back(static_cast<double>(elapsed(start, steady_clock::now())) / 1000);
      correct += right(i, p) ? 1 : 0, exit += p.exit + 1;
      sure += p.why == stop_reason::confident ? 1 : 0, late += p.why == stop_reason::deadline ? 1 : 0;
    }
    const host::stream_time time = host::summarize(us);
    t.add({host::fixed(static_cast<double>(budget_ns) / 1000, 1), percent(correct / images.count()),
           percent(sure / images.count()), percent(late / images.count()), host::fixed(exit / images.count(), 2),
           host::fixed(time.mean, 1), host::fixed(time.p95, 1)});
  }
  std::cout << '\n'
            << images.count() << " images that leave when sure, or when the next answer would be late:\n\n"
            << t;
  return 0;
} catch (const host::error& e) {
  std::cerr << "05_step_by_step: " << e.what() << '\n';
  return 1;
}
