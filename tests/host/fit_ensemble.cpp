// Ensembles fitted on made-up heads: better than the plain mean, noise is weighed down, a shifted class is mended.
#include <offramp/host/fit_ensemble.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr int classes = 3;

// Heads whose logits are noise[k] * noise + 2 at the true class, + shift at class 0.
template <class T>
host::exit_outputs outputs(int count, std::uint64_t stream, const std::vector<double>& noise, double shift) {
  offramp_test::random_numbers r{stream};
  host::exit_outputs o;
  o.classes = classes;
  for (int i = 0; i < count; ++i) o.truth.push_back(r.between(0, classes - 1));
  for (const double level : noise) {
    const double unit = std::is_same_v<T, float> ? 1 : 0.001;
    o.scale.push_back(unit);
    o.unit.push_back({});
    o.ops.push_back(1);
    o.label.emplace_back();
    std::vector<T> z;
    for (int i = 0; i < count; ++i)
      for (int c = 0; c < classes; ++c) {
        const double v = level * (r.between(-3000, 3000) / 1000.0) +
                         (c == o.truth[static_cast<std::size_t>(i)] ? 2.0 : 0.0) + (c == 0 ? shift : 0.0);
        z.push_back(static_cast<T>(v / unit));
      }
    if constexpr (std::is_same_v<T, float>)
      o.real_logits.push_back(z);
    else
      o.integer_logits.push_back(z);
    for (int i = 0; i < count; ++i) o.label.back().push_back(argmax(z.data() + i * classes, classes));
  }
  return o;
}

// Mean cross-entropy of exit m under these parameters.
double loss(const host::exit_outputs& o, const host::ensemble_parameters& p, std::size_t m) {
  double all = 0;
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    double e[classes];
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      e[c] = p.bias[m][c];
      for (std::size_t j = 0; j <= m; ++j)
        e[c] += std::exp(p.log_weight[m][j]) / static_cast<double>(m + 1) * o.scale[j] *
                (o.real_logits.empty() ? o.integer_logits[j][i * classes + c]
                                       : static_cast<double>(o.real_logits[j][i * classes + c]));
      sum += std::exp(e[c]);
    }
    all += std::log(sum) - e[static_cast<std::size_t>(o.truth[i])];
  }
  return all / static_cast<double>(o.truth.size());
}

}  // namespace

TEST_CASE("fit_ensemble: better than the plain mean on other data, in integers and floats alike") {
  const auto fit = outputs<std::int32_t>(1500, 640, {1.5, 0.5, 1.0}, 1.0);
  const auto other = outputs<std::int32_t>(1500, 641, {1.5, 0.5, 1.0}, 1.0);
  const auto p = host::fit_ensemble(fit);
  const auto plain = host::plain_geometric_mean(3, classes);
  for (std::size_t m = 0; m < 3; ++m) {
    CAPTURE(m);
    CHECK(loss(other, p, m) < loss(other, plain, m) - 0.05);
    CHECK(p.bias[m][0] < p.bias[m][1] - 0.2);  // class 0 is shifted in every head
  }
  const auto q = host::fit_ensemble(outputs<float>(1500, 640, {1.5, 0.5, 1.0}, 1.0));
  for (std::size_t j = 0; j < 3; ++j) CHECK(p.log_weight[2][j] == doctest::Approx(q.log_weight[2][j]).epsilon(0.01));
}

TEST_CASE("fit_ensemble: a head of noise is weighed down, and it ends where the gradient is small") {
  const auto o = outputs<std::int32_t>(1500, 642, {4.0, 0.6}, 0);
  const auto p = host::fit_ensemble(o);
  CHECK(p.log_weight[1][0] < p.log_weight[1][1] - 1);
  const double best = loss(o, p, 1);
  for (const double step : {-0.3, 0.3}) {
    auto moved = p;
    moved.log_weight[1][1] += step;
    CHECK(loss(o, moved, 1) > best);
    moved = p;
    moved.bias[1][2] += step;
    CHECK(loss(o, moved, 1) > best);
  }
}

TEST_CASE("fit_ensemble: the last exit by itself") {
  const auto o = outputs<std::int32_t>(300, 646, {1.5, 0.5, 1.0}, 1.0);
  const auto p = host::fit_ensemble(o, {.last_alone = true});
  const auto all = host::fit_ensemble(o);
  CHECK(p.log_weight[1] == all.log_weight[1]);
  CHECK(p.bias[2] == std::vector<double>(classes, 0.0));
  const std::vector<host::head_logits> heads{{0.001, 1e6}, {0.001, 1e6}, {0.001, 1e6}};
  const auto plan = host::geometric_words(p, heads);
  const auto judged = host::with_reuse<geometric_ensemble, 3, classes>(o, plan.words, plan.scale);
  CHECK(judged.label[2] == o.label[2]);
  for (std::size_t i = 0; i < 300 * classes; ++i)
    CHECK(std::abs(judged.scale[2] * judged.integer_logits[2][i] - o.scale[2] * o.integer_logits[2][i]) <=
          plan.error[2] + 1e-12);
}

TEST_CASE("fit_ensemble: no steps are the plain mean; nothing to fit is refused") {
  const auto p = host::fit_ensemble(outputs<std::int32_t>(10, 643, {1, 1}, 0), {.steps = 0});
  CHECK(p.log_weight[1] == std::vector<double>{0, 0});
  CHECK(p.bias[1] == std::vector<double>(classes, 0.0));
  CHECK(offramp_test::message_of([] { host::fit_ensemble(host::exit_outputs{}); }) ==
        "fit_ensemble: the held-out set is empty, expected at least one image");
}
