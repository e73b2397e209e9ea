// Weights that have been checked for one network on one path: what a session runs on. Zero copy: pointers into flash.
#ifndef OFFRAMP_NET_BOUND_WEIGHTS_HPP
#define OFFRAMP_NET_BOUND_WEIGHTS_HPP

#include <cstdint>

#include <offramp/core/fixed_point.hpp>

namespace offramp::inline OFFRAMP_ABI {

// What is stored for each exit beside its weights.
struct exit_record {
  float logit_scale = 1;           // real logit = stored logit * logit_scale (1 for float heads)
  fixed_factor unit{};             // logit_scale * 65536: turns differences of integer logits into Q16
  std::int32_t threshold_q16 = 0;  // on the scale of the criterion named in the model
};

template <class Lowered, class Path>
struct bound_weights {
  const std::uint32_t* ops = nullptr;  // packed weights of all ops, at the offsets of planned<Lowered, Path>
  exit_record exits[Lowered::exits]{};
  std::uint32_t criterion = 0;  // id of the criterion whose scale the thresholds are on
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
