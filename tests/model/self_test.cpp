// The known answer: right on a sound device, wrong after a changed weight or answer that the checksum does not tell.
#include <offramp/model/self_test.hpp>

#include <doctest/doctest.h>

#include "tests/model/tiny_model.hpp"

using namespace offramp;

namespace {

template <class Lowered>
status run(const std::vector<std::uint32_t>& w) {
  bound_weights<Lowered, path::portable> b;
  const status bound = bind_weights(w.data(), 4 * w.size(), b);
  REQUIRE(bound == status::ok);
  arena<Lowered> memory;
  session<Lowered> s{b, memory};
  return self_test(s, w.data());
}

}  // namespace

TEST_CASE("self_test: integers are equal, each of them") {
  constexpr format::sections at = format::sections_of<tiny::device, path::portable>;
  const auto w = tiny::words();
  CHECK(run<tiny::device>(w) == status::ok);
  for (std::size_t i = at.answer_logits; i < at.crc; ++i) {
    auto other = w;
    other[i] += 1;
    tiny::mend(other);
    CHECK(run<tiny::device>(other) == status::known_answer_wrong);
  }
  auto other = w;
  other[at.crc - 1] = w[at.crc - 1] ^ 0x80000000u;
  tiny::mend(other);
  CHECK(run<tiny::device>(other) == status::known_answer_wrong);
  // A changed bias of the last op, which is a head's.
  other = w;
  const step_desc& last =
      planned<tiny::device, path::portable>::program.steps[planned<tiny::device, path::portable>::steps - 1];
  other[at.ops + last.weight_offset + 4] += 1;
  tiny::mend(other);
  CHECK(run<tiny::device>(other) == status::known_answer_wrong);
}

TEST_CASE("self_test: judged logits are of no use to another reuse policy") {
  const auto w = tiny::words<tiny::device, path::portable, max_softmax, tiny::mixing>(
      {{{49152, 49152}}, {}, std::vector<std::uint32_t>(12)});
  CHECK(run<tiny::device>(w) == status::wrong_reuse);
}

TEST_CASE("self_test: floats within a thousandth") {
  constexpr format::sections at = format::sections_of<tiny::float_device, path::portable>;
  const auto w = tiny::words<tiny::float_device>();
  CHECK(run<tiny::float_device>(w) == status::ok);
  const float z = __builtin_bit_cast(float, w[at.answer_logits]);
  const float size = 1.0f + (z < 0 ? -z : z);
  const auto with = [&](float answer) {
    auto other = w;
    other[at.answer_logits] = __builtin_bit_cast(std::uint32_t, answer);
    tiny::mend(other);
    return run<tiny::float_device>(other);
  };
  CHECK(with(z + 0.5e-3f * size) == status::ok);
  CHECK(with(z + 3e-3f * size) == status::known_answer_wrong);
  CHECK(with(z - 3e-3f * size) == status::known_answer_wrong);
  CHECK(with(-5 - size) == status::known_answer_wrong);
  CHECK(with(5 + size) == status::known_answer_wrong);
  CHECK(with(__builtin_nanf("")) == status::known_answer_wrong);
}
