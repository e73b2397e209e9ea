// A gate recovers the rule that made its data, tells right from wrong better than confidence does, and stays finite.
#include <offramp/host/fit_gate.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr int classes = 4;
constexpr double unit = 0.01;

// Random logits of one exit, integers or floats; truth is `label` where right(features) says so.
template <class T, class Right>
host::exit_outputs outputs(int count, std::uint64_t stream, Right right) {
  offramp_test::random_numbers r{stream};
  host::exit_outputs o;
  o.classes = classes;
  o.label.resize(1);
  o.scale = {unit};
  o.unit = {make_fixed_factor(unit * 65536)};
  o.ops = {1};
  if (std::is_same_v<T, float>)
    o.real_logits.resize(1);
  else
    o.integer_logits.resize(1);
  for (int i = 0; i < count; ++i) {
    std::int32_t z[classes];
    const std::int32_t most = r.between(20, 400);
    for (auto& v : z) v = r.between(-most, most);
    for (const std::int32_t v : z) {
      if (std::is_same_v<T, float>)
        o.real_logits[0].push_back(static_cast<float>(v * unit));
      else
        o.integer_logits[0].push_back(v);
    }
    const auto f = learned_gate::features_of(z, classes, o.unit[0]);
    const int label = argmax(z, classes);
    o.label[0].push_back(label);
    o.truth.push_back(right(f, r) ? label : (label + 1) % classes);
  }
  return o;
}

bool by_chance(offramp_test::random_numbers& r, double p) { return r.between(0, 999999) < p * 1e6; }
double real(std::uint32_t w) { return static_cast<std::int32_t>(w) / 65536.0; }

}  // namespace

TEST_CASE("fit_gate: recovers the rule that made the data") {
  // Right with probability sigmoid(-2 + 4 * margin): one feature decides.
  const auto rule = [](const learned_gate::feature_values& f, offramp_test::random_numbers& r) {
    return by_chance(r, 1 / (1 + std::exp(2 - 4 * f.q16[1] / 65536.0)));
  };
  const auto o = outputs<std::int32_t>(20000, 630, rule);
  const auto w = host::fit_gate(o, {1e-6, 50});
  REQUIRE(w.size() == 4);
  // The score is the balanced probability: monotone in the rule's, up to what 20,000 samples tell.
  host::exit_outputs scored = o;
  host::rescore<learned_gate>(scored, w);
  double correlation = 0;
  double xx = 0;
  double yy = 0;
  double mx = 0;
  double my = 0;
  const auto logit_of = [&](std::size_t i) {
    const double s = std::clamp(scored.score_q16[0][i] / 65536.0, 1e-4, 1 - 1e-4);
    return std::log(s / (1 - s));
  };
  const auto margin_of = [&](std::size_t i) {
    return learned_gate::features_of(o.logits<std::int32_t>(0, i), classes, o.unit[0]).q16[1] / 65536.0;
  };
  std::size_t used = 0;
  for (std::size_t i = 0; i < o.truth.size(); ++i)
    if (margin_of(i) < 1) ++used, mx += margin_of(i), my += logit_of(i);
  mx /= static_cast<double>(used), my /= static_cast<double>(used);
  for (std::size_t i = 0; i < o.truth.size(); ++i)
    if (margin_of(i) < 1) {
      const double x = margin_of(i) - mx;
      const double y = logit_of(i) - my;
      correlation += x * y, xx += x * x, yy += y * y;
    }
  CHECK(correlation / std::sqrt(xx * yy) > 0.97);
  CHECK(correlation / xx == doctest::Approx(4).epsilon(0.15));  // the slope
}

TEST_CASE("fit_gate: right and wrong answers weigh the same") {
  // Where the gradient of the balanced loss is zero, mean score of right answers + mean score of wrong ones = 1.
  for (const double share : {0.05, 0.5, 0.95}) {
    const auto rule = [&](const learned_gate::feature_values& f, offramp_test::random_numbers& r) {
      return by_chance(r, f.q16[0] > 40000 ? share : 0.9 * share);
    };
    host::exit_outputs o = outputs<std::int32_t>(3000, 635, rule);
    host::rescore<learned_gate>(o, host::fit_gate(o));
    double sum[2]{};
    int count[2]{};
    for (std::size_t i = 0; i < o.truth.size(); ++i) {
      const int right = o.label[0][i] == o.truth[i] ? 1 : 0;
      sum[right] += o.score_q16[0][i] / 65536.0;
      ++count[right];
    }
    CAPTURE(share);
    CHECK(sum[0] / count[0] + sum[1] / count[1] == doctest::Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("fit_gate: integers and floats fit the same gate") {
  const auto rule = [](const learned_gate::feature_values& f, offramp_test::random_numbers& r) {
    return by_chance(r, f.q16[0] / 65536.0);
  };
  const auto a = host::fit_gate(outputs<std::int32_t>(2000, 631, rule));
  const auto b = host::fit_gate(outputs<float>(2000, 631, rule));
  for (std::size_t i = 0; i < 4; ++i) CHECK(real(a[i]) == doctest::Approx(real(b[i])).epsilon(0.01));
}

TEST_CASE("fit_gate: tells right from wrong where confidence misleads") {
  // Overconfident: certain answers are wrong. Confidence alone would let exactly those go.
  const auto rule = [](const learned_gate::feature_values& f, offramp_test::random_numbers& r) {
    return by_chance(r, f.q16[0] > 50000 ? 0.1 : 0.9);
  };
  host::exit_outputs o = outputs<std::int32_t>(4000, 632, rule);
  host::rescore<learned_gate>(o, host::fit_gate(o));
  int kept[2]{};
  int all[2]{};
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const int right = o.label[0][i] == o.truth[i] ? 1 : 0;
    ++all[right];
    kept[right] += o.score_q16[0][i] >= 32768 ? 1 : 0;
  }
  CHECK(kept[1] > 0.6 * all[1]);
  CHECK(kept[0] < 0.4 * all[0]);
}

TEST_CASE("fit_gate: separable data stay finite, and all right or all wrong give what the count allows") {
  const auto split = [](const learned_gate::feature_values& f, offramp_test::random_numbers&) {
    return f.q16[1] > 65536;
  };
  for (const std::uint32_t w : host::fit_gate(outputs<std::int32_t>(1000, 633, split))) CHECK(std::abs(real(w)) < 1000);
  const auto always = [](bool right) {
    return host::fit_gate(outputs<std::int32_t>(
        99, 634, [=](const learned_gate::feature_values&, offramp_test::random_numbers&) { return right; }));
  };
  CHECK(real(always(true)[0]) == doctest::Approx(std::log(100.0)).epsilon(1e-4));
  CHECK(real(always(false)[0]) == doctest::Approx(-std::log(100.0)).epsilon(1e-4));
  CHECK((always(true)[1] == 0 && always(true)[2] == 0 && always(true)[3] == 0));
}

TEST_CASE("fit_gate: nothing to fit") {
  CHECK(offramp_test::message_of([] { host::fit_gate(host::exit_outputs{}); }) ==
        "fit_gate: the held-out set is empty, expected at least one image");
  host::exit_outputs o;
  o.truth = {0};
  o.label = {{0}};
  CHECK(offramp_test::message_of([&] { host::fit_gate(o); }) ==
        "fit_gate: these outputs hold no logits; run_all_exits stores them");
}
