// Comparison of trainer, quantized network, reference and path: right networks agree, and every fault planted here (a
// weight word, a kernel, a packing, a memory plan, another model) is named at its op, position and value.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/compare.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/fake_path.hpp"
#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

namespace offramp::inline OFFRAMP_ABI {

// Paths that do one thing wrong, in every convolution of signs that makes signs; all else is the reference path's.
enum class mistake { kernel, packing, scratch };
namespace path {
template <mistake M>
struct wrong {
  using parent = portable;
  static constexpr std::uint16_t id = 251;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "wrong";
};
}  // namespace path

namespace kernels {
template <mistake M>
struct traits<path::wrong<M>> : traits<path::reference> {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.out == kind::bits;
  }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return M == mistake::scratch ? 4 : 0; }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    traits<path::reference>::pack(op, canonical, packed);
    if constexpr (M == mistake::packing) {  // every output channel but the last takes the next one's weights
      const weight_layout l = canonical_layout(op);
      const std::size_t each = l.kernel_words / l.channels;
      for (std::size_t i = l.kernel(); i + each < l.total(); ++i) packed[i] = canonical[i + each];
    }
  }
};
template <mistake M>
struct code<path::wrong<M>> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    code<path::reference>::template run<S>(g, a);
    const shape out = g().out;
    auto* const words = static_cast<std::uint32_t*>(a.out);  // one position after the other, up to 32 channels each
    const int position = 2 * out.w + 1;                      // y 2, x 1
    if constexpr (M == mistake::kernel) words[position] ^= 1u << 3;
    if constexpr (M == mistake::scratch)  // takes its scratch for clean
      if (*static_cast<const std::uint32_t*>(a.scratch) != 0) words[position] ^= 1u << 3;
  }
};
}  // namespace kernels

}  // namespace offramp::inline OFFRAMP_ABI

using namespace offramp;
using offramp_test::message_of;

namespace {

template <kind Input>
using net_of = network<image<8, 8, 1, Input>,
                       stage<conv2d<8, 3, stride{2}>, batch_norm, residual<sign, conv2d<8, 3, binary>, batch_norm>>,
                       exit_head<3>, stage<sign, conv2d<12, 3, binary>, batch_norm, sign, max_pool<2>>, exit_head<3>>;
using net = net_of<u8>;
using device = lower<net, i8>;
using float_device = lower<net, f32>;

// The op that path::wrong gets wrong.
template <class Program>
constexpr int sign_conv_of(const Program& p) {
  for (int i = 0; i < p.step_count; ++i)
    if (kernels::traits<path::wrong<mistake::kernel>>::runs(p.steps[i].op.signature)) return i;
  return -1;
}
constexpr int sign_conv = sign_conv_of(planned<device, path::portable>::program);
static_assert(sign_conv > 0 && sign_conv == sign_conv_of(device::program));

host::labelled_images images(int count = 8) { return offramp_test::random_images({8, 8, 1}, 3, count, 911); }
template <class Lowered = device>
host::quantized_model quantized() {
  return host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), 910, false), images(), 1);
}
std::vector<std::uint8_t> pixels(int i = 0) {
  const auto set = images();
  return {set.image(i), set.image(i) + set.image_size()};
}

template <class Path, class Lowered = device>
bound_weights<Lowered, Path> bound_to(const std::vector<std::uint32_t>& ops) {
  bound_weights<Lowered, Path> b;
  b.ops = ops.data();
  return b;
}

// The only op that something is wrong with. Whatever stands behind it agrees, though its input differs in the run.
const host::op_comparison& only_difference(const host::comparison& c) {
  const auto wrong = std::count_if(c.ops.begin(), c.ops.end(), [](const auto& o) { return !o.agrees(); });
  INFO(to_string(c));
  REQUIRE(wrong == 1);
  return *c.first();
}

template <class Lowered, class Path, class X>
void check_agrees(const host::quantized_model& q, const X& x) {
  const host::comparison c = host::compare<Lowered, Path>(q, x);
  INFO(to_string(c));
  CHECK(c.agrees());
  CHECK(c.first() == nullptr);
  CHECK(c.path == Path::name);
  CHECK(c.ops.size() == static_cast<std::size_t>(planned<Lowered, Path>::steps));
  CHECK(c.trainer_error.size() == 2);
  for (const double e : c.trainer_error) CHECK(e < 1e-4);
  for (const host::op_comparison& o : c.ops) {
    CHECK(o.path.values == o.output.size());
    CHECK(o.memory.values == o.output.size());
    CHECK(o.reference.values == o.output.size());
    CHECK(std::isfinite(o.quantization_error));
  }
}

}  // namespace

