// tiny-dnn (package tiny-dnn): a network of one float layer through `predict`, in its own layout (NCHW). Slow: the
// twelve shapes of the tables alone, without the depthwise one, which it lacks, and few runs. peers.sh defines
// PEERS_TINY_DNN where the library and what it includes are there.
#ifdef PEERS_TINY_DNN
#include "tiny_dnn/tiny_dnn.h"

#include "benchmarks/peers/measure.hpp"
#include "tests/support/benchmark_shapes.hpp"

int main() {
  using namespace tiny_dnn;
  for (int i = 0; i < offramp_test::peer_shapes; ++i) {
    const auto& s = offramp_test::benchmark_shapes[i];
    if (!peers::wanted(s.name) || s.depthwise()) continue;
    const auto u = [](int n) { return static_cast<serial_size_t>(n); };
    const offramp::window& w = s.geometry;
    network<sequential> net;
    if (s.dense())
      net << fully_connected_layer<activation::identity>(u(w.in.c), u(w.out.c), true);
    else
      net << convolutional_layer<activation::identity>(u(w.in.w), u(w.in.h), u(w.kernel_w), u(w.in.c), u(w.out.c),
                                                       w.pad_top > 0 ? padding::same : padding::valid, true,
                                                       u(w.stride_w), u(w.stride_h));
    net.init_weight();
    const vec_t in(static_cast<std::size_t>(w.in.size()), 0.5f);
    peers::print_row("tiny-dnn-f32", s.name, s.macs(), peers::measure([&] { net.predict(in); }, peers::budget_s()));
  }
}

#else
#include <cstdio>

int main() {
  std::fputs("built without tiny-dnn: Debian packages tiny-dnn, libcereal-dev, libgemmlowp-dev, libstb-dev\n", stderr);
  return 77;
}
#endif
