// covers: net/plan.hpp net/bound_weights.hpp
// The plan of a network on a path: layouts, memory, costs. Memory is checked by playing the program on a map of the
// arena.
#include <offramp/net/plan.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/fake_path.hpp"

using namespace offramp;

namespace {

using streams = network<
    image<12, 12, 1>, stage<conv2d<40, 3, stride{2}>, batch_norm, residual<sign, conv2d<40, 3, binary>, batch_norm>>,
    exit_head<10, avg_pool<3>>,
    stage<residual<sign, conv2d<80, 3, binary, stride{2}>, batch_norm>, residual<conv2d<80, 1>, relu, conv2d<80, 1>>>,
    exit_head<10>>;
using bits_only = network<image<12, 12, 1>, stage<conv2d<33, 3>, sign, max_pool<2>>, exit_head<10>,
                          stage<conv2d<5, 3, binary>, sign, conv2d<64, 3, binary>, sign>, exit_head<10, max_pool<6>>>;

// All that makes tensors live long or be written in turns: concats in residuals and the other way round, cascades,
// groups, blur, a user's op with scratch.
struct scratchy {
  static constexpr std::uint32_t id = 1007;
  static constexpr const char* name = "scratchy";
  static constexpr kind in = kind::none;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape s) { return {s.h, s.w, s.c + 1}; }
  static constexpr std::int64_t macs(shape s) { return 5 * s.size(); }
  static constexpr std::size_t scratch_bytes(shape s) { return static_cast<std::size_t>(17 * s.c); }
  static constexpr int parameter_count(shape) { return 2; }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};
using joined = network<
    image<12, 10, 1>,
    stage<conv2d<33, 3>, batch_norm, sign, concat<branch<>, branch<conv2d<31, 3, binary>, sign, max_pool<1>>, branch<>>,
          conv2d<66, 3, binary>, batch_norm>,
    exit_head<7>,
    stage<quicknet_transition<24>, binary_dense_block<8>, depthwise_conv2d<3, multiplier{2}>, prelu,
          concat<branch<residual<sign, conv2d<64, 3, binary, groups{2}>>>, branch<>>>,
    cascade_head<7>,
    stage<user_layer<scratchy>,
          residual<concat<branch<>, branch<conv2d<7, 1>>>, rsign, conv2d<129, 1, binary>, rprelu>>,
    cascade_head<7, flatten>>;

// Who wrote each byte last: the number of a tensor, or -1 - step for scratch.
template <class Lowered, class Path>
void check_memory() {
  const auto& plan = planned<Lowered, Path>::plan;
  const auto& p = plan.program;
  std::vector<int> owner(plan.arena_bytes, 0);
  const auto all_owned = [&](int tensor) {
    for (std::size_t i = 0; i < p.tensors[tensor].bytes(); ++i)
      if (owner.at(p.tensors[tensor].offset + i) != tensor) return false;
    return true;
  };
  std::size_t sum = 0;
  for (int i = 0; i < p.step_count; ++i) {
    CAPTURE(i);
    const step_desc& s = p.steps[i];
    const std::size_t scratch = kernels::scratch_bytes<Path>(s.op);
    for (std::size_t b = 0; b < scratch; ++b) owner.at(s.scratch_offset + b) = -1 - i;
    if (scratch > 0) CHECK(s.scratch_offset % alignment_of<Path> == 0);
    if (s.op.signature.add || s.op.geometry.out_first > 0) {  // into a tensor that stands
      CHECK(all_owned(s.out));
    } else {
      const tensor_desc& t = p.tensors[s.out];
      CHECK(t.offset % alignment_of<Path> == 0);
      for (std::size_t b = 0; b < t.bytes(); ++b) owner.at(t.offset + b) = s.out;
      sum += round_up(t.bytes(), alignment_of<Path>);
    }
    sum += round_up(scratch, alignment_of<Path>);
    // After all this writing, what the op reads must still be there, and so must its scratch.
    if (s.in != 0) CHECK(all_owned(s.in));
    CHECK(all_owned(s.out));
    for (std::size_t b = 0; b < scratch; ++b) REQUIRE(owner.at(s.scratch_offset + b) == -1 - i);
    // A session reads an exit's logits when its head has run, and the next stage what this one left.
    if (i + 1 == p.exit_first[s.exit + 1]) {
      CHECK(all_owned(p.logits[s.exit]));
      for (int j = i + 1; j < p.step_count; ++j) {
        bool made_before = false;
        for (int n = 0; n <= i; ++n) made_before = made_before || p.steps[n].out == p.steps[j].in;
        if (made_before) CHECK(all_owned(p.steps[j].in));
      }
    }
  }
  CHECK(plan.arena_bytes <= sum);
  CHECK(plan.arena_bytes > 0);
}

