// Gradients of every layer kind against central differences, in double, so that a wrong term cannot hide in rounding.
// The sign has no derivative: its pseudo-gradient is checked by numbers worked by hand.
// covers: host/graph.hpp host/plan.hpp host/layers/convolution.hpp host/layers/batch_norm.hpp host/layers/pointwise.hpp host/layers/pooling.hpp
// covers: host/layers/grouped_convolution.hpp host/layers/channels.hpp host/layers/taps.hpp
#include <offramp/host/graph.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include <offramp/net/network.hpp>

namespace {

using namespace offramp;

// A network with random parameters and input in double; the loss is sum over exits of <logits, r> + |logits|^2 / 2.
struct probe {
  host::model m;
  host::parameter_store<double> parameters;
  host::thread_pool pool{2};
  host::basic_graph<double> graph;
  int batch;
  std::vector<double> targets;

  probe(const network_view& net, int batch_, host::graph_options options = {})
      : m{host::make_model(net, 5)}, parameters{m}, graph{m.view(), parameters, pool, batch_, options}, batch{batch_} {
    host::random_source random{11};
    for (int i = 0; i < parameters.layout.total; ++i) {
      double& p = parameters.values[static_cast<std::size_t>(i)];
      p += 0.2 * static_cast<double>(random.normal());
    }
    for (const host::layer_slots& s : parameters.layout.layers)
      for (int c = 0; c < s.variance.count; ++c)
        parameters.at(s.variance)[c] = 0.5 + static_cast<double>(random.uniform());
    for (int i = 0; i < batch; ++i)
      for (int j = 0; j < m.input.extent.size(); ++j) graph.input(i)[j] = static_cast<double>(random.normal());
    for (int i = 0; i < 1000; ++i) targets.push_back(static_cast<double>(random.normal()));
  }

  int logits(int exit) const { return batch * m.exits[static_cast<std::size_t>(exit)].classes; }

  double loss() {
    graph.forward(batch);
    double sum = 0;
    for (int k = 0; k < m.view().exit_count; ++k)
      for (int i = 0; i < logits(k); ++i) {
        const double z = graph.logits(k)[i];
        sum += z * targets[static_cast<std::size_t>(i * (k + 1))] + z * z / 2;
      }
    return sum;
  }

  void backward() {
    loss();
    for (int k = 0; k < m.view().exit_count; ++k)
      for (int i = 0; i < logits(k); ++i)
        graph.logit_gradient(k)[i] = targets[static_cast<std::size_t>(i * (k + 1))] + graph.logits(k)[i];
    graph.backward(batch);
  }

  double slope(int parameter) {
    constexpr double step = 1e-6;  // a kink (relu, maximum) lies within it hardly ever
    double& p = parameters.values[static_cast<std::size_t>(parameter)];
    const double at = p;
    p = at + step;
    const double high = loss();
    p = at - step;
    const double low = loss();
    p = at;
    return (high - low) / (2 * step);
  }

