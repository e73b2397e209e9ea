// What a stream of predictions looks like, in fixed memory: how many left at each exit, for which reason and with which
// class, how sure they were (mean, and a mean that forgets), what they cost. Integers only; 64-bit counters never
// overflow.
#ifndef OFFRAMP_EXITS_STATISTICS_HPP
#define OFFRAMP_EXITS_STATISTICS_HPP

#include <cstdint>

#include <offramp/exits/prediction.hpp>

namespace offramp::inline OFFRAMP_ABI {

// stats.record(net.classify(x)). The forgetting mean follows the last 2^MeanShift samples, roughly:
// m += (p - m) / 2^MeanShift, from the first sample's p on.
template <int Exits, int Classes, int MeanShift = 6>
class stream_statistics {
  static_assert(Exits >= 1 && Classes >= 1 && MeanShift >= 0 && MeanShift <= 15);

 public:
  constexpr void record(const prediction& p) {
    constexpr int fraction = 15;  // of the forgetting mean, so that small steps are not lost
    const std::int32_t now = static_cast<std::int32_t>(p.probability_q16) << fraction;
    recent_ = samples_ == 0 ? now : recent_ + (now - recent_) / (1 << MeanShift);
    ++samples_;
    ++left_[p.exit];
    ++predicted_[p.label];
    late_ += p.why == stop_reason::deadline ? 1u : 0u;
    probability_ += p.probability_q16;
    spent_ += p.spent;
  }
  constexpr void reset() { *this = {}; }

  [[nodiscard]] constexpr std::uint64_t samples() const { return samples_; }
  [[nodiscard]] constexpr std::uint64_t left_at(int exit) const { return left_[exit]; }
  [[nodiscard]] constexpr std::uint64_t predicted(int label) const { return predicted_[label]; }
  // Stopped by a deadline.
  [[nodiscard]] constexpr std::uint64_t stopped_by_deadline() const { return late_; }
  // Means, rounded down; 0 before the first sample. Probabilities as in `prediction`, 65535 = 1; OPs.
  [[nodiscard]] constexpr std::uint16_t mean_probability_q16() const {
    return static_cast<std::uint16_t>(samples_ == 0 ? 0 : probability_ / samples_);
  }
  [[nodiscard]] constexpr std::uint16_t recent_probability_q16() const {
    return static_cast<std::uint16_t>(recent_ >> 15);
  }
  [[nodiscard]] constexpr std::int64_t mean_spent() const {
    return samples_ == 0 ? 0 : spent_ / static_cast<std::int64_t>(samples_);
  }

 private:
  std::uint64_t samples_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t probability_ = 0;
  std::int64_t spent_ = 0;
  std::uint64_t left_[Exits]{};
  std::uint64_t predicted_[Classes]{};
  std::int32_t recent_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
