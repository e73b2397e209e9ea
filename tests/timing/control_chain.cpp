// What is read of the control's two loops, and how a core that is alone is told from one in company. Not timed: the
// clocks are made up, and the readings.
#include <offramp/timing/control_chain.hpp>

#include <cstdint>
#include <initializer_list>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Three readings, 100 and 250 counts apart, of a counter of 16 bits that wraps in between.
struct wrapping {
  static constexpr time_unit unit = time_unit::cycles;
  static inline int reads = 0;
  static std::uint16_t now() {
    constexpr std::uint16_t at[] = {65500, 64, 314};
    return at[reads++ % 3];
  }
};

constexpr control_reading of_ratio(double r) { return {1000, 1000 * r}; }

constexpr core_watch seen(std::initializer_list<double> ratios, int times) {
  core_watch w;
  for (int i = 0; i < times; ++i)
    for (const double r : ratios) w.see(of_ratio(r));
  return w;
}

}  // namespace

TEST_CASE("control: both loops are read, and end") {
  const control_reading r = read_control<wrapping>();
  CHECK(r.dependent == 100);
  CHECK(r.idle == 250);
  CHECK(r.ratio() == 2.5);
  CHECK(r.counts_per_cycle() == doctest::Approx(100.0 / control_chain_additions));
  CHECK(control_reading{}.ratio() == 0);
}

TEST_CASE("control: a core is alone at the first heap of ratios, not at what lies before") {
  static_assert(core_watch{}.alone() == 0);
  static_assert(core_watch{1.2}.alone() == 1.2);
  // Heaps at 1.16, at 1.33 and at 1.8, the first one small; and some interrupts anywhere.
  core_watch w = seen({1.16, 1.161, 1.159, 1.33, 1.34, 1.33, 1.35, 1.34, 1.33, 1.8, 1.81}, 200);
  for (int i = 0; i < 30; ++i) w.see(of_ratio(0.1 + 0.031 * i));
  for (int i = 0; i < 30; ++i) w.see(of_ratio(0.005 + 0.001 * i));
  CHECK(w.alone() == doctest::Approx(1.16).epsilon(0.006));
  CHECK(core_watch::is_alone(1.16, w.alone()));
  CHECK(core_watch::is_alone(1.17, w.alone()));
  CHECK(core_watch::is_alone(1.3, w.alone()));
  CHECK(!core_watch::is_alone(1.34, w.alone()));
  CHECK(!core_watch::is_alone(0.7, w.alone()));  // an interrupt in the first loop
  CHECK(w.seen() == 200 * 11 + 60);
}

TEST_CASE(
    "control: what a profile knows counts where the core was always in company, and what is seen where that is less") {
  core_watch known{1.16};
  for (int i = 0; i < 1000; ++i) known.see(of_ratio(1.33 + 0.0001 * (i % 10)));
  CHECK(known.alone() == 1.16);
  core_watch wrong{1.33};
  for (int i = 0; i < 1000; ++i) wrong.see(of_ratio(1.16 + 0.0001 * (i % 10)));
  CHECK(wrong.alone() == doctest::Approx(1.16).epsilon(0.006));
}

TEST_CASE("control: readings that are none are not counted") {
  core_watch w;
  w.see({});
  w.see({1000, 0});
  w.see({1000, 1e9});
  w.see({0, 1000});
  CHECK(w.seen() == 0);
  CHECK(w.alone() == 0);
}
