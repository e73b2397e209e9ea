// Products of operands rounded to bfloat16, forward and backward, against plain loops: any sizes, strides and padding.
// covers: host/bfloat16.hpp host/layers/product.hpp host/layers/rounded_convolution.hpp
// covers: host/layers/tile_convolution.hpp host/layers/lattice.hpp
#include <offramp/host/layers/rounded_convolution.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/graph.hpp>
#include <offramp/host/random.hpp>
#include <offramp/net/network.hpp>

namespace {

using namespace offramp;

using numbers = std::vector<float>;

struct problem {
  window g;
  int n;
  float padding;
  numbers x, weights, bias, dy;

  problem(const window& g_, int n_, host::random_source& random, bool signs) : g{g_}, n{n_} {
    const auto fill = [&](numbers& v, int size) {
      for (int i = 0; i < size; ++i) {
        const float value = random.normal();
        v.push_back(signs ? (value < 0 ? -1.0f : 1.0f) : value);
      }
    };
    padding = signs ? 1.0f : 0.0f;
    fill(x, n * g.in.size());
    fill(weights, g.out.c * g.depth());
    fill(bias, g.out.c);
    fill(dy, n * g.out.size());
  }

  // Calls f(y, x or -1, w) for every product.
  template <class F>
  void each(F f) const {
    for (int i = 0; i < n; ++i)
      for (int p = 0; p < g.out.positions(); ++p)
        for (int o = 0; o < g.out.c; ++o)
          for (int ky = 0, w = o * g.depth(); ky < g.kernel_h; ++ky)
            for (int kx = 0; kx < g.kernel_w; ++kx) {
              const int iy = p / g.out.w * g.stride_h + ky - g.pad_top, ix = p % g.out.w * g.stride_w + kx - g.pad_left;
              const bool in = iy >= 0 && iy < g.in.h && ix >= 0 && ix < g.in.w;
              for (int c = 0; c < g.in.c; ++c, ++w)
                f((i * g.out.positions() + p) * g.out.c + o,
                  in ? (i * g.in.positions() + iy * g.in.w + ix) * g.in.c + c : -1, w);
            }
  }
};

double at(const numbers& v, int i) { return static_cast<double>(v[static_cast<std::size_t>(i)]); }
double rounded(const numbers& v, int i) {
  return static_cast<double>(host::round_to_bfloat16(v[static_cast<std::size_t>(i)]));
}

// |got - expected| within the rounding of a sum in float of terms of this size.
void check_close(const char* what, const numbers& got, const std::vector<double>& expected,
                 const std::vector<double>& sizes, bool exact) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(what);
    CAPTURE(i);
    CAPTURE(got[i]);
    CAPTURE(expected[i]);
    const double error = std::abs(static_cast<double>(got[i]) - expected[i]);
    if (!(error <= (exact ? 0.0 : 4e-6 * sizes[i]))) {
      CHECK(error <= (exact ? 0.0 : 4e-6 * sizes[i]));
      return;
    }
  }
}

