// The page as a person reads it, line by line.
#include <offramp/host/profile_text.hpp>

#include <string>

#include <doctest/doctest.h>

#include "tests/support/small_profile.hpp"

using namespace offramp;

TEST_CASE("profile text: conditions, costs in good units, errors, range") {
  const std::string expected = R"(board "7", C:\x
  emulated in nanoseconds on 1,234 ops; kernels: path 1 in version 1; 0.17 GHz
  two measurements of one op differ by 1.2 %
  beside the ops: 31.3 ns per sample + 7.50 ns per op + 100 ns per exit
  99.0 % of runs of unseen networks took at most 1.070 times what is predicted

binary_conv (off by 3.1 % on ops it was not fitted on; known up to 2.5 MOPs)
  out_channels a multiple of 16:
      1.10 ns per kOP + 0.20 ns per kB of weights + 120 ns
  out_channels no multiple of 16, weight_bytes up to 1,024:
      1.50 ns per kOP + 0.0010 ns
  out_channels no multiple of 16, weight_bytes 1,025 to 32,768:
      1.70 ns per kOP (output channels rounded up to 64) + 3.50 ns per row
  out_channels no multiple of 16, weight_bytes above 32,768:
      0.22 ns per MOP + 0.30 ns per step that the kernel's rule reckons

integer_conv (off by 33.3 % on ops it was not fitted on; known up to 123.5 MOPs)
  333 ns per kOP + 700 ns per kB of input + 4,567 ns

pool (off by 0.0 % on ops it was not fitted on; known up to 900 OPs; 0.08 GHz)
  in_kind i8:
      12.5 ns per output
  in_kind not i8:
      0.00100 ns per MB of scratch + 30.2 ns per output + 50.0 ns per 1000 positions

not measured: mixed_conv, float_conv, grouped_conv, pointwise, rearrange, user
)";
  CHECK(host::profile_text(offramp_test::small_profile) == expected);
}

TEST_CASE("profile text: conditions in words") {
  using host::detail::condition_text;
  const latency_node variant{tree_test::equals, condition::variant, 6 * 4096 + 2 * 16 + 3, 0, 0};
  CHECK(condition_text(variant, true) == "kernel 2 in form 3 of path 6");
  CHECK(condition_text(variant, false) == "not kernel 2 in form 3 of path 6");
  CHECK(host::detail::variant_text(4096) == "kernel 0 of path 1");
  const latency_node adds{tree_test::equals, condition::adds, 1, 0, 0};
  CHECK(condition_text(adds, true) == "adding to its output");
  CHECK(condition_text(adds, false) == "not adding to its output");
  const latency_node slopes{tree_test::equals, condition::two_slopes, 0, 0, 0};
  CHECK(condition_text(slopes, true) == "one slope");
  CHECK(condition_text(slopes, false) == "two slopes");
  const latency_node what{tree_test::equals, condition::what, static_cast<int>(op_kind::max_pool), 0, 0};
  CHECK(condition_text(what, true) == "max_pool");
  CHECK(condition_text(what, false) == "not max_pool");
  const latency_node rows{tree_test::equals, condition::in_layout, static_cast<int>(layout::bit_rows), 0, 0};
  CHECK(condition_text(rows, true) == "in_layout bit_rows");
  CHECK(condition_text(rows, false) == "in_layout not bit_rows");
  const latency_node stride{tree_test::equals, condition::stride, 2, 0, 0};
  CHECK(condition_text(stride, true) == "stride 2");
  CHECK(condition_text(stride, false) == "stride not 2");
}

TEST_CASE("profile text: numbers that people like") {
  using host::detail::cost_text;
  using host::detail::three_digits;
  CHECK(three_digits(0) == "0");
  CHECK(three_digits(0.00123) == "0.0012");
  CHECK(three_digits(0.5) == "0.50");
  CHECK(three_digits(9.999) == "10.0");
  CHECK(three_digits(99.96) == "100");
  CHECK(three_digits(999.6) == "1,000");
  CHECK(cost_text(regressor::work, 0.0011, time_unit::cycles) == "1.10 cycles per kOP");
  CHECK(cost_text(regressor::work, 1.1e-6, time_unit::cycles) == "1.10 cycles per MOP");
  CHECK(cost_text(regressor::work_in_32, 4, time_unit::ticks) ==
        "4,000 ticks per kOP (input channels rounded up to 32)");
  CHECK(cost_text(regressor::positions, 0.03, time_unit::instructions) == "30.0 instructions per 1000 positions");
  CHECK(cost_text(regressor::to_bits, 0.25, time_unit::nanoseconds) == "0.25 ns per sign stored");
  CHECK(cost_text(regressor::far_bytes, 0.03, time_unit::nanoseconds) == "30.0 ns per kB beyond 32 KiB of operands");
  CHECK(cost_text(regressor::fixed, 512, time_unit::nanoseconds) == "512 ns");
}

TEST_CASE("profile text: what is not known is not said, what is malformed is refused") {
  profile_data p;
  const std::string text = host::profile_text(p);
  CHECK(text.find("a CPU without a name\n") == 0);
  CHECK(text.find("differ") == std::string::npos);
  CHECK(text.find("unseen") == std::string::npos);
  CHECK(text.find("not measured: binary_conv, mixed_conv") != std::string::npos);
  p.classes[0].root = 3;
  std::string message;
  try {
    host::profile_text(p);
  } catch (const host::error& problem) { message = problem.what(); }
  CHECK(message == "profile '': found a malformed tree, cost or figure, expected a sound profile");
}
