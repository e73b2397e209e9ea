// Makes examples/hello/weights.hpp, the weights of 01_hello: trains its network (the type is repeated here; weights of
// another one do not compile there) on shapes drawn with noise, about a minute.
//   make_hello_weights <header to write>
#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>

#include <offramp/host.hpp>

using namespace offramp;

using shapes_net =
    network<image<12, 12, 1, u8>, stage<conv2d<4, 3, stride{2}>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
            stage<conv2d<16, 3, binary>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
            stage<conv2d<48, 3, binary>, batch_norm, sign, conv2d<48, 3, binary>, batch_norm, sign>,
            exit_head<4, avg_pool<2>>>;
using device_net = lower<shapes_net, i8>;

namespace {

// 12 x 12 pixels: a shape anywhere, of any size, with up to 25 % of the pixels turned over.
host::labelled_images draw(int count, std::uint64_t seed) {
  host::labelled_images set{12, 12, 1, 4, {}, {}, {"circle", "square", "triangle", "cross"}};
  host::random_source random{seed};
  for (int i = 0; i < count; ++i) {
    const int label = i % 4;
    const float cx = 5.5f + 2 * random.uniform() - 1, cy = 5.5f + 2 * random.uniform() - 1;
    const float radius = 3 + 2.5f * random.uniform(), noise = 0.25f * random.uniform();
    for (int p = 0; p < 144; ++p) {
      const float x = static_cast<float>(p % 12) - cx, y = static_cast<float>(p / 12) - cy;
      const float ax = std::abs(x), ay = std::abs(y);
      float from_line = 0;  // distance from the outline, about
      if (label == 0) from_line = std::abs(std::hypot(x, y) - radius);
      if (label == 1) from_line = std::abs(std::max(ax, ay) - radius);
      if (label == 2)
        from_line = y > radius ? y - radius
                               : std::min(std::abs(ax - (y + radius) / 2), ax > (y + radius) / 2 ? 9.0f : radius - y);
      if (label == 3) from_line = std::max(ax, ay) > radius ? 9 : std::abs(ax - ay) / 1.4f;
      const bool ink = (from_line < 0.6f) != (random.uniform() < noise);
      set.pixels.push_back(ink ? 255 : 0);
    }
    set.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return set;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: make_hello_weights <header to write>\n";
    return 2;
  }
  const host::labelled_images train = draw(24000, 1), validation = draw(4000, 2), test = draw(4000, 3);
  const host::model m = host::train<shapes_net>(train, recipes::joint{.epochs = 24, .batch = 64},
                                                {.progress = &std::cout, .validation = &validation});
  const auto q = host::quantize<device_net>(m, train.slice(0, 400));
  host::deployment<device_net::exits> plan;
  const std::span<const std::uint8_t> known{test.image(0), test.image_size()};
  const host::deployed<device_net> net{host::pack_model<device_net, path::portable>(q, plan, known)};
  const auto weights = host::bind_or_throw<device_net>(net.words(), "packed model");
  host::thread_pool pool;
  const auto point = host::calibrate(host::run_all_exits(weights, validation, pool), host::accuracy_drop{0.004});
  std::copy(point.thresholds_q16.begin(), point.thresholds_q16.end(), plan.thresholds.q16);
  const auto result = host::evaluate_thresholds(host::run_all_exits(weights, test, pool), point.thresholds_q16);
  std::cout << "test: " << host::fixed(100 * result.accuracy, 1) << " % right; left at the exits:";
  for (const int n : result.left) std::cout << ' ' << n;
  std::cout << '\n';
  host::export_header<device_net>(q, plan, known, argv[1], "hello_weights",
                                  "Circles, squares, triangles and crosses of 12 x 12 pixels.\n"
                                  "Made by: make_hello_weights examples/hello/weights.hpp");
  return 0;
} catch (const std::exception& problem) {
  std::cerr << "make_hello_weights: " << problem.what() << '\n';
  return 1;
}
