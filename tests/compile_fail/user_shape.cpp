// A single position has no half.
// expect: offramp: this user layer's out_shape gives an empty shape for its input
// expect: user_layer_output<1, 0, 1>

#include <offramp/offramp.hpp>

using namespace offramp;

struct halves {  // both sides of an image
  static constexpr std::uint32_t id = 1000;
  static constexpr const char* name = "halves";
  static constexpr kind in = f32;
  static constexpr kind out = f32;
  static constexpr shape out_shape(shape s) { return {s.h / 2, s.w / 2, s.c}; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

#ifdef FAULTY
using net = network<image<8, 8, 6>, stage<global_avg_pool, user_layer<halves>>, exit_head<10>>;
#else
using net = network<image<8, 8, 6>, stage<avg_pool<4>, user_layer<halves>>, exit_head<10>>;
#endif
[[maybe_unused]] constexpr auto described = net::view();
