// Scores worked by hand, integers against floats on random logits, ties and extremes.
#include <offramp/exits/criteria.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

fixed_factor unit_of(double scale) { return make_fixed_factor(scale * 65536.0); }

// The definitions in double.
double reference(const std::string& name, const std::vector<double>& z) {
  double top = z[0];
  double second = -1e300;
  for (std::size_t c = 1; c < z.size(); ++c) {
    if (z[c] > top)
      second = top, top = z[c];
    else if (z[c] > second)
      second = z[c];
  }
  if (name == "logit_margin") return top - second;
  double sum = 0;
  for (const double v : z) sum += std::exp(v - top);
  if (name == "max_softmax") return 1 / sum;
  double h = 0;
  for (const double v : z) {
    const double p = std::exp(v - top) / sum;
    if (p > 0) h -= p * std::log(p);
  }
  return 1 - h / std::log(static_cast<double>(z.size()));
}

template <class C>
double integer_score(const std::vector<std::int32_t>& z, double scale) {
  return C::score(z.data(), static_cast<int>(z.size()), unit_of(scale)) / 65536.0;
}
template <class C>
double float_score(const std::vector<float>& z) {
  return static_cast<double>(C::score(z.data(), static_cast<int>(z.size())));
}

struct two_scores {
  [[maybe_unused]] static constexpr std::uint32_t id = 1000;
  static std::int32_t score(const std::int32_t*, int, fixed_factor) { return 0; }
  static float score(const float*, int) { return 0; }
};
struct one_score {
  [[maybe_unused]] static constexpr std::uint32_t id = 1000;
  static float score(const float*, int) { return 0; }
};

static_assert(exit_criterion<max_softmax> && exit_criterion<logit_margin> && exit_criterion<entropy>);
static_assert(!detail::scores_with_parameters<max_softmax> && !detail::decides_itself<max_softmax>);
static_assert(exit_criterion<two_scores> && !exit_criterion<one_score> && !exit_criterion<int>);
static_assert(max_softmax::id != logit_margin::id && logit_margin::id != entropy::id && max_softmax::id != entropy::id);

}  // namespace

TEST_CASE_TEMPLATE("criteria: integer and float scores agree with the definition", C, max_softmax, logit_margin,
                   entropy) {
  offramp_test::random_numbers r{40};
  for (int trial = 0; trial < 3000; ++trial) {
    const int classes = r.between(2, 40);
    const double scale = std::pow(10.0, r.between(-40, 0) / 10.0);  // 1e-4 .. 1
    // Real logits up to some tens: from undecided to certain.
    const auto most = static_cast<std::int64_t>(r.between(1, 30) / scale);
    std::vector<std::int32_t> z;
    std::vector<float> zf;
    std::vector<double> zd;
    for (int c = 0; c < classes; ++c) {
      z.push_back(r.between(-most, most));
      zd.push_back(z.back() * scale);
      zf.push_back(static_cast<float>(zd.back()));
    }
    const double expected = reference(C::name, zd);
    CAPTURE(classes);
    CAPTURE(scale);
    // exp is within 3 units of 2^-16 for every class, log too; the float form loses digits in differences of logits.
    const double tolerance = std::string{C::name} == "logit_margin" ? 1.0 / 65536 : 4.0 * (classes + 2) / 65536;
    CHECK(std::abs(integer_score<C>(z, scale) - expected) <= tolerance);
    CHECK(std::abs(float_score<C>(zf) - expected) <= 1e-4);
  }
}

TEST_CASE("criteria: values worked by hand") {
  // One unit is ln 2: softmax of (2, 0, 0) units is 4, 1, 1 of 6.
  const double ln2 = std::log(2.0);
  const std::vector<std::int32_t> z{0, 2, 0};
  const std::vector<float> zf{0, static_cast<float>(2 * ln2), 0};
  CHECK(integer_score<max_softmax>(z, ln2) == doctest::Approx(4.0 / 6).epsilon(1e-4));
  CHECK(float_score<max_softmax>(zf) == doctest::Approx(4.0 / 6).epsilon(1e-5));
  CHECK(integer_score<logit_margin>(z, ln2) == doctest::Approx(2 * ln2).epsilon(1e-4));
  CHECK(float_score<logit_margin>(zf) == doctest::Approx(2 * ln2).epsilon(1e-5));
  // H = 2/3 ln(3/2) + 1/3 ln 6
  const double h = 2.0 / 3 * std::log(1.5) + 1.0 / 3 * std::log(6.0);
  CHECK(integer_score<entropy>(z, ln2) == doctest::Approx(1 - h / std::log(3.0)).epsilon(1e-3));
  CHECK(float_score<entropy>(zf) == doctest::Approx(1 - h / std::log(3.0)).epsilon(1e-5));
}

