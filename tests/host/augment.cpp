// Flips and shifts on an image small enough to write down; and that draws depend on nothing but seed, epoch and index.
#include <offramp/host/augment.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

namespace {

using namespace offramp;

std::vector<int> changed(const host::augmentation& a, shape s, const std::vector<std::uint8_t>& from) {
  std::vector<std::uint8_t> to(from.size());
  host::augment(a, s, 99, from.data(), to.data());
  return {to.begin(), to.end()};
}

TEST_CASE("augment: by hand") {
  const std::vector<std::uint8_t> image{1, 2, 3, 4, 5, 6};  // 2 x 3
  const shape s{2, 3, 1};
  CHECK(changed({}, s, image) == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(changed({true, 0, 0}, s, image) == std::vector<int>{3, 2, 1, 6, 5, 4});
  CHECK(changed({false, 0, 1}, s, image) == std::vector<int>{99, 1, 2, 99, 4, 5});
  CHECK(changed({false, 1, 0}, s, image) == std::vector<int>{99, 99, 99, 1, 2, 3});
  CHECK(changed({false, -1, -2}, s, image) == std::vector<int>{6, 99, 99, 99, 99, 99});
  CHECK(changed({true, 0, 1}, s, image) == std::vector<int>{99, 3, 2, 99, 6, 5});
  CHECK(changed({true, 0, 0}, {1, 3, 2}, image) == std::vector<int>{5, 6, 3, 4, 1, 2});  // channels stay together
}

TEST_CASE("augment: draws cover the range evenly enough") {
  std::set<std::tuple<bool, int, int>> seen;
  int flips = 0;
  for (int i = 0; i < 1000; ++i) {
    const host::augmentation a = host::draw_augmentation(true, 1, 3, 0, i);
    seen.insert({a.flip, a.dy, a.dx});
    flips += a.flip ? 1 : 0;
    REQUIRE(a.dy >= -1);
    REQUIRE(a.dy <= 1);
  }
  CHECK(seen.size() == 18);
  CHECK(flips > 400);
  CHECK(flips < 600);
  for (int i = 0; i < 100; ++i) {
    const host::augmentation a = host::draw_augmentation(false, 0, 3, 0, i);
    REQUIRE(std::tuple{a.flip, a.dy, a.dx} == std::tuple{false, 0, 0});
  }
}

TEST_CASE("augment: another seed, epoch or index is another draw, the same is the same") {
  const auto draws = [](std::uint64_t seed, int epoch, int first) {
    std::vector<int> all;
    for (int i = first; i < first + 20; ++i) {
      const host::augmentation a = host::draw_augmentation(true, 3, seed, epoch, i);
      all.insert(all.end(), {a.flip ? 1 : 0, a.dy, a.dx});
    }
    return all;
  };
  CHECK(draws(1, 2, 0) == draws(1, 2, 0));
  CHECK(draws(1, 2, 0) != draws(2, 2, 0));
  CHECK(draws(1, 2, 0) != draws(1, 3, 0));
  CHECK(draws(1, 2, 0) != draws(1, 2, 20));
}

}  // namespace
