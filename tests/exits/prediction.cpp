// Reasons have names, and the probability is a fraction of 65535.
#include <offramp/exits/prediction.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace offramp;

TEST_CASE("each reason to stop has its own name") {
  std::set<std::string> names;
  for (const auto r : {stop_reason::confident, stop_reason::last_exit, stop_reason::deadline, stop_reason::unfinished})
    names.insert(to_string(r));
  CHECK(names.size() == 4);
  CHECK(names.count("unknown") == 0);
  CHECK(std::string{to_string(static_cast<stop_reason>(99))} == "unknown");
}

TEST_CASE("the probability of a prediction") {
  prediction p;
  CHECK(p.probability() == 0.0f);
  p.probability_q16 = 65535;
  CHECK(p.probability() == 1.0f);
}
