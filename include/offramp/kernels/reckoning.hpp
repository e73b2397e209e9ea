// What a kernel reckons its loops to come to, for the latency model: counts apart from one another, because what each
// of them costs differs from one CPU to the next.
#ifndef OFFRAMP_KERNELS_RECKONING_HPP
#define OFFRAMP_KERNELS_RECKONING_HPP

#include <cstdint>

namespace offramp::inline OFFRAMP_ABI::kernels {

// All in a unit of the kernel's own; 0 where it has nothing to say.
struct reckoning {
  std::int64_t loops = 0;   // the innermost loops: products, look-ups
  std::int64_t turns = 0;   // what is done once per tile beside them
  std::int64_t moved = 0;   // making the input ready
  std::int64_t stored = 0;  // outputs that the output stage works on, those of lanes that stay empty included
  std::int64_t uneven = 0;  // of these, those that go a longer way because they do not fill whole vectors
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
