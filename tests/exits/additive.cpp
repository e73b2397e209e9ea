// G_k = z_k + lambda_k * G_{k-1} by hand, in integers and floats, and against the recurrence in double.
#include <offramp/exits/additive.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/policy_words.hpp>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }
std::uint32_t word(float v) { return std::bit_cast<std::uint32_t>(v); }

}  // namespace

TEST_CASE("additive: integers by hand") {
  additive::state<std::int32_t, 3, 2> s;
  const std::uint32_t words[3][3]{{1, word(4), 77}, {1, word(8), word(2)}, {0, word(2), word(-3)}};
  for (int sample = 0; sample < 2; ++sample) {  // the second begins anew
    s.begin();
    const std::int32_t z[3][2]{{3, -8}, {10, 1}, {1, 1}};
    const std::int32_t* g = s.combine(0, z[0], words[0]);
    CHECK((g[0] == 3 && g[1] == -8));  // nothing came before, whatever its weight says
    g = s.combine(1, z[1], words[1]);
    CHECK((g[0] == 22 && g[1] == -2));  // (80 + 6) / 4 = 21.5 -> 22;  (8 - 16) / 4 = -2
    g = s.combine(2, z[2], words[2]);
    CHECK((g[0] == -32 && g[1] == 4));  // (2 - 66) / 2 = -32;  (2 + 6) / 2 = 4
  }
}

TEST_CASE("additive: floats by hand") {
  additive::state<float, 2, 2> s;
  const std::uint32_t first[]{0, word(1.0f), word(9.0f)};
  const std::uint32_t second[]{0, word(1.0f), word(0.5f)};
  s.begin();
  const float z[2][2]{{4, -2}, {1, 1}};
  const float* g = s.combine(0, z[0], first);
  CHECK((g[0] == 4.0f && g[1] == -2.0f));
  g = s.combine(1, z[1], second);
  CHECK((g[0] == 3.0f && g[1] == 0.0f));
}

TEST_CASE("additive: the recurrence, within the plan's proven error") {
  offramp_test::random_numbers r{320};
  constexpr int exits = 4;
  constexpr int classes = 3;
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<host::head_logits> heads;
    std::vector<double> lambda;
    for (int k = 0; k < exits; ++k) {
      heads.push_back({std::pow(10.0, r.between(-50, 0) / 10.0), std::pow(10.0, r.between(10, 93) / 10.0), false});
      lambda.push_back(r.between(-1500, 1500) / 1000.0);
    }
    const auto plan = host::additive_words(lambda, heads);
    additive::state<std::int32_t, exits, classes> s;
    s.begin();
    double exact[classes]{};
    for (std::size_t k = 0; k < exits; ++k) {
      std::int32_t z[classes];
      const auto most = static_cast<std::int64_t>(std::min(heads[k].largest, 2147483647.0));
      for (auto& v : z) v = r.one_in(4) ? static_cast<std::int32_t>(-most) : r.between(-most, most);
      const std::int32_t* g = s.combine(static_cast<int>(k), z, plan.words.data() + 3 * k);
      for (std::size_t c = 0; c < classes; ++c) {
        exact[c] = z[c] * heads[k].scale + (k == 0 ? 0.0 : lambda[k] * exact[c]);
        CHECK(std::abs(g[c] * plan.scale[k] - exact[c]) <= plan.error[k] * (1 + 1e-9));
        CHECK((g[c] > -(1 << 30) && g[c] < 1 << 30));  // never saturated
      }
    }
  }
}
