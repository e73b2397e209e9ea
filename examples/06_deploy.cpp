// 06: from a trained model to a device: integers, thresholds, a model file and a header for firmware; and what to do
// when a device computes something else: the file's own checks, its known answer, and a comparison op by op.
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host.hpp>

#include "small/network.hpp"

using namespace offramp;
using small::device_net;
using here = path::portable;

static std::string percent(double share) { return host::fixed(100 * share, 1) + " %"; }

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const host::model model = small::trained(data);  // or what 03_train left here

  // Integers: ranges of activations come from a few hundred images.
  const host::quantized_model q = host::quantize<device_net>(model, data.train.slice(0, 300));
  const std::span<const std::uint8_t> known_answer{data.test.image(0), data.test.image_size()};

  // Thresholds: as cheap as possible, at most two points worse than the last exit on the validation images.
  host::thread_pool pool;
  host::deployment<device_net::exits> plan;
  const host::deployed<device_net> draft{host::pack_model<device_net, here>(q, plan, known_answer)};
  const auto weights = host::bind_or_throw<device_net>(draft.words(), "draft");
  const host::operating_point chosen =
      host::calibrate(host::run_all_exits(weights, data.validation, pool), host::accuracy_drop{0.02});
  std::copy(chosen.thresholds_q16.begin(), chosen.thresholds_q16.end(), plan.thresholds.q16);

  // A file for any path, checked and packed where it is loaded, and a header whose constants stay in flash.
  host::export_model<device_net>(q, plan, known_answer, "small.ofrm");
  host::export_header<device_net, here>(q, plan, known_answer, "small_weights.hpp", "small_weights", "By 06_deploy.");
  auto net = host::load<device_net, here>("small.ofrm");
  const status test = self_test(*net, net.words().data());
  std::cout << "small.ofrm: " << host::grouped(static_cast<long long>(4 * net.words().size()))
            << " bytes as packed for path " << here::name << "; known answer: " << to_string(test) << '\n';

  const host::exit_outputs tested = host::run_all_exits(weights, data.test, pool);
  const host::operating_point point = host::evaluate_thresholds(tested, chosen.thresholds_q16);
  host::table t({"test images right", "as trained", "in integers", "leave here"});
  const std::vector<double> trained = host::accuracies(host::evaluate(model, data.test), data.test);
  for (int k = 0; k < device_net::exits; ++k)
    t.add({"exit " + std::to_string(k + 1), percent(trained[static_cast<std::size_t>(k)]),
           percent(host::exit_accuracy(tested, k)), std::to_string(point.left[static_cast<std::size_t>(k)])});
  t.add({"leaving early", "", percent(point.accuracy), ""});
  std::cout << '\n' << t << '\n';

  // A damaged file is refused; a damaged memory behind those checks is found by comparing with the model.
  const auto bound = host::bind_or_throw<device_net, here>(net.words(), "small.ofrm");
  std::vector<std::uint32_t> damaged{net.words().begin(), net.words().end()};
  damaged[static_cast<std::size_t>(bound.ops - net.words().data()) +
          planned<device_net, here>::program.steps[3].weight_offset + 7] ^= 1u << 20;
  auto unchecked = bound;
  std::cout << "one bit turned over: " << to_string(bind_weights(damaged.data(), 4 * damaged.size(), unchecked))
            << "\n";
  unchecked.ops = damaged.data() + (bound.ops - net.words().data());
  std::cout << "\nwith that bit, op by op:\n\n" << host::compare(q, unchecked, known_answer);
  return 0;
} catch (const host::error& e) {
  std::cerr << "06_deploy: " << e.what() << '\n';
  return 1;
}
