// Small numbers are the library's.
// expect: offramp: a user layer's id is 1000 or more
// expect: user_layer<

#include <offramp/offramp.hpp>

using namespace offramp;

template <std::uint32_t Id>
struct mine {
  static constexpr std::uint32_t id = Id;
  static constexpr const char* name = "mine";
  static constexpr kind in = f32;
  static constexpr kind out = f32;
  static constexpr shape out_shape(shape s) { return {s.h / 2, s.w / 2, s.c}; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

#ifdef FAULTY
using layer = user_layer<mine<7>>;
#else
using layer = user_layer<mine<1007>>;
#endif
[[maybe_unused]] constexpr int count = layer::layer_count;