TEST_CASE("criteria: uniform logits are worth nothing") {
  for (const int classes : {2, 3, 10, 100}) {
    CAPTURE(classes);
    const std::vector<std::int32_t> z(static_cast<std::size_t>(classes), -7);
    const std::vector<float> zf(static_cast<std::size_t>(classes), -7.0f);
    CHECK(max_softmax::score(z.data(), classes, unit_of(0.1)) == 65536 / classes - (65536 % classes == 0 ? 1 : 0));
    CHECK(float_score<max_softmax>(zf) == doctest::Approx(1.0 / classes));
    CHECK(logit_margin::score(z.data(), classes, unit_of(0.1)) == 0);
    CHECK(float_score<logit_margin>(zf) == 0.0);
    CHECK(entropy::score(z.data(), classes, unit_of(0.1)) <= 3);
    CHECK(float_score<entropy>(zf) == doctest::Approx(0.0).epsilon(1e-5));
  }
}

TEST_CASE("criteria: certainty, and logits at the ends of their range") {
  const std::vector<std::int32_t> z{-0x7fffffff - 1, 0x7fffffff, 0};
  CHECK(max_softmax::score(z.data(), 3, unit_of(1.0)) == 65535);
  CHECK(entropy::score(z.data(), 3, unit_of(1.0)) == 65536);
  CHECK(logit_margin::score(z.data(), 3, unit_of(1.0)) == never_q16 - 1);  // saturates
  CHECK(logit_margin::score(z.data(), 3, unit_of(1e-5)) == doctest::Approx(0x7fffffff * 1e-5 * 65536));
  CHECK(integer_score<logit_margin>(z, 1e-9) == doctest::Approx(2.147483647).epsilon(1e-4));
}

TEST_CASE("criteria: of equal largest logits the first counts, and the margin is zero") {
  const std::vector<std::int32_t> z{3, 9, 9, 1};
  CHECK(argmax(z.data(), 4) == 1);
  CHECK(logit_margin::score(z.data(), 4, unit_of(1.0)) == 0);
  const std::vector<float> zf{9, 3, 9};
  CHECK(argmax(zf.data(), 3) == 0);
  CHECK(logit_margin::score(zf.data(), 3) == 0.0f);
  CHECK(logit_margin::second(zf.data(), 3, 0) == 9.0f);
}

TEST_CASE("criteria: only differences of logits count") {
  offramp_test::random_numbers r{41};
  for (int trial = 0; trial < 100; ++trial) {
    std::int32_t z[10];
    std::int32_t moved[10];
    for (int c = 0; c < 10; ++c) z[c] = r.between(-500, 500), moved[c] = z[c] + 12345;
    const fixed_factor u = unit_of(0.01);
    CHECK(max_softmax::score(z, 10, u) == max_softmax::score(moved, 10, u));
    CHECK(logit_margin::score(z, 10, u) == logit_margin::score(moved, 10, u));
    CHECK(entropy::score(z, 10, u) == entropy::score(moved, 10, u));
  }
}

TEST_CASE("criteria: entropy of very many classes") {
  // Between uniform and certain: 1 at the largest logit, the rest alike; the definition in double.
  for (const int classes : {54, 55, 100, 1000}) {
    for (const double top : {0.001, 0.5, 3.0, 8.0, 12.0}) {
      CAPTURE(classes);
      CAPTURE(top);
      std::vector<std::int32_t> z(static_cast<std::size_t>(classes), 0);
      std::vector<double> zd(z.size(), 0.0);
      z[3] = 1;
      zd[3] = top;
      // Terms are within 8 units; their sum is divided by that of the exponentials.
      const double tolerance = 8.0 * classes / 65536 / (1 + (classes - 1) * std::exp(-top)) / std::log(classes) + 0.001;
      CHECK(std::abs(integer_score<entropy>(z, top) - reference("entropy", zd)) <= tolerance);
    }
  }
}