template <class Products>
void check(Products products, const problem& p, bool exact, bool add) {
  const window& g = p.g;
  CAPTURE(g.in.h);
  CAPTURE(g.in.w);
  CAPTURE(g.in.c);
  CAPTURE(g.out.c);
  CAPTURE(g.kernel_h);
  CAPTURE(g.kernel_w);
  CAPTURE(g.stride_h);
  CAPTURE(g.pad_left);
  CAPTURE(p.n);
  CAPTURE(add);
  std::vector<double> y(p.dy.size()), dx(p.x.size()), dw(p.weights.size()), y_size(y), dx_size(dx), dw_size(dw);
  const double before = add ? 0.5 : 0.0;
  for (auto* v : {&dx, &dx_size, &dw, &dw_size}) std::fill(v->begin(), v->end(), before);
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = static_cast<double>(p.bias[i % static_cast<std::size_t>(g.out.c)]), y_size[i] = std::abs(y[i]);
  p.each([&](int iy, int ix, int iw) {
    const double x = ix < 0 ? static_cast<double>(p.padding) : rounded(p.x, ix);
    const double w = rounded(p.weights, iw), d = rounded(p.dy, iy);
    const auto grow = [](std::vector<double>& sums, std::vector<double>& sizes, int i, double term) {
      sums[static_cast<std::size_t>(i)] += term;
      sizes[static_cast<std::size_t>(i)] += std::abs(term);
    };
    grow(y, y_size, iy, x * w);
    grow(dw, dw_size, iw, x * d);
    if (ix >= 0) grow(dx, dx_size, ix, w * d);
  });
  // Scratch of numbers that would be seen.
  const std::size_t size = static_cast<std::size_t>(products.scratch()) / 4 + 16;
  host::buffer<float> scratch(size);
  const auto spoil = [&] { std::fill_n(scratch.data(), size, std::numeric_limits<float>::quiet_NaN()); };
  products.pack(p.weights.data());
  numbers got_y(y.size(), 7.0f);
  spoil();
  products.forward(p.padding, p.n, p.x.data(), p.bias.data(), got_y.data(), scratch.data());
  check_close("y", got_y, y, y_size, exact);
  const float rubbish = add ? 0.5f : 7.0f;
  numbers got_dx(dx.size(), rubbish), got_dw(dw.size(), rubbish);
  spoil();
  products.backward(p.padding, p.n, p.x.data(), p.dy.data(), got_dx.data(), add, got_dw.data(), add, scratch.data());
  check_close("dx", got_dx, dx, dx_size, exact);
  check_close("d_weights", got_dw, dw, dw_size, exact);
}

window random_window(host::random_source& random, int largest) {
  const auto draw = [&](int first, int last) { return first + random.below(last - first + 1); };
  for (;;) {
    const shape in{draw(1, 9), draw(1, 9), draw(1, largest)};
    const window g =
        make_window(in, draw(1, largest), draw(1, 5), draw(1, 5), draw(1, 3), draw(0, 2), draw(0, 2), draw(1, 3));
    if (g.out.h > 0 && g.out.w > 0 && g.pad_top < g.kernel_h && g.pad_left < g.kernel_w) return g;
  }
}

// As the graph calls it: the choice of product, rows and columns included.
struct whole_layer {
  host::layers::rounded_convolution<float> layer;
  int images;
  const problem& p;
  whole_layer(const problem& p_, int images_) : layer{p_.g, images_}, images{images_}, p{p_} {}
  [[nodiscard]] std::size_t scratch() const { return sizeof(float) * static_cast<std::size_t>(layer.scratch(images)); }
  void pack(const float* w) { layer.pack(w); }
  void forward(float padding, int n, const float* x, const float* bias, float* y, float* scratch) const {
    layer.forward(padding, n, x, bias, y, scratch);
  }
  void backward(float padding, int n, const float* x, const float* dy, float* dx, bool add_dx, float* d_weights,
                bool add, float* scratch) const {
    numbers d_bias(static_cast<std::size_t>(p.g.out.c), 0.25f);
    layer.backward(padding, n, x, dy, dx, add_dx, d_weights, d_bias.data(), add, scratch);
    for (int c = 0; c < p.g.out.c; ++c) {
      double sum = add ? 0.25 : 0.0;
      for (int r = 0; r < n * p.g.out.positions(); ++r) sum += at(p.dy, r * p.g.out.c + c);
      CHECK(at(d_bias, c) == doctest::Approx(sum).epsilon(1e-4));
    }
  }
};

void check_all(const problem& p, bool exact) {
  for (const bool add : {false, true}) {
    check(host::layers::plain_shifted_products<float>{p.g, p.n + 1}, p, exact, add);
#ifdef OFFRAMP_HOST_TILES
    if (host::layers::tiles::available()) check(host::layers::tile_convolution{p.g, p.n + 1}, p, exact, add);
#endif
    check(whole_layer{p, p.n + 1}, p, exact, add);
  }
}

}  // namespace

