// covers: host/deploy_thresholds.hpp host/guarantee_text.hpp model/guarantee.hpp
// The way of a promise: from calibration into a deployment, a model, a file packed anew, a header's comment.
#include <offramp/host/deploy_thresholds.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/model_file.hpp>
#include <offramp/host/policy_words.hpp>

#include "tests/model/tiny_model.hpp"
#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

constexpr guarantee promise{risk_loss::disagreement, risk_test::betting, 0.01f, 0.05f, 2500};

host::calibrated found() {
  host::calibrated c;
  c.thresholds_q16 = {50000, 40000};
  c.promise = promise;
  return c;
}

std::vector<std::uint32_t> canonical(const host::deployment<2>& d) {
  return host::pack_model<tiny::device, path::reference>(tiny::quantized<tiny::device>(), d,
                                                         {tiny::images().image(0), 9});
}

}  // namespace

TEST_CASE("deploy_thresholds: thresholds and what was promised about them go together") {
  host::deployment<2> d;
  host::set_thresholds(d, found());
  CHECK(d.thresholds.q16[0] == 50000);
  CHECK(d.thresholds.q16[1] == 40000);
  CHECK(d.criterion_words.empty());
  CHECK(d.guarantee == promise);
  // Others take it back.
  host::set_thresholds(d, host::operating_point{{1, 2}, 0, 0, {}, {}});
  CHECK(d.thresholds.q16[0] == 1);
  CHECK(!d.guarantee.promised());
  // Parameters of a criterion stay where they are.
  host::deployment<2, tiny::weighted> w{{}, {7, 8, 9, 10, 11, 12}, {}, {}};
  host::set_thresholds(w, found());
  CHECK(w.criterion_words == std::vector<std::uint32_t>{50000, 8, 9, 40000, 11, 12});
  CHECK(message_of([&] {
          host::set_thresholds(d, host::operating_point{{1, 2, 3}, 0, 0, {}, {}});
        }) ==
        "set_thresholds: found 3 thresholds and 0 words of the criterion, expected one and equally many for each of 2 "
        "exits");
}

TEST_CASE("deploy_thresholds: a promise survives packing for another path, and not a cut network") {
  host::deployment<2> d;
  host::set_thresholds(d, found());
  const auto words = canonical(d);
  CHECK(guarantee_in(words.data()) == promise);
  const auto packed = host::repack<tiny::device, path::portable>(words);
  CHECK(guarantee_in(packed.data()) == promise);
  tiny::bound b;
  REQUIRE(tiny::try_bind(packed, b) == status::ok);
  CHECK(guarantee_of(b, packed.data()) == promise);
  using shorter = lower<cut<tiny::net, 1>>;
  const auto cut_words = host::repack<shorter, path::portable>(words);
  bound_weights<shorter, path::portable> s;
  REQUIRE(tiny::try_bind(cut_words, s) == status::ok);
  CHECK(guarantee_in(cut_words.data()) == guarantee{});
  CHECK(guarantee_in(host::repack<tiny::device, path::portable>(canonical({})).data()) == guarantee{});
}

TEST_CASE("deploy_thresholds: what was not promised by calibration is not exported") {
  host::deployment<2> d;
  d.guarantee = promise;
  d.guarantee.epsilon = 2;
  CHECK(message_of([&] { canonical(d); }) ==
        "export: the deployment's guarantee has epsilon 2.000000, delta 0.050000 and 2500 images, expected what "
        "host::calibrate promised");
}

TEST_CASE("deploy_thresholds: a generated header says what it promises") {
  host::deployment<2> d;
  host::set_thresholds(d, found());
  const std::string said =
      "// With probability at least 95 % over the calibration set, answering early changes the class of at most 1 % of "
      "inputs\n// from that of the full network (betting test on 2,500 images)\n#ifndef";
  CHECK(host::header_text(canonical(d), "reference", "w", "made by\na test").find("\n// a test\n" + said) !=
        std::string::npos);
  CHECK(host::header_text(canonical(d), "reference", "w", "").find(" reference.\n" + said) != std::string::npos);
  CHECK(host::header_text(canonical({}), "reference", "w", "a test").find("// a test\n#ifndef") != std::string::npos);
  // And a program that has it can ask.
  packed_model<64, 0, 0, 0, 0> weights{};
  weights.words[format::word::total] = 64;
  format::write_guarantee(promise, weights.words + 59);
  weights.words[format::word::op_words] = 59 - 12;
  CHECK(weights.promise() == promise);
}

TEST_CASE("guarantee_text: every kind in one line") {
  using g = guarantee;
  CHECK(host::statement_of({}) == "Nothing is promised about the thresholds");
  CHECK(host::statement_of(g{risk_loss::accuracy_gap, risk_test::binomial, 0.005f, 0.1f, 5000}) ==
        "With probability at least 90 % over the calibration set, answering early costs at most 0.5 points of accuracy "
        "against the full network (exact binomial test on 5,000 images)");
  CHECK(host::statement_of(g{risk_loss::brier_gap, risk_test::hoeffding_bentkus, 0.02f, 0.001f, 999}) ==
        "With probability at least 99.9 % over the calibration set, answering early costs at most 0.02 of Brier score "
        "(0 to 1) against the full network (Hoeffding-Bentkus test on 999 images)");
  CHECK(host::statement_of(g{risk_loss::brier_consistency, risk_test::in_expectation, 0.03f, 0, 200}) ==
        "On average over calibration sets, early probabilities are at most 0.03 in mean Brier distance (0 to 1) from "
        "the full network (conformal risk control on 200 images)");
}
