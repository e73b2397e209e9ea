// Truth tables, which part gets which threshold and parameter, who is asked, and what it costs.
#include <offramp/exits/combine.hpp>

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/exits/policies.hpp>

using namespace offramp;

namespace {

// Scores its own parameter, and counts how often it was asked.
template <int Number>
struct told {
  static constexpr std::uint32_t id = 1000 + Number;
  static constexpr bool has_parameters = true;
  template <int>
  static constexpr int words = 2;
  static inline int asked = 0;
  static std::int32_t score(const std::int32_t*, int, fixed_factor, const std::uint32_t* parameters) {
    ++asked;
    return static_cast<std::int32_t>(parameters[0]);
  }
  static float score(const float*, int, const std::uint32_t* parameters) {
    ++asked;
    return static_cast<float>(parameters[0]) / 65536.0f;
  }
};
using a = told<1>;
using b = told<2>;
using c = told<3>;

constexpr std::int32_t z[2]{0, 1};
constexpr float zf[2]{0, 1};

// Words: thresholds of all parts, then their parameters, which are the scores. Floats must agree.
template <class C, int N>
bool leaves(const std::uint32_t (&words)[N]) {
  static_assert(detail::words_of<C, 2>() == N);
  const auto threshold = [&](int i) { return static_cast<std::int32_t>(words[i]); };
  const std::uint32_t* parameters = words + detail::thresholds_of<C, 2>();
  detail::state_of<C> state;
  state.begin();
  state.look(z, 2);
  const bool floats = detail::leaves<C, 2>(state, judged_exit<float>{zf, 2, {}, parameters}, threshold);
  a::asked = b::asked = c::asked = 0;
  const bool integers = detail::leaves<C, 2>(state, judged_exit<std::int32_t>{z, 2, {}, parameters}, threshold);
  CHECK(integers == floats);
  return integers;
}

static_assert(exit_criterion<all_of<a, b>> && detail::decides_itself<all_of<a, b>>);
static_assert(!detail::has_score<all_of<a, b>> && !detail::has_score<any_of<entropy, patience>>);
// Words of real criteria: thresholds first, classes of them for per_class.
using mixed = all_of<per_class<max_softmax>, learned_gate, patience>;
static_assert(detail::thresholds_of<mixed, 10>() == 12 && detail::words_of<mixed, 10>() == 16);
static_assert(detail::has_parameters<mixed>() && !detail::has_parameters<any_of<entropy, patience>>());
// Ids: of order, of kind, of parts.
static_assert(all_of<a, b>::id != all_of<b, a>::id && all_of<a, b>::id != any_of<a, b>::id &&
              all_of<a, b>::id != all_of<a, c>::id && all_of<a, b>::id > 1000);
// Parts without memory take no room.
static_assert(std::is_empty_v<detail::state_of<all_of<max_softmax, learned_gate, any_of<entropy, logit_margin>>>>);
static_assert(sizeof(detail::state_of<all_of<max_softmax, patience>>) == sizeof(patience::state));
static_assert(sizeof(detail::state_of<any_of<patience, patience>>) == 2 * sizeof(patience::state));

}  // namespace

TEST_CASE("all_of and any_of: truth tables of two") {
  for (std::uint32_t i = 0; i < 2; ++i)
    for (std::uint32_t j = 0; j < 2; ++j) {
      const std::uint32_t words[]{65536, 65536, i * 65536, j * 65536};
      CHECK(leaves<all_of<a, b>>(words) == (i == 1 && j == 1));
      CHECK(leaves<any_of<a, b>>(words) == (i == 1 || j == 1));
    }
}

TEST_CASE("all_of and any_of: each part has its own threshold and parameter") {
  // Scores 3, 5, 7 against thresholds around them, one at a time.
  for (int part = 0; part < 3; ++part)
    for (const std::uint32_t more : {0u, 1u}) {
      std::uint32_t words[]{3, 5, 7, 3, 5, 7};
      words[part] += more;
      CHECK(leaves<all_of<a, b, c>>(words) == (more == 0));
      for (int i = 0; i < 3; ++i)
        if (i != part) words[i] = 1000;
      CHECK(leaves<any_of<a, b, c>>(words) == (more == 0));
    }
}

TEST_CASE("all_of and any_of: a part is asked as long as the answer is open") {
  const std::uint32_t low_first[]{1, 0, 0, 9};
  CHECK_FALSE(leaves<all_of<a, b>>(low_first));
  CHECK((a::asked == 1 && b::asked == 0));
  const std::uint32_t high_first[]{0, 1, 9, 0};
  CHECK(leaves<any_of<a, b>>(high_first));
  CHECK((a::asked == 1 && b::asked == 0));
  CHECK(leaves<any_of<b, a>>(low_first));
  CHECK((a::asked == 1 && b::asked == 1));
}

TEST_CASE("all_of and any_of: nested") {
  // (a and b) or c: thresholds of a, b, c, then the scores.
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t words[]{1, 1, 1, i & 1u, (i >> 1) & 1u, (i >> 2) & 1u};
    CHECK(leaves<any_of<all_of<a, b>, c>>(words) == (i == 3 || i >= 4));
    CHECK(leaves<all_of<a, any_of<b, c>>>(words) == ((i & 1u) == 1 && i > 1));
  }
}

TEST_CASE("all_of and any_of: parts keep their memory, equal parts each their own") {
  using two = all_of<patience, patience>;
  detail::state_of<two> s;
  s.begin();
  const judged_exit<std::int32_t> x{z, 2, {}, nullptr};
  const auto sure = [&](std::int32_t first, std::int32_t second) {
    return detail::leaves<two, 2>(s, x, [&](int i) { return (i == 0 ? first : second) * 65536; });
  };
  s.look(z, 2);
  CHECK(sure(0, 0));
  CHECK_FALSE(sure(1, 0));
  CHECK_FALSE(sure(0, 1));
  s.look(z, 2);
  CHECK(sure(1, 1));
  s.begin();
  s.look(zf, 2);
  CHECK_FALSE(sure(0, 1));
}
