// A batch says what its samples say one by one, whatever the policies and however many samples there are.
#include <offramp/exits/batch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include "tests/exits/policy_model.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

template <class Criterion, class Reuse, int Capacity>
void check_batch(std::uint64_t stream) {
  using device = lower<net, i8>;
  using session_t = session<device, here, Criterion, Reuse>;
  policy_model<device, Criterion, Reuse> m{stream};
  typename session_t::thresholds_type some;
  typename session_t::thresholds_type never;
  for (std::int32_t& t : some.q16) t = m.some_threshold();
  for (std::int32_t& t : never.q16) t = never_q16;
  m.store(some);
  static arena<device, here> rows[Capacity];
  static arena<device, here> memory;
  batch<Capacity, device, here, Criterion, Reuse> b{m.template weights<device>(), rows};
  session_t s{m.template weights<device>(), memory};
  static_assert(decltype(b)::capacity == Capacity);
  for (const int count : {0, 1, Capacity, Capacity + 1, 2 * Capacity + 3}) {
    CAPTURE(count);
    std::array<prediction, 2 * Capacity + 4> together{};
    const auto check = [&](const auto&... thresholds) {
      together[static_cast<std::size_t>(count)].label = 99;  // behind the last one
      b.classify(images().image(0), count, together.data(), thresholds...);
      for (int i = 0; i < count; ++i)
        CHECK(same(together[static_cast<std::size_t>(i)],
                   s.classify(session_t::input_view::unchecked(images().image(i)), thresholds...)));
      CHECK(together[static_cast<std::size_t>(count)].label == 99);
    };
    check();
    check(some);
    check(never);
    check(confidence{0.5f});
  }
}

}  // namespace

TEST_CASE("batch: max_softmax") { check_batch<max_softmax, no_reuse, 4>(700); }
TEST_CASE("batch: patience, with memory") { check_batch<patience, geometric_ensemble, 3>(701); }
TEST_CASE("batch: several criteria") { check_batch<any_of<per_class<entropy>, patience>, additive, 1>(702); }

TEST_CASE("batch: survivors close ranks") {
  using device = lower<net, i8>;
  policy_model<device, max_softmax, no_reuse> m{703};
  static arena<device, here> rows[8];
  session<device, here> s{m.weights<device>(), rows[0]};
  batch<8, device, here> b{m.weights<device>(), rows};
  for (int from = 0; from + 8 <= all_images; ++from) {
    // Thresholds by which three leave at the first exit, two at the second, the others at the last.
    std::int32_t score[2][8];
    for (int i = 0; i < 8; ++i) {
      s.begin(session<device, here>::input_view::unchecked(images().image(from + i)));
      for (auto& exit : score) s.step(), exit[i] = s.score();
    }
    std::int32_t sorted[8];
    std::copy_n(score[0], 8, sorted);
    std::sort(sorted, sorted + 8);
    const std::int32_t first = sorted[5];
    int left = 0;
    for (int i = 0; i < 8; ++i)
      if (score[0][i] < first) sorted[left++] = score[1][i];
    std::sort(sorted, sorted + left);
    const std::int32_t second = sorted[left - 2];
    prediction p[8];
    for (prediction& a : p) a.exit = 9;
    b.classify(images().image(from), 8, p, exit_thresholds<3>{{first, second, 0}});
    int at[3]{};
    for (int i = 0; i < 8; ++i) {
      REQUIRE(p[i].exit == (score[0][i] >= first ? 0 : score[1][i] >= second ? 1 : 2));
      CHECK(p[i].why == (p[i].exit == 2 ? stop_reason::last_exit : stop_reason::confident));
      ++at[p[i].exit];
    }
    CHECK((at[0] >= 3 && at[1] >= 2 && at[2] >= 1));
  }
}
