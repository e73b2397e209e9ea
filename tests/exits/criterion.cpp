// What a criterion says of itself, and what is assumed where it says nothing.
#include <offramp/exits/criterion.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <set>

#include <offramp/exits/criteria.hpp>

using namespace offramp;

namespace {

// Two thresholds, three words of parameters.
struct talkative : max_softmax {
  static constexpr bool has_parameters = true;
  template <int>
  static constexpr int thresholds = 2;
  template <int Classes>
  static constexpr int words = 2 + Classes;
};

}  // namespace

TEST_CASE("a plain criterion stores one threshold") {
  CHECK(detail::thresholds_of<max_softmax, 3>() == 1);
  CHECK(detail::words_of<max_softmax, 3>() == 1);
  CHECK(!detail::has_parameters<max_softmax>());
  CHECK(detail::thresholds_of<talkative, 3>() == 2);
  CHECK(detail::words_of<talkative, 3>() == 5);
  CHECK(detail::has_parameters<talkative>());
}

TEST_CASE("ids of combinations are told apart, and from those given by hand") {
  std::set<std::uint32_t> ids;
  for (std::uint32_t seed = 1; seed < 8; ++seed)
    for (std::uint32_t id = 0; id < 1100; ++id) {
      CHECK(detail::mixed_id(seed, id) >= 0x80000000u);
      ids.insert(detail::mixed_id(seed, id));
    }
  CHECK(ids.size() == 7 * 1100);
  CHECK(detail::mixed_id(1, 2) == detail::mixed_id(1, 2));
  CHECK(detail::mixed_id(1, 2) != detail::mixed_id(1, 3));
}

TEST_CASE("the first of equal logits") {
  const std::int32_t z[] = {1, 5, 5, 2};
  CHECK(argmax(z, 4) == 1);
  CHECK(argmax(z, 1) == 0);
  const float real[] = {-3.0f, -2.0f, -2.5f};
  CHECK(argmax(real, 3) == 1);
}
