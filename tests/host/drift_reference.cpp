// The reference by hand, and monitors that know the stream it was taken from.
#include <offramp/host/drift_reference.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;

namespace {

// Two classes; logits (0, d) in units of 1/100, so that the probability is 1 / (1 + exp(-d / 100)).
host::exit_outputs outputs(const std::vector<std::vector<std::int32_t>>& d) {
  host::exit_outputs o;
  o.classes = 2;
  o.truth.assign(d[0].size(), 1);
  for (const auto& exit : d) {
    o.label.emplace_back(exit.size(), 1);
    o.integer_logits.emplace_back();
    for (const std::int32_t v : exit) o.integer_logits.back().push_back(0), o.integer_logits.back().push_back(v);
    o.scale.push_back(0.01);
    o.unit.push_back(make_fixed_factor(0.01 * 65536));
    o.ops.push_back(1);
  }
  return o;
}

}  // namespace

TEST_CASE("drift_reference: shares and probabilities by hand") {
  // ln 3 and ln 9: probabilities 3/4 and 9/10.
  const auto o = outputs({{110, 110, 220, 0}, {0, 0, 0, 220}});
  const auto r = host::make_drift_reference<2>(o, {0, 0, 0, 1});
  CHECK(r.exits.q16[0] == 43691);  // (3 + 1) / (4 + 2)
  CHECK(r.exits.q16[1] == 21845);
  const double p[]{1 / (1 + std::exp(-1.1)), 1 / (1 + std::exp(-2.2))};
  const double mean = (2 * p[0] + 2 * p[1]) / 4;
  CHECK(r.score.mean_q16 == doctest::Approx(65536 * mean).epsilon(1e-3));
  CHECK(r.score.deviation_q16 == doctest::Approx(65536 * (p[1] - p[0]) / 2).epsilon(1e-2));
}

TEST_CASE("drift_reference: monitors know the stream it was taken from") {
  offramp_test::random_numbers r{620};
  const auto draw = [&](int shift) {
    std::vector<std::vector<std::int32_t>> d(2);
    for (int i = 0; i < 4096; ++i)
      d[0].push_back(r.between(0, 300) + shift), d[1].push_back(r.between(100, 400) + shift);
    return outputs(d);
  };
  const std::vector<std::int32_t> thresholds{50000, 0};
  const auto seen = [&](host::exit_outputs o) {
    host::rescore<max_softmax>(o);
    return o;
  };
  const auto known = seen(draw(0));
  const auto reference = host::make_drift_reference<2>(known, host::exits_taken(known, thresholds));
  const auto windows_raised = [&](int shift) {
    int raised = 0;
    exit_drift<2, 256> monitor{reference.exits};
    for (int i = 0; i < 16; ++i) {
      const auto o = seen(draw(shift));
      const auto taken = host::exits_taken(o, thresholds);
      for (std::size_t n = 0; n < 256; ++n) {
        prediction p;
        p.exit = static_cast<std::int16_t>(taken[n]);
        monitor.record(p);
      }
      raised += monitor.raised() ? 1 : 0;
      monitor.reset();
    }
    return raised;
  };
  CHECK(windows_raised(0) <= 1);
  CHECK(windows_raised(-50) >= 12);
}

TEST_CASE("drift_reference: what does not fit is refused") {
  const auto o = outputs({{1, 2}, {3, 4}});
  CHECK(offramp_test::message_of([&] {
          host::make_drift_reference<3>(o, {0, 0});
        }) ==
        "drift reference: found 2 exits and 2 exits taken, expected 3 and one for each of 2 images, at least one");
  CHECK(offramp_test::message_of([&] { host::make_drift_reference<2>(o, {0}); }) ==
        "drift reference: found 2 exits and 1 exits taken, expected 2 and one for each of 2 images, at least one");
  CHECK(offramp_test::message_of([&] {
          host::make_drift_reference<2>(outputs({{}, {}}), {});
        }) ==
        "drift reference: found 2 exits and 0 exits taken, expected 2 and one for each of 0 images, at least one");
}
