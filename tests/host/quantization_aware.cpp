// covers: host/quantization_aware.hpp host/quantization_plan.hpp host/layers/rounding.hpp
// The graph with the roundings of a quantized model computes what its integers do; gradients pass straight through.
#include <offramp/host/quantization_aware.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/evaluate.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

// Differences of logits to those of the integers, relative to the exit's largest.
struct agreement {
  double worst = 0;
  double mean = 0;
  double unrounded = 0;  // mean, of the network without roundings
};

// The graph in evaluation mode against the integers, all exits. The model changes after the scales are chosen, as
// training would change it.
template <class Lowered>
agreement agree(std::uint64_t stream, host::quantize_options options = {}) {
  using net = typename Lowered::network;
  const auto images = offramp_test::random_images(Lowered::input.extent, Lowered::classes, 24, stream);
  host::model m = offramp_test::random_model(net::view(), stream, false);
  const auto before = host::quantize<Lowered>(m, images, options, 1);
  host::random_source r{offramp_test::seed(), stream, 2};
  for (host::layer_parameters& p : m.parameters)
    for (std::vector<float>* v : {&p.weights, &p.bias, &p.gamma, &p.beta})
      for (float& f : *v) f *= 1 + 0.05f * r.normal();
  const auto q = host::quantize<Lowered>(m, images, {.given = &before}, 1);
  host::thread_pool pool{1};
  const host::exit_logits rounded =
      host::evaluate(m, images, pool, {.quantization = host::quantization_points(before)});
  const host::exit_logits floats = host::evaluate(m, images, pool);
  agreement a;
  int n = 0;
  for (int k = 0; k < Lowered::exits; ++k) {
    double size = 0;
    for (int i = 0; i < images.count(); ++i)
      for (int c = 0; c < Lowered::classes; ++c)
        size = std::max(size, std::abs(static_cast<double>(floats.at(k, i)[c])));
    REQUIRE(size > 0.01);
    for (int i = 0; i < images.count(); ++i) {
      const auto t = host::run_program(q, images.image(i), true);
      const auto& z = t[static_cast<std::size_t>(q.program.logits[static_cast<std::size_t>(k)])];
      for (int c = 0; c < Lowered::classes; ++c, ++n) {
        const double expected = z[static_cast<std::size_t>(c)] * q.logit_scale(static_cast<std::size_t>(k));
        const double difference = std::abs(expected - static_cast<double>(rounded.at(k, i)[c])) / size;
        a.worst = std::max(a.worst, difference), a.mean += difference;
        a.unrounded += std::abs(expected - static_cast<double>(floats.at(k, i)[c])) / size;
      }
    }
  }
  a.mean /= n, a.unrounded /= n;
  return a;
}

template <class... Items>
using small = network<image<8, 8, 1>, Items...>;

using plain = small<stage<conv2d<5, 3, stride{2}>, batch_norm, relu, max_pool<2>>, exit_head<3>,
                    stage<conv2d<6, 3>, batch_norm, conv2d<7, 1>, relu, batch_norm>, exit_head<3, dense<9>, relu>>;
using binary_net = small<stage<conv2d<33, 3>, batch_norm, sign, max_pool<2>>, exit_head<3>,
                         stage<conv2d<5, 3, binary>, batch_norm, prelu, conv2d<9, 2>, relu>, exit_head<3>>;
using streams =
    small<stage<max_pool<2, 1>, conv2d<4, 2>, batch_norm, residual<sign, conv2d<8, 3, binary, stride{2}>, batch_norm>>,
          exit_head<3, residual<conv2d<8, 1>>>,
          stage<residual<conv2d<8, 3>, relu>, residual<batch_norm, relu, conv2d<16, 3>>>, exit_head<3, avg_pool<3>>>;
using branches =
    small<stage<conv2d<4, 3>, relu,
                concat<branch<conv2d<3, 3>, relu>, branch<>, branch<max_pool<3, 1>, conv2d<2, 3, padding{2}>>>,
                blur_pool<3, 2>, conv2d<4, 1>>,
          exit_head<3>, stage<depthwise_conv2d<3>, prelu, avg_pool<2>>, cascade_head<3>>;
using real_image = network<image<6, 6, 2, f32>, stage<residual<conv2d<4, 3>, batch_norm>>, exit_head<3>>;

}  // namespace