TEST_CASE("right paths agree, in integers and in float, on pixels and on reals") {
  const auto q = quantized();
  const auto qf = quantized<float_device>();
  for (int i = 0; i < 4; ++i) {
    check_agrees<device, path::reference>(q, pixels(i));
    check_agrees<device, path::portable>(q, pixels(i));
    check_agrees<device, path::fake>(q, pixels(i));
    check_agrees<float_device, path::portable>(qf, pixels(i));
  }
  // Integers are equal in a whole run as well.
  for (const auto& o : host::compare<device, path::fake>(q, pixels()).ops) CHECK(o.differing_in_run == 0);
}

TEST_CASE("a network that reads floats takes reals, or pixels with the model's scale") {
  using float_input = lower<net_of<f32>, i8>;
  const auto q = quantized<float_input>();
  check_agrees<float_input, path::portable>(q, pixels());
  std::vector<float> reals(64);
  host::to_real(q.source, pixels().data(), reals.data());
  check_agrees<float_input, path::portable>(q, reals);
  const auto from_pixels = host::compare<float_input, path::portable>(q, pixels());
  const auto from_reals = host::compare<float_input, path::portable>(q, reals);
  CHECK(to_string(from_pixels) == to_string(from_reals));
}

TEST_CASE("parts of a tensor, groups, leaks and cascades are compared like the rest") {
  using many =
      network<image<6, 6, 1>, stage<conv2d<8, 3>, batch_norm, concat<branch<>, branch<conv2d<4, 3, groups{2}>, prelu>>>,
              exit_head<3>, stage<sign, conv2d<8, 3, binary, groups{4}>, batch_norm>, cascade_head<3>>;
  using many_device = lower<many>;
  const auto set = offramp_test::random_images({6, 6, 1}, 3, 8, 912);
  const auto q = host::quantize<many_device>(offramp_test::random_model(many::view(), 913, false), set, 1);
  const std::vector<std::uint8_t> x(set.image(1), set.image(1) + set.image_size());
  const auto c = host::compare<many_device, path::portable>(q, x);
  INFO(to_string(c));
  CHECK(c.agrees());
  CHECK(host::compare<many_device, path::fake>(q, x).agrees());
  int copies = 0;
  for (std::size_t i = 1; i < c.ops.size(); ++i) {
    if (c.ops[i].name.find("copy") != 0) continue;
    CHECK(c.ops[i].path.values == 36 * (copies == 0 ? 8 : 4));
    CHECK(c.ops[i].output.c == 12);
    CHECK(c.ops[i].quantization_error < 20 * c.ops[i].scale);  // of its own channels alone
    ++copies;
  }
  CHECK(copies == 2);
  CHECK(c.ops.back().layers == "cascade");
}

TEST_CASE("quantization costs something in integers and nothing in float") {
  const auto integers = host::compare<device, path::portable>(quantized(), pixels());
  const auto floats = host::compare<float_device, path::portable>(quantized<float_device>(), pixels());
  CHECK(integers.ops[0].element == kind::i16);
  CHECK(integers.ops[0].quantization_error > 0);
  CHECK(integers.ops[0].scale > 0);
  CHECK(floats.ops[0].element == kind::f32);
  CHECK(floats.ops[0].quantization_error < 1e-5);
  CHECK(floats.ops[0].scale == 0);
}

