// Reuse of earlier predictions from exit to exit. A policy keeps state per sample and turns the logits of head k into
// those that are judged. `no_reuse` judges each head by itself and costs nothing.
#ifndef OFFRAMP_EXITS_REUSE_HPP
#define OFFRAMP_EXITS_REUSE_HPP

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// To provide: `template <class T, int Classes> struct state` with `void begin()`, called for every new sample, and
// `const T* combine(int exit, const T* logits)`, called once for every exit in order, which returns the logits to judge
// (its own storage, or the argument).
struct no_reuse {
  template <class T, int Classes>
  struct state {
    static constexpr void begin() {}
    static constexpr const T* combine(int, const T* logits) { return logits; }
  };
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