template <class Lowered, class Path>
int converts() {
  int n = 0;
  for (int i = 0; i < planned<Lowered, Path>::steps; ++i)
    n += planned<Lowered, Path>::program.steps[i].op.signature.what == op_kind::convert ? 1 : 0;
  return n;
}

// Layouts of all reads agree with what was written, as the path wants them; a conversion stands only where the producer
// could not write what is wanted.
template <class Lowered, class Path>
void check_layouts() {
  const auto& p = planned<Lowered, Path>::program;
  for (int i = 0; i < p.step_count; ++i) {
    CAPTURE(i);
    const step_desc& s = p.steps[i];
    const op_signature& sig = s.op.signature;
    CHECK(p.tensors[s.in].arrangement == sig.in_layout);
    CHECK(p.tensors[s.out].arrangement == sig.out_layout);
    if (sig.in == kind::bits && sig.what != op_kind::convert) CHECK(kernels::reads<Path>(s.op) == sig.in_layout);
    if (sig.out == kind::bits) CHECK(kernels::writes<Path>(s.op, sig.out_layout));
    if (sig.what != op_kind::convert) continue;
    CHECK(sig.in_layout != sig.out_layout);
    for (int j = 0; j < i; ++j)
      if (p.steps[j].out == s.in && p.steps[j].op.signature.what != op_kind::convert) {
        bool first_reader = true;  // later readers may want another layout than the first got
        for (int k = j + 1; k < i; ++k) first_reader = first_reader && p.steps[k].in != s.in;
        if (first_reader) CHECK_FALSE(kernels::writes<Path>(p.steps[j].op, sig.out_layout));
      }
  }
}

std::string row(const op_cost& c) {
  return std::to_string(c.macs) + " " + std::to_string(c.binary_macs) + " " + std::to_string(c.simple) + " " +
         std::to_string(c.weight_bytes) + " " + std::to_string(c.in_bytes) + " " + std::to_string(c.out_bytes);
}

}  // namespace

TEST_CASE("plan: no two tensors in use share a byte, and the arena is not larger than their sum") {
  SUBCASE("streams, portable") { check_memory<lower<streams>, path::portable>(); }
  SUBCASE("streams, reference") { check_memory<lower<streams>, path::reference>(); }
  SUBCASE("streams, fake") { check_memory<lower<streams>, path::fake>(); }
  SUBCASE("streams of i8, portable") { check_memory<lower<streams, i8, i8>, path::portable>(); }
  SUBCASE("floats, portable") { check_memory<lower<streams, f32>, path::portable>(); }
  SUBCASE("bits, portable") { check_memory<lower<bits_only>, path::portable>(); }
  SUBCASE("bits, fake") { check_memory<lower<bits_only>, path::fake>(); }
  SUBCASE("joined, portable") { check_memory<lower<joined>, path::portable>(); }
  SUBCASE("joined, reference") { check_memory<lower<joined>, path::reference>(); }
  SUBCASE("joined, fake") { check_memory<lower<joined>, path::fake>(); }
  SUBCASE("joined, streams of i8") { check_memory<lower<joined, i8, i8>, path::portable>(); }
  SUBCASE("joined, floats") { check_memory<lower<joined, f32>, path::portable>(); }
}

TEST_CASE("plan: memory is used again") {
  // A chain of equal tensors needs two of them, whatever its length.
  using chain = network<image<8, 8, 16>,
                        stage<conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>>, exit_head<2>>;
  CHECK(memory<lower<chain>, path::reference>.arena_bytes == 2 * 8 * 8 * 16);
}