// They differ where a last bit decides between two codes: an integer bias is exact to some thousandths of a code.
TEST_CASE("quantization_aware: the rounded graph computes what the integers do") {
  double mean = 0, unrounded = 0;
  const auto check = [&](const char* name, agreement a) {
    const std::string network = name;
    CAPTURE(network);
    CHECK(a.worst < 0.15);
    CHECK(a.mean < 0.01);
    mean += a.mean, unrounded += a.unrounded;
  };
  for (std::uint64_t stream = 440; stream < 443; ++stream) {
    check("plain", agree<lower<plain>>(stream));
    check("clipped", agree<lower<plain>>(stream, {.activations = host::range_rule::percentile, .percentile = 97}));
    check("binary", agree<lower<binary_net>>(stream));
    check("streams", agree<lower<streams>>(stream));
    check("8-bit streams", agree<lower<streams, i8, i8>>(stream));
    check("branches", agree<lower<branches>>(stream));
    check("real image", agree<lower<real_image>>(stream));
  }
  CHECK(mean < 0.1 * unrounded);
}

namespace {

// The gradient of sum over exits of <logits, r> + |logits|^2 / 2 for all parameters, in double.
struct slopes {
  std::vector<double> gradient, logits;
};

slopes slopes_of(const network_view& net, const host::parameter_store<double>& at, const std::vector<double>& input,
                 int batch, host::quantization_plan plan) {
  host::thread_pool pool{2};
  host::parameter_store<double> parameters{net};
  std::copy_n(at.values.data(), at.values.size(), parameters.values.data());
  host::basic_graph<double> g{net, parameters, pool, batch, {.quantization = std::move(plan)}};
  const auto size = static_cast<std::size_t>(net.input.extent.size());
  slopes s;
  for (int turn = 0; turn < 2; ++turn) {
    for (int i = 0; i < batch; ++i) std::copy_n(input.data() + static_cast<std::size_t>(i) * size, size, g.input(i));
    g.forward(batch);
    s.logits.clear();
    for (int k = 0; k < net.exit_count; ++k)
      for (int i = 0; i < batch * net.exits[k].classes; ++i) {
        g.logit_gradient(k)[i] = g.logits(k)[i] + std::sin(i + 1.0);
        s.logits.push_back(g.logits(k)[i]);
      }
    g.backward(batch);
  }
  s.gradient.assign(g.gradient().data(), g.gradient().data() + g.gradient().size());
  return s;
}

std::vector<double> random_inputs(int count) {
  host::random_source r{12};
  std::vector<double> v(static_cast<std::size_t>(count));
  for (double& x : v) x = static_cast<double>(r.normal());
  return v;
}

template <class Net>
host::parameter_store<double> random_parameters() {
  return host::parameter_store<double>{offramp_test::random_model(Net::view(), 460, false)};
}

}  // namespace

TEST_CASE("quantization_aware: gradients of rounded weights are those at the rounded weights") {
  using net = network<image<6, 6, 2, f32>, stage<conv2d<4, 3>, batch_norm, relu, conv2d<3, 3, groups{1}>>, exit_head<3>,
                      stage<depthwise_conv2d<3>, relu>, cascade_head<3>>;
  const host::parameter_store<double> at = random_parameters<net>();
  host::parameter_store<double> rounded = random_parameters<net>();
  host::quantization_plan plan(static_cast<std::size_t>(net::view().layer_count));
  for (int i = 0; i < net::view().layer_count; ++i) {
    const layer_desc& d = net::view().layers[i];
    if (!d.has_weights()) continue;
    auto& p = plan[static_cast<std::size_t>(i)];
    p.weights = true, p.one_scale = d.head;
    double* const w = rounded.at(rounded.layout[i].weights);
    const int count = rounded.layout[i].weights.count, each = d.head ? count : count / d.out.c;
    for (int c = 0; c < count; c += each) {  // written down once more
      double most = 0;
      for (int j = c; j < c + each; ++j) most = std::max(most, std::abs(w[j]));
      for (int j = c; j < c + each; ++j) w[j] = std::round(w[j] / most * 127) * most / 127;
    }
  }
  const std::vector<double> input = random_inputs(20 * 72);
  const slopes a = slopes_of(net::view(), at, input, 20, plan), b = slopes_of(net::view(), rounded, input, 20, {}),
               c = slopes_of(net::view(), at, input, 20, {});
  double most = 0;
  for (std::size_t i = 0; i < a.gradient.size(); ++i) {
    CHECK(a.gradient[i] == doctest::Approx(b.gradient[i]).epsilon(1e-9).scale(1.0));
    most = std::max(most, std::abs(a.gradient[i] - c.gradient[i]));
  }
  CHECK(most > 1e-4);
}

