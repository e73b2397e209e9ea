// Ensembles worked by hand, and against the formula of the paper; a network cut short finds its words.
#include <offramp/exits/geometric_ensemble.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/exits/criteria.hpp>
#include <offramp/host/policy_words.hpp>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }
std::uint32_t word(float v) { return std::bit_cast<std::uint32_t>(v); }

}  // namespace

TEST_CASE("geometric_ensemble: integers by hand") {
  geometric_ensemble::state<std::int32_t, 3, 2> s;
  // Words: shift (1: a quarter), biases, weights.
  const std::uint32_t first[]{1, word(0), word(-5), word(4), 99, 99};
  const std::uint32_t second[]{1, word(10), word(-10), word(2), word(4), 99};
  const std::uint32_t third[]{0, word(0), word(0), word(-1), word(2), word(3)};
  for (int sample = 0; sample < 2; ++sample) {
    s.begin();
    std::int32_t z[2]{3, -5};
    const std::int32_t* e = s.combine(0, z, first);
    CHECK((e[0] == 3 && e[1] == -10));  // 4 z / 4, and the bias
    z[0] = 7, z[1] = 2;
    e = s.combine(1, z, second);
    CHECK(e[0] == 19);   // (2 * 3 + 4 * 7) / 4 = 8.5 -> 9, + 10
    CHECK(e[1] == -10);  // (2 * -5 + 4 * 2) / 4 = -0.5 -> 0, - 10
    z[0] = 1, z[1] = 1;
    e = s.combine(2, z, third);
    CHECK(e[0] == 7);  // (-3 + 14 + 3) / 2 = 7
    CHECK(e[1] == 6);  // (5 + 4 + 3) / 2 = 6
  }
}

TEST_CASE("geometric_ensemble: floats by hand") {
  geometric_ensemble::state<float, 2, 2> s;
  const std::uint32_t first[]{0, word(0.0f), word(0.5f), word(2.0f), 0};
  const std::uint32_t second[]{0, word(-1.0f), word(0.0f), word(0.5f), word(0.25f)};
  s.begin();
  float z[2]{1, -2};
  const float* e = s.combine(0, z, first);
  CHECK((e[0] == 2.0f && e[1] == -3.5f));
  z[0] = 4, z[1] = 8;
  e = s.combine(1, z, second);
  CHECK((e[0] == 0.5f && e[1] == 1.0f));  // -1 + 0.5 + 1;  -1 + 2
}

TEST_CASE("geometric_ensemble: raw logits give the probabilities of the paper's formula on log-probabilities") {
  offramp_test::random_numbers r{310};
  constexpr int exits = 4;
  constexpr int classes = 6;
  for (int trial = 0; trial < 200; ++trial) {
    host::ensemble_parameters p = host::plain_geometric_mean(exits, classes);
    for (auto& exit : p.log_weight)
      for (double& w : exit) w = r.between(-100, 100) / 100.0;
    for (auto& exit : p.bias)
      for (double& b : exit) b = r.between(-100, 100) / 100.0;
    std::vector<host::head_logits> heads;
    for (int k = 0; k < exits; ++k) heads.push_back({r.between(1, 100) / 1e5, 20000, false});
    const auto plan = host::geometric_words(p, heads);
    geometric_ensemble::state<std::int32_t, exits, classes> s;
    std::vector<std::vector<double>> log_p;
    s.begin();
    for (std::size_t m = 0; m < exits; ++m) {
      std::int32_t z[classes];
      for (auto& v : z) v = r.between(-20000, 20000);
      std::vector<double> l(classes);
      double sum = 0;
      for (std::size_t c = 0; c < classes; ++c) sum += std::exp(z[c] * heads[m].scale);
      for (std::size_t c = 0; c < classes; ++c) l[c] = z[c] * heads[m].scale - std::log(sum);
      log_p.push_back(l);
      const std::int32_t* e = s.combine(static_cast<int>(m), z, plan.words.data() + m * (1 + classes + exits));
      // q_m = softmax(e_m), both ways.
      std::vector<double> paper(classes);
      double paper_sum = 0;
      double ours_sum = 0;
      for (std::size_t c = 0; c < classes; ++c) {
        for (std::size_t j = 0; j <= m; ++j)
          paper[c] += std::exp(p.log_weight[m][j]) / static_cast<double>(m + 1) * log_p[j][c];
        paper[c] += p.bias[m][c];
        paper_sum += std::exp(paper[c]);
        ours_sum += std::exp((e[c] - e[0]) * plan.scale[m]);
      }
      for (std::size_t c = 0; c < classes; ++c)
        CHECK(std::exp((e[c] - e[0]) * plan.scale[m]) / ours_sum ==
              doctest::Approx(std::exp(paper[c]) / paper_sum).epsilon(1e-4));
    }
  }
}

TEST_CASE("geometric_ensemble: a network cut short reads the same words") {
  const std::uint32_t words[]{0, word(1), word(2), word(2), word(4), 77, 78};  // of a model with four exits, exit 1
  const std::uint32_t before[]{0, word(0), word(0), word(2), 79, 80, 81};
  geometric_ensemble::state<std::int32_t, 4, 2> whole;
  geometric_ensemble::state<std::int32_t, 2, 2> cut;
  whole.begin(), cut.begin();
  const std::int32_t z[2][2]{{10, 20}, {30, 40}};
  for (int c = 0; c < 2; ++c) CHECK(whole.combine(0, z[0], before)[c] == cut.combine(0, z[0], before)[c]);
  const std::int32_t* a = whole.combine(1, z[1], words);
  const std::int32_t* b = cut.combine(1, z[1], words);
  CHECK((a[0] == 71 && a[1] == 102));  // 10 + 60 + 1; 20 + 80 + 2
  CHECK((b[0] == 71 && b[1] == 102));
}

TEST_CASE("geometric_ensemble: no words and no logits are undefined") {
  offramp_test::random_numbers r{311};
  geometric_ensemble::state<std::int32_t, 3, 2> s;
  for (int trial = 0; trial < 3000; ++trial) {
    s.begin();
    for (int m = 0; m < 3; ++m) {
      std::uint32_t words[6];
      for (auto& w : words) w = r.one_in(4) ? 0x80000000u : r.one_in(3) ? 0x7fffffffu : r.word();
      const std::int32_t z[2]{static_cast<std::int32_t>(r.one_in(3) ? 0x80000000u : r.word()), r.between(-5, 5)};
      const std::int32_t* e = s.combine(m, z, words);
      CHECK((e[0] >= -0x7fffffff && e[1] >= -0x7fffffff));
    }
  }
}