TEST_CASE("plan: an earlier exit's logits live until a cascade has read them, and no longer") {
  using with = network<image<8, 8, 4>, stage<conv2d<4, 3>>, exit_head<100>, stage<conv2d<4, 3>>, cascade_head<100>,
                       stage<conv2d<4, 3>>, cascade_head<100>>;
  const auto& p = planned<lower<with>, path::reference>::program;
  // Steps of exit 1: conv, avg_pool, dense, pointwise of exit 0's logits, link.
  const int reads = p.exit_first[1] + 3;
  REQUIRE(p.steps[reads].in == p.logits[0]);
  const auto place = [&](int tensor) { return p.tensors[tensor].offset; };
  const std::size_t bytes = p.tensors[p.logits[0]].bytes();
  CHECK(bytes == 400);
  for (int i = p.exit_first[1]; i <= reads; ++i) {
    const int t = p.steps[i].out;
    const bool apart = place(t) + p.tensors[t].bytes() <= place(p.logits[0]) || place(p.logits[0]) + bytes <= place(t);
    CHECK(apart);
  }
  // Two exits' logits at a time, a third one's i16 copy, and the stage: not three.
  CHECK(memory<lower<with>, path::reference>.arena_bytes <= 2 * 256 + 2 * 400 + 208);
}

TEST_CASE("plan: layouts are agreed, and converted only where they must be") {
  check_layouts<lower<streams>, path::portable>();
  check_layouts<lower<streams>, path::fake>();
  check_layouts<lower<bits_only>, path::portable>();
  check_layouts<lower<bits_only>, path::fake>();
  check_layouts<lower<joined>, path::portable>();
  check_layouts<lower<joined>, path::fake>();
  CHECK(converts<lower<joined>, path::portable>() == 0);
  CHECK(converts<lower<joined>, path::fake>() == 0);  // copies in planes, too
  CHECK(converts<lower<streams>, path::portable>() == 0);
  CHECK(converts<lower<bits_only>, path::portable>() == 0);
  // The fake path: sign of a stream -> convolution, all in planes.
  CHECK(converts<lower<streams>, path::fake>() == 0);
  // conv, max_pool | (to nhwc) avg_pool, conv || conv, conv | max_pool, (to nhwc) conv of bits by i8
  CHECK(converts<lower<bits_only>, path::fake>() == 2);
  const auto& p = planned<lower<bits_only>, path::fake>::program;
  CHECK(p.steps[2].op.signature.what == op_kind::convert);
  CHECK(p.head_first[0] == 2);  // it belongs to the head that needs it
  CHECK(p.steps[2].head);
  CHECK(p.exit_first[1] == 5);
  CHECK(p.exit_first[2] == p.step_count);
  CHECK(p.steps[2].op.signature.in_layout == layout::bit_planes);
  CHECK(p.steps[2].op.signature.out_layout == layout::nhwc);
}

TEST_CASE("plan: weights stand one behind the other, a prefix for a shorter network") {
  using whole = planned<lower<streams>, path::portable>;
  using part = planned<lower<cut<streams, 1>>, path::portable>;
  std::size_t at = 0;
  for (int i = 0; i < whole::steps; ++i) {
    const step_desc& s = whole::program.steps[i];
    CHECK(s.weight_offset == at);
    CHECK(s.weight_words == kernels::weight_words<path::portable>(s.op));
    at += s.weight_words;
  }
  CHECK(whole::plan.weight_words == at);
  CHECK(memory<lower<streams>, path::portable>.weight_bytes == 4 * at);
  for (int i = 0; i < part::steps; ++i) {
    CHECK(part::program.steps[i].weight_offset == whole::program.steps[i].weight_offset);
    CHECK(part::program.steps[i].weight_words == whole::program.steps[i].weight_words);
  }
}