  // Every (n-th) parameter of every layer that is not frozen.
  void check(int every = 1) {
    backward();  // twice: nothing of one step may be left in the next
    backward();
    const std::vector<double> got(graph.gradient().data(), graph.gradient().data() + graph.gradient().size());
    int checked = 0;
    for (int i = 0; i < m.view().layer_count; ++i) {
      if (graph.frozen(i)) continue;
      const host::layer_slots& s = parameters.layout[i];
      for (const host::parameter_slot& slot : {s.weights, s.bias, s.gamma, s.beta})
        for (int j = slot.first; j < slot.first + slot.count; j += every) {
          const double expected = slope(j), found = got[static_cast<std::size_t>(j)];
          CAPTURE(i);
          CAPTURE(j - slot.first);
          CHECK(found == doctest::Approx(expected).epsilon(1e-5).scale(1.0));
          ++checked;
        }
    }
    CHECK(checked > 10);
  }
};

template <class Net>
void check(int batch, int every = 1, host::graph_options options = {}) {
  probe{Net::view(), batch, options}.check(every);
}

template <int H, int W, int C, class... Layers>
using one_exit = network<image<H, W, C, f32>, stage<Layers...>, exit_head<3, avg_pool<2>>>;

TEST_CASE("gradients: convolutions of all shapes, dense and bias") {
  check<one_exit<5, 4, 2, conv2d<3, 3>>>(3);
  check<one_exit<7, 6, 2, conv2d<3, 3, stride{2}>, conv2d<4, 1>>>(3);
  check<one_exit<6, 6, 1, conv2d<3, 3, valid>, conv2d<2, 2, padding{1}>>>(3);
  check<one_exit<6, 7, 2, conv2d<3, 5, stride{2}, padding{2}>, conv2d<2, 1, stride{2}, padding{1}>>>(2);
  check<network<image<3, 4, 2, f32>, stage<dense<5>, relu, dense<4>>, exit_head<3>>>(3);
}

TEST_CASE("gradients: pieces of a batch and parts of a piece add up") {
  check<one_exit<4, 4, 1, conv2d<2, 3>, batch_norm, relu, conv2d<2, 3>>>(35, 3);
  // 40 x 40 x 16 doubles: two images of a piece at a time, their columns in several blocks.
  check<network<image<40, 40, 2, f32>, stage<conv2d<16, 3>, batch_norm, residual<conv2d<16, 3>>>, exit_head<2>>>(5,
                                                                                                                 397);
}

TEST_CASE("gradients: batch norm with batch statistics") {
  check<one_exit<4, 4, 2, batch_norm, conv2d<3, 3>, batch_norm, relu, conv2d<3, 3>, batch_norm>>(4);
}

TEST_CASE("gradients: relu and pooling") {
  check<one_exit<8, 8, 2, conv2d<3, 3>, max_pool<2>, conv2d<3, 3>, relu>>(3);
  check<one_exit<9, 8, 2, conv2d<3, 3>, max_pool<3, 2>, conv2d<2, 1>, relu>>(3);
  check<one_exit<9, 9, 2, conv2d<3, 3>, avg_pool<3, 2>, conv2d<2, 1>>>(3);
  check<network<image<6, 5, 2, f32>, stage<conv2d<3, 3>>, exit_head<3>>>(3);
}

TEST_CASE("gradients: strides of their own, groups and depthwise") {
  check<one_exit<6, 7, 4, conv2d<6, 3, groups{2}>, conv2d<4, kernel{2, 3}, groups{2}, stride{2, 1}, padding{1}>,
                 conv2d<4, 1, groups{2}>>>(3);
  check<one_exit<7, 6, 2, conv2d<4, 3>, depthwise_conv2d<3, stride{2}>, relu, depthwise_conv2d<kernel{3, 2}, valid>>>(
      3);
  check<one_exit<6, 6, 3, conv2d<3, 1>, depthwise_conv2d<3, multiplier{2}>, relu,
                 depthwise_conv2d<3, stride{1, 2}, multiplier{2}>, batch_norm>>(3);
  check<one_exit<4, 4, 3, conv2d<2, 1>, concat<branch<depthwise_conv2d<3, multiplier{2}>>, branch<>>>>(3);
}

TEST_CASE("gradients: groups and slopes over many pieces") {
  check<one_exit<4, 4, 4, depthwise_conv2d<3>, prelu, conv2d<6, 3, groups{2}>, shift>>(35, 3);
  // Two images of a piece at a time.
  check<network<image<40, 40, 2, f32>,
                stage<conv2d<16, 3>, depthwise_conv2d<3>, prelu, conv2d<16, 3, groups{4}>, shift>, exit_head<2>>>(5,
                                                                                                                  29);
}

TEST_CASE("gradients: sequences") {
  check<network<sequence<14, 2, f32>,
                stage<conv1d<4, 5, stride{2}>, depthwise_conv1d<3>, prelu, max_pool1d<3, 2>, conv1d<3, 3, padding{0}>>,
                exit_head<3, avg_pool1d<1>, flatten>>>(3);
}

TEST_CASE("gradients: shift, prelu and blur pooling") {
  check<one_exit<5, 5, 2, shift, conv2d<3, 3>, rprelu, conv2d<2, 3>, prelu, batch_norm, shift>>(3);
  check<one_exit<7, 6, 2, conv2d<3, 3>, blur_pool<3, 2>, conv2d<2, 1>>>(3);
  check<one_exit<7, 8, 2, conv2d<3, 3>, blur_pool<2, 1>, relu, blur_pool<4, 1>, blur_pool<5, 1>>>(3);
}

TEST_CASE("gradients: mixed pooling, its mixture included") {
  check<one_exit<9, 8, 2, conv2d<3, 3>, mixed_pool<2>, conv2d<3, 1>, mixed_pool<kernel{3, 2}, 1>, relu>>(3);
  // Windows that overlap and windows with gaps, over many pieces; one that reads the input itself.
  check<one_exit<9, 9, 2, mixed_pool<3, 2>, conv2d<3, 3>, batch_norm, mixed_pool<1, 2>>>(35, 2);
  check<network<image<9, 10, 2, f32>, stage<conv2d<3, 3>, batch_norm, relu>, exit_head<3, sdn_pool>,
                stage<residual<conv2d<3, 3>>>, exit_head<3, mixed_pool<3, 2>>>>(5);
}

TEST_CASE("gradients: a mixture at a detached head learns alone; a frozen one lets the rest learn") {
  using net =
      network<image<8, 8, 2, f32>, stage<conv2d<3, 3>, mixed_pool<2>, conv2d<4, 3>>, exit_head<3, mixed_pool<2>>>;
  host::graph_options options;
  const network_view view = net::view();
  for (int i = 0; i < view.layer_count; ++i) options.plan.frozen.push_back(!view.layers[i].head);
  check<net>(4, 1, options);
  options.plan.frozen.clear();
  for (int i = 0; i < view.layer_count; ++i)
    options.plan.frozen.push_back(view.layers[i].what == layer_kind::mixed_pool);
  check<net>(4, 1, options);
}

TEST_CASE("gradients: an activation before batch norm, in a residual too") {
  check<one_exit<4, 4, 2, conv2d<3, 3>, relu, batch_norm, conv2d<3, 3>, shift, prelu, batch_norm>>(4);
  check<one_exit<4, 4, 2, conv2d<2, 3>, residual<conv2d<2, 3>, relu, batch_norm>,
                 residual<prelu, conv2d<2, 3>, batch_norm, prelu, shift>>>(4);
}

TEST_CASE("gradients: concatenations") {
  using three_readers = concat<branch<conv2d<2, 3>, relu>, branch<conv2d<1, 1>>, branch<conv2d<3, 3>, batch_norm>>;
  check<one_exit<4, 4, 2, three_readers>>(3);  // all read the input
  check<one_exit<4, 4, 2, conv2d<2, 3>, three_readers, conv2d<2, 1>>>(3);
  // The input itself, twice, and a concat that ends the stage.
  check<one_exit<4, 4, 2, conv2d<2, 3>, concat<branch<>, branch<prelu, conv2d<1, 3>>, branch<>>>>(3);
  check<one_exit<4, 4, 2, concat<branch<>, branch<conv2d<2, 3>, batch_norm>>, concat<branch<relu>, branch<>>>>(3);
  check<one_exit<6, 6, 2, conv2d<2, 3>, concat<branch<max_pool<2>>, branch<avg_pool<2>>, branch<blur_pool<3, 2>, relu>>,
                 conv2d<2, 1>>>(3);
}

TEST_CASE("gradients: concatenations in residuals and in each other, residuals in concatenations") {
  using inner = concat<branch<conv2d<1, 3>>, branch<>>;
  check<one_exit<4, 4, 2, conv2d<2, 3>, residual<inner, relu, conv2d<2, 3>, batch_norm>>>(3);
  check<one_exit<4, 4, 2, conv2d<2, 3>, concat<branch<inner, relu>, branch<>, branch<conv2d<1, 1>, inner>>,
                 conv2d<2, 1>>>(3);
  // Whose input is read before it, behind it, and on both sides.
  using body = residual<relu, conv2d<2, 3>, batch_norm>;
  check<one_exit<4, 4, 2, conv2d<2, 3>, concat<branch<body>, branch<conv2d<1, 3>>>, conv2d<2, 1>>>(3);
  check<one_exit<4, 4, 2, conv2d<2, 3>, concat<branch<conv2d<1, 3>>, branch<body, body>>, conv2d<2, 1>>>(3);
  check<one_exit<4, 4, 2, conv2d<2, 3>, concat<branch<>, branch<body>, branch<body, relu>, branch<>>, conv2d<2, 1>>>(3);
  check<one_exit<4, 4, 2, conv2d<2, 3>, body, concat<branch<residual<conv2d<4, 3, stride{2}>>>, branch<max_pool<2>>>,
                 conv2d<2, 1>>>(3);
}

TEST_CASE("gradients: residuals") {
  check<one_exit<4, 4, 2, conv2d<3, 3>, residual<conv2d<3, 3>>>>(3);  // one layer: the gradient may not be shared
  check<one_exit<4, 4, 2, conv2d<3, 3>, residual<relu, conv2d<3, 3>, batch_norm>, residual<conv2d<3, 3>, relu>>>(3);
  check<one_exit<4, 4, 2, residual<conv2d<2, 3>, batch_norm>, residual<conv2d<4, 3>>>>(3);  // channels repeated
  check<one_exit<8, 8, 2, conv2d<2, 3>, residual<relu, conv2d<4, 3, stride{2}>, batch_norm, relu>, batch_norm>>(3);
  check<one_exit<8, 8, 2, conv2d<2, 3>, residual<max_pool<2>, conv2d<2, 3>>>>(3);
  // Sides that do not divide, bodies without padding, sequences.
  check<one_exit<7, 5, 2, conv2d<2, 3>, residual<relu, conv2d<4, 3, stride{2}>, batch_norm>, residual<conv2d<4, 3>>>>(
      3);
  check<one_exit<8, 7, 2, conv2d<2, 3>, residual<conv2d<2, 3, valid>, relu>, residual<conv2d<2, 3, valid, stride{2}>>>>(
      3);
  check<network<sequence<9, 2, f32>, stage<conv1d<2, 3>, residual<relu, conv1d<4, 3, stride{2}>, batch_norm>>,
                exit_head<3>>>(3);
}

// Two heads on the way, and stages that begin and end with residuals.
using three_exits =
    network<image<8, 8, 1, f32>, stage<conv2d<2, 3>, batch_norm, residual<relu, conv2d<2, 3>, batch_norm>>,
            exit_head<3, avg_pool<4>>, stage<residual<relu, conv2d<4, 3, stride{2}>, batch_norm>>,
            exit_head<3, avg_pool<2>>, stage<residual<relu, conv2d<4, 3>, batch_norm>, residual<relu, conv2d<4, 3>>>,
            exit_head<3, batch_norm, avg_pool<2>>>;

TEST_CASE("gradients: exits") { check<three_exits>(5, 2); }

TEST_CASE("gradients: frozen layers keep the rest right, with running statistics") {
  host::graph_options options;
  for (const layer_desc& d : host::make_model(three_exits::view(), 1).layers)
    options.plan.frozen.push_back(d.exit == 1 && !d.head);
  check<three_exits>(5, 2, options);
}

// Gradient of the first layer's first weight, with only one head's logits having a gradient.
double first_weight(int exit, host::plan_options flow) {
  probe p{three_exits::view(), 4, {.plan = flow}};
  p.loss();
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < p.logits(k); ++i) p.graph.logit_gradient(k)[i] = k == exit ? 1.0 + i : 0.0;
  p.graph.backward(p.batch);
  return p.graph.gradient()[0];
}

