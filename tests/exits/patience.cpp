// Counts by hand; the same in integers and floats.
#include <offramp/exits/patience.hpp>

#include <cstdint>

#include <doctest/doctest.h>

using namespace offramp;

static_assert(exit_criterion<patience> && detail::scores_from_memory<patience> && !detail::decides_itself<patience>);
static_assert(detail::thresholds_of<patience, 10>() == 1 && detail::words_of<patience, 10>() == 1);
static_assert(!detail::has_parameters<patience>());

namespace {

template <class T>
std::int32_t look(patience::state& s, int label) {
  T z[3]{};
  z[label] = T{7};
  s.look(z, 3);
  return s.score();
}

template <class T>
void check_counts() {
  patience::state s;
  for (int sample = 0; sample < 2; ++sample) {  // the second begins anew, though it goes on with the same class
    s.begin();
    CHECK(look<T>(s, 1) == 0);
    CHECK(look<T>(s, 1) == 1 * 65536);
    CHECK(look<T>(s, 2) == 0);  // a change of mind
    CHECK(look<T>(s, 2) == 1 * 65536);
    CHECK(look<T>(s, 2) == 2 * 65536);
    CHECK(look<T>(s, 0) == 0);
    CHECK(look<T>(s, 2) == 0);  // not the run before
  }
  s.begin();
  CHECK(look<T>(s, 0) == 0);  // class 0 at the first exit agrees with nothing
}

}  // namespace

TEST_CASE("patience: counts of consecutive exits that agree, by hand") {
  check_counts<std::int32_t>();
  check_counts<float>();
}

TEST_CASE("patience: leaves when the count exceeds t, not before exit t + 1") {
  for (int t = 0; t < 4; ++t) {
    patience::state s;
    s.begin();
    int exit = 0;
    const std::int32_t z[2]{0, 1};
    const auto sure = [&](int threshold) {
      return detail::leaves<patience, 2>(s, judged_exit<std::int32_t>{z, 2, {}, nullptr},
                                         [&](int) { return confidence{static_cast<float>(threshold)}.q16; });
    };
    for (s.look(z, 2); !sure(t); s.look(z, 2)) ++exit;
    CHECK(exit == t);  // counted from 0: exit t + 1 of the paper
    CHECK_FALSE(
        detail::leaves<patience, 2>(s, judged_exit<std::int32_t>{z, 2, {}, nullptr}, [](int) { return never_q16; }));
  }
}
