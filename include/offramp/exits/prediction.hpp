// The answer for one sample: class, how sure, which exit gave it, what it cost, and why the network stopped there.
#ifndef OFFRAMP_EXITS_PREDICTION_HPP
#define OFFRAMP_EXITS_PREDICTION_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class stop_reason : std::uint8_t {
  confident,   // the exit's score reached its threshold
  last_exit,   // there was no further stage
  deadline,    // there was no time for the next stage
  unfinished,  // asked for the best answer so far: more stages could run
};

constexpr const char* to_string(stop_reason r) {
  switch (r) {
    case stop_reason::confident: return "confident";
    case stop_reason::last_exit: return "last exit";
    case stop_reason::deadline: return "deadline";
    case stop_reason::unfinished: return "unfinished";
  }
  return "unknown";
}

struct prediction {
  std::int16_t label = 0;
  std::int16_t exit = 0;  // counted from 0
  stop_reason why = stop_reason::last_exit;
  std::uint16_t probability_q16 = 0;  // softmax of the label at that exit, 65535 = 1
  std::int64_t spent = 0;             // OPs: MACs + binary MACs / 64, every head that ran included

  [[nodiscard]] constexpr float probability() const { return static_cast<float>(probability_q16) / 65535.0f; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
