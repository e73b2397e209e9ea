// Bins and their error, by hand and against another way of counting.
#include <offramp/host/calibration_error.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;
using host::exit_outputs;
using offramp_test::message_of;

namespace {

// One exit of floats; labels follow from the logits.
exit_outputs outputs_of(int classes, const std::vector<float>& logits, const std::vector<int>& truth) {
  exit_outputs o;
  o.classes = classes;
  o.truth = truth;
  o.real_logits = {logits};
  o.scale = {1};
  o.unit = {make_fixed_factor(65536.0)};
  o.ops = {1};
  o.label.emplace_back();
  for (std::size_t i = 0; i < truth.size(); ++i) o.label[0].push_back(argmax(o.logits<float>(0, i), classes));
  return o;
}

}  // namespace

TEST_CASE("calibration_error: bins are closed above, confidence and accuracy are means, by hand") {
  const float two_to_one = std::log(2.0f), three_to_one = std::log(3.0f);
  // Confidences 1/2 (right), 2/3 (wrong), 3/4 (right), 3/4 (wrong).
  const exit_outputs o = outputs_of(2, {0, 0, 0, two_to_one, three_to_one, 0, 0, three_to_one}, {0, 0, 0, 0});
  const host::reliability halves = host::reliability_of(o, 0, 2);
  CHECK(halves.count == std::vector<int>{1, 3});  // 1/2 belongs to the lower bin
  CHECK(halves.confidence[0] == 0.5);
  CHECK(halves.accuracy[0] == 1);
  CHECK(halves.confidence[1] == doctest::Approx((2.0 / 3 + 1.5) / 3));
  CHECK(halves.accuracy[1] == doctest::Approx(1.0 / 3));
  CHECK(halves.ece == doctest::Approx(0.25 * 0.5 + 0.75 * ((2.0 / 3 + 1.5) / 3 - 1.0 / 3)));
  const host::reliability one = host::reliability_of(o, 0, 1);
  CHECK(one.ece == doctest::Approx((0.5 + 2.0 / 3 + 1.5) / 4 - 0.5));
  // Fifteen bins: 1/2 in (7/15, 8/15], 2/3 in (9/15, 10/15] but for rounding, 3/4 in (11/15, 12/15].
  const host::reliability r = host::reliability_of(o, 0);
  CHECK(r.count.size() == 15);
  CHECK(r.count[7] == 1);
  CHECK(r.count[9] + r.count[10] == 1);
  CHECK(r.count[11] == 2);
  CHECK(r.accuracy[11] == 0.5);
  CHECK(r.confidence[3] == 0);
}

TEST_CASE("calibration_error: certain answers are in the last bin") {
  const host::reliability r = host::reliability_of(outputs_of(2, {0, 1000, 1000, 0}, {1, 1}), 0);
  CHECK(r.count[14] == 2);
  CHECK(r.confidence[14] == 1);
  CHECK(r.ece == 0.5);
}

TEST_CASE("calibration_error: integers count by their scale, and all images are in some bin") {
  offramp_test::random_numbers r{620};
  exit_outputs o;
  o.classes = 4;
  o.integer_logits.emplace_back();
  o.label.emplace_back();
  o.ops = {1};
  o.scale = {0.01};
  std::vector<double> confidence;
  for (std::size_t i = 0; i < 500; ++i) {
    double sum = 0, largest = 0;
    for (int c = 0; c < 4; ++c) {
      o.integer_logits[0].push_back(r.between(-200, 200));
      const double e = std::exp(0.01 * o.integer_logits[0].back());
      sum += e;
      largest = std::max(largest, e);
    }
    confidence.push_back(largest / sum);
    o.label[0].push_back(argmax(o.logits<std::int32_t>(0, i), 4));
    o.truth.push_back(r.between(0, 1) == 1 ? o.label[0].back() : (o.label[0].back() + 1) % 4);
  }
  double ece = 0;
  for (int b = 0; b < 15; ++b) {
    double difference = 0;
    for (std::size_t i = 0; i < 500; ++i)
      if (confidence[i] > b / 15.0 && confidence[i] <= (b + 1) / 15.0)
        difference += confidence[i] - (o.label[0][i] == o.truth[i] ? 1 : 0);
    ece += std::abs(difference) / 500;
  }
  const host::reliability found = host::reliability_of(o, 0);
  CHECK(found.ece == doctest::Approx(ece));
  int all = 0;
  for (const int n : found.count) all += n;
  CHECK(all == 500);
}

TEST_CASE("calibration_error: what cannot be asked") {
  CHECK(message_of([] { host::reliability_of(exit_outputs{}, 0); }) ==
        "reliability_of: the set is empty, expected at least one image");
  const exit_outputs o = outputs_of(2, {0, 1}, {1});
  CHECK(message_of([&] { host::reliability_of(o, 1); }) == "reliability_of: found exit 1, expected 0 to 0");
  CHECK(message_of([&] { host::reliability_of(o, 0, 0); }) == "reliability_of: found 0 bins, expected at least 1");
  exit_outputs none = o;
  none.real_logits.clear();
  CHECK(message_of([&] { host::reliability_of(none, 0); }) ==
        "softmax_at: these outputs hold no logits; run_all_exits stores them");
}
