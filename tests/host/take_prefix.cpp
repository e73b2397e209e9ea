// A trimmed network computes what the longer one computes up to the cut, heads of the same place stay, what does not
// fit is said, and retraining leaves frozen features as they are.
#include <offramp/host/take_prefix.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <offramp/elastic/trim.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/train.hpp>

#include "tests/support/bars.hpp"
#include "tests/support/host_test.hpp"

namespace {

using namespace offramp;
using offramp_test::bars;
using offramp_test::message_of;

using block = residual<relu, conv2d<8, 3>, batch_norm>;
using longer_net = network<image<8, 8, 1>, stage<conv2d<8, 3, stride{2}>, batch_norm, block>, exit_head<3, avg_pool<2>>,
                           stage<block, conv2d<12, 3>, relu>, exit_head<3>>;

const host::model& trained() {
  static const host::model m =
      host::train<longer_net>(bars(200, 1), recipes::joint{.epochs = 1, .batch = 50}, {.threads = 1});
  return m;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

host::exit_logits logits_of(const host::model& m) { return host::evaluate(m, bars(40, 2), 1); }

// Logits of one exit.
std::vector<float> at_exit(const host::exit_logits& z, int exit) {
  return {z.at(exit, 0), z.at(exit, 0) + static_cast<std::ptrdiff_t>(z.images) * z.classes};
}

}  // namespace

TEST_CASE("take_prefix: the features are those of the longer network") {
  using trimmed = trim<longer_net, 3>;  // behind the second stage's residual
  const host::model m = host::take_prefix(trained(), trimmed::view(), {.seed = 3});
  CHECK(m.input_zero == trained().input_zero);
  CHECK(m.input_scale == trained().input_scale);

  // The longer network once more, by hand, with an exit at the cut whose head is that of the trimmed one.
  using probe = network<image<8, 8, 1>, stage<conv2d<8, 3, stride{2}>, batch_norm, block, block>, exit_head<3>,
                        stage<conv2d<12, 3>, relu>, exit_head<3>>;
  host::model by_hand = host::make_model(probe::view(), 9);
  std::size_t next = 0;
  for (std::size_t i = 0; i < by_hand.layers.size(); ++i) {
    if (by_hand.layers[i].head) continue;
    while (trained().layers[next].head) ++next;
    by_hand.parameters[i] = trained().parameters[next++];
  }
  const auto head = static_cast<std::size_t>(by_hand.exits[0].head_first);
  for (std::size_t i = 0; i < 2; ++i) by_hand.parameters[head + i] = m.parameters[m.layers.size() - 2 + i];
  by_hand.input_zero = trained().input_zero;
  by_hand.input_scale = trained().input_scale;

  const std::vector<float> z = at_exit(logits_of(m), 0);
  CHECK(z == at_exit(logits_of(by_hand), 0));
  CHECK(*std::max_element(z.begin(), z.end()) > *std::min_element(z.begin(), z.end()));
  // Another seed is another head, nothing else.
  const host::model other = host::take_prefix(trained(), trimmed::view(), {.seed = 4});
  for (std::size_t i = 0; i < m.layers.size(); ++i)
    CHECK((m.parameters[i] == other.parameters[i]) == (m.layers[i].what != layer_kind::dense));
}

TEST_CASE("take_prefix: heads of the same place stay, unless the task is another one") {
  const auto z = logits_of(trained());
  CHECK(at_exit(logits_of(host::take_prefix(trained(), cut<longer_net, 1>::view())), 0) == at_exit(z, 0));
  const host::model both = host::take_prefix(trained(), longer_net::view());
  CHECK(at_exit(logits_of(both), 0) == at_exit(z, 0));
  CHECK(at_exit(logits_of(both), 1) == at_exit(z, 1));
  using with_exit = trim_with_exits<longer_net, 3>;
  CHECK(at_exit(logits_of(host::take_prefix(trained(), with_exit::view())), 0) == at_exit(z, 0));
  // The whole backbone has a head already: global average pooling and dense, as trim writes it.
  CHECK(at_exit(logits_of(host::take_prefix(trained(), trim<longer_net, 4>::view())), 0) == at_exit(z, 1));
  const host::model fresh = host::take_prefix(trained(), longer_net::view(), {.trained_heads = false});
  CHECK(at_exit(logits_of(fresh), 0) != at_exit(z, 0));
  CHECK(at_exit(logits_of(fresh), 1) != at_exit(z, 1));
  // A head that reads another exit than it learned to read starts fresh.
  using cascade =
      network<image<8, 8, 1>, stage<block>, exit_head<3>, stage<block>, exit_head<3>, stage<block>, cascade_head<3>>;
  using shorter = network<image<8, 8, 1>, stage<block>, exit_head<3>, stage<block, block>, cascade_head<3>>;
  const std::vector<int> source = host::shared_layers(cascade::view(), shorter::view());
  CHECK(source[static_cast<std::size_t>(shorter::description.exits[0].head_first)] ==
        cascade::description.exits[0].head_first);
  CHECK(source.back() == -1);
  CHECK(host::shared_layers(cascade::view(), cascade::view()).back() == cascade::description.layer_count - 1);
}

TEST_CASE("take_prefix: what does not fit is said") {
  const auto refused = [](const network_view& net) {
    return message_of([&] { static_cast<void>(host::take_prefix(trained(), net)); });
  };
  using wide = network<image<8, 8, 1>, stage<conv2d<16, 3, stride{2}>, batch_norm>, exit_head<3>>;
  CHECK(refused(wide::view()) ==
        "take_prefix: layer 0 of the trimmed network is conv2d from 8 x 8 x 1 to 4 x 4 x 16, window 3 x 3, layer 0 of "
        "the longer one is conv2d from 8 x 8 x 1 to 4 x 4 x 8, window 3 x 3");
  using biased = network<image<8, 8, 1>, stage<conv2d<8, 3, stride{2}>>, exit_head<3>>;
  CHECK(contains(refused(biased::view()), "with bias, layer 0 of the longer one"));
  using large = network<image<9, 8, 1>, stage<conv2d<8, 3>>, exit_head<3>>;
  CHECK(refused(large::view()) == "take_prefix: the longer network reads 8 x 8 x 1 u8, the trimmed one 9 x 8 x 1 u8");
  using longest =
      network<image<8, 8, 1>, stage<conv2d<8, 3, stride{2}>, batch_norm, block, block, block>, exit_head<3>>;
  CHECK(contains(refused(longest::view()), "backbone has 14 layers, the trimmed one's 17"));
}

TEST_CASE("transfer: heads alone on frozen features, then everything") {
  using trimmed = trim<longer_net, 2>;
  const host::model start = host::take_prefix(trained(), trimmed::view(), {.trained_heads = false});
  const recipes::transfer heads_alone{.fine = {.epochs = 1, .batch = 50, .learning_rate = 1e-6f}, .head_epochs = 1};
  host::train_options options{.threads = 1, .start = &start};
  const auto stages = heads_alone.stages(trimmed::view(), true);
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].name == "heads");
  CHECK(stages[1].flow.frozen.empty());
  CHECK(stages[1].learning_rate == 1e-6f);
  options.after_epoch = [](const host::epoch_report&) { return false; };
  const host::model m = host::train<trimmed>(bars(200, 1), heads_alone, options);
  for (std::size_t i = 0; i < m.layers.size(); ++i)
    CHECK((m.parameters[i] == start.parameters[i]) == (m.layers[i].what != layer_kind::dense));
  CHECK(contains(message_of([&] { static_cast<void>(host::train<trimmed>(bars(200, 1), heads_alone)); }),
                 "transfer begins with a trained backbone"));
  recipes::transfer other = heads_alone;
  other.head_rate = 1;
  CHECK(other.hash() != heads_alone.hash());
}
