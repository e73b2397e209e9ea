// One contender of train_speed.sh: trains a float or a binary network and prints, per epoch, seconds, CPU seconds of
// all threads and the loss; then peak memory. Arguments: float|binary f32|bf16 STEPS EPOCHS THREADS.
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>

#include <offramp/host/train.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

namespace {

// The network of train_speed.py: three exits, residuals around one convolution each.
template <int Channels, auto... Options>
using binary_block = residual<sign, conv2d<Channels, 3, binary, Options...>, batch_norm>;
template <int Channels, auto... Options>
using float_block = residual<relu, conv2d<Channels, 3, Options...>, batch_norm>;
template <template <int, auto...> class Block>
using three_exits =
    network<image<28, 28, 1, u8>, stage<conv2d<64, 3, stride{2}>, batch_norm, Block<64>, Block<64>>,
            exit_head<10, avg_pool<6, 4>>, stage<Block<128, stride{2}>, Block<128>>, exit_head<10, avg_pool<4, 3>>,
            stage<Block<128>, Block<128>>, exit_head<10, avg_pool<4, 3>>>;

constexpr int images_per_step = 128;

// Noise, and a bright stripe at a place that the label says: something to learn, as in train_speed.py.
host::labelled_images stripes(int count) {
  host::labelled_images set{28, 28, 1, 10, {}, {}, {}};
  std::uint32_t state = 1;
  for (int i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 10));
    for (int p = 0; p < 28 * 28; ++p) {
      state = state * 1664525u + 1013904223u;
      const bool bright = (p % 28) / 2 == i % 10 + 2;
      set.pixels.push_back(static_cast<std::uint8_t>((state >> 25) + (bright ? 128u : 0u)));
    }
  }
  return set;
}

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

std::string peak_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (word == "VmHWM:" && status >> word) return word;
  return "0";
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) throw host::error("expected the arguments float|binary f32|bf16 STEPS EPOCHS THREADS");
  const bool is_binary = std::string{argv[1]} == "binary";
  const recipes::joint recipe{.epochs = std::stoi(argv[4]), .batch = images_per_step};
  const host::labelled_images set = stripes(images_per_step * std::stoi(argv[3]));
  host::train_options options;
  options.threads = std::stoi(argv[5]);
  if (std::string{argv[2]} == "bf16") options.graph.products = host::product_precision::bf16;
  double before = cpu_seconds();
  options.after_epoch = [&](const host::epoch_report& r) {
    const double now = cpu_seconds();
    std::cout << "epoch " << r.seconds << ' ' << now - before << ' ' << r.loss << std::endl;
    before = now;
    return true;
  };
  if (is_binary)
    host::train<three_exits<binary_block>>(set, recipe, options);
  else
    host::train<three_exits<float_block>>(set, recipe, options);
  std::cout << "peak_kib " << peak_kib() << '\n';
  std::cout << "built " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << '\n';
  return 0;
} catch (const host::error& e) {
  std::cerr << "train_speed: " << e.what() << '\n';
  return 1;
}
