// One test of a walk along thresholds (host/risk_control.hpp): can "the mean loss is above epsilon" be ruled out with
// the losses as they stand? And what the tests ask for: kinds that fit, numbers that can be, enough images.
#ifndef OFFRAMP_HOST_RISK_TEST_HPP
#define OFFRAMP_HOST_RISK_TEST_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/guarantee_text.hpp>
#include <offramp/host/p_values.hpp>
#include <offramp/host/random.hpp>
#include <offramp/model/guarantee.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct risk_test_options {
  risk_loss loss = risk_loss::accuracy_gap;
  risk_test test = risk_test::binomial;
  double epsilon = 0.005;
  double delta = 0.1;
  std::uint64_t seed = 1;
};

namespace detail {

struct risk_verdict {
  double p_value = 1;
  double realised_risk = 0;
  bool passed = true;
};

// Bets use gains as well as losses: a gap in -1 to 1, mapped to 0 to 1 (and epsilon with it). For the other tests the
// map would cost more than it gives; they take the positive part, which bounds the gap from above.
inline bool signed_losses(const risk_test_options& t) {
  return t.test == risk_test::betting && (t.loss == risk_loss::accuracy_gap || t.loss == risk_loss::brier_gap);
}

// All losses begin at 0: nobody leaves early.
class risk_walk {
 public:
  risk_walk(const risk_test_options& options, std::size_t images) : options_{options}, loss_(images, 0.0) {
    if (options.test == risk_test::betting)
      order_ = random_order(static_cast<int>(images), random_source{options.seed, 3});
  }

  void set(std::size_t image, double loss) {
    if (options_.test == risk_test::in_expectation) loss = std::max(loss, loss_[image]);
    loss_[image] = loss;
  }

  [[nodiscard]] risk_verdict test() {
    double sum = 0;  // anew: adding and taking away would leave errors of rounding
    for (const double v : loss_) sum += v;
    const int n = static_cast<int>(loss_.size());
    risk_verdict v{0, sum / n, true};
    switch (options_.test) {
      case risk_test::binomial: v.p_value = binomial(sum); break;
      case risk_test::hoeffding_bentkus: v.p_value = hoeffding_bentkus_p_value(n, options_.epsilon, sum); break;
      case risk_test::betting: v.p_value = bet(); break;
      default: v.p_value = (sum + 1) / (n + 1.0); break;
    }
    v.passed = v.p_value <= (options_.test == risk_test::in_expectation ? options_.epsilon : options_.delta);
    return v;
  }

 private:
  double binomial(double sum) {
    if (sum != asked_) {
      asked_ = sum;
      answer_ = binomial_p_value(static_cast<int>(loss_.size()), options_.epsilon, sum);
    }
    return answer_;
  }
  double bet() {
    const bool both = signed_losses(options_);
    in_order_.clear();
    for (const int i : order_) {
      const double v = loss_[static_cast<std::size_t>(i)];
      in_order_.push_back(both ? (v + 1) / 2 : v);
    }
    return betting_p_value(in_order_, both ? (options_.epsilon + 1) / 2 : options_.epsilon, options_.delta);
  }

  risk_test_options options_;
  std::vector<double> loss_;
  std::vector<int> order_{};
  std::vector<double> in_order_{};
  double asked_ = -1;
  double answer_ = 1;
};

inline void expect_risk_test(const risk_test_options& t) {
  const auto inside = [](double v) { return v > 0 && v < 1; };
  if (t.loss == risk_loss::none || t.test == risk_test::none)
    throw error("calibrate: found no kind of loss or test, expected one of model/guarantee.hpp");
  if (!inside(t.epsilon))
    throw error("calibrate: found an epsilon of " + std::to_string(t.epsilon) + ", expected one between 0 and 1");
  if (t.test != risk_test::in_expectation && !inside(t.delta))
    throw error("calibrate: found a delta (risk) of " + std::to_string(t.delta) + ", expected one between 0 and 1");
  if (t.test == risk_test::binomial && t.loss != risk_loss::accuracy_gap && t.loss != risk_loss::disagreement)
    throw error(std::string{"calibrate: found the exact binomial test with losses of kind "} + name_of(t.loss) +
                ", expected losses of 0 and 1; take hoeffding_bentkus or betting");
}

}  // namespace detail

// The fewest images with which anything but "never leave early" could ever be promised: no loss at all passes the test.
inline int fewest_images(const risk_test_options& t) {
  detail::expect_risk_test(t);
  const auto passes = [&t](int n) { return detail::risk_walk{t, static_cast<std::size_t>(n)}.test().passed; };
  int high = 1;
  while (!passes(high)) {
    if (high > (1 << 24)) return std::numeric_limits<int>::max();
    high *= 2;
  }
  int low = high / 2;  // does not pass
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (passes(middle) ? high : low) = middle;
  }
  return high;
}

namespace detail {

inline void expect_images(const risk_test_options& t, int images, bool halves) {
  if (images > 0 && risk_walk{t, static_cast<std::size_t>(images)}.test().passed) return;
  const std::string delta = t.test == risk_test::in_expectation ? "" : " and delta " + promise_number(t.delta);
  throw error("calibrate: found " + std::to_string(images) + (halves ? " images in one half" : " images") +
              ", expected at least " + std::to_string(fewest_images(t)) + " for epsilon " + promise_number(t.epsilon) +
              delta + " (" + name_of(t.test) + ")");
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