// A rounding that begins at 0 is a relu on the same codes: forward and backward, through batch statistics, too.
TEST_CASE("quantization_aware: what an output's codes clip gets no gradient") {
  using clipped = network<image<5, 5, 2, f32>, stage<conv2d<4, 3>, batch_norm>, exit_head<3>>;
  using rectified = network<image<5, 5, 2, f32>, stage<conv2d<4, 3>, batch_norm, relu>, exit_head<3>>;
  const host::parameter_store<double> a = random_parameters<clipped>();
  host::parameter_store<double> b{rectified::view()};
  for (int i = 0; i < a.layout.total; ++i)
    b.values[static_cast<std::size_t>(i)] = a.values[static_cast<std::size_t>(i)];
  REQUIRE(a.layout.total == b.layout.total);
  const host::rounding codes{kind::i8, 0.02, -128};
  host::quantization_plan plan_a(static_cast<std::size_t>(clipped::view().layer_count)),
      plan_b(static_cast<std::size_t>(rectified::view().layer_count));
  plan_a[1].output = codes;
  plan_b[2].output = codes;
  const std::vector<double> input = random_inputs(35 * 50);
  const slopes x = slopes_of(clipped::view(), a, input, 35, plan_a),
               y = slopes_of(rectified::view(), b, input, 35, plan_b),
               free = slopes_of(clipped::view(), a, input, 35, {});
  double size = 0;
  for (std::size_t i = 0; i < x.gradient.size(); ++i) {
    CHECK(x.gradient[i] == doctest::Approx(y.gradient[i]).epsilon(1e-9).scale(1.0));
    size = std::max(size, std::abs(x.gradient[i]));
  }
  CHECK(size > 0.01);
  CHECK(x.gradient != free.gradient);
}

TEST_CASE("quantization_aware: roundings of inputs and outputs by hand") {
  using net = network<image<1, 1, 1, f32>, stage<dense<1>>, exit_head<2>>;
  host::parameter_store<double> p{net::view()};
  const auto first = p.layout[0], head = p.layout[net::view().layer_count - 1];
  *p.at(first.weights) = 2, *p.at(first.bias) = 0.25;
  p.at(head.weights)[0] = 1, p.at(head.weights)[1] = 0;
  host::quantization_plan plan(static_cast<std::size_t>(net::view().layer_count));
  plan[0].input = {kind::i8, 0.5, 0};   // -64 ... 63.5
  plan[0].output = {kind::i8, 1, 100};  // -228 ... 27
  // inputs            on codes   sum    output
  //  1.3               1.5       3.25   3
  //  0.7               0.5       1.25   1
  //  20                20        40.25  27, clipped
  //  -100              -64       -127.75 -128, its input clipped
  const std::vector<double> input{1.3, 0.7, 20, -100};
  const slopes s = slopes_of(net::view(), p, input, 4, plan);
  CHECK(s.logits[0] == doctest::Approx(3));
  CHECK(s.logits[2] == doctest::Approx(1));
  CHECK(s.logits[4] == doctest::Approx(27));
  CHECK(s.logits[6] == doctest::Approx(-128));
  const auto d = [&](int i) { return s.logits[static_cast<std::size_t>(2 * i)] + std::sin(2 * i + 1.0); };
  CHECK(s.gradient[static_cast<std::size_t>(first.weights.first)] ==
        doctest::Approx(1.5 * d(0) + 0.5 * d(1) - 64 * d(3)));
  CHECK(s.gradient[static_cast<std::size_t>(first.bias.first)] == doctest::Approx(d(0) + d(1) + d(3)));
  CHECK(s.gradient[static_cast<std::size_t>(head.weights.first)] ==
        doctest::Approx(3 * d(0) + d(1) + 27 * d(2) - 128 * d(3)));
}