TEST_CASE("gradients: detaching and rescaling at the exits") {
  const double a = first_weight(0, {}), b = first_weight(1, {}), c = first_weight(2, {});
  REQUIRE(std::abs(a) > 1e-6);
  REQUIRE(std::abs(b) > 1e-6);
  REQUIRE(std::abs(c) > 1e-6);
  const std::vector<float> head{0.5f, 0.25f, 1.0f}, next{2.0f, 3.0f, 1.0f};
  const host::plan_options scaled{.from_head = head, .from_next = next};
  CHECK(first_weight(0, scaled) == doctest::Approx(0.5 * a));
  CHECK(first_weight(1, scaled) == doctest::Approx(2 * 0.25 * b));
  CHECK(first_weight(2, scaled) == doctest::Approx(2 * 3 * c));
  const host::plan_options heads_detached{.from_head = {0, 0, 1}};
  CHECK(first_weight(0, heads_detached) == 0);
  CHECK(first_weight(2, heads_detached) == doctest::Approx(c));
  const host::plan_options stages_detached{.from_next = {0, 1, 1}};
  CHECK(first_weight(0, stages_detached) == doctest::Approx(a));
  CHECK(first_weight(1, stages_detached) == 0);
  const host::plan_options all_detached{.from_head = {0, 0, 0}, .from_next = {0, 0, 0}};
  CHECK(first_weight(2, all_detached) == 0);
}