TEST_CASE("a wrong weight word is named, whatever part of the weights it lies in") {
  const auto q = quantized();
  const auto run = host::planned_run::of<device, path::portable>();
  const std::vector<std::uint32_t> right = run.pack(q);
  CHECK(host::compare(q, bound_to<path::portable>(right), pixels()).agrees());

  const step_desc& s = run.steps()[sign_conv];
  REQUIRE(s.op.signature.out == kind::bits);
  std::vector<std::uint32_t> ops = right;
  int differing = 0;
  for (const std::uint32_t threshold : {0x7fffffffu, 0x80000001u}) {  // above everything, below everything
    ops[s.weight_offset + 4 + 7] = threshold;
    const auto c = host::compare(q, bound_to<path::portable>(ops), pixels());
    const host::op_comparison& o = only_difference(c);
    CHECK(o.op == sign_conv);
    REQUIRE(o.weights);
    CHECK(o.weights->word == 11);
    CHECK(o.weights->meaning == "threshold of channel 7");
    CHECK(o.weights->found == threshold);
    CHECK(o.weights->expected == right[s.weight_offset + 11]);
    CHECK(o.differing_words == 1);
    CHECK(o.reference.differing == 0);
    differing += o.path.differing;
    if (!o.path.first) continue;
    CHECK(o.path.first->channel == 7);
    CHECK(o.path.first->found == -o.path.first->expected);
  }
  CHECK(differing == s.op.geometry.out.positions());  // every sign of the channel is wrong one way or the other

  ops = right;
  ops[s.weight_offset + kernels::canonical_layout(s.op).kernel()] ^= 1;
  auto c = host::compare(q, bound_to<path::portable>(ops), pixels());
  CHECK(only_difference(c).op == sign_conv);
  CHECK(only_difference(c).weights->meaning == "kernel");

  const step_desc& first = run.steps()[0];  // integers out: bias, multiplier and shift per channel
  const std::size_t channels = kernels::canonical_layout(first.op).channels;
  ops = right;
  ops[first.weight_offset + 4 + channels + 2] /= 2;
  c = host::compare(q, bound_to<path::portable>(ops), pixels());
  CHECK(only_difference(c).op == 0);
  CHECK(only_difference(c).weights->meaning == "multiplier of channel 2");
  CHECK(only_difference(c).path.first->channel == 2);
  CHECK(c.ops[2].differing_in_run > 0);  // it spreads
  CHECK(c.ops[2].agrees());

  // A word that changes nothing on this sample is found all the same.
  ops = right;
  ops[s.weight_offset + 2] ^= 1;  // limits are not used where signs come out
  c = host::compare(q, bound_to<path::portable>(ops), pixels());
  CHECK(only_difference(c).weights->meaning == "lower limit");
  CHECK(only_difference(c).path.differing == 0);
}

TEST_CASE("a mixture's words are named") {
  using mixed_net = network<image<8, 8, 1>, stage<conv2d<4, 3>>, exit_head<3, mixed_pool<2>>>;
  const auto q = host::quantize<lower<mixed_net>>(offramp_test::random_model(mixed_net::view(), 911, false),
                                                  offramp_test::random_images({8, 8, 1}, 3, 4, 912), 1);
  const auto image = offramp_test::random_images({8, 8, 1}, 3, 1, 913);
  const auto run = host::planned_run::of<lower<mixed_net>, path::portable>();
  const std::vector<std::uint32_t> right = run.pack(q);
  const auto changed = [&](std::size_t i) {
    std::vector<std::uint32_t> words = right;
    words[run.steps()[1].weight_offset + i] ^= 1u << 16;
    bound_weights<lower<mixed_net>, path::portable> bound;
    bound.ops = words.data();
    const auto c = host::compare(q, bound, {image.image(0), image.image_size()});
    REQUIRE(only_difference(c).op == 1);
    return only_difference(c).weights->meaning;
  };
  CHECK(changed(4) == "bias");
  CHECK(changed(7) == "weight of the maximum");
  CHECK(changed(8) == "weight of the sum");
}

TEST_CASE("a session is compared with its model") {
  const auto q = quantized();
  host::deployed<device, path::fake> net{host::pack_model<device, path::fake>(q, {}, pixels())};
  const auto c = host::compare(q, *net, pixels(1));
  CHECK(c.agrees());
  CHECK(c.path == "fake");
  CHECK(to_string(c) == to_string(host::compare<device, path::fake>(q, pixels(1))));
}

TEST_CASE("weights of another model are named at the layer that differs") {
  const host::model a = offramp_test::random_model(net::view(), 910, false);
  host::model b = a;
  std::size_t layer = 0;
  while (b.layers[layer].weights != binary) ++layer;  // the convolution of the residual
  b.parameters[layer].weights[5] = -a.parameters[layer].weights[5];
  const auto run = host::planned_run::of<device, path::portable>();
  const auto ops = run.pack(host::quantize<device>(b, images(), 1));
  const auto c = host::compare(host::quantize<device>(a, images(), 1), bound_to<path::portable>(ops), pixels());
  REQUIRE_FALSE(c.agrees());
  CHECK(c.first()->layers == "conv2d batch_norm");
  CHECK(c.first()->weights);
}

TEST_CASE("canonical weights that are not the model's differ on the reference path, too") {
  auto q = quantized();
  q.words[sign_conv][kernels::canonical_layout(device::program.steps[sign_conv].op).flips()] ^= 1u << 3;
  const auto c = host::compare<device, path::portable>(q, pixels());
  const host::op_comparison& o = only_difference(c);
  CHECK(o.op == sign_conv);
  CHECK_FALSE(o.weights);
  CHECK(o.reference.differing == 16);  // all of channel 3
  CHECK(o.path.differing == 16);
  CHECK(o.reference.first->channel == 3);
}

