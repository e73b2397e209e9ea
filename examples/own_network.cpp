// A network of your own: describe it, train it, lower it to integers, export it, run it. Uses the slice of
// Fashion-MNIST in the repository and takes some seconds; with OFFRAMP_DATA_DIR set, or more epochs, it gets better.
#include <iostream>

#include <offramp/host.hpp>

using namespace offramp;

using small_net =
    network<image<28, 28, 1, u8>,
            stage<conv2d<16, 3, stride{2}>, batch_norm, sign, conv2d<32, 3, binary>, batch_norm, sign, max_pool<2>>,
            exit_head<10>, stage<conv2d<64, 3, binary>, batch_norm, sign>, exit_head<10>>;
using small_device_net = lower<small_net, i8>;
static_assert(memory<small_device_net, path::portable>.arena_bytes <= 8 * 1024);

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const host::model model = host::train<small_net>(data.train, recipes::joint{.epochs = 6, .batch = 32, .flip = true},
                                                   {.progress = &std::cout});
  const host::quantized_model quantized = host::quantize<small_device_net>(model, data.train.slice(0, 200));
  const std::span<const std::uint8_t> known_answer{data.train.image(0), data.train.image_size()};
  host::export_header<small_device_net>(quantized, {}, known_answer, "small_weights.hpp", "small_weights");

  host::deployed<small_device_net> net{host::pack_model<small_device_net, path::portable>(quantized, {}, known_answer)};
  int right = 0;
  for (int i = 0; i < data.test.count(); ++i) {
    const prediction p = host::classify(*net, {data.test.image(i), data.test.image_size()}, confidence{0.5f});
    right += p.label == data.test.labels[static_cast<std::size_t>(i)] ? 1 : 0;
    if (i < 5)
      std::cout << data.test.class_name(p.label) << ", probability " << p.probability() << ", exit " << p.exit + 1
                << ", " << p.spent << " OPs\n";
  }
  std::cout << "right: " << right << " of " << data.test.count() << "; weights for a firmware: small_weights.hpp\n";
} catch (const host::error& e) {
  std::cerr << "own_network: " << e.what() << '\n';
  return 1;
}
