// Stored outputs of all exits are what sessions say, and points of operation follow from them.
#include <offramp/host/exit_outputs.hpp>

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/exits/policies.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/policy_words.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/model/self_test.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net = network<image<4, 4, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<3>,
                    stage<conv2d<8, 3, binary>, batch_norm, relu>, exit_head<3>, stage<conv2d<8, 3>>, exit_head<3>>;
using device = lower<net>;
using offramp_test::message_of;

constexpr int count = 70;  // more than one piece of 64
const host::labelled_images& images() {
  static const auto set = offramp_test::random_images({4, 4, 1}, 3, count, 120);
  return set;
}
template <class Lowered>
const host::quantized_model& quantized() {
  static const auto q =
      host::quantize<Lowered>(offramp_test::random_model(net::view(), 121, false), images().slice(0, 16), 1);
  return q;
}
// A model with these policies in their plain form, bound.
template <class Lowered, class Criterion = max_softmax, class Reuse = no_reuse>
bound_weights<Lowered, path::portable, Criterion, Reuse> weights() {
  static const auto words = host::pack_model<Lowered, path::portable>(
      quantized<Lowered>(), host::default_deployment<Lowered, Criterion, Reuse>(quantized<Lowered>()),
      {images().image(0), 16});
  return host::bind_or_throw<Lowered, path::portable, Criterion, Reuse>(words, "test");
}
template <class Lowered, class Criterion = max_softmax, class Reuse = no_reuse>
host::exit_outputs outputs() {
  host::thread_pool pool{1};
  return host::run_all_exits(weights<Lowered, Criterion, Reuse>(), images(), pool);
}

template <class Lowered, class Reuse>
void check_reuse() {
  const auto plan = host::default_words<Reuse>(3, host::heads_of(quantized<Lowered>()));
  const host::exit_outputs heads = outputs<Lowered>();
  const host::exit_outputs later = host::with_reuse<Reuse, 3, 3>(heads, plan.words, plan.scale);
  const host::exit_outputs now = outputs<Lowered, max_softmax, Reuse>();
  CHECK(later.integer_logits == now.integer_logits);
  CHECK(later.real_logits == now.real_logits);
  CHECK(later.label == now.label);
  CHECK(later.score_q16 == now.score_q16);
  CHECK(later.unit == now.unit);
  for (std::size_t k = 0; k < 3; ++k) CHECK(later.scale[k] == doctest::Approx(now.scale[k]));
  CHECK((now.integer_logits != heads.integer_logits || now.real_logits != heads.real_logits));  // it does something
}

}  // namespace

TEST_CASE("exit_outputs: judged logits are stored, and give the scores of any criterion") {
  host::exit_outputs o = outputs<device>();
  CHECK(o.real_logits.empty());
  CHECK(o.classes == 3);
  arena<device> memory;
  session<device> s{weights<device>(), memory};
  for (int i = 0; i < count; ++i) {
    s.begin(session<device>::input_view::unchecked(images().image(i)));
    for (std::size_t k = 0; k < 3; ++k) {
      s.step();
      for (std::size_t c = 0; c < 3; ++c)
        CHECK(o.logits<std::int32_t>(k, static_cast<std::size_t>(i))[c] == s.logits()[c]);
    }
  }
  const auto by_max = o.score_q16;
  host::rescore<entropy>(o);
  CHECK(o.score_q16 == outputs<device, entropy>().score_q16);
  host::rescore<patience>(o);
  CHECK(o.score_q16 == outputs<device, patience>().score_q16);
  host::rescore<max_softmax>(o);
  CHECK(o.score_q16 == by_max);
  host::exit_outputs reals = outputs<lower<net, f32>>();
  CHECK(reals.integer_logits.empty());
  host::rescore<logit_margin>(reals);
  CHECK(reals.score_q16 == outputs<lower<net, f32>, logit_margin>().score_q16);
  // Parameters: the gate in its plain form says 1/2; another says something else.
  host::rescore<learned_gate>(o, std::vector<std::uint32_t>(12, 0u));
  CHECK(o.score_q16 == outputs<device, learned_gate>().score_q16);
  CHECK(o.score_q16[1][5] == sigmoid_q16(0));
  CHECK(message_of([&] { host::rescore<learned_gate>(o); }) ==
        "rescore: found 0 words of the criterion, expected 4 for each of 3 exits");
  host::exit_outputs none;
  none.label = {{0}};
  none.truth = {0};
  CHECK(message_of([&] { host::rescore<entropy>(none); }) ==
        "rescore: these outputs hold no logits; run_all_exits stores them");
}