TEST_CASE("a wrong kernel is named with position and values") {
  const auto c = host::compare<device, path::wrong<mistake::kernel>>(quantized(), pixels());
  const host::op_comparison& o = only_difference(c);
  CHECK(o.op == sign_conv);
  CHECK(o.name == "conv 3x3 bits x bits -> bits");
  CHECK(o.exit == 1);
  CHECK_FALSE(o.head);
  CHECK(o.reference.differing == 0);
  CHECK(o.path.differing == 1);
  CHECK(o.path.first->y == 2);
  CHECK(o.path.first->x == 1);
  CHECK(o.path.first->channel == 3);
  CHECK(o.path.first->found == -o.path.first->expected);
  CHECK(o.memory.differing == 0);
  CHECK_FALSE(o.weights);
}

TEST_CASE("a wrong packing is named at its op") {
  const auto c = host::compare<device, path::wrong<mistake::packing>>(quantized(), pixels());
  const host::op_comparison& o = only_difference(c);
  CHECK(o.op == sign_conv);
  CHECK(o.reference.differing == 0);
  CHECK(o.path.differing > 0);
  CHECK(o.memory.differing == 0);
  CHECK(to_string(c).find("the kernel or the packing of path wrong is wrong") != std::string::npos);
}

TEST_CASE("an op that differs in the arena alone is a matter of memory") {
  const auto c = host::compare<device, path::wrong<mistake::scratch>>(quantized(), pixels());
  const host::op_comparison& o = only_difference(c);
  CHECK(o.op == sign_conv);
  CHECK(o.path.differing == 0);
  CHECK(o.memory.differing == 1);
  CHECK(o.memory.first->y == 2);
}

TEST_CASE("the text is a table and the first difference in words") {
  const auto good = to_string(host::compare<device, path::portable>(quantized(), pixels()));
  CHECK(good.find("all ops agree") != std::string::npos);
  CHECK(good.find("first difference") == std::string::npos);
  const auto c = host::compare<device, path::wrong<mistake::kernel>>(quantized(), pixels());
  const bool plus = c.first()->path.first->expected > 0;
  const std::string text = to_string(c);
  INFO(text);
  CHECK(text.find("first difference: op " + std::to_string(sign_conv) +
                  ", conv 3x3 bits x bits -> bits (conv2d batch_norm sign), stage of exit 2\n"
                  "  wrong at y 2, x 1, channel 3: found " +
                  std::string{plus ? "-1, expected 1" : "1, expected -1"} +
                  " by the quantized network (1 of 192 values differ)\n") != std::string::npos);
}

TEST_CASE("wrong inputs are refused with both sizes; NaN and infinity by their place") {
  using float_input = lower<net_of<f32>, i8>;
  const auto q = quantized();
  const auto qf = quantized<float_input>();
  const auto ask = [&](const std::vector<float>& x) {
    return message_of([&] { static_cast<void>(host::compare<float_input, path::portable>(qf, x)); });
  };
  const auto ask_pixels = [&](std::size_t n) {
    const std::vector<std::uint8_t> x(n);
    return message_of([&] { static_cast<void>(host::compare<device, path::portable>(q, x)); });
  };
  CHECK(ask_pixels(63) == "compare: the input has 63 elements, expected 64");
  CHECK(ask_pixels(0) == "compare: the input has 0 elements, expected 64");
  CHECK(ask(std::vector<float>(65)) == "compare: the input has 65 elements, expected 64");
  std::vector<float> x(64);
  x[9] = std::numeric_limits<float>::quiet_NaN();
  CHECK(ask(x) == "compare: input element 9 is nan, expected a finite number");
  x[9] = -std::numeric_limits<float>::infinity();
  CHECK(ask(x) == "compare: input element 9 is -inf, expected a finite number");
  CHECK(message_of([&] { static_cast<void>(host::compare<device, path::portable>(q, std::vector<float>(64))); }) ==
        "compare: the input holds f32, expected u8, which this network reads");
}

TEST_CASE("a model quantized for another network is refused by its first op that differs") {
  CHECK(message_of(
            [&] { static_cast<void>(host::compare<device, path::portable>(quantized<float_device>(), pixels())); }) ==
        "compare: op 0 of the quantized model is conv 3x3/2 u8 x f32 -> f32 to 4x4x8, expected conv 3x3/2 u8 x i8 "
        "-> i16 to 4x4x8: quantize it for the same lowered network");
  const auto shorter =
      host::quantize<lower<cut<net, 1>>>(offramp_test::random_model(cut<net, 1>::view(), 910, false), images(), 1);
  const auto message = message_of([&] { static_cast<void>(host::compare<device, path::portable>(shorter, pixels())); });
  CHECK(message.find("compare: op 5 of the quantized model is missing, expected pointwise i16 -> bits") == 0);
}
