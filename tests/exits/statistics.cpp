// Counters and means by hand; the forgetting mean follows a step.
#include <offramp/exits/statistics.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

prediction said(int label, int exit, std::uint16_t probability, std::int64_t spent,
                stop_reason why = stop_reason::confident) {
  return {static_cast<std::int16_t>(label), static_cast<std::int16_t>(exit), why, probability, spent};
}

}  // namespace

TEST_CASE("statistics: nothing yet") {
  const stream_statistics<3, 4> s;
  CHECK(s.samples() == 0);
  CHECK(s.mean_probability_q16() == 0);
  CHECK(s.recent_probability_q16() == 0);
  CHECK(s.mean_spent() == 0);
}

TEST_CASE("statistics: counts and means by hand") {
  stream_statistics<3, 4> s;
  s.record(said(1, 0, 60000, 100));
  s.record(said(1, 2, 30001, 900, stop_reason::last_exit));
  s.record(said(3, 1, 20000, 300, stop_reason::deadline));
  CHECK(s.samples() == 3);
  CHECK((s.left_at(0) == 1 && s.left_at(1) == 1 && s.left_at(2) == 1));
  CHECK((s.predicted(0) == 0 && s.predicted(1) == 2 && s.predicted(2) == 0 && s.predicted(3) == 1));
  CHECK(s.stopped_by_deadline() == 1);
  CHECK(s.mean_probability_q16() == 36667);
  CHECK(s.mean_spent() == 433);
  s.reset();
  CHECK((s.samples() == 0 && s.left_at(0) == 0 && s.predicted(1) == 0 && s.stopped_by_deadline() == 0));
}

TEST_CASE("statistics: the forgetting mean begins at the first sample and follows a step") {
  stream_statistics<1, 1, 4> s;
  s.record(said(0, 0, 50000, 1));
  CHECK(s.recent_probability_q16() == 50000);
  double exact = 50000;
  for (int i = 0; i < 100; ++i) {
    s.record(said(0, 0, 10000, 1));
    exact += (10000 - exact) / 16;
    CHECK(std::abs(s.recent_probability_q16() - exact) <= 1.01);
  }
  CHECK(s.recent_probability_q16() <= 10100);
  for (int i = 0; i < 200; ++i) s.record(said(0, 0, 65535, 1));  // the ends of the range
  CHECK(s.recent_probability_q16() >= 65533);
  for (int i = 0; i < 200; ++i) s.record(said(0, 0, 0, 1));
  CHECK(s.recent_probability_q16() <= 1);
}