TEST_CASE("bfloat16: nearest, ties to even, infinities and NaN") {
  const auto bits = [](std::uint32_t x) { return host::bfloat16_bits(std::bit_cast<float>(x)); };
  CHECK(bits(0x3f800000) == 0x3f80);
  CHECK(bits(0x3f808000) == 0x3f80);  // a tie: down to even
  CHECK(bits(0x3f818000) == 0x3f82);  // a tie: up to even
  CHECK(bits(0x3f808001) == 0x3f81);
  CHECK(bits(0xbf817fff) == 0xbf81);
  CHECK(bits(0x7f7fffff) == 0x7f80);  // rounds to infinity
  CHECK(bits(0xff800000) == 0xff80);
  CHECK(std::isnan(host::round_to_bfloat16(std::bit_cast<float>(std::uint32_t{0x7f800001}))));
  CHECK(host::round_to_bfloat16(-1.0f) == -1.0f);
}

TEST_CASE("rounded products: random shapes, against loops") {
  host::random_source random{3};
  for (int i = 0; i < 60; ++i) {
    const problem p{random_window(random, i < 40 ? 40 : 90), 1 + i % 3, random, i % 2 == 1};
    check_all(p, i % 2 == 1);
  }
}

TEST_CASE("rounded products: dense layers and windows of few channels") {
  host::random_source random{4};
  for (const int inputs : {1, 31, 64, 200})
    for (const int outputs : {1, 10, 33})
      check_all({make_window({1, 1, inputs}, outputs, 1, 1, 1, 0, 0), 37, random, false}, false);
  check_all({make_window({3, 2, 20}, 10, 3, 2, 1, 0, 0), 5, random, false}, false);
  check_all({make_window({9, 9, 1}, 32, 3, 3, 2, 1, 1), 4, random, false}, false);
  check_all({make_window({7, 7, 128}, 128, 3, 3, 1, 1, 1), 2, random, true}, true);
}

TEST_CASE("graph: bf16 gives what f32 gives, up to rounding, on any number of threads") {
  using net = network<image<9, 9, 3>,
                      stage<conv2d<16, 3, stride{2}>, batch_norm, residual<sign, conv2d<32, 3, binary>, batch_norm>>,
                      exit_head<4>, stage<sign, conv2d<40, 3, binary, stride{2}>, batch_norm, relu>, exit_head<4>>;
  const auto gradients = [](host::product_precision precision, int threads) {
    host::model m = host::make_model(net::view(), 3);
    host::parameter_store<float> parameters{m};
    host::thread_pool pool{threads};
    host::graph_options options;
    options.products = precision;
    const int batch = 40;
    host::graph g{m.view(), parameters, pool, batch, options};
    host::random_source random{9};
    for (int i = 0; i < batch; ++i)
      for (int j = 0; j < m.input.extent.size(); ++j) g.input(i)[j] = random.normal();
    g.forward(batch);
    for (int k = 0; k < 2; ++k)
      for (int i = 0; i < batch * 4; ++i) g.logit_gradient(k)[i] = g.logits(k)[i] - static_cast<float>(i % 3);
    g.backward(batch);
    return numbers(g.gradient().data(), g.gradient().data() + g.gradient().size());
  };
  const numbers f32 = gradients(host::product_precision::f32, 1), bf16 = gradients(host::product_precision::bf16, 1);
  CHECK(bf16 == gradients(host::product_precision::bf16, 3));
  CHECK(f32 != bf16);
  double distance = 0, length = 0;
  for (std::size_t i = 0; i < f32.size(); ++i) {
    distance += std::pow(static_cast<double>(f32[i]) - static_cast<double>(bf16[i]), 2);
    length += std::pow(static_cast<double>(f32[i]), 2);
  }
  CHECK(std::sqrt(distance / length) < 0.1);
}
