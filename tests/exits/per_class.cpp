// The threshold of the predicted class decides; whatever the criterion inside remembers or stores stays with it.
#include <offramp/exits/per_class.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/exits/policies.hpp>

using namespace offramp;

using by_class = per_class<max_softmax>;
static_assert(exit_criterion<by_class> && detail::decides_itself<by_class> && detail::has_score<by_class>);
static_assert(detail::thresholds_of<by_class, 10>() == 10 && detail::words_of<by_class, 10>() == 10);
static_assert(detail::thresholds_of<per_class<learned_gate>, 3>() == 3 &&
              detail::words_of<per_class<learned_gate>, 3>() == 3 + 4 &&
              detail::has_parameters<per_class<learned_gate>>() && !detail::has_parameters<by_class>());
static_assert(exit_criterion<per_class<patience>> && detail::decides_itself<per_class<patience>>);
static_assert(by_class::id != per_class<entropy>::id && by_class::id > 1000 && by_class::id != max_softmax::id);
static_assert(std::is_empty_v<detail::state_of<by_class>> && !std::is_empty_v<detail::state_of<per_class<patience>>>);

namespace {

// Class 1 of 3 with a probability of 2/3: a unit is ln 2.
const fixed_factor unit = make_fixed_factor(std::log(2.0) * 65536.0);
constexpr std::int32_t z[3]{0, 2, 0};
const float zf[3]{0, 2 * std::log(2.0f), 0};

}  // namespace

TEST_CASE("per_class: only the threshold of the predicted class is asked") {
  const auto leaves = [&](std::int32_t first, std::int32_t second, std::int32_t third) {
    const std::int32_t t[3]{first, second, third};
    const bool integers =
        detail::leaves<by_class, 3>({}, judged_exit<std::int32_t>{z, 3, unit, nullptr}, [&](int i) { return t[i]; });
    const bool floats =
        detail::leaves<by_class, 3>({}, judged_exit<float>{zf, 3, {}, nullptr}, [&](int i) { return t[i]; });
    CHECK(integers == floats);
    return integers;
  };
  const auto two_thirds = static_cast<std::int32_t>(65536 * 2 / 3);
  CHECK(leaves(never_q16, two_thirds - 20, never_q16));
  CHECK_FALSE(leaves(0, two_thirds + 20, 0));
  CHECK_FALSE(leaves(0, never_q16, 0));
}

TEST_CASE("per_class: the score is that of the criterion inside") {
  CHECK(by_class::score(z, 3, unit) == max_softmax::score(z, 3, unit));
  CHECK(by_class::score(zf, 3) == max_softmax::score(zf, 3));
}

TEST_CASE("per_class: memory and parameters of the criterion inside") {
  using patient = per_class<patience>;
  detail::state_of<patient> s;
  s.begin();
  const std::uint32_t words[3]{0, 65536, 0};  // class 1 wants to be seen twice
  const judged_exit<std::int32_t> x{z, 3, unit, nullptr};
  const auto threshold = [&](int i) { return static_cast<std::int32_t>(words[i]); };
  s.look(z, 3);
  CHECK_FALSE(detail::leaves<patient, 3>(s, x, threshold));
  s.look(z, 3);
  CHECK(detail::leaves<patient, 3>(s, x, threshold));
  // A gate that says sigmoid(1), or sigmoid(-1).
  for (const std::int32_t b : {65536, -65536}) {
    const std::uint32_t gate[4]{static_cast<std::uint32_t>(b), 0, 0, 0};
    CHECK(detail::leaves<per_class<learned_gate>, 3>({}, judged_exit<std::int32_t>{z, 3, unit, gate},
                                                     [](int i) { return i == 1 ? 32768 : never_q16; }) == (b > 0));
  }
}
