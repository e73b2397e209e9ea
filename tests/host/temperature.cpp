// covers: host/temperature.hpp host/fold_temperature.hpp
// Temperatures that generated data were made with are found again; folded into a network they change what it says
// exactly as they change stored outputs.
#include <offramp/host/temperature.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/deployed.hpp>
#include <offramp/host/fold_temperature.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using host::exit_outputs;
using offramp_test::message_of;

namespace {

// Labels drawn from softmax(z / T): the network is too sure by a factor of T.
exit_outputs overconfident(std::size_t images, const std::vector<double>& temperature, std::uint64_t stream) {
  offramp_test::random_numbers r{stream};
  exit_outputs o;
  o.classes = 5;
  o.scale.assign(temperature.size(), 0.002);
  o.unit.assign(temperature.size(), make_fixed_factor(0.002 * 65536));
  o.ops.assign(temperature.size(), 1);
  o.label.resize(temperature.size());
  o.integer_logits.resize(temperature.size());
  for (std::size_t i = 0; i < images; ++i) {
    // One distribution an image, seen by every exit at another temperature.
    std::vector<double> z;
    for (int c = 0; c < 5; ++c) z.push_back(r.between(-2000, 2000) / 1000.0);
    double sum = 0;
    for (const double v : z) sum += std::exp(v);
    double at = r.between(0, 999999) / 1e6 * sum;
    int truth = 0;
    while (truth < 4 && (at -= std::exp(z[static_cast<std::size_t>(truth)])) >= 0) ++truth;
    o.truth.push_back(truth);
    for (std::size_t k = 0; k < temperature.size(); ++k) {
      for (const double v : z) o.integer_logits[k].push_back(static_cast<int>(std::lround(v * temperature[k] / 0.002)));
      o.label[k].push_back(argmax(o.logits<std::int32_t>(k, i), 5));
    }
  }
  host::rescore<max_softmax>(o);
  return o;
}

using net = network<image<4, 4, 1>, stage<conv2d<6, 3>, relu>, exit_head<3>, stage<conv2d<5, 3>, relu>, exit_head<3>>;
using cascade = network<image<4, 4, 1>, stage<conv2d<6, 3>, relu>, exit_head<3>, stage<conv2d<5, 3>, relu>,
                        cascade_head<3>, stage<conv2d<5, 3>, relu>, cascade_head<3>>;

const host::labelled_images& images() {
  static const auto set = offramp_test::random_images({4, 4, 1}, 3, 60, 630);
  return set;
}

template <class Lowered, class Criterion, class Reuse>
exit_outputs run(const host::quantized_model& q, const host::deployment<Lowered::exits, Criterion, Reuse>& d) {
  const auto words = host::pack_model<Lowered, path::portable>(q, d, {images().image(0), 16});
  host::thread_pool pool{1};
  return host::run_all_exits(host::bind_or_throw<Lowered, path::portable, Criterion, Reuse>(words, "test"), images(),
                             pool);
}

// A deployment with temperatures folded in against stored outputs with temperatures applied.
template <class Lowered, class Reuse>
void check_fold(const host::model& m) {
  const auto q = host::quantize<Lowered>(m, images(), 1);
  auto d = host::default_deployment<Lowered, max_softmax, Reuse>(q);
  exit_outputs stored = run<Lowered>(q, d);
  const std::vector<double> t{1.7, 0.6};
  host::apply_temperatures(stored, t);
  host::fold_temperatures<Lowered>(d, q, t);
  const exit_outputs folded = run<Lowered>(q, d);
  CHECK(folded.label == stored.label);
  int furthest = 0;
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < stored.truth.size(); ++i)
      furthest = std::max(furthest, std::abs(folded.score_q16[k][i] - stored.score_q16[k][i]));
  CHECK(furthest <= 3);
}

}  // namespace

