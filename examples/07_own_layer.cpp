// A layer the library does not have: hard swish, y = x * clamp(x / 6 + 1/2, 0, 1) (Howard et al. 2019, MobileNetV3).
// One struct says what it computes, how it trains and how it runs on integers: here by a table of 256 bytes, which the
// host fills in from the scales it found. Everything else (memory plan, cost, export, identity) follows.
#include <cmath>
#include <iostream>

#include <offramp/host.hpp>

using namespace offramp;

struct hard_swish {
  static constexpr std::uint32_t id = 1001;
  static constexpr const char* name = "hard_swish";
  static constexpr kind in = i8;  // the device op reads and writes int8 ...
  static constexpr kind out = i8;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return s.size(); }

  // ... by a table lookup; `write` makes the table on the host.
  static constexpr std::size_t weight_words(shape, kind) { return 256 / 4; }
  static void write(const user_arguments& a, const float*, std::uint32_t* words) {
    for (int code = -128; code < 128; ++code) {
      const float y = value(static_cast<float>(code - a.in_zero) * a.in_scale) / a.out_scale;
      const auto q = static_cast<std::int8_t>(clamp(std::lround(y) + a.out_zero, -128l, 127l));
      words[(code + 128) / 4] |= std::uint32_t{static_cast<std::uint8_t>(q)} << (8 * ((code + 128) % 4));
    }
  }
  static void run(const user_arguments& a) {
    const auto* x = static_cast<const std::int8_t*>(a.in);
    auto* y = static_cast<std::int8_t*>(a.out);
    for (int i = 0; i < a.in_shape.size(); ++i) {
      const int at = x[i] + 128;
      y[i] = static_cast<std::int8_t>(a.weights[at / 4] >> (8 * (at % 4)));
    }
  }

  // Training, in floats.
  static float value(float x) { return x * clamp(x / 6 + 0.5f, 0.0f, 1.0f); }
  static void forward(shape s, const float*, const float* x, float* y) {
    for (int i = 0; i < s.size(); ++i) y[i] = value(x[i]);
  }
  static void backward(shape s, const float*, const float* x, const float* dy, float* dx, float*) {
    for (int i = 0; i < s.size(); ++i) {
      const float slope = x[i] <= -3 ? 0.0f : x[i] >= 3 ? 1.0f : x[i] / 3 + 0.5f;
      if (dx != nullptr) dx[i] += dy[i] * slope;
    }
  }
};

using swish_net = network<image<28, 28, 1>,
                          stage<conv2d<16, 3, stride{2}>, batch_norm, user_layer<hard_swish>, depthwise_conv2d<3>,
                                batch_norm, user_layer<hard_swish>, max_pool<2>>,
                          exit_head<10>, stage<conv2d<32, 3>, batch_norm, user_layer<hard_swish>>, exit_head<10>>;
using swish_device_net = lower<swish_net>;

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const host::model model =
      host::train<swish_net>(data.train, recipes::joint{.epochs = 40, .batch = 32}, {.progress = &std::cout});
  const auto quantized = host::quantize<swish_device_net>(model, data.train.slice(0, 200));
  const std::span<const std::uint8_t> answer{data.train.image(0), data.train.image_size()};
  host::deployed<swish_device_net> net{host::pack_model<swish_device_net, path::portable>(quantized, {}, answer)};
  int right = 0;
  for (int i = 0; i < data.test.count(); ++i)
    right += host::classify(*net, {data.test.image(i), data.test.image_size()}, confidence{0.8f}).label ==
                     data.test.labels[static_cast<std::size_t>(i)]
                 ? 1
                 : 0;
  std::cout << host::cost_table<swish_device_net, path::portable>().text();
  std::cout << "right: " << right << " of " << data.test.count() << " with a layer written in this file\n";
  return 0;
} catch (const host::error& e) {
  std::cerr << "07_own_layer: " << e.what() << '\n';
  return 1;
}