// Exits and heads that begin and end with blocks, and logits that go on into the next exit.
using cascaded = network<image<4, 4, 1, f32>, stage<conv2d<2, 3>, residual<relu, conv2d<2, 3>>>,
                         exit_head<3, residual<relu, conv2d<2, 3>, batch_norm>, avg_pool<2>>,
                         stage<concat<branch<conv2d<2, 3>>, branch<>>>, cascade_head<3, concat<branch<>, branch<relu>>>,
                         stage<residual<relu, conv2d<4, 3>, batch_norm>>,
                         cascade_head<3, residual<prelu, conv2d<4, 3>>, avg_pool<2>, flatten>>;

TEST_CASE("gradients: a cascade that passes gradients on") {
  check<cascaded>(5, 2, {.plan = {.from_previous = {0, 1, 1}}});
}

// Of all parameters, with only one exit's logits having a gradient.
std::vector<double> gradient_of(int exit, host::plan_options flow) {
  probe p{cascaded::view(), 4, {.plan = std::move(flow)}};
  p.loss();
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < p.logits(k); ++i) p.graph.logit_gradient(k)[i] = k == exit ? 1.0 + i : 0.0;
  p.graph.backward(p.batch);
  return {p.graph.gradient().data(), p.graph.gradient().data() + p.graph.gradient().size()};
}

