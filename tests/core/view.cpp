// Views take what has the right extent, and nothing else.
#include <offramp/core/view.hpp>

#include <doctest/doctest.h>

#include <array>
#include <type_traits>

using namespace offramp;

static_assert(std::is_convertible_v<const std::array<int, 3>&, view<int, 3>>);
static_assert(std::is_convertible_v<const int (&)[3], view<int, 3>>);
static_assert(!std::is_convertible_v<const std::array<int, 4>&, view<int, 3>>);
static_assert(!std::is_constructible_v<view<int, 3>, const int (&)[4]>);
static_assert(!std::is_constructible_v<view<int, 3>, const int*>);
static_assert(view<int, 3>::size() == 3);

TEST_CASE("a view looks at what it was given") {
  std::array<int, 3> numbers{1, 2, 3};
  const view<int, 3> v = numbers;
  numbers[1] = 7;
  CHECK(v[1] == 7);
  CHECK(v.data() == numbers.data());
  const int plain[3] = {4, 5, 6};
  CHECK(view<int, 3>{plain}[2] == 6);
  CHECK(view<int, 2>::unchecked(plain + 1)[0] == 5);
}

TEST_CASE("a view knows its size") {
  const int numbers[3] = {4, 5, 6};
  const view<int, 3> v = numbers;
  int sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) sum += v[i];
  CHECK(sum == 15);
}