TEST_CASE("temperature: what the data were made with is found again") {
  const std::vector<double> made{3.0, 0.5, 1.0};
  const exit_outputs o = overconfident(4000, made, 631);
  const auto fits = host::fit_temperatures(o);
  for (std::size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(fits[k].temperature == doctest::Approx(made[k]).epsilon(0.08));
    CHECK(fits[k].nll_after <= fits[k].nll_before);
  }
  CHECK(fits[0].ece_after < 0.4 * fits[0].ece_before);
  CHECK(fits[1].ece_after < 0.4 * fits[1].ece_before);
  CHECK(host::temperatures_of(fits)[2] == fits[2].temperature);
  // No other temperature is better.
  exit_outputs off = o;
  for (const double factor : {0.97, 1.03}) {
    off = o;
    host::apply_temperatures(off, std::vector<double>{factor * fits[0].temperature, 1, 1});
    CHECK(host::fit_temperature(off, 0).nll_before > fits[0].nll_after);
  }
}

TEST_CASE("temperature: applied, it becomes 1; answers stay, errors of confidence are those promised") {
  const exit_outputs before = overconfident(1000, {3.0, 0.5}, 632);
  exit_outputs o = before;
  const auto fits = host::fit_temperatures(o);
  host::apply_temperatures(o, host::temperatures_of(fits));
  CHECK(o.label == before.label);
  CHECK(o.integer_logits == before.integer_logits);
  for (int k = 0; k < 2; ++k) {
    const auto again = host::fit_temperature(o, k);
    CHECK(again.temperature == doctest::Approx(1).epsilon(1e-6));
    CHECK(again.nll_before == doctest::Approx(fits[static_cast<std::size_t>(k)].nll_after));
    CHECK(again.ece_before == doctest::Approx(fits[static_cast<std::size_t>(k)].ece_after));
  }
  // Scores of the criterion that is asked for follow; floats are divided themselves.
  exit_outputs real = before;
  real.integer_logits.clear();
  for (std::size_t k = 0; k < 2; ++k) {
    real.real_logits.emplace_back();
    for (const std::int32_t z : before.integer_logits[k])
      real.real_logits[k].push_back(static_cast<float>(z * before.scale[k]));
  }
  host::apply_temperatures<logit_margin>(real, std::vector<double>{2, 4});
  const float* z = real.logits<float>(1, 5);
  CHECK(real.score_q16[1][5] == to_q16(logit_margin::score(z, 5)));
  CHECK(z[0] == doctest::Approx(before.scale[1] * before.integer_logits[1][25] / 4));
}

TEST_CASE("temperature: an exit that is always right stops at the limit") {
  exit_outputs o = overconfident(50, {1.0}, 633);
  o.truth = o.label[0];
  CHECK(host::fit_temperature(o, 0).temperature == doctest::Approx(host::lowest_temperature));
  for (int& t : o.truth) t = (t + 1) % 5;
  CHECK(host::fit_temperature(o, 0).temperature > 10);
}

TEST_CASE("temperature: folded into a deployment of integers or floats, before or after reuse") {
  const auto m = offramp_test::random_model(net::view(), 634, false);
  check_fold<lower<net>, no_reuse>(m);
  check_fold<lower<net>, geometric_ensemble>(m);
  check_fold<lower<net>, additive>(m);
  check_fold<lower<net, f32>, geometric_ensemble>(m);
  check_fold<lower<net, f32>, additive>(m);
}

