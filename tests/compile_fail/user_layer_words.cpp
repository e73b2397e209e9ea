// The optional function is there, but takes other arguments: it would be passed over.
// expect: offramp: a user layer has weight_words
// expect: user_weight_words

#include <offramp/offramp.hpp>

using namespace offramp;

struct mine {
  static constexpr std::uint32_t id = 1007;
  static constexpr const char* name = "mine";
  static constexpr kind in = f32;
  static constexpr kind out = f32;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }
#ifdef FAULTY
  static constexpr std::size_t weight_words(shape) { return 3; }
#else
  static constexpr std::size_t weight_words(shape, kind) { return 3; }
#endif
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

using layer = user_layer<mine>;
[[maybe_unused]] constexpr int count = layer::layer_count;