TEST_CASE("exit_outputs: reuse from stored heads is reuse in the network") {
  check_reuse<device, geometric_ensemble>();
  check_reuse<device, additive>();
  check_reuse<lower<net, f32>, geometric_ensemble>();
  check_reuse<lower<net, f32>, additive>();
  const host::exit_outputs o = outputs<device>();
  CHECK(message_of([&] { host::with_reuse<additive, 2, 3>(o, {}, {}); }) ==
        "with_reuse: the outputs have 3 exits of 3 classes, expected 2 of 3");
  CHECK(message_of([&] {
          host::with_reuse<additive, 3, 3>(o, std::vector<std::uint32_t>(8), {1, 1, 1});
        }) == "with_reuse: found 8 words and 3 scales, expected 3 words and one scale for each of 3 exits");
}

TEST_CASE("exit_outputs: criteria of several thresholds, on stored outputs as in sessions") {
  using both = all_of<per_class<max_softmax>, patience>;
  const host::exit_outputs o = outputs<device, both>();
  CHECK(o.score_q16.empty());
  std::vector<std::uint32_t> words;
  exit_thresholds<3, 4> thresholds;
  for (int i = 0; i < 12; ++i) {
    thresholds.q16[i] = i % 4 == 3 ? i / 4 * 65536 : 26000 + 2500 * (i % 4);
    words.push_back(static_cast<std::uint32_t>(thresholds.q16[i]));
  }
  const auto taken = host::exits_taken<both, 3>(o, words);
  arena<device> memory;
  session<device, path::portable, both> s{weights<device, both>(), memory};
  const auto p = host::evaluate_exits(o, taken);
  std::vector<int> left(3);
  for (int i = 0; i < count; ++i) {
    const prediction a = host::classify(s, {images().image(i), 16}, thresholds);
    CHECK(taken[static_cast<std::size_t>(i)] == static_cast<std::size_t>(a.exit));
    ++left[static_cast<std::size_t>(a.exit)];
  }
  CHECK(p.left == left);
  // Thresholds that all pass, and none.
  const auto all_at = [&](std::uint32_t t) { return host::exits_taken<both, 3>(o, std::vector<std::uint32_t>(12, t)); };
  CHECK(all_at(0) == std::vector<std::size_t>(count, 0));
  CHECK(all_at(0x7fffffff) == std::vector<std::size_t>(count, 2));
  CHECK(message_of([&] { host::exits_taken<both, 3>(o, std::vector<std::uint32_t>(11)); }) ==
        "exits_taken: found 11 words of the criterion, expected 4 for each of 3 exits");
  CHECK(message_of([&] { host::exits_taken<both, 4>(o, words); }) ==
        "exits_taken: the outputs have 3 classes, expected 4");
  // A plain criterion's exits by its words are those by its scores.
  host::exit_outputs plain = outputs<device>();
  const std::vector<std::uint32_t> three{28000, 30000, 0};
  CHECK(host::exits_taken<max_softmax, 3>(plain, three) == host::exits_taken(plain, {28000, 30000, 0}));
}

TEST_CASE("exit_outputs: float inputs, and inputs that do not fit") {
  using real_net = network<image<4, 4, 1, f32>, stage<conv2d<8, 3>, batch_norm, relu>, exit_head<3>,
                           stage<conv2d<8, 3>, batch_norm, relu>, exit_head<3>>;
  using real_device = lower<real_net, f32>;
  const auto q =
      host::quantize<real_device>(offramp_test::random_model(real_net::view(), 122, false), images().slice(0, 4), 1);
  const auto words = host::pack_model<real_device, path::portable>(q, {}, {images().image(0), 16});
  const auto bound = host::bind_or_throw<real_device>(words, "test");
  host::thread_pool pool{1};
  std::vector<float> x;
  for (int i = 0; i < 3 * 16; ++i) x.push_back(static_cast<float>(i % 7) - 3);
  const std::vector<std::uint8_t> labels{0, 1, 2};
  const auto o = host::run_all_exits(bound, std::span<const float>{x}, labels, pool);
  arena<real_device> memory;
  session<real_device> s{bound, memory};
  for (std::size_t i = 0; i < 3; ++i) {
    s.begin(session<real_device>::input_view::unchecked(x.data() + 16 * i));
    s.step();
    CHECK(o.score_q16[0][i] == s.score());
    CHECK(o.logits<float>(0, i)[2] == s.logits()[2]);
  }
  CHECK(o.truth == std::vector<int>{0, 1, 2});
  CHECK(message_of([&] {
          host::run_all_exits(bound, std::span<const float>{x.data(), 47}, labels, pool);
        }) == "run_all_exits: found 47 input elements, expected 16 for each of 3 labels");
  x[20] = std::numeric_limits<float>::quiet_NaN();
  CHECK(message_of([&] { host::run_all_exits(bound, std::span<const float>{x}, labels, pool); }) ==
        "classify: input element 4 is NaN, expected a number");
}