TEST_CASE("gradients: a cascade is detached unless asked, and scales") {
  const host::parameter_layout layout{cascaded::view()};
  const exit_desc *const exits = cascaded::view().exits, second = exits[1];
  const auto first_head = static_cast<std::size_t>(layout[exits[0].head_last - 1].weights.first);
  const auto map = static_cast<std::size_t>(layout[second.head_last - 1].weights.first);
  const std::vector<double> detached = gradient_of(1, {}), whole = gradient_of(1, {.from_previous = {0, 1, 0}}),
                            half = gradient_of(1, {.from_previous = {0, 0.5f, 0}});
  REQUIRE(std::abs(whole[first_head]) > 1e-6);
  CHECK(detached[first_head] == 0);
  CHECK(half[first_head] == doctest::Approx(0.5 * whole[first_head]));
  CHECK(detached[map] == whole[map]);
  CHECK(std::abs(detached[map]) > 1e-6);
  CHECK(half[0] - detached[0] == doctest::Approx(0.5 * (whole[0] - detached[0])));  // the trunk by both ways
  CHECK(gradient_of(2, {.from_previous = {0, 0, 1}})[map] != 0);
  CHECK(gradient_of(2, {.from_previous = {0, 1, 0}})[map] == 0);
}

TEST_CASE("gradients: heads and stages that begin with blocks are rescaled, too") {
  const double first = gradient_of(0, {})[0], second = gradient_of(1, {})[0], third = gradient_of(2, {})[0];
  const host::plan_options scaled{.from_head = {0.5f, 0.25f, 4}, .from_next = {2, 3, 1}};
  CHECK(gradient_of(0, scaled)[0] == doctest::Approx(0.5 * first));
  CHECK(gradient_of(1, scaled)[0] == doctest::Approx(2 * 0.25 * second));
  CHECK(gradient_of(2, scaled)[0] == doctest::Approx(2 * 3 * 4 * third));
  const host::plan_options cut_off{.from_head = {0, 1, 1}, .from_next = {1, 0, 1}};
  CHECK(gradient_of(0, cut_off)[0] == 0);
  CHECK(gradient_of(1, cut_off)[0] == doctest::Approx(second));
  CHECK(gradient_of(2, cut_off)[0] == 0);
}

TEST_CASE("gradients: frozen shifts, slopes, groups and cascades keep the rest right") {
  using net = network<image<4, 4, 2, f32>, stage<conv2d<2, 3>, shift, prelu, depthwise_conv2d<3>, conv2d<2, 3>>,
                      exit_head<3>, stage<conv2d<2, 3>>, cascade_head<3, avg_pool<2>>>;
  host::graph_options options{.plan = {.from_previous = {0, 1}}};
  const network_view view = net::view();
  for (int i = 0; i < view.layer_count; ++i) {
    const layer_desc& d = view.layers[i];
    options.plan.frozen.push_back(d.what == layer_kind::shift || d.what == layer_kind::prelu || d.groups > 1 ||
                                  d.what == layer_kind::cascade);
  }
  check<net>(4, 1, options);
}

TEST_CASE("make_plan: without training nothing but input and logits is kept, branches or not") {
  const host::plan p = host::make_plan(cascaded::view(), {.training = false});
  CHECK(p.phases.size() == 1);
  int kept = 0;
  for (const host::plan::buffer_info& b : p.buffers) kept += b.kept ? 1 : 0;
  CHECK(kept == 1 + 3);
  // At most three tensors at a time: the residual's input, and what the body's conv reads and writes.
  using one = network<image<4, 4, 2, f32>, stage<conv2d<2, 3>, residual<relu, conv2d<2, 3>>, relu>, exit_head<2>>;
  CHECK(host::make_plan(one::view(), {.training = false}).passing_size == 3 * 4 * 4 * 2);
}

// x -> sign -> dense, worked by hand. Inputs pass a batch norm whose beta shows the gradient behind the sign; frozen
// statistics would hide it, so a convolution 1x1 with one weight stands in front.
using sign_net = network<image<1, 1, 1, f32>, stage<conv2d<1, 1>, sign, conv2d<1, 1, binary>>, exit_head<2>>;

