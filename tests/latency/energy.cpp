// Energy of ops and networks against sums by hand.
#include <offramp/latency/energy.hpp>

#include <doctest/doctest.h>

#include "tests/support/networks.hpp"

using namespace offramp;

namespace {

using net = lower<offramp_test::networks::residuals>;
using plan = planned<net, path::portable>;

// Powers of ten far apart: every digit of a sum says where it came from.
constexpr energy_table digits{.name = "digits",
                              .from = provenance::estimated,
                              .binary_product = 1,
                              .mixed_product = 10,
                              .integer_product = 100,
                              .float_product = 1000,
                              .integer_simple = 1e4,
                              .float_simple = 1e5,
                              .weight_byte = 1e6,
                              .in_byte = 1e7,
                              .out_byte = 1e8,
                              .op = 1e9};

constexpr op_signature signature_of(op_kind what, kind in, kind weights, kind out, bool add = false) {
  return {what, in, weights, out, add};
}

static_assert(op_energy(digits, signature_of(op_kind::conv, bits, bits, i16), {.binary_macs = 7}) == 1e9 + 7);

}  // namespace

TEST_CASE("energy: each count at its own price") {
  const op_cost c{.macs = 2, .binary_macs = 0, .simple = 3, .weight_bytes = 4, .in_bytes = 5, .out_bytes = 6};
  const auto of = [&](op_kind what, kind in, kind weights, kind out, bool add = false) {
    return op_energy(digits, signature_of(what, in, weights, out, add), c) - 1e9;
  };
  const double bytes = 4e6 + 5e7 + 6e8;
  CHECK(of(op_kind::conv, i8, i8, i8) == bytes + 200 + 3e4);
  CHECK(of(op_kind::conv, i8, bits, i8) == bytes + 20 + 3e4);
  CHECK(of(op_kind::conv, f32, f32, f32) == bytes + 2000 + 3e5);
  CHECK(of(op_kind::conv, f32, bits, f32) == bytes + 2e5 + 3e5);
  CHECK(of(op_kind::mixed_pool, i8, kind::none, i8) == bytes + 200 + 3e4);
  CHECK(of(op_kind::pointwise, f32, kind::none, bits) == bytes + 2000 + 3e5);
  // What is added to is read first.
  CHECK(of(op_kind::conv, i8, i8, i16, true) == bytes + 200 + 3e4 + 6e7);
  CHECK(op_energy(digits, signature_of(op_kind::conv, bits, bits, i16), {.binary_macs = 7}) == 1e9 + 7);
}

TEST_CASE("energy: the estimate for 45 nm, by hand") {
  // 1000 products of 8 bits at 0.2 + 0.03 pJ, and 400 + 100 + 40 bytes at 5 pJ for four.
  const op_cost c{.macs = 1000, .weight_bytes = 400, .in_bytes = 100, .out_bytes = 40};
  const op_signature s = signature_of(op_kind::conv, i8, i8, i8);
  CHECK(op_energy(energy_45nm, s, c) == doctest::Approx(230 + 675));
  // Weights from DRAM: 640 pJ for four bytes.
  CHECK(op_energy(energy_45nm_dram, s, c) == doctest::Approx(230 + 64000 + 175));
  CHECK(op_energy(energy_45nm, signature_of(op_kind::conv, f32, f32, f32), c) == doctest::Approx(4600 + 675));
  CHECK(op_energy(energy_45nm, signature_of(op_kind::conv, bits, bits, bits), {.binary_macs = 6400}) ==
        doctest::Approx(24));
  CHECK(energy_45nm.from == provenance::estimated);
}

TEST_CASE("energy: a network to each of its exits") {
  constexpr auto e = energy<net, path::portable>(energy_45nm);
  static_assert(e.to_exit[0] > 0 && e.to_exit[0] < e.to_exit[1]);
  double sum = 0;
  for (int k = 0, step = 0; k < 2; ++k) {
    for (; step < plan::program.exit_first[k + 1]; ++step) {
      const step_desc& s = plan::program.steps[step];
      const op_signature& g = s.op.signature;
      const double reads = static_cast<double>(s.cost.in_bytes + (g.add ? s.cost.out_bytes : 0));
      sum += 0.00375 * static_cast<double>(s.cost.binary_macs) + 0.03 * static_cast<double>(s.cost.simple) +
             (g.weights == bits ? 0.03 : 0.23) * static_cast<double>(s.cost.macs) +
             1.25 * (static_cast<double>(s.cost.weight_bytes + s.cost.out_bytes) + reads);
    }
    CHECK(e.to_exit[k] == doctest::Approx(sum).epsilon(1e-12));
  }
  const double shares[] = {0.6, 0.4};
  CHECK(e.mean(shares) == doctest::Approx(0.6 * e.to_exit[0] + 0.4 * e.to_exit[1]));
  // Memory decides: weights in DRAM cost more than all the rest.
  const auto dram = energy<net, path::portable>(energy_45nm_dram);
  CHECK(dram.to_exit[1] > 2 * e.to_exit[1]);
}
