// A policy of reuse of one's own takes the words of its exit.
// expect: constraint(s not satisfied| failure)|does not satisfy|because|constraints not satisfied

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

struct mine {
  static constexpr std::uint32_t id = 1000;
  template <class T, int Exits, int Classes>
  struct state {
    static constexpr void begin() {}
#ifdef FAULTY
    static constexpr const T* combine(int, const T* logits) { return logits; }
#else
    static constexpr const T* combine(int, const T* logits, const std::uint32_t*) { return logits; }
#endif
  };
};
session<device, path::portable, max_softmax, mine>* never = nullptr;