TEST_CASE("gradients: sign and binary weights by hand") {
  struct expected {
    double x, w, d_x, d_w;
  };
  // d_x: slope of the activation's sign at x; d_w: slope of the weight's sign at w.
  const expected approx[] = {{0.25, 0.75, 1.5, 0.5}, {-0.5, -0.125, 1.0, 1.75}, {1.5, 1.125, 0, 0}, {0, 0, 2, 2}};
  const expected plain[] = {{0.25, 0.75, 1, 1}, {-1.25, -1.25, 1, 1}, {1.5, 1.375, 0, 0}, {0, -1.0, 1, 1}};
  for (const bool straight : {false, true})
    for (const expected& e : straight ? plain : approx) {
      host::graph_options options;
      options.activation_gradient = options.weight_gradient =
          straight ? host::sign_gradient::straight_through : host::sign_gradient::approx_sign;
      probe p{sign_net::view(), 1, options};
      const auto& layout = p.parameters.layout;
      p.graph.input(0)[0] = 2;
      *p.parameters.at(layout[0].weights) = e.x / 2;
      *p.parameters.at(layout[0].bias) = 0;
      *p.parameters.at(layout[2].weights) = e.w;
      *p.parameters.at(layout[2].bias) = 0.5;
      double* const head = p.parameters.at(layout[4].weights);
      head[0] = 3, head[1] = 5;
      p.parameters.at(layout[4].bias)[0] = p.parameters.at(layout[4].bias)[1] = 0;
      p.graph.forward(1);
      const double sx = e.x < 0 ? -1 : 1, sw = e.w < 0 ? -1 : 1, y = sx * sw + 0.5;
      CHECK(p.graph.logits(0)[0] == 3 * y);
      CHECK(p.graph.logits(0)[1] == 5 * y);
      p.graph.logit_gradient(0)[0] = 1;
      p.graph.logit_gradient(0)[1] = 2;  // dy = 3 + 10
      p.graph.backward(1);
      const double* const g = p.graph.gradient().data();
      CHECK(g[layout[4].weights.first] == y);
      CHECK(g[layout[2].weights.first] == doctest::Approx(13 * sx * e.d_w));
      CHECK(g[layout[2].bias.first] == 13);
      CHECK(g[layout[0].bias.first] == doctest::Approx(13 * sw * e.d_x));
      CHECK(g[layout[0].weights.first] == doctest::Approx(13 * sw * e.d_x * 2));
    }
}

TEST_CASE("gradients: a binary convolution pads with +1") {
  // All inputs -1 behind the sign; a 3x3 window at the corner of a 2x2 image sees four of them and five paddings.
  using padded = network<image<2, 2, 1, f32>, stage<sign, conv2d<1, 3, binary>>, exit_head<2>>;
  probe p{padded::view(), 1};
  for (int i = 0; i < 4; ++i) p.graph.input(0)[i] = -0.5;
  double* const w = p.parameters.at(p.parameters.layout[1].weights);
  for (int i = 0; i < 9; ++i) w[i] = 0.3;
  *p.parameters.at(p.parameters.layout[1].bias) = 0;
  double* const head = p.parameters.at(p.parameters.layout[3].weights);
  head[0] = 1, head[1] = -1;
  p.parameters.at(p.parameters.layout[3].bias)[0] = 0;
  p.graph.forward(1);
  CHECK(p.graph.logits(0)[0] == 5 - 4);
}

TEST_CASE("gradients: the shift of rsign learns through the pseudo-gradient") {
  using net = network<image<1, 1, 1, f32>, stage<rsign, conv2d<1, 1>>, exit_head<2>>;
  probe p{net::view(), 1};
  const auto& layout = p.parameters.layout;
  p.graph.input(0)[0] = 1;
  *p.parameters.at(layout[0].bias) = -1.25;
  *p.parameters.at(layout[2].weights) = 3;
  *p.parameters.at(layout[2].bias) = 0;
  double* const head = p.parameters.at(layout[4].weights);
  head[0] = 1, head[1] = 2, p.parameters.at(layout[4].bias)[0] = 0;
  p.graph.forward(1);
  CHECK(p.graph.logits(0)[0] == -3);
  p.graph.logit_gradient(0)[0] = 5;
  p.graph.logit_gradient(0)[1] = 0;
  p.graph.backward(1);
  CHECK(p.graph.gradient().data()[layout[0].bias.first] == doctest::Approx(5 * 3 * (2 - 2 * 0.25)));
}

