// Times of exits are those of a session's steps, image by image, its own clock readings left out.
#include <offramp/host/exit_times.hpp>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

// A session whose stages take 20 us each, 60 us where the image begins with a seven.
struct waiting_session {
  static constexpr int exits = 3;
  static constexpr std::size_t input_size = 4;
  static constexpr kind input_kind = kind::u8;
  using input_element = std::uint8_t;
  using input_view = view<input_element, 4>;

  std::uint64_t stage = 0;
  int begun = 0, stepped = 0;

  void begin(input_view x) {
    ++begun;
    stage = x[0] == 7 ? 60000 : 20000;
  }
  void step() {
    ++stepped;
    const std::uint64_t start = steady_clock::now();
    while (steady_clock::now() - start < stage) {}
  }
  [[nodiscard]] std::int32_t score() const { return 0; }
};

}  // namespace

TEST_CASE("times of exits add up stage by stage, image by image") {
  host::labelled_images set = offramp_test::random_images({2, 2, 1}, 2, 3, 5);
  for (int i = 0; i < 3; ++i) set.pixels[static_cast<std::size_t>(4 * i)] = i == 1 ? 7 : 1;
  waiting_session s;
  std::ostringstream bar;
  const std::vector<std::vector<double>> t = host::time_exits(s, set, 5, &bar);
  CHECK(s.begun == 3 + 5 * 3);  // warmed up
  CHECK(s.stepped == 3 * s.begun);
  REQUIRE(t.size() == 3);
  // Waiting takes what it takes, and longer where the machine is busy; readings may cost some of it.
  for (std::size_t k = 0; k < 3; ++k) {
    REQUIRE(t[k].size() == 3);
    const double stages = static_cast<double>(k + 1);
    CHECK(t[k][0] > 15000 * stages);
    CHECK(t[k][1] > 45000 * stages);
    CHECK(t[k][2] > 15000 * stages);
  }
  CHECK(t[1][1] > t[0][1]);
  CHECK(t[2][1] > t[1][1]);
  CHECK(bar.str().find("timing") != std::string::npos);
}

TEST_CASE("times of streams are those of the exits where images leave") {
  host::exit_outputs o;
  o.truth = {0, 1, 0};
  const std::vector<std::vector<double>> times{{1, 2, 3}, {10, 20, 30}};
  o.label = {{0, 0, 0}, {0, 0, 0}};
  o.score_q16 = {{70000, 100, 100}, {0, 0, 0}};
  CHECK(host::stream_times(o, times, {65536, 0}) == std::vector<double>{1, 20, 30});  // only the first one is sure
}
