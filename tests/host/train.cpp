// Training end to end on a small made-up task: it learns, and the same seed gives the same bits on any number of
// threads, interrupted or not.
// covers: host/train.hpp host/training.hpp host/recipes/joint.hpp host/evaluate.hpp
#include <offramp/host/train.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <offramp/net/network.hpp>

#include "tests/support/bars.hpp"

namespace {

using namespace offramp;
using offramp_test::bars;

using block = residual<sign, conv2d<8, 3, binary>, batch_norm>;
using down = residual<sign, conv2d<16, 3, binary, stride{2}>, batch_norm>;
using tiny = network<image<8, 8, 1, u8>, stage<conv2d<8, 3, stride{2}>, batch_norm, block>, exit_head<3>, stage<down>,
                     exit_head<3>>;

recipes::joint recipe(int epochs) {
  return {.epochs = epochs, .batch = 50, .learning_rate = 1e-2f, .seed = 7, .flip = true, .shift = 1};
}

struct temporary {
  std::string path;
  explicit temporary(const std::string& name)
      : path{(std::filesystem::temp_directory_path() / ("offramp_train_" + name)).string()} {
    std::filesystem::remove(path);
  }
  ~temporary() { std::filesystem::remove(path); }
};

template <class F>
std::string message(F f) {
  try {
    f();
  } catch (const host::error& e) { return e.what(); }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("train: learns at every exit, and says so") {
  const host::labelled_images train = bars(600, 1), validation = bars(200, 2);
  std::ostringstream log;
  std::vector<host::epoch_report> reports;
  host::train_options options{.progress = &log, .validation = &validation};
  options.after_epoch = [&](const host::epoch_report& r) { return reports.push_back(r), true; };
  const host::model m = host::train<tiny>(train, recipe(15), options);
  const std::vector<double> got = host::accuracies(host::evaluate(m, validation, 2), validation);
  REQUIRE(got.size() == 2);
  CHECK(got[0] > 0.8);
  CHECK(got[1] > 0.9);
  REQUIRE(reports.size() == 15);
  CHECK(reports.back().epoch == 15);
  CHECK(reports.back().validation == got);
  CHECK(reports.back().loss < reports.front().loss / 2);
  CHECK(contains(log.str(), "epoch 15/15: loss "));
  CHECK(contains(log.str(), "validation accuracy % per exit: "));
}

// One network for each block of blocks.hpp and each way to connect layers.
template <class... Layers>
using one_stage = network<image<8, 8, 1, u8>, stage<conv2d<8, 3, stride{2}>, batch_norm, Layers...>, exit_head<3>>;
using of_bireal = one_stage<bireal_block<8>, bireal_block<16, 2>>;
using of_quicknet = one_stage<quicknet_block<8>, quicknet_transition<16>, quicknet_block<16>>;
using of_reactnet = one_stage<reactnet_block<8>, reactnet_block<16, 2>>;
using of_binary_dense = one_stage<binary_dense_block<8>, binary_dense_block<8>, batch_norm>;
using of_groups =
    one_stage<depthwise_conv2d<3>, conv2d<16, 1, groups{2}>, relu, batch_norm, sign, depthwise_conv2d<3, binary>>;
using with_cascade = network<image<8, 8, 1, u8>, stage<conv2d<8, 3, stride{2}>, batch_norm, reactnet_block<8>>,
                             exit_head<3>, stage<binary_dense_block<8>>, cascade_head<3, batch_norm, global_avg_pool>>;

TEST_CASE("train: every block learns") {
  const host::labelled_images train = bars(300, 1);
  for (const network_view& net : {of_bireal::view(), of_quicknet::view(), of_reactnet::view(), of_binary_dense::view(),
                                  of_groups::view(), with_cascade::view()}) {
    std::vector<double> losses;
    host::train_options options;
    options.after_epoch = [&](const host::epoch_report& r) { return losses.push_back(r.loss), true; };
    const host::model m = host::train(net, train, recipe(8), options);
    CAPTURE(net.layer_count);
    CHECK(losses.back() < 0.7 * losses.front());
    const host::model fresh = host::make_model(net, recipe(8).seed);
    for (std::size_t i = 0; i < m.parameters.size(); ++i) {  // nothing is left out
      CAPTURE(i);
      if (!fresh.parameters[i].weights.empty()) CHECK(m.parameters[i].weights != fresh.parameters[i].weights);
      if (!fresh.parameters[i].bias.empty()) CHECK(m.parameters[i].bias != fresh.parameters[i].bias);
    }
  }
}

TEST_CASE("train: blocks and cascades, bit for bit the same on any number of threads, resumed or not") {
  const host::labelled_images train = bars(130, 1);
  const temporary file{"blocks"};
  const auto net = with_cascade::view();
  const host::model one = host::train(net, train, recipe(2), {.threads = 1});
  CHECK(one.parameters == host::train(net, train, recipe(2), {.threads = 3}).parameters);
  host::train_options options{.checkpoint = file.path};
  options.after_epoch = [](const host::epoch_report&) { return false; };
  host::train(net, train, recipe(2), options);
  CHECK(one.parameters == host::train(net, train, recipe(2), options).parameters);
  CHECK(host::evaluate(one, train, 1).values == host::evaluate(one, train, 3).values);
  CHECK(host::train(of_groups::view(), train, recipe(1), {.threads = 1}).parameters ==
        host::train(of_groups::view(), train, recipe(1), {.threads = 2}).parameters);
}

TEST_CASE("train: bit for bit the same on 1, 2 and 3 threads") {
  const host::labelled_images train = bars(130, 1);
  const host::model one = host::train<tiny>(train, recipe(2), {.threads = 1});
  CHECK(one.parameters == host::train<tiny>(train, recipe(2), {.threads = 2}).parameters);
  CHECK(one.parameters == host::train<tiny>(train, recipe(2), {.threads = 3}).parameters);
  recipes::joint other = recipe(2);
  other.seed = 8;
  CHECK(one.parameters != host::train<tiny>(train, other, {.threads = 1}).parameters);
  CHECK(host::evaluate(one, train, 1).values == host::evaluate(one, train, 3).values);
}

TEST_CASE("train: resumed is bit for bit uninterrupted") {
  const host::labelled_images train = bars(130, 1);
  for (const bool momentum : {false, true}) {
    recipes::joint r = recipe(4);
    if (momentum) r.optimizer.rule = host::sgd{}, r.optimizer.weight_decay = 1e-3f;
    const temporary file{"resume"};
    const host::model whole = host::train<tiny>(train, r);
    const auto until = [](int last) { return [last](const host::epoch_report& e) { return e.epoch < last; }; };
    host::train<tiny>(train, r, {.checkpoint = file.path, .after_epoch = until(1)});
    host::train<tiny>(train, r, {.checkpoint = file.path, .after_epoch = until(3)});
    CHECK(host::read_checkpoint(file.path, tiny::view()).epochs_done == 3);
    const host::model resumed = host::train<tiny>(train, r, {.checkpoint = file.path});
    CHECK(whole.parameters == resumed.parameters);
    CHECK(whole.input_zero == resumed.input_zero);
    CHECK(whole.input_scale == resumed.input_scale);
    // Once complete it is read, not trained again.
    int epochs = 0;
    const host::model again = host::train<tiny>(
        train, r, {.checkpoint = file.path, .after_epoch = [&](const host::epoch_report&) { return ++epochs > 0; }});
    CHECK(epochs == 0);
    CHECK(again.parameters == whole.parameters);

    recipes::joint other = r;
    other.learning_rate *= 2;
    CHECK(contains(message([&] { host::train<tiny>(train, other, {.checkpoint = file.path}); }), "another recipe"));
    CHECK(contains(message([&] { host::train<tiny>(bars(131, 1), r, {.checkpoint = file.path}); }),
                   "another recipe, seed or training set"));
  }
}

TEST_CASE("train: exit weights say which exits count") {
  const host::labelled_images train = bars(130, 1);
  recipes::joint r = recipe(1);
  r.exit_weights = {1, 0};
  const host::model fresh = host::make_model(tiny::view(), r.seed), m = host::train<tiny>(train, r);
  const auto last = m.parameters.size() - 1;
  CHECK(m.parameters[last].weights == fresh.parameters[last].weights);  // the second head got no gradient
  CHECK(m.parameters[0].weights != fresh.parameters[0].weights);
}

TEST_CASE("train: the input's zero is the mean pixel, a number of the pixels' own kind") {
  host::labelled_images set = bars(60, 1);
  const host::model m = host::train<tiny>(set, recipe(1));
  double sum = 0, squares = 0;
  for (const std::uint8_t p : set.pixels) sum += p, squares += p * p;
  const double n = static_cast<double>(set.pixels.size()), mean = sum / n;
  CHECK(m.input_zero == static_cast<int>(mean + 0.5));
  CHECK(m.input_scale == doctest::Approx(1 / std::sqrt(squares / n - mean * mean)));
}

TEST_CASE("train: a batch larger than the set") {
  recipes::joint r = recipe(1);
  r.batch = 500;
  CHECK(host::train<tiny>(bars(20, 1), r).parameters[0].weights.size() == 8 * 9);
}

TEST_CASE("train: what cannot be trained is refused with a reason") {
  const auto fails = [](const host::labelled_images& set, const recipes::joint& r, host::train_options o = {}) {
    return message([&] { host::train<tiny>(set, r, o); });
  };
  CHECK(contains(fails(bars(0, 1), recipe(1)), "train: training set: the data set is empty"));
  host::labelled_images set = bars(60, 1);
  set.labels[5] = 3;
  CHECK(contains(fails(set, recipe(1)), "label of image 5 is 3, expected 0 to 2"));
  set.classes = 4;
  CHECK(contains(fails(set, recipe(1)), "found 4 classes, the network's exits have 3"));
  set = bars(60, 1);
  set.height = 4, set.width = 16;
  CHECK(contains(fails(set, recipe(1)), "images are 4 x 16 x 1, the network expects 8 x 8 x 1"));
  CHECK(contains(fails(bars(60, 1), recipe(1), {.validation = &set}), "train: validation set: images are 4 x 16 x 1"));
  CHECK(contains(fails(bars(60, 1), recipe(0)), "epochs = 0"));
  recipes::joint r = recipe(1);
  r.exit_weights = {1, 1, 1};
  CHECK(contains(fails(bars(60, 1), r), "3 exit_weights, the network has 2 exits"));
  r = recipe(1);
  r.shift = -1;
  CHECK(contains(fails(bars(60, 1), r), "shift = -1"));
}

TEST_CASE("train: divergence names epoch and layer") {
  recipes::joint r = recipe(1);
  r.learning_rate = std::numeric_limits<float>::infinity();
  const std::string text = message([&] { host::train<tiny>(bars(150, 1), r); });
  CHECK(contains(text, "train: epoch 1"));
  CHECK(contains(text, "layer 0 (conv2d)"));
}

TEST_CASE("evaluate: batches do not show, and refuses other images") {
  // More images than one batch of evaluation; the last ones alone give the same answers.
  const host::labelled_images set = bars(700, 4);
  const host::model m = host::train<tiny>(bars(130, 1), recipe(1));
  const host::exit_logits all = host::evaluate(m, set), tail = host::evaluate(m, set.slice(600, 100));
  REQUIRE(all.images == 700);
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 100; ++i)
      for (int c = 0; c < 3; ++c) REQUIRE(all.at(k, 600 + i)[c] == doctest::Approx(tail.at(k, i)[c]).epsilon(1e-4));
  host::labelled_images other = bars(2, 1);
  other.height = 2, other.width = 32;
  CHECK(contains(message([&] { host::evaluate(m, other); }), "evaluate: images are 2 x 32 x 1"));
}

TEST_CASE("evaluate: accuracy and label of ties") {
  host::exit_logits z{1, 2, 3, {0, 5, 5, 2, 1, 1}};
  CHECK(z.label(0, 0) == 1);
  CHECK(z.label(0, 1) == 0);
  host::labelled_images set{1, 1, 1, 3, {0, 0}, {1, 2}, {}};
  CHECK(host::accuracy(z, set, 0) == 0.5);
}

}  // namespace