TEST_CASE("gradients: prelu at 0 has the slope of its right side") {
  using net = network<image<1, 1, 1, f32>, stage<shift, prelu>, exit_head<2>>;
  for (const double x : {0.0, -2.0}) {
    probe p{net::view(), 1};
    const auto& layout = p.parameters.layout;
    p.graph.input(0)[0] = 1;
    *p.parameters.at(layout[0].bias) = x - 1;
    *p.parameters.at(layout[1].weights) = 0.25;
    p.parameters.at(layout[3].weights)[0] = 1;
    p.parameters.at(layout[3].bias)[0] = 0;
    p.graph.forward(1);
    CHECK(p.graph.logits(0)[0] == 0.25 * x);
    p.graph.logit_gradient(0)[0] = 3;
    p.graph.logit_gradient(0)[1] = 0;
    p.graph.backward(1);
    CHECK(p.graph.gradient().data()[layout[0].bias.first] == (x < 0 ? 0.75 : 3));
    CHECK(p.graph.gradient().data()[layout[1].weights.first] == 3 * x);
  }
}

TEST_CASE("gradients: binary groups pad with +1 and see their own channels alone") {
  // Inputs +1, -1 in two channels; 3x3 windows at a corner of 2x2 see four of them and five paddings.
  using depthwise = network<image<2, 2, 2, f32>, stage<sign, depthwise_conv2d<3, binary, multiplier{2}>>, exit_head<2>>;
  using grouped = network<image<2, 2, 4, f32>, stage<sign, conv2d<4, 3, binary, groups{2}>>, exit_head<2>>;
  for (const bool two : {false, true}) {
    probe p{two ? grouped::view() : depthwise::view(), 1};
    const int channels = p.m.input.extent.c;
    for (int i = 0; i < 4 * channels; ++i) p.graph.input(0)[i] = i % channels < channels / 2 ? 0.5 : -0.5;
    const host::layer_slots& s = p.parameters.layout[1];
    for (int i = 0; i < s.weights.count; ++i) p.parameters.at(s.weights)[i] = 0.3;
    for (int o = 0; o < 4; ++o) p.parameters.at(s.bias)[o] = 0;
    double* const head = p.parameters.at(p.parameters.layout[3].weights);
    for (int o = 0; o < 4; ++o) head[o] = o < 2 ? 1 : 10;
    p.parameters.at(p.parameters.layout[3].bias)[0] = 0;
    p.graph.forward(1);
    const int in_group = two ? 2 : 1;
    CHECK(p.graph.logits(0)[0] == in_group * (2 * 9 + 20 * (5 - 4)));
  }
}

TEST_CASE("blur pooling: taps are binomial, a constant stays one") {
  CHECK(host::layers::blur_taps(2) == std::vector<int>{1, 1});
  CHECK(host::layers::blur_taps(3) == std::vector<int>{1, 2, 1});
  CHECK(host::layers::blur_taps(5) == std::vector<int>{1, 4, 6, 4, 1});
  const window g = make_window({5, 5, 1}, 1, 3, 3, 2, 1, 1);
  const std::vector<double> x(25, 16.0);
  std::vector<double> y(9);
  host::layers::blur_pool_forward(g, 0.0, 1, x.data(), y.data());
  CHECK(y[4] == 16);  // inside
  CHECK(y[1] == 12);  // at an edge
  CHECK(y[0] == 9);   // in a corner
}

TEST_CASE("mixed pooling by hand") {
  const window g = make_window({2, 2, 2}, 2, 2, 2, 2, 0, 0);
  const std::vector<double> x{1, 8, 7, 8, 3, 0, 5, 0}, dy{2, 10};
  std::vector<double> y(2), dx(8, 100.0);
  host::layers::mixed_pool_forward(g, 0.25, 1, x.data(), y.data());
  CHECK(y == std::vector<double>{0.25 * 7 + 0.75 * 4, 0.25 * 8 + 0.75 * 4});
  double d_a = 1;
  host::layers::mixed_pool_backward(g, 0.25, 1, x.data(), dy.data(), false, dx.data(), &d_a);
  CHECK(d_a == 1 + 2 * 3 + 10 * 4);  // max - mean
  // 3/16 of dy to all, 1/4 to the first largest
  CHECK(dx == std::vector<double>{0.375, 4.375, 0.875, 1.875, 0.375, 1.875, 0.375, 1.875});
  host::layers::mixed_pool_backward<double>(g, 0.25, 1, x.data(), dy.data(), true, dx.data(), nullptr);
  CHECK(dx[1] == 8.75);
  host::layers::mixed_pool_backward<double>(g, 0.25, 1, x.data(), dy.data(), false, nullptr, &d_a);
  CHECK(d_a == 1 + 2 * (2 * 3 + 10 * 4));
}

