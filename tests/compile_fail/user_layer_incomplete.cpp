// A layer that cannot be trained: its backward is missing, as the notes say.
// expect: constraint(s not satisfied| failure)|does not satisfy|constraints not satisfied
// expect: user_layer

#include <offramp/offramp.hpp>

using namespace offramp;

struct mine {
  static constexpr std::uint32_t id = 1000;
  static constexpr const char* name = "mine";
  static constexpr kind in = f32;
  static constexpr kind out = f32;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
};
struct whole : mine {
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

#ifdef FAULTY
user_layer<mine>* never = nullptr;
#else
user_layer<whole>* never = nullptr;
#endif