TEST_CASE("exit_outputs: a model with reuse knows its judged answer, on every path") {
  const auto check = [](auto path, auto reuse) {
    using path_t = decltype(path);
    using reuse_t = decltype(reuse);
    const auto plan = host::default_deployment<device, learned_gate, reuse_t>(quantized<device>());
    const auto words = host::pack_model<device, path_t>(quantized<device>(), plan, {images().image(3), 16});
    host::deployed<device, path_t, learned_gate, reuse_t> on{words};
    CHECK(self_test<device, path_t>(*on, words.data()) == status::ok);
    // The network cut behind two exits finds its words in the same model.
    using cut_device = lower<cut<net, 2>, device::rest>;
    host::deployed<cut_device, path_t, learned_gate, reuse_t> shorter{words};
    CHECK(self_test<cut_device, path_t>(*shorter, words.data()) == status::ok);
    CHECK(host::classify(*on, {images().image(1), 16}).exit == 2);                    // no early exit to begin with
    CHECK(host::classify(*on, {images().image(1), 16}, confidence{0.4f}).exit == 0);  // the plain gate says 1/2
  };
  check(path::portable{}, geometric_ensemble{});
  check(path::reference{}, geometric_ensemble{});
  check(path::portable{}, additive{});
}

TEST_CASE("exit_outputs: what sessions say, for any number of threads") {
  const host::labelled_images& set = images();
  const host::quantized_model& q = quantized<device>();
  const auto words = host::pack_model<device, path::portable>(q, {}, {set.image(0), 16});
  host::deployed<device> on{words};
  const auto bound = host::bind_or_throw<device>(words, "test");
  host::thread_pool pool{2};
  host::thread_pool alone{1};
  const auto o = host::run_all_exits(bound, set, pool);
  CHECK(o.score_q16 == host::run_all_exits(bound, set, alone).score_q16);
  REQUIRE(o.exits() == 3);
  REQUIRE(o.count() == 70);
  for (std::size_t i = 0; i < 70; ++i) {
    CHECK(o.truth[i] == set.labels[i]);
    on->begin(session<device>::input_view::unchecked(set.image(static_cast<int>(i))));
    for (std::size_t k = 0; k < 3; ++k) {
      on->step();
      CHECK(o.score_q16[k][i] == on->score());
      CHECK(o.label[k][i] == on->best().label);
    }
  }
  for (std::size_t k = 0; k < 3; ++k) CHECK(o.ops[k] == session<device>::ops_to_exit(static_cast<int>(k)));
  CHECK(o.full_ops == planned<device, path::portable>::cost_without_exits().ops());
  CHECK(o.full_ops < o.ops[2]);

  // A point of operation is the stream classified with these thresholds.
  const std::vector<std::int32_t> thresholds{40000, 45000, 0};
  const auto p = host::evaluate_thresholds(o, thresholds);
  std::vector<int> left(3);
  double ops = 0;
  int right = 0;
  for (int i = 0; i < 70; ++i) {
    const prediction a = host::classify(*on, {set.image(i), 16}, exit_thresholds<3>{{40000, 45000, 0}});
    ++left[static_cast<std::size_t>(a.exit)];
    ops += static_cast<double>(a.spent);
    right += a.label == set.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  CHECK(p.left == left);
  CHECK(p.mean_ops == doctest::Approx(ops / 70));
  CHECK(p.accuracy == doctest::Approx(right / 70.0));
}

TEST_CASE("exit_outputs: points of operation by hand") {
  host::exit_outputs o;
  o.truth = {0, 1, 2, 3};
  o.label = {{0, 0, 2, 0}, {0, 1, 0, 0}};
  o.score_q16 = {{10, 20, 30, 40}, {0, 0, 0, 0}};
  o.ops = {100, 300};
  const auto at = [&](std::int32_t t) { return host::evaluate_thresholds(o, {t, 12345}); };
  CHECK(at(25).left == std::vector<int>{2, 2});
  CHECK(at(25).correct == std::vector<int>{1, 2});
  CHECK(at(25).accuracy == 0.75);
  CHECK(at(25).mean_ops == 200);
  CHECK(at(30).left == std::vector<int>{2, 2});  // at the threshold is certain enough
  CHECK(at(31).left == std::vector<int>{1, 3});
  CHECK(at(0).left == std::vector<int>{4, 0});
  CHECK(at(std::numeric_limits<std::int32_t>::max()).left == std::vector<int>{0, 4});
  CHECK(host::exit_accuracy(o, 0) == 0.5);
  CHECK(host::exit_accuracy(o, 1) == 0.5);
}