TEST_CASE("quantization_aware: a clipped input passes no gradient back") {
  // The second layer reads codes that end at 3.5.
  using net = network<image<1, 1, 1, f32>, stage<dense<1>, dense<1>>, exit_head<2>>;
  host::parameter_store<double> p{net::view()};
  const auto first = p.layout[0], second = p.layout[1], head = p.layout[net::view().layer_count - 1];
  *p.at(first.weights) = 1, *p.at(second.weights) = 3;
  p.at(head.weights)[0] = 1;
  host::quantization_plan plan(static_cast<std::size_t>(net::view().layer_count));
  plan[1].input = {kind::i8, 0.5, 120};
  const slopes s = slopes_of(net::view(), p, {1.1, 9}, 2, plan);
  CHECK(s.logits[0] == doctest::Approx(3));
  CHECK(s.logits[2] == doctest::Approx(10.5));
  const double d0 = 3 + std::sin(1.0), d1 = 10.5 + std::sin(3.0);
  CHECK(s.gradient[static_cast<std::size_t>(first.weights.first)] == doctest::Approx(1.1 * 3 * d0));
  CHECK(s.gradient[static_cast<std::size_t>(second.weights.first)] == doctest::Approx(1 * d0 + 3.5 * d1));
}

// Codes so coarse that rounding hurts: descent on the rounded network brings its logits back to the trained ones.
TEST_CASE("quantization_aware: training makes up for coarse codes") {
  using net = network<image<6, 6, 1, f32>, stage<conv2d<8, 3>, relu, conv2d<8, 3, stride{2}>, relu>, exit_head<3>>;
  constexpr int batch = 24, logits = batch * 3;
  host::parameter_store<double> p = random_parameters<net>();
  const std::vector<double> input = random_inputs(batch * 36);
  const std::vector<double> wanted = slopes_of(net::view(), p, input, batch, {}).logits;
  host::quantization_plan plan(static_cast<std::size_t>(net::view().layer_count));
  for (int i = 0; i < net::view().layer_count; ++i) {
    auto& q = plan[static_cast<std::size_t>(i)];
    q.weights = net::view().layers[i].has_weights();
    if (net::view().layers[i].what == layer_kind::relu) q.output = {kind::i8, 0.5, -128};
  }
  host::thread_pool pool{1};
  host::basic_graph<double> g{net::view(), p, pool, batch, {.quantization = plan}};
  for (int i = 0; i < batch; ++i) std::copy_n(input.data() + i * 36, 36, g.input(i));
  const auto error = [&] {
    g.forward(batch);
    double sum = 0;
    for (int i = 0; i < logits; ++i) {
      const double d = g.logits(0)[i] - wanted[static_cast<std::size_t>(i)];
      g.logit_gradient(0)[i] = d / batch;
      sum += d * d;
    }
    return sum / logits;
  };
  const double before = error();
  double least = before;
  for (int step = 0; step < 300; ++step) {
    least = std::min(least, error());
    g.backward(batch);
    for (std::size_t i = 0; i < p.values.size(); ++i) p.values[i] -= 0.02 * g.gradient()[i];
  }
  CHECK(before > 1e-3);
  CHECK(least < 0.7 * before);
}

TEST_CASE("quantization_aware: a plan of another network is refused") {
  const host::model m = offramp_test::random_model(real_image::view(), 461);
  const auto images = offramp_test::random_images({6, 6, 2}, 3, 2, 461);
  host::thread_pool pool{1};
  CHECK(offramp_test::message_of([&] {
          host::evaluate(m, images, pool, {.quantization = host::quantization_plan(2)});
        }).starts_with("graph: the quantization plan has 2 layers, the network has "));
}

TEST_CASE("quantization_aware: whole numbers") {
  using host::layers::nearest;
  for (const double x : {0.0, 0.4, -0.4, 0.6, -0.6, 126.51, -32767.6, 32766.3}) {
    CHECK(nearest(x) == std::round(x));
    CHECK(nearest(static_cast<float>(x)) == std::round(static_cast<float>(x)));
  }
  const host::layers::grid<float> g{host::rounding{kind::i8, 0.5, -128}};
  CHECK(g(-3.0f) == 0.0f);
  CHECK(g(0.25f) == 0.5f);  // half way: up
  CHECK(g(0.75f) == 1.0f);
  CHECK(g(1e9f) == 127.5f);
}