// y = a x^2 over all elements, one a; what a user would write.
struct squares {
  static constexpr std::uint32_t id = 1000;
  static constexpr const char* name = "squares";
  static constexpr kind in = f32, out = f32;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape s) { return 2 * s.size(); }
  static void run(const user_arguments&) {}
  static constexpr int parameter_count(shape) { return 1; }
  static void initialize(shape, float* parameters) { *parameters = 2; }
  static void forward(shape s, const float* a, const float* x, float* y) {
    for (int i = 0; i < s.size(); ++i) y[i] = *a * x[i] * x[i];
  }
  static void backward(shape s, const float* a, const float* x, const float* dy, float* dx, float* d_a) {
    for (int i = 0; i < s.size(); ++i) {
      if (dx) dx[i] += 2 * *a * x[i] * dy[i];
      *d_a += x[i] * x[i] * dy[i];
    }
  }
};

TEST_CASE("gradients: a user's layer in a graph of floats") {
  using net = network<image<1, 1, 2, f32>, stage<shift, concat<branch<user_layer<squares>>, branch<>>>, exit_head<2>>;
  host::model m = host::make_model(net::view(), 1);
  CHECK(m.parameters[3].weights == std::vector<float>{2});
  m.parameters.back().weights = {1, 10, 100, 1000, 0, 0, 0, 0};
  host::parameter_store<float> parameters{m};
  host::thread_pool pool{2};
  host::graph g{m.view(), parameters, pool, 20};
  for (int i = 0; i < 20; ++i) g.input(i)[0] = 1, g.input(i)[1] = static_cast<float>(i);
  g.forward(20);
  for (int i = 0; i < 20; ++i) {
    CHECK(g.logits(0)[2 * i] == 2 + 10 * 2 * i * i + 100 + 1000 * i);
    g.logit_gradient(0)[2 * i] = 1, g.logit_gradient(0)[2 * i + 1] = 5;
  }
  g.backward(20);
  const float* const gradient = g.gradient().data();
  CHECK(gradient[parameters.layout[3].weights.first] == 20 * 1 + 10 * 2470);         // 0^2 + ... + 19^2 = 2470
  CHECK(gradient[parameters.layout[0].bias.first] == 20 * (4 + 100));                // 2 a x + the empty branch
  CHECK(gradient[parameters.layout[0].bias.first + 1] == 10 * 4 * 190 + 20 * 1000);  // 0 + ... + 19 = 190
  CHECK_THROWS_WITH_AS((probe{net::view(), 1}), doctest::Contains("layer 3 is the user's squares"), host::error);
}

TEST_CASE("batch norm: running statistics and evaluation by hand") {
  using normed = network<image<1, 1, 1, f32>, stage<batch_norm>, exit_head<2>>;
  probe p{normed::view(), 4};
  const host::layer_slots s = p.parameters.layout[0];
  const double x[] = {1, 2, 3, 6};  // mean 3, squared deviations 14: variance 3.5, unbiased 14/3
  for (int i = 0; i < 4; ++i) p.graph.input(i)[0] = x[i];
  *p.parameters.at(s.mean) = 1;
  *p.parameters.at(s.variance) = 2;
  *p.parameters.at(s.gamma) = 2;
  *p.parameters.at(s.beta) = 0.5;
  double* const head = p.parameters.at(p.parameters.layout[2].weights);
  double* const bias = p.parameters.at(p.parameters.layout[2].bias);
  head[0] = 1, head[1] = 0, bias[0] = bias[1] = 0;
  p.graph.forward(4);
  for (int i = 0; i < 4; ++i)
    CHECK(p.graph.logits(0)[2 * i] == doctest::Approx((x[i] - 3) * 2 / std::sqrt(3.5 + 1e-5) + 0.5));
  CHECK(*p.parameters.at(s.mean) == doctest::Approx(0.9 * 1 + 0.1 * 3));
  CHECK(*p.parameters.at(s.variance) == doctest::Approx(0.9 * 2 + 0.1 * 14 / 3));
  host::basic_graph<double> evaluation{p.m.view(), p.parameters, p.pool, 1, {.plan = {.training = false}}};
  evaluation.input(0)[0] = 4;
  evaluation.forward(1);
  CHECK(evaluation.logits(0)[0] == doctest::Approx((4 - 1.2) * 2 / std::sqrt(0.9 * 2 + 0.1 * 14 / 3 + 1e-5) + 0.5));
}

}  // namespace