TEST_CASE("plan: costs counted by hand") {
  using net = network<image<8, 8, 3>, stage<conv2d<40, 3>, sign>, exit_head<5>,
                      stage<conv2d<16, 3, binary, stride{2}>, batch_norm, relu>, exit_head<5>>;
  using on = planned<lower<net>, path::reference>;
  REQUIRE(on::steps == 6);
  // MACs, binary MACs, simple, bytes of weights, read, written
  // conv u8*i8->bits: 64 positions * 40 * 27; header 4 + 40 thresholds + 2 words of flips + 1080 bytes; 2 words a
  // position
  CHECK(row(on::program.steps[0].cost) == "69120 0 0 " + std::to_string(4 * (4 + 40 + 2 + 270)) + " 192 512");
  // avg_pool bits->i8: 40 means of 64; header 4 and one set of 3
  CHECK(row(on::program.steps[1].cost) == "0 0 2560 28 512 40");
  // dense i8*i8->i32: 5 * 40; header 4 + 5 biases + 200 bytes
  CHECK(row(on::program.steps[2].cost) == "200 0 0 " + std::to_string(4 * (4 + 5 + 50)) + " 40 20");
  // conv bits*bits->i8: 16 positions * 16 * 360; 4 + 3 * 16 + 16 * 9 * 2 words
  CHECK(row(on::program.steps[3].cost) == "0 92160 0 " + std::to_string(4 * (4 + 48 + 288)) + " 512 256");
  CHECK(row(on::program.steps[4].cost) == "0 0 256 28 256 16");
  CHECK(row(on::program.steps[5].cost) == "80 0 0 " + std::to_string(4 * (4 + 5 + 20)) + " 16 20");

  CHECK(on::program.steps[3].cost.ops() == 1440);  // 92160 / 64
  CHECK(on::cost_to_exit(0).macs == 69120 + 200);
  CHECK(on::cost_to_exit(0).binary_macs == 0);
  CHECK(on::cost_to_exit(1).macs == 69120 + 200 + 80);
  CHECK(on::cost_to_exit(1).binary_macs == 92160);
  CHECK(on::cost_to_exit(1).ops() == 69400 + 1440);
  CHECK(on::cost_to_exit(1).simple == 2560 + 256);
  // Without exits: not the first head.
  CHECK(on::cost_without_exits().macs == 69120 + 80);
  CHECK(on::cost_without_exits().simple == 256);
  CHECK(on::cost_without_exits().binary_macs == 92160);
  CHECK(on::cost(1, 3).macs == 200);
  CHECK(row(on::cost(2, 2)) == "0 0 0 0 0 0");
  // Binary MACs are rounded up to whole operations.
  CHECK(op_cost{.macs = 1, .binary_macs = 65}.ops() == 3);
}

TEST_CASE("plan: costs of copies, groups, links and users' ops counted by hand") {
  using net =
      network<image<4, 4, 4>, stage<concat<branch<conv2d<6, 3, groups{2}>>, branch<depthwise_conv2d<3>, prelu>>>,
              exit_head<5, flatten>, stage<user_layer<scratchy>>, cascade_head<5, flatten>>;
  using on = planned<lower<net>, path::reference>;
  REQUIRE(on::steps == 9);
  // conv, 2 groups: 16 * 6 * 9 * 2 products; 4 + 3 * 6 words and 108 bytes
  CHECK(row(on::program.steps[0].cost) == "1728 0 0 " + std::to_string(4 * (4 + 18 + 27)) + " 64 96");
  // depthwise with two slopes: 16 * 4 * 9; 4 + 7 * 4 words and 36 bytes
  CHECK(row(on::program.steps[1].cost) == "576 0 0 " + std::to_string(4 * (4 + 28 + 9)) + " 64 64");
  CHECK(row(on::program.steps[2].cost) == "0 0 96 0 96 96");
  CHECK(row(on::program.steps[3].cost) == "0 0 64 0 64 64");
  CHECK(on::program.steps[4].cost.macs == 5 * 160);  // dense
  // The user's op: 5 for each number; 4 + 2 words; one more channel
  CHECK(row(on::program.steps[5].cost) == "800 0 0 24 160 176");
  CHECK(on::program.steps[6].cost.macs == 5 * 176);
  CHECK(row(on::program.steps[7].cost) == "0 0 5 " + std::to_string(4 * (4 + 15)) + " 20 10");
  // The link: 25 products; 4 + 3 * 5 words and 25 bytes
  CHECK(row(on::program.steps[8].cost) == "25 0 0 " + std::to_string(4 * (4 + 15 + 7)) + " 10 20");
}
