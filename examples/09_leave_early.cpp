// 09: a network trained to leave early (Zero Time Waste): the network alone, then frozen; heads that read what the head
// before them said; ensembles of all heads so far; thresholds with a promise for images to come, stored with the
// weights.
#include <iostream>
#include <string>
#include <vector>

#include <offramp/exits/policies.hpp>
#include <offramp/host.hpp>
#include <offramp/host/fit_ensemble.hpp>
#include <offramp/host/policy_words.hpp>

using namespace offramp;
using here = path::portable;

// A head costs little beside a stage; with cascade_head it also sees the logits before it.
using net = network<image<28, 28, 1, u8>, stage<conv2d<16, 3, stride{2}>, batch_norm, quicknet_block<16>>,
                    exit_head<10, avg_pool<6, 4>>, stage<bireal_block<32, 2>, quicknet_block<32>>,
                    cascade_head<10, avg_pool<3, 2>>, stage<bireal_block<64>, quicknet_block<64>>,
                    exit_head<10, avg_pool<3, 2>>>;
using device_net = lower<net, i8>;
constexpr int exits = device_net::exits;

static std::string percent(double share) { return host::fixed(100 * share, 1) + " %"; }

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const bool slice = data.train.count() < 5000;
  recipes::zero_time_waste recipe;
  recipe.base = {.epochs = slice ? 20 : 6, .batch = 32, .flip = true, .shift = 1};
  recipe.epochs = slice ? 15 : 4;
  const host::model model = host::train<net>(data.train, recipe, {.progress = &std::cout});

  // Half of the held-out images choose, the other half tests. Every head's logits are kept once.
  const host::quantized_model q = host::quantize<device_net>(model, data.train.slice(0, 300));
  const std::span<const std::uint8_t> known_answer{data.test.image(0), data.test.image_size()};
  host::thread_pool pool;
  const host::deployed<device_net> draft{host::pack_model<device_net, here>(q, {}, known_answer)};
  const auto weights = host::bind_or_throw<device_net>(draft.words(), "draft");
  const int half = data.test.count() / 2;
  const host::exit_outputs alone = host::run_all_exits(weights, data.test.slice(0, half), pool);
  const host::exit_outputs alone_test = host::run_all_exits(weights, data.test.slice(half, half), pool);

  // Ensembles are fitted on validation images, so that the promise below rests on images used for nothing else.
  const host::exit_outputs fitting = host::run_all_exits(weights, data.validation, pool);
  const host::reuse_plan together =
      host::geometric_words(host::fit_ensemble(fitting, {.last_alone = true}), host::heads_of(q));
  const auto judged = [&](const host::exit_outputs& o) {
    return host::with_reuse<geometric_ensemble, exits, 10>(o, together.words, together.scale);
  };
  const host::exit_outputs choose = judged(alone), test = judged(alone_test);
  const host::calibrated chosen = host::calibrate(choose, host::accuracy_drop{0.02, 0.1});
  const host::operating_point point = host::evaluate_thresholds(test, chosen.thresholds_q16);

  host::table t({"test images right", "head alone", "ensemble", "leave here", "OPs of full"});
  for (int k = 0; k < exits; ++k)
    t.add({"exit " + std::to_string(k + 1), percent(host::exit_accuracy(alone_test, k)),
           percent(host::exit_accuracy(test, k)), std::to_string(point.left[static_cast<std::size_t>(k)]),
           percent(static_cast<double>(test.ops[static_cast<std::size_t>(k)]) / static_cast<double>(test.full_ops))});
  t.add(
      {"leaving early", "", percent(point.accuracy), "", percent(point.mean_ops / static_cast<double>(test.full_ops))});
  std::cout << '\n' << t << '\n';

  // The policy is part of the session's type, its words and the promise travel with the weights.
  auto plan = host::default_deployment<device_net, max_softmax, geometric_ensemble>(q);
  plan.reuse_words = together.words;
  plan.judged_scale = together.scale;
  host::set_thresholds(plan, chosen);
  host::export_header<device_net, here>(q, plan, known_answer, "early_weights.hpp", "early_weights",
                                        "By 09_leave_early.");
  host::export_model<device_net>(q, plan, known_answer, "early.ofrm");
  const auto loaded = host::load<device_net, here, max_softmax, geometric_ensemble>("early.ofrm");
  std::cout << host::statement_of(guarantee_in(loaded.words().data())) << '\n';
  return 0;
} catch (const host::error& e) {
  std::cerr << "09_leave_early: " << e.what() << '\n';
  return 1;
}