TEST_CASE("temperature: heads at temperatures, then mixed") {
  const auto m = offramp_test::random_model(net::view(), 635, false);
  const std::vector<double> t{2.0, 0.5};
  const auto check = [&]<class Lowered>(Lowered) {
    const auto q = host::quantize<Lowered>(m, images(), 1);
    const exit_outputs heads = run<Lowered>(q, host::default_deployment<Lowered>(q));
    const auto plan =
        host::geometric_words(host::plain_geometric_mean(2, 3), host::heads_at_temperatures(host::heads_of(q), t));
    const exit_outputs mixed = host::with_reuse<geometric_ensemble, 2, 3>(heads, plan.words, plan.scale);
    std::vector<double> p, first, second;
    for (int i = 0; i < 20; ++i) {
      host::softmax_at(mixed, 1, i, p);
      host::softmax_at(heads, 0, i, first, t[0]);
      host::softmax_at(heads, 1, i, second, t[1]);
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c) sum += std::sqrt(first[c] * second[c]);
      for (std::size_t c = 0; c < 3; ++c)
        CHECK(p[c] == doctest::Approx(std::sqrt(first[c] * second[c]) / sum).epsilon(1e-4));
    }
    const auto sums = host::additive_words(std::vector<double>{0.5}, host::heads_at_temperatures(host::heads_of(q), t));
    const exit_outputs added = host::with_reuse<additive, 2, 3>(heads, sums.words, sums.scale);
    for (int i = 0; i < 20; ++i) {
      host::softmax_at(added, 1, i, p);
      host::softmax_at(heads, 0, i, first, t[0]);
      host::softmax_at(heads, 1, i, second, t[1]);
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c) sum += std::sqrt(first[c]) * second[c];
      for (std::size_t c = 0; c < 3; ++c)
        CHECK(p[c] == doctest::Approx(std::sqrt(first[c]) * second[c] / sum).epsilon(1e-4));
    }
  };
  check(lower<net>{});
  check(lower<net, f32>{});
}

TEST_CASE("temperature: folded into a model, cascades included") {
  auto m = offramp_test::random_model(cascade::view(), 636, false);
  using device = lower<cascade, f32>;
  const auto run_model = [&] {
    const auto q = host::quantize<device>(m, images(), 1);
    return run<device>(q, host::default_deployment<device>(q));
  };
  exit_outputs stored = run_model();
  const std::vector<double> t{1.7, 0.6, 2.5};
  host::apply_temperatures(stored, t);
  host::fold_temperatures(m, t);
  const exit_outputs folded = run_model();
  CHECK(folded.label == stored.label);
  float furthest = 0;
  float largest = 0;
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < stored.real_logits[k].size(); ++i) {
      furthest = std::max(furthest, std::abs(folded.real_logits[k][i] - stored.real_logits[k][i]));
      largest = std::max(largest, std::abs(stored.real_logits[k][i]));
    }
  CHECK(furthest < 1e-4f * largest);
  CHECK(largest > 0);
}

TEST_CASE("temperature: what cannot be done says why") {
  exit_outputs o = overconfident(10, {1.0}, 637);
  CHECK(message_of([&] { host::fit_temperature(exit_outputs{}, 0); }) ==
        "fit_temperature: the set is empty, expected at least one image");
  CHECK(message_of([&] { host::fit_temperature(o, 2); }) == "fit_temperature: found exit 2, expected 0 to 0");
  CHECK(message_of([&] {
          host::apply_temperatures(o, std::vector<double>{1, 2});
        }) == "apply_temperatures: found 2 temperatures, expected 1");
  CHECK(message_of([&] { host::apply_temperatures(o, std::vector<double>{0.0}); }) ==
        "apply_temperatures: found a temperature of 0.000000, expected a number above 0");
  exit_outputs none = o;
  none.integer_logits.clear();
  CHECK(message_of([&] { host::apply_temperatures(none, std::vector<double>{1}); }) ==
        "apply_temperatures: these outputs hold no logits; run_all_exits stores them");
  using floats = lower<net, f32>;
  auto m = offramp_test::random_model(net::view(), 638, false);
  const auto q = host::quantize<floats>(m, images(), 1);
  auto d = host::default_deployment<floats>(q);
  CHECK(message_of([&] {
          host::fold_temperatures<floats>(d, q, std::vector<double>{1, 2});
        }) ==
        "fold_temperatures: these logits are floats, judged as they are; expected geometric_ensemble or additive, or "
        "fold the temperatures into the model before it is lowered");
  const auto integers = host::quantize<lower<net>>(m, images(), 1);
  auto fine = host::default_deployment<lower<net>>(integers);
  CHECK(message_of([&] {
          host::fold_temperatures<lower<net>>(fine, integers, std::vector<double>{1, 1e15});
        }).rfind("fold_temperatures: exit 1 would have a logit scale of 0.000000", 0) == 0);
  CHECK(message_of([&] {
          host::fold_temperatures(m, std::vector<double>{1, -1});
        }) == "fold_temperatures: found a temperature of -1.000000, expected a number above 0");
}
