// Every piece runs once, on a thread that exists; exceptions arrive; the pool can be used again.
#include <offramp/host/parallel.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace {

using namespace offramp;

TEST_CASE("thread_pool: every piece once, round after round") {
  for (const int threads : {1, 2, 5}) {
    host::thread_pool pool{threads};
    CHECK(pool.threads() == threads);
    for (int round = 0; round < 50; ++round) {
      std::vector<std::atomic<int>> runs(37);
      std::atomic<int> strangers{0};
      pool.parallel_for(37, [&](int piece, int thread) {
        ++runs[static_cast<std::size_t>(piece)];
        if (thread < 0 || thread >= threads) ++strangers;
      });
      for (const auto& r : runs) REQUIRE(r == 1);
      REQUIRE(strangers == 0);
    }
    pool.parallel_for(0, [](int, int) { FAIL("no piece, no call"); });
  }
  CHECK(host::thread_pool{}.threads() >= 1);
}

TEST_CASE("thread_pool: ranges cover the whole, cut alike for any number of threads") {
  host::thread_pool pool{3};
  std::vector<int> seen(10, 0), starts(10, 0);
  pool.parallel_ranges(10, 4, [&](int first, int last) {
    starts[static_cast<std::size_t>(first)] = last - first;
    for (int i = first; i < last; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  CHECK(seen == std::vector<int>(10, 1));
  CHECK(starts == std::vector<int>{4, 0, 0, 0, 4, 0, 0, 0, 2, 0});
}

TEST_CASE("thread_pool: an exception in a worker reaches the caller, and the pool lives on") {
  for (const int threads : {1, 3}) {
    host::thread_pool pool{threads};
    for (int round = 0; round < 20; ++round) {
      CHECK_THROWS_WITH_AS(pool.parallel_for(8,
                                             [](int piece, int) {
                                               if (piece == 5) throw std::runtime_error("piece five");
                                             }),
                           "piece five", std::runtime_error);
      std::atomic<int> sum{0};
      pool.parallel_for(4, [&](int piece, int) { sum += piece; });
      CHECK(sum == 6);
    }
  }
}

}  // namespace
