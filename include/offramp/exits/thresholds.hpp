// Thresholds of exits, on the scale of the criterion that asks them, in Q16. A sample leaves when score >= threshold.
#ifndef OFFRAMP_EXITS_THRESHOLDS_HPP
#define OFFRAMP_EXITS_THRESHOLDS_HPP

#include <cstdint>

#include <offramp/exits/fixed_math.hpp>

namespace offramp::inline OFFRAMP_ABI {

// The threshold of an exit that is never taken: scores stay below it.
inline constexpr std::int32_t never_q16 = 0x7fffffff;

// Thresholds of every exit, [exits][per exit]; a plain criterion has one an exit. The last exit's are never asked.
template <int Exits, int PerExit = 1>
struct exit_thresholds {
  std::int32_t q16[Exits * PerExit]{};
};

// One threshold for all exits, in the criterion's units: confidence{0.9f}. A criterion with several takes it for each.
struct confidence {
  std::int32_t q16;
  explicit constexpr confidence(float threshold) : q16{to_q16(threshold)} {}
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
