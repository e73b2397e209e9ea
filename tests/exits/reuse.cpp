// The wide sum at the ends of its range, and memory that costs nothing to make.
#include <offramp/exits/reuse.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/exits/policies.hpp>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();

struct not_all_there {
  static constexpr std::uint32_t id = 1000;
  template <class T, int Exits, int Classes>
  struct state {
    static constexpr void begin() {}
    static constexpr const T* combine(int, const T* z) { return z; }  // without the words
  };
};

static_assert(reuse_policy<no_reuse> && reuse_policy<geometric_ensemble> && reuse_policy<additive>);
static_assert(!reuse_policy<not_all_there> && !reuse_policy<max_softmax> && !reuse_policy<int>);
static_assert(no_reuse::id == 0 && geometric_ensemble::id != additive::id && additive::id != 0);
static_assert(std::is_empty_v<no_reuse::state<float, 3, 10>>);
static_assert(sizeof(geometric_ensemble::state<std::int32_t, 4, 10>) == 4 * 10 * 4);
static_assert(sizeof(geometric_ensemble::state<std::int32_t, 1, 10>) == 2 * 10 * 4);
static_assert(sizeof(additive::state<float, 4, 10>) == 10 * 4);
static_assert(std::is_trivially_destructible_v<additive::state<float, 4, 10>>);
// In static memory, before anything runs.
[[maybe_unused]] constinit geometric_ensemble::state<float, 3, 10> early_state{};
constinit additive::state<std::int32_t, 3, 2> other_early_state{};

constexpr std::int32_t rounded(std::int64_t sum, std::uint32_t shift, std::int32_t bias = 0) {
  detail::wide_sum s;
  s.bits = static_cast<std::uint64_t>(sum);
  return s.rounded(shift, bias);
}

}  // namespace

TEST_CASE("reuse: no_reuse judges the head's own logits") {
  const std::int32_t z[2]{1, 2};
  CHECK(no_reuse::state<std::int32_t, 3, 2>::combine(1, z, nullptr) == z);
  const std::uint32_t words[3]{1, 4, 0};
  CHECK(other_early_state.combine(0, z, words)[1] == 2);
}

TEST_CASE("reuse: a wide sum rounds once, ties up, and saturates") {
  // shift 1 divides by 4.
  static_assert(rounded(5, 1) == 1 && rounded(6, 1) == 2 && rounded(7, 1) == 2);
  static_assert(rounded(-5, 1) == -1 && rounded(-6, 1) == -1 && rounded(-7, 1) == -2);
  static_assert(rounded(1, 0) == 1 && rounded(-1, 0) == 0 && rounded(4, 0) == 2);  // divides by 2
  static_assert(rounded(40, 1, -3) == 7);
  CHECK(rounded(std::int64_t{most} * 2, 0) == most);
  CHECK(rounded(std::int64_t{most} * 2 + 2, 0) == most);
  CHECK(rounded(std::int64_t{least} * 2, 0) == -most);
  CHECK(rounded(0, 0, least) == -most);
  CHECK(rounded(std::numeric_limits<std::int64_t>::max(), 0, most) == most);
  CHECK(rounded(std::numeric_limits<std::int64_t>::min(), 0, least) == -most);
  CHECK(rounded(std::numeric_limits<std::int64_t>::max(), 62) == 1);
  CHECK(rounded(std::numeric_limits<std::int64_t>::max(), 63) == 0);
  CHECK(rounded(100, 64 + 1) == rounded(100, 1));  // no word is a shift that is undefined
}

TEST_CASE("reuse: sums of products are exact for all weights below 2^31 in sum") {
  offramp_test::random_numbers r{300};
  for (int trial = 0; trial < 2000; ++trial) {
    const std::int32_t first = r.between(-most, most);
    const auto rest = static_cast<std::int32_t>(most - std::abs(static_cast<std::int64_t>(first)));
    const std::int32_t second = r.between(-std::int64_t{rest}, rest);
    const std::int32_t z0 = r.one_in(3) ? least : r.between(least, most);
    const std::int32_t z1 = r.one_in(3) ? most : r.between(least, most);
    detail::wide_sum s;
    s.add(static_cast<std::uint32_t>(first), z0);
    s.add(static_cast<std::uint32_t>(second), z1);
    // In halves, so that the check itself cannot overflow.
    const auto sum = static_cast<std::int64_t>(s.bits);
    const std::int64_t a = std::int64_t{first} * z0;
    const std::int64_t b = std::int64_t{second} * z1;
    CHECK(static_cast<long double>(sum) == static_cast<long double>(a) + static_cast<long double>(b));
    CHECK((sum <= (std::int64_t{1} << 62) && sum >= -(std::int64_t{1} << 62)));
  }
}
