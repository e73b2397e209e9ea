// A generated header's words: constant in flash, bound without a check at run time by a session made at compile time.
#include <offramp/model/packed_model.hpp>

#include <type_traits>

#include <doctest/doctest.h>

#include "tests/model/tiny_model.hpp"

using namespace offramp;

namespace {

constexpr std::size_t total = format::sections_of<tiny::device, path::portable>.total;
using model_type = packed_model<total, path::portable::id, path::portable::version, max_softmax::id, no_reuse::id,
                                tiny::device::hash(0), tiny::device::hash(1)>;

// As export writes it; its thresholds and scale are looked at below.
constexpr model_type flash = [] {
  model_type m{};
  constexpr auto at = format::sections_of<tiny::device, path::portable>;
  m.words[format::word::exits] = 2;
  m.words[format::word::criterion] = max_softmax::id;
  m.words[format::word::criterion_words] = 1;
  m.words[format::word::record_words] = 6;
  m.words[at.records + 2] = 0x3f000000u;  // 0.5f
  m.words[at.records + 3] = 0x40000000u;  // unit
  m.words[at.records + 4] = 16;
  m.words[at.records + 5] = 49152;
  return m;
}();
constexpr bound_weights<tiny::device, path::portable> net_words = flash;
constinit arena<tiny::device> ram{};
constinit session<tiny::device> net{flash, ram};

static_assert(std::is_trivially_copyable_v<model_type>);
static_assert(alignof(model_type) == 16);
static_assert(model_type::bytes() == 4 * total);
static_assert(std::is_convertible_v<const model_type&, bound_weights<tiny::device, path::portable>>);

}  // namespace

TEST_CASE("packed_model: a constant session on constant weights") {
  constexpr bound_weights<tiny::device, path::portable> bound = flash;
  static_assert(bound.thresholds_stored);
  static_assert(bound.record(0).logit_scale() == 0.5f);
  static_assert(bound.record(0).unit() == fixed_factor{0x40000000, 16});
  static_assert(bound.record(0).threshold_q16() == 49152);
  CHECK(bound.ops == flash.words + format::sections_of<tiny::device, path::portable>.ops);
  CHECK(net.logit_scale(0) == 0.5f);
}

TEST_CASE("packed_model: the same words give the same answers as bound at run time") {
  const auto words = tiny::words();
  static model_type copied;  // not a constant here: its words come from the test
  for (std::size_t i = 0; i < total; ++i) copied.words[i] = words[i];
  tiny::bound b;
  REQUIRE(tiny::try_bind(words, b) == status::ok);
  session<tiny::device> from_header{copied, ram};
  arena<tiny::device> other;
  session<tiny::device> from_words{b, other};
  const auto images = offramp_test::random_images({3, 3, 1}, 2, 8, 62);
  for (int i = 0; i < 8; ++i) {
    const auto x = session<tiny::device>::input_view::unchecked(images.image(i));
    const prediction p = from_header.classify(x);
    const prediction q = from_words.classify(x);
    CHECK(p.label == q.label);
    CHECK(p.exit == q.exit);
    CHECK(p.probability_q16 == q.probability_q16);
  }
  CHECK(self_test(from_header, copied.words) == status::ok);
}

TEST_CASE("packed_model: serves the network cut behind any of its exits, and other plain criteria") {
  constexpr bound_weights<lower<cut<tiny::net, 1>>, path::portable> first = flash;
  CHECK(first.ops == net_words.ops);
  CHECK(first.thresholds_stored);
  constexpr bound_weights<tiny::device, path::portable, tiny::margin> margins = flash;
  CHECK(margins.ops == net_words.ops);
  CHECK_FALSE(margins.thresholds_stored);
  CHECK(model_type::hash(1) == tiny::device::hash(1));
  CHECK(model_type::hash(2) == 0);
}
