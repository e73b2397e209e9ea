// Features of ops against counts worked by hand.
#include <offramp/latency/features.hpp>

#include <cstring>

#include <doctest/doctest.h>

#include <offramp/net/plan.hpp>

#include "tests/support/fake_path.hpp"
#include "tests/support/networks.hpp"

using namespace offramp;

namespace {

constexpr kernel_op binary_step() {
  kernel_op op;
  op.signature = {op_kind::conv, bits, bits, i16, true};
  op.geometry = make_window({6, 5, 40}, 24, 3, 3, 2, 1, 1);
  return op;
}

constexpr op_class class_when(op_kind what, kind in, kind weights, bool grouped = false) {
  op_signature s;
  s.what = what;
  s.in = in;
  s.weights = weights;
  s.out = i16;
  s.grouped = grouped;
  return class_of(s);
}

}  // namespace

TEST_CASE("features: every op has its class") {
  CHECK(class_when(op_kind::conv, bits, bits) == op_class::binary_conv);
  CHECK(class_when(op_kind::conv, i8, bits) == op_class::mixed_conv);
  CHECK(class_when(op_kind::conv, u8, i8) == op_class::integer_conv);
  CHECK(class_when(op_kind::conv, i16, i8) == op_class::integer_conv);
  CHECK(class_when(op_kind::conv, bits, i8) == op_class::integer_conv);
  CHECK(class_when(op_kind::conv, f32, f32) == op_class::float_conv);
  CHECK(class_when(op_kind::conv, f32, bits) == op_class::float_conv);
  for (const kind in : {bits, i8, f32}) CHECK(class_when(op_kind::conv, in, i8, true) == op_class::grouped_conv);
  for (const op_kind pool : {op_kind::avg_pool, op_kind::max_pool, op_kind::mixed_pool})
    CHECK(class_when(pool, i8, kind::none) == op_class::pool);
  CHECK(class_when(op_kind::pointwise, i16, kind::none) == op_class::pointwise);
  CHECK(class_when(op_kind::convert, bits, kind::none) == op_class::rearrange);
  CHECK(class_when(op_kind::copy, i8, kind::none) == op_class::rearrange);
  CHECK(class_when(op_kind::user, i8, kind::none) == op_class::user);
}

TEST_CASE("features: names are there, and no two alike") {
  const auto all_different = [](auto first, int count) {
    using type = decltype(first);
    for (int i = 0; i < count; ++i) {
      CHECK(std::strcmp(to_string(static_cast<type>(i)), "unknown") != 0);
      for (int j = 0; j < i; ++j)
        CHECK(std::strcmp(to_string(static_cast<type>(i)), to_string(static_cast<type>(j))) != 0);
    }
    CHECK(std::strcmp(to_string(static_cast<type>(count)), "unknown") == 0);
  };
  all_different(op_class{}, op_classes);
  all_different(regressor{}, regressors);
  all_different(condition{}, conditions);
  CHECK(std::strcmp(to_string(op_class::user), "user") == 0);
  CHECK(std::strcmp(to_string(regressor::reckoned), "reckoned") == 0);
  CHECK(std::strcmp(to_string(regressor::far_bytes), "far_bytes") == 0);
  CHECK(std::strcmp(to_string(condition::two_slopes), "two_slopes") == 0);
  CHECK(std::strcmp(to_string(condition::out_layout), "out_layout") == 0);
}

TEST_CASE("features: of a binary convolution, by hand") {
  // 3 x 3 outputs of 24 channels, each of 9 * 40 products of bits.
  static constexpr op_features f = features<path::portable>(binary_step(), 1728);
  static_assert(f.what == op_class::binary_conv);
  static_assert(f.get(regressor::work) == 1215);  // 216 * 360 / 64
  const auto is = [](regressor r, double expected) {
    CAPTURE(to_string(r));
    CHECK(f.get(r) == doctest::Approx(expected));
  };
  is(regressor::fixed, 1);
  is(regressor::rows, 3);
  is(regressor::positions, 9);
  is(regressor::outputs, 216);
  is(regressor::work, 1215);
  is(regressor::work_out_8, 1215);
  is(regressor::work_out_16, 1215 * 32.0 / 24);
  is(regressor::work_out_64, 1215 * 64.0 / 24);
  is(regressor::work_in_32, 1215 * 64.0 / 40);
  is(regressor::work_in_64, 1215 * 64.0 / 40);
  is(regressor::gathered_bytes, 9 * 360 / 8.0);
  is(regressor::in_bytes, 6 * 5 * 8);  // two words for 40 channels
  is(regressor::out_bytes, 216 * 2);
  is(regressor::weight_bytes, 1728);
  is(regressor::scratch_bytes, static_cast<double>(kernels::scratch_bytes<path::portable>(binary_step())));
  is(regressor::reckoned, static_cast<double>(kernels::reckoned<path::portable>(binary_step()).loops));
  // Windows at rows -1, 1 and 3 of 6: the first lacks one of three rows; at columns -1, 1 and 3 of 5: the last lacks
  // one, too.
  is(regressor::work_inside, 1215 * 8.0 / 9 * 7 / 9);
  is(regressor::to_bits, 0);
  is(regressor::to_bytes, 0);
  is(regressor::to_words, 9 * 32);
  is(regressor::to_floats, 0);
  is(regressor::added, 9 * 32);
  is(regressor::bent, 0);
  is(regressor::far_bytes, 0);
  const auto says = [](condition c, std::int32_t expected) {
    CAPTURE(to_string(c));
    CHECK(f.get(c) == expected);
  };
  says(condition::variant, kernels::variant<path::portable>(binary_step()));
  says(condition::in_channels, 40);
  says(condition::out_channels, 24);
  says(condition::positions, 9);
  says(condition::out_width, 3);
  says(condition::taps, 9);
  says(condition::stride, 2);
  says(condition::depth, 360);
  says(condition::weight_bytes, 1728);
  says(condition::scratch_bytes, static_cast<std::int32_t>(kernels::scratch_bytes<path::portable>(binary_step())));
  says(condition::work, 1215);
  says(condition::in_kind, static_cast<int>(bits));
  says(condition::out_kind, static_cast<int>(i16));
  says(condition::adds, 1);
  says(condition::two_slopes, 0);
  says(condition::what, static_cast<int>(op_kind::conv));
  says(condition::in_layout, static_cast<int>(layout::nhwc));
  says(condition::out_layout, static_cast<int>(layout::nhwc));
}

