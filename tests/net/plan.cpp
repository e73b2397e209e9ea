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
    if (scratch > 0) CHECK(s.scratch_offset % arena_alignment == 0);
    if (s.op.signature.add) {
      CHECK(all_owned(s.out));
    } else {
      const tensor_desc& t = p.tensors[s.out];
      CHECK(t.offset % arena_alignment == 0);
      for (std::size_t b = 0; b < t.bytes(); ++b) owner.at(t.offset + b) = s.out;
      sum += round_up(t.bytes(), arena_alignment);
    }
    sum += round_up(scratch, arena_alignment);
    // After all this writing, what the op reads must still be there, and so must its scratch.
    if (s.in != 0) CHECK(all_owned(s.in));
    CHECK(all_owned(s.out));
    for (std::size_t b = 0; b < scratch; ++b) REQUIRE(owner.at(s.scratch_offset + b) == -1 - i);
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
}

TEST_CASE("plan: memory is used again") {
  // A chain of equal tensors needs two of them, whatever its length.
  using chain = network<image<8, 8, 16>,
                        stage<conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>, conv2d<16, 1>>, exit_head<2>>;
  CHECK(memory<lower<chain>, path::reference>.arena_bytes == 2 * 8 * 8 * 16);
}

TEST_CASE("plan: layouts are agreed, and converted only where they must be") {
  check_layouts<lower<streams>, path::portable>();
  check_layouts<lower<streams>, path::fake>();
  check_layouts<lower<bits_only>, path::portable>();
  check_layouts<lower<bits_only>, path::fake>();
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
