// Does the stream still look like the data the thresholds were calibrated on? Two tests in fixed memory, integers only,
// against a reference that host::drift_reference takes from the calibration set:
//
//   exit_drift    Pearson's chi-square (1900) of the exits taken in a window of samples against the shares expected.
//                 A window of the same stream raises it with a probability of 1 in 1000.
//   score_drift   CUSUM (Page 1954, Continuous inspection schemes), both sides, on the predicted probability: sums
//                 S+ = max(0, S+ + (p - mean) - slack), S- alike; slack = deviation / 2, raised at 5 deviations.
//                 Finds small lasting shifts early; the same normal stream raises it after some 500 samples by chance.
//
// Both are a hint to calibrate again, not a verdict on accuracy, which takes labels.
#ifndef OFFRAMP_EXITS_DRIFT_HPP
#define OFFRAMP_EXITS_DRIFT_HPP

#include <cstdint>

#include <offramp/exits/fixed_math.hpp>
#include <offramp/exits/prediction.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Share of samples that leave at each exit, Q16; all above 0 (the host adds one sample to each).
template <int Exits>
struct exit_shares {
  std::uint32_t q16[Exits]{};
};

namespace detail {

// The value that a chi-square variable of `degrees` freedom exceeds once in 1000, Q16: Wilson and Hilferty (1931),
// chi^2 = n * (1 - 2/(9n) + x * sqrt(2/(9n)))^3 with the normal quantile x = 3.0902. At most 3 % too large.
constexpr std::uint32_t chi_square_once_in_1000(int degrees) {
  const double v = 2.0 / (9.0 * degrees);
  double root = 1;
  for (int i = 0; i < 40; ++i) root = 0.5 * (root + v / root);  // Newton
  const double t = 1.0 - v + 3.0902 * root;
  return static_cast<std::uint32_t>(degrees * t * t * t * 65536.0);
}

}  // namespace detail

// Windows follow each other without overlap. Expect 5 samples or more in every exit of a window, as ever with this
// test.
template <int Exits, int Window = 512>
class exit_drift {
  static_assert(Exits >= 2, "offramp: with one exit there is no histogram to compare");
  static_assert(Window >= 1 && Window <= 4096, "offramp: windows of up to 4096 samples keep the sums within 64 bits");

 public:
  static constexpr std::uint32_t limit_q16 = detail::chi_square_once_in_1000(Exits - 1);

  explicit constexpr exit_drift(const exit_shares<Exits>& expected) : expected_{expected} {}

  constexpr void record(const prediction& p) {
    ++left_[p.exit];
    if (++samples_ == Window) finish_window();
  }
  // Has a window differed? Stays until reset.
  [[nodiscard]] constexpr bool raised() const { return raised_; }
  // Chi-square of the last whole window, Q16; 0 before.
  [[nodiscard]] constexpr std::uint64_t statistic_q16() const { return statistic_; }
  constexpr void reset() { *this = exit_drift{expected_}; }

 private:
  // sum (n - e)^2 / e, e = window * share. n and e below 2^28 in Q16, so squares stay below 2^56.
  constexpr void finish_window() {
    statistic_ = 0;
    for (int k = 0; k < Exits; ++k) {
      const std::int64_t e = std::int64_t{Window} * (expected_.q16[k] == 0 ? 1u : expected_.q16[k]);
      const std::int64_t d = std::int64_t{left_[k]} * q16_one - e;
      statistic_ += static_cast<std::uint64_t>(d * d) / static_cast<std::uint64_t>(e);
      left_[k] = 0;
    }
    samples_ = 0;
    raised_ = raised_ || statistic_ > limit_q16;
  }

  exit_shares<Exits> expected_;
  std::uint32_t left_[Exits]{};
  std::uint64_t statistic_ = 0;
  int samples_ = 0;
  bool raised_ = false;
};

// Mean and standard deviation of the predicted probability, Q16.
struct score_reference {
  std::int32_t mean_q16 = 0;
  std::int32_t deviation_q16 = 0;
};

class score_drift {
 public:
  explicit constexpr score_drift(score_reference expected) : expected_{expected} {}

  constexpr void record(const prediction& p) {
    const std::int32_t d = static_cast<std::int32_t>(p.probability_q16) - expected_.mean_q16;
    const std::int32_t slack = expected_.deviation_q16 / 2;
    up_ = next(up_, d - slack);
    down_ = next(down_, -d - slack);
    raised_ = raised_ || up_ > limit() || down_ > limit();
  }
  // Has the mean moved? Stays until reset.
  [[nodiscard]] constexpr bool raised() const { return raised_; }
  // The sums, Q16: how much more, or less, certain the stream is than it was.
  [[nodiscard]] constexpr std::int32_t above_q16() const { return up_; }
  [[nodiscard]] constexpr std::int32_t below_q16() const { return down_; }
  constexpr void reset() { *this = score_drift{expected_}; }

 private:
  [[nodiscard]] constexpr std::int32_t limit() const { return 5 * expected_.deviation_q16; }
  // Held at 2^30, far above any limit.
  static constexpr std::int32_t next(std::int32_t sum, std::int32_t step) {
    const std::int32_t v = sum + step;
    return v < 0 ? 0 : v > (1 << 30) ? 1 << 30 : v;
  }

  score_reference expected_;
  std::int32_t up_ = 0;
  std::int32_t down_ = 0;
  bool raised_ = false;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