TEST_CASE("features: an output stage counts by what it stores, in whole words and vectors") {
  kernel_op op;
  op.geometry = make_window({10, 10, 40}, 40, 1, 1, 1, 0, 0);
  op.signature = {op_kind::pointwise, i16, kind::none, bits};
  const op_features to_bits = features<path::portable>(op, 0);
  CHECK(to_bits.get(regressor::to_bits) == doctest::Approx(100 * 64));
  CHECK(to_bits.get(regressor::to_words) == 0);
  op.signature.out = i8;
  op.signature.two_slopes = true;
  const op_features to_bytes = features<path::portable>(op, 0);
  CHECK(to_bytes.get(regressor::to_bytes) == doctest::Approx(100 * 48));
  CHECK(to_bytes.get(regressor::bent) == doctest::Approx(100 * 48));
  CHECK(to_bytes.get(regressor::to_bits) == 0);
  op.signature = {op_kind::pointwise, f32, kind::none, f32, true};
  const op_features to_floats = features<path::portable>(op, 40'000);
  CHECK(to_floats.get(regressor::to_floats) == doctest::Approx(100 * 48));
  CHECK(to_floats.get(regressor::added) == doctest::Approx(100 * 48));
  CHECK(to_floats.get(regressor::bent) == 0);
  const auto scratch = static_cast<double>(kernels::scratch_bytes<path::portable>(op));
  CHECK(to_floats.get(regressor::far_bytes) == 2 * 16'000 + 40'000 + scratch - 32'768);
}

TEST_CASE("features: taps on padding are told from those inside") {
  // Of 3x3 windows on 4x4, corners meet 4 taps, edges 6, the middle 9.
  CHECK(inside_share(make_window({4, 4, 1}, 1, 3, 3, 1, 1, 1)) == doctest::Approx((4 * 4 + 8 * 6 + 4 * 9) / 144.0));
  CHECK(inside_share(make_window({4, 4, 1}, 1, 1, 1, 1, 0, 0)) == 1);
}

TEST_CASE("features: paths differ where their kernels do") {
  const op_features portable = features<path::portable>(binary_step(), 1728);
  const op_features fake = features<path::fake>(binary_step(), 1728);
  CHECK(fake.get(condition::variant) / 4096 == path::fake::id);
  CHECK(portable.get(condition::variant) / 4096 == path::portable::id);
  CHECK(fake.get(regressor::scratch_bytes) == 12);
  CHECK(fake.get(regressor::work) == portable.get(regressor::work));
}

TEST_CASE("features: sizes beyond 31 bits are conditions of 2^31 - 1") {
  kernel_op op;
  op.signature = {op_kind::conv, i8, i8, i8};
  op.geometry = make_window({4000, 4000, 32}, 32, 3, 3, 1, 1, 1);
  const op_features f = features<path::portable>(op, 9216);
  CHECK(f.get(regressor::work) == 4000.0 * 4000 * 32 * 32 * 9);
  CHECK(f.get(condition::work) == 0x7fffffff);
}

TEST_CASE("features: of all steps of a network, agreeing with its plan") {
  using plan = planned<lower<offramp_test::networks::residuals>, path::portable>;
  double ops = 0;
  for (int i = 0; i < plan::steps; ++i) {
    const step_desc& s = plan::program.steps[i];
    const op_features f = features<path::portable>(s);
    CHECK(f.get(regressor::weight_bytes) == static_cast<double>(s.weight_words * 4));
    CHECK(f.get(regressor::in_bytes) == static_cast<double>(s.cost.in_bytes));
    CHECK(f.get(regressor::out_bytes) == static_cast<double>(s.cost.out_bytes));
    CHECK(f.get(regressor::work) ==
          static_cast<double>(s.cost.binary_macs) / 64 + static_cast<double>(s.cost.macs + s.cost.simple));
    ops += f.get(regressor::work);
  }
  CHECK(ops > 10000);
}
