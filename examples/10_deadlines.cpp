// 10: three deadlines, one set of weights. The program measures the network's ops on this CPU and makes a profile of
// them; what thresholds and exits can reach at what predicted time is searched once; each deadline then picks a point.
// Predicted and measured times are compared: the least of several runs each, so that other programs do not count.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <offramp/exits/recorded.hpp>
#include <offramp/host.hpp>
#include <offramp/host/fit_latency.hpp>
#include <offramp/host/frontier_text.hpp>
#include <offramp/select/selector.hpp>

#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;
using here = path::portable;
using session_t = session<device_net, here>;

static std::string percent(double share) { return host::fixed(100 * share, 1) + " %"; }
static std::string us(double ns) { return host::fixed(ns / 1000, 1); }
static auto input(const host::labelled_images& images, int i) {
  return host::checked_input<session_t>({images.image(i), images.image_size()});
}

// Every op several times, through the hooks of a session; what no op accounts for belongs to the sample.
static cpu_profile<here> profile_this_cpu(const host::labelled_images& images) {
  using plan = planned<device_net, here>;
  constexpr int rounds = 8, shown = 100;
  recorder_for<device_net, here, steady_clock, shown> times;
  const auto ram = std::make_unique<arena<device_net>>();
  recorded_session<device_net, here, steady_clock, shown> seen{garment_weights, *ram, times};
  session_t plain{garment_weights, *ram};
  std::vector<host::latency_sample> samples;
  std::vector<double> runs[shown], whole;
  for (int round = 0; round < rounds; ++round) {
    if (const clock_status s = times.start(); s != clock_status::ok) throw host::error(to_string(s));
    for (int i = 0; i < shown; ++i) {
      static_cast<void>(seen.classify(input(images, i), confidence{2.0f}));  // never sure: to the last exit
      const std::uint64_t start = steady_clock::now();
      static_cast<void>(plain.classify(input(images, i), confidence{2.0f}));
      runs[i].push_back(static_cast<double>(elapsed(start, steady_clock::now())));
    }
    for (int step = 0; step < plan::steps; ++step)
      samples.push_back({features<here>(plan::program.steps[step]), static_cast<double>(times.times(step).minimum)});
  }
  double ops = 0;
  for (const host::latency_sample& s : samples) ops += s.time / rounds;
  for (auto& r : runs) whole.push_back(*std::min_element(r.begin(), r.end()));
  cpu_profile<here> cpu{host::fit_latency(samples, {.least_samples = rounds})};
  cpu.data.path_id = here::id;
  cpu.data.path_version = here::version;
  cpu.data.per_sample = static_cast<float>(std::max(0.0, host::median(whole) - ops));
  cpu.data.quantile_ratio = static_cast<float>(host::quantile(whole, 0.95) / host::median(whole));
  return cpu;
}

int main() try {
  const host::labelled_images images = host::fashion_mnist(host::find_data("fashion-mnist")).test;
  const int half = images.count() / 2;
  const host::labelled_images choose = images.slice(0, half), test = images.slice(half, half);

  const cpu_profile<here> cpu = profile_this_cpu(choose);
  host::thread_pool pool;
  const bound_weights<device_net, here> weights = garment_weights;
  const host::searched_frontier frontier = host::search_frontier(
      {host::candidate_of<device_net>("garments", {}, host::run_all_exits(weights, choose, pool), cpu)},
      {.merge = 0.05});
  std::cout << "What one set of weights can do on this CPU, chosen on " << half << " images:\n\n"
            << host::frontier_table(frontier) << '\n';

  const auto ram = std::make_unique<arena<device_net>>();
  session_t net{garment_weights, *ram};
  const auto predicted = latency<device_net>(cpu);
  host::table t({"deadline", "us", "exits", "right", "mean us", "measured", "longest us", "95 % within", "kept"});
  int kept = 0;
  for (const auto& [on, deadline] : {std::pair{deadline_on::longest_path, 1.2 * predicted.longest_path},
                                     std::pair{deadline_on::longest_path, 0.5 * predicted.longest_path},
                                     std::pair{deadline_on::mean, 1.25 * predicted.to_exit[0]}}) {
    // A twentieth is kept in reserve.
    const selection s = select(frontier.view(), {.deadline = static_cast<std::uint32_t>(0.95 * deadline), .on = on});
    if (!s) throw host::error(host::describe(s, frontier));
    const frontier_point& point = frontier.view()[s.index];
    session_t::thresholds_type thresholds;  // the configuration: numbers, no other network
    std::copy_n(frontier.thresholds_of(s.index).begin(), device_net::exits, thresholds.q16);

    int right = 0;
    std::vector<double> times(static_cast<std::size_t>(half), 1e18);
    for (int round = 0; round < 5; ++round)
      for (int i = 0; i < half; ++i) {
        const std::uint64_t start = steady_clock::now();
        const prediction p = net.classify(input(test, i), thresholds);
        double& least = times[static_cast<std::size_t>(i)];
        least = std::min(least, static_cast<double>(elapsed(start, steady_clock::now())));
        if (round == 0) right += p.label == test.labels[static_cast<std::size_t>(i)] ? 1 : 0;
      }
    const host::stream_time measured = host::summarize(times);
    const bool mean = on == deadline_on::mean, keeps = (mean ? measured.mean : measured.p95) <= deadline;
    kept += keeps ? 1 : 0;
    t.add({mean ? "on average" : "every image", us(deadline), "1 to " + std::to_string(point.choice.cut),
           percent(static_cast<double>(right) / half), us(point.mean_cost), us(measured.mean), us(point.longest_path),
           us(measured.p95), keeps ? "yes" : "no"});
  }
  std::cout << t << '\n' << kept << " of 3 deadlines kept on " << half << " other images\n";
  return 0;
} catch (const host::error& e) {
  std::cerr << "10_deadlines: " << e.what() << '\n';
  return 1;
}
