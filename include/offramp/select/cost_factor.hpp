// How much slower than its profile a CPU is just now (frequency scaling, caches shared with other tasks), learned from
// measured times: an exponentially weighted mean of measured / predicted, in fixed point.
#ifndef OFFRAMP_SELECT_COST_FACTOR_HPP
#define OFFRAMP_SELECT_COST_FACTOR_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

class cost_factor {
 public:
  // A measurement counts for 1 / 2^shift, shift from 0 to 16.
  explicit constexpr cost_factor(int shift = 3) : shift_{shift < 0 ? 0 : shift > 16 ? 16 : shift} {}

  // Of one input: what the profile predicts to the exit it left at, and what it took, in the same unit. A prediction of
  // nothing teaches nothing. One measurement counts as no more than twice, and no less than half of what was known:
  // an interrupt is not a new clock, and a new clock is learned in a few steps.
  constexpr void observe(std::uint32_t predicted, std::uint32_t measured) {
    if (predicted == 0) return;
    std::uint64_t ratio = (std::uint64_t{measured} << 32) / predicted;
    if (ratio > 2 * state_) ratio = 2 * state_;
    if (ratio < state_ / 2) ratio = state_ / 2;
    if (ratio >= state_)
      state_ += (ratio - state_) >> shift_;
    else
      state_ -= (state_ - ratio) >> shift_;
    keep_in_range();
  }

  // Of a clock that is known to have changed.
  constexpr void set_q16(std::uint32_t factor_q16) {
    state_ = std::uint64_t{factor_q16} << 16;
    keep_in_range();
  }

  // 65536: as the profile says. From 1/256 to 256.
  [[nodiscard]] constexpr std::uint32_t q16() const { return static_cast<std::uint32_t>((state_ + 0x8000u) >> 16); }

 private:
  constexpr void keep_in_range() {
    constexpr std::uint64_t one = std::uint64_t{1} << 32;
    if (state_ < one / 256) state_ = one / 256;
    if (state_ > one * 256) state_ = one * 256;
  }

  std::uint64_t state_ = std::uint64_t{1} << 32;  // Q32, so that small differences count in spite of the shift
  int shift_;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
