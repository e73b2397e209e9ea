// what: the shipped Fashion-MNIST weights: accuracy, share of operations and of time with early exits, bytes of weights
// Thresholds were chosen on the validation split when the weights were made; this only reads the test part: the full
// one where OFFRAMP_DATA_DIR is set, else the 1,000 images of the slice in the repository.
#include <fstream>
#include <iostream>

#include <offramp/host.hpp>

#include "benchmarks/goals.hpp"
#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;
using here = path::portable;

namespace {

bench::goals reached;

}  // namespace

int main() try {
  const host::labelled_images test = host::fashion_mnist(host::find_data("fashion-mnist")).test;
  const bound_weights<device_net, here> weights = garment_weights;
  const auto memory = std::make_unique<arena<device_net, here>>();
  session<device_net, here> net{weights, *memory};
  if (const status s = self_test<device_net, here>(net, garment_weights.words); s != status::ok)
    throw host::error(std::string{"self test of the weights: "} + to_string(s));

  host::thread_pool pool;
  const host::exit_outputs outputs = host::run_all_exits(weights, test, pool);
  std::vector<std::int32_t> thresholds;
  for (int k = 0; k < device_net::exits; ++k) thresholds.push_back(weights.record(k).threshold_q16());
  const host::operating_point chosen = host::evaluate_thresholds(outputs, thresholds);
  const std::vector<std::vector<double>> times =
      host::time_exits(net, test.slice(0, std::min(1000, test.count())), 5, &std::cerr);
  host::exit_outputs timed = outputs;
  timed.truth.resize(times[0].size());
  const host::stream_time adaptive = host::summarize(host::stream_times(timed, times, thresholds));
  const host::stream_time full = host::summarize(times.back());

  const auto full_ops = static_cast<double>(outputs.full_ops);
  std::cout << bench::cpu_name() << "; " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << "; path " << here::name << "; "
            << test.count() << " test images\n\n";
  host::table t({"", "accuracy %", "OPs", "OPs of full %", "mean time us", "p95 us", "max us"});
  for (int k = 0; k < outputs.exits(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    const host::stream_time s = host::summarize(times[at]);
    t.add({"all at exit " + std::to_string(k + 1), host::fixed(100 * host::exit_accuracy(outputs, k), 2),
           host::grouped(outputs.ops[at]), host::fixed(100 * static_cast<double>(outputs.ops[at]) / full_ops, 1),
           host::fixed(s.mean / 1000, 1), host::fixed(s.p95 / 1000, 1), host::fixed(s.maximum / 1000, 1)});
  }
  t.add({"adaptive", host::fixed(100 * chosen.accuracy, 2), host::grouped(static_cast<long long>(chosen.mean_ops)),
         host::fixed(100 * chosen.mean_ops / full_ops, 1), host::fixed(adaptive.mean / 1000, 1),
         host::fixed(adaptive.p95 / 1000, 1), host::fixed(adaptive.maximum / 1000, 1)});
  std::cout << t << "\nleft at exits:";
  for (const int n : chosen.left) std::cout << ' ' << host::fixed(100.0 * n / test.count(), 1) << " %";
  std::cout << "\n\n";

  const double final_accuracy = 100 * host::exit_accuracy(outputs, outputs.exits() - 1);
  reached.at_least("final_exit_accuracy", final_accuracy, 91.5, "%");
  reached.at_most("weights", static_cast<double>(offramp::memory<device_net, here>.weight_bytes) / 1024, 100, "KiB");
  reached.at_most("adaptive_share_of_operations", 100 * chosen.mean_ops / full_ops, 40, "%");
  reached.at_most("adaptive_loss", final_accuracy - 100 * chosen.accuracy, 0.5, "points");
  reached.at_most("adaptive_share_of_last_exits_time", 100 * adaptive.mean / full.mean, 40, "%");
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "accuracy: " << e.what() << '\n';
  return 1;
}
