// covers: exits/policies.hpp exits/reuse.hpp exits/criterion.hpp
// Integer and float policies on the same random logits: every criterion under every reuse policy takes the same exit
// on 999 of 1000 sets and more, and where they differ, rounding explains it: a score stands within its proven bound of
// the threshold, or two largest logits within theirs of each other.
#include <offramp/exits/policies.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "tests/exits/stored_logits.hpp"
#include "tests/support/random.hpp"

using namespace offramp;

namespace {

constexpr int exits = 3;
constexpr int classes = 10;
constexpr int sets = 20000;
constexpr auto at = [](int i) { return static_cast<std::size_t>(i); };

using host::head_logits;

// The float judged logits of one exit as the criterion sees them, for asking again whether a decision was close.
struct close_call {
  const float* z;  // judged, real units
  double error;    // of every integer judged logit, real units
  const std::uint32_t* thresholds;
  const std::uint32_t* parameters;
  const close_call* before = nullptr;  // the exit before

  [[nodiscard]] double gap() const {
    const int first = argmax(z, classes);
    return static_cast<double>(z[first] - logit_margin::second(z, classes, first));
  }
  [[nodiscard]] bool label_is_open() const { return gap() <= 2 * error; }
};

// Could rounding have turned the answer of C at this exit?
template <class C>
struct is_close {
  static bool ask(const close_call& x) { return ask(x, static_cast<std::int32_t>(x.thresholds[0])); }
  static bool ask(const close_call& x, std::int32_t threshold) {
    const std::int32_t score = detail::score_q16<C>({}, judged_exit<float>{x.z, classes, {}, x.parameters});
    return std::abs(static_cast<double>(score) - threshold) <=
           offramp_test::score_bound<C>::q16(x.error, classes, x.parameters);
  }
};
template <>
struct is_close<patience> {  // remembers: one open label, then or before, changes the count
  static bool ask(const close_call& x) { return x.label_is_open() || (x.before != nullptr && ask(*x.before)); }
};
template <class C>
struct is_close<per_class<C>> {
  static bool ask(const close_call& x) {
    close_call plain = x;
    plain.parameters = x.thresholds + classes;
    return x.label_is_open() || is_close<C>::ask(plain, static_cast<std::int32_t>(x.thresholds[argmax(x.z, classes)]));
  }
};
template <class... C>
bool any_is_close(const close_call& x) {
  const std::uint32_t* thresholds = x.thresholds;
  const std::uint32_t* parameters = x.parameters;
  bool close = false;
  const auto part = [&]<class Part>() {
    close_call p = x;
    p.thresholds = thresholds;
    p.parameters = parameters;
    close = close || is_close<Part>::ask(p);
    thresholds += detail::thresholds_of<Part, classes>();
    parameters += detail::words_of<Part, classes>() - detail::thresholds_of<Part, classes>();
  };
  (part.template operator()<C>(), ...);
  return close;
}
template <class... C>
struct is_close<all_of<C...>> {
  static bool ask(const close_call& x) { return any_is_close<C...>(x); }
};
template <class... C>
struct is_close<any_of<C...>> {
  static bool ask(const close_call& x) { return any_is_close<C...>(x); }
};

// Thresholds that random logits reach about half of the time.
template <class C>
std::int32_t some_threshold(offramp_test::random_numbers& r) {
  if constexpr (std::is_same_v<C, logit_margin>) return r.between(0, 4 * 65536);
  if constexpr (std::is_same_v<C, patience>) return r.between(0, 2) * 65536;
  if constexpr (std::is_same_v<C, entropy>) return r.between(0, 50000);
  return r.between(10000, 65000);
}
// Thresholds of C, all of its parameters behind them.
template <class C>
struct some_words {
  static void thresholds(offramp_test::random_numbers& r, std::vector<std::uint32_t>& w) {
    for (int i = 0; i < detail::thresholds_of<C, classes>(); ++i)
      w.push_back(static_cast<std::uint32_t>(some_threshold<C>(r)));
  }
  static void parameters(offramp_test::random_numbers& r, std::vector<std::uint32_t>& w) {
    for (int i = 0; i < detail::words_of<C, classes>() - detail::thresholds_of<C, classes>(); ++i)
      w.push_back(static_cast<std::uint32_t>(r.between(-3 * 65536, 3 * 65536)));
  }
};
template <template <class...> class All, class... C>
struct some_words_of_parts {
  static void thresholds(offramp_test::random_numbers& r, std::vector<std::uint32_t>& w) {
    (some_words<C>::thresholds(r, w), ...);
  }
  static void parameters(offramp_test::random_numbers& r, std::vector<std::uint32_t>& w) {
    (some_words<C>::parameters(r, w), ...);
  }
};
template <class... C>
struct some_words<all_of<C...>> : some_words_of_parts<all_of, C...> {};
template <class... C>
struct some_words<any_of<C...>> : some_words_of_parts<any_of, C...> {};

// The words of a reuse policy with random parameters, for integer heads and for float ones.
template <class Reuse>
host::reuse_plan some_plan(offramp_test::random_numbers& r, const std::vector<head_logits>& heads) {
  if constexpr (Reuse::id == geometric_ensemble::id) {
    host::ensemble_parameters p = host::plain_geometric_mean(exits, classes);
    for (auto& exit : p.log_weight)
      for (double& w : exit) w = r.between(-1000, 1000) / 1000.0;
    for (auto& exit : p.bias)
      for (double& b : exit) b = r.between(-1000, 1000) / 1000.0;
    return geometric_words(p, heads);
  } else if constexpr (Reuse::id == additive::id) {
    const std::vector<double> lambda{0, r.between(0, 1000) / 1000.0, r.between(0, 1000) / 1000.0};
    return additive_words(lambda, heads);
  } else {
    return host::default_words<no_reuse>(classes, heads);
  }
}

// Assertions stand outside of templates: doctest's are long to compile.
[[gnu::noinline]] void fault(const char* what, int set, int exit, double integers, double reals, double bound) {
  FAIL_CHECK(what << " at set " << set << ", exit " << exit << ": integers " << integers << ", floats " << reals
                  << ", bound " << bound);
}
[[gnu::noinline]] void check_counts(int same, int early, double worst) {
  CAPTURE(same);
  CAPTURE(worst);  // error of a score, as a share of its bound
  CHECK(same >= sets - sets / 1000);
  CHECK(early > sets / 50);  // both ways out are taken
  CHECK(early < sets - sets / 50);
}

template <class Criterion, class Reuse>
[[gnu::noinline]] void check_agreement(std::uint64_t stream) {
  offramp_test::random_numbers r{stream};
  int same = 0;
  int early = 0;
  double worst = 0;
  std::vector<std::uint32_t> words;
  host::reuse_plan plan[2];
  std::vector<head_logits> heads(exits);
  for (int set = 0; set < sets; ++set) {
    if (set % 50 == 0) {  // another model
      for (head_logits& h : heads)
        h = {std::pow(10.0, r.between(-40, -10) / 10.0), r.between(500, 500000) * 1.0, false};
      const offramp_test::random_numbers again = r;
      plan[0] = some_plan<Reuse>(r, heads);
      r = again;
      plan[1] = some_plan<Reuse>(r, std::vector<head_logits>(exits, head_logits{1, 0, true}));
      words.clear();
      for (int k = 0; k < exits; ++k)
        some_words<Criterion>::thresholds(r, words), some_words<Criterion>::parameters(r, words);
    }
    offramp_test::stored_logits<std::int32_t, exits, classes> integers;
    offramp_test::stored_logits<float, exits, classes> reals;
    for (int k = 0; k < exits; ++k) {
      // Up to some 12 in real units, no more than the head can give.
      const head_logits& h = heads[at(k)];
      const auto most = static_cast<std::int64_t>(std::min(h.largest, r.between(5, 120) / 10.0 / h.scale + 1));
      for (int c = 0; c < classes; ++c) {
        integers.z[k][c] = r.between(-most, most);
        reals.z[k][c] = static_cast<float>(integers.z[k][c] * h.scale);
      }
      integers.unit[k] = make_fixed_factor(plan[0].scale[at(k)] * 65536.0);
      reals.unit[k] = {};
      constexpr int per_exit = detail::words_of<Criterion, classes>();
      integers.criterion[k] = reals.criterion[k] = words.data() + k * per_exit;
      integers.reuse[k] = plan[0].words.data() + at(k) * plan[0].words.size() / exits;
      reals.reuse[k] = plan[1].words.data() + at(k) * plan[1].words.size() / exits;
    }
    const auto a = offramp_test::judge<Criterion, Reuse>(integers);
    const auto b = offramp_test::judge<Criterion, Reuse>(reals);
    close_call call[exits];
    for (int k = 0; k < exits; ++k) {
      double size = 1;
      for (int j = 0; j <= k; ++j)
        for (int c = 0; c < classes; ++c) size += std::abs(static_cast<double>(reals.z[j][c])) * 4;
      // The policy's proven error, and that of float sums: every operation rounds by 2^-24 of what it holds.
      const double error = plan[0].error[at(k)] + size * std::ldexp(1.0, -22);
      call[k] = {b.logits[k], error, reals.criterion[k],
                 reals.criterion[k] + detail::thresholds_of<Criterion, classes>(), k > 0 ? &call[k - 1] : nullptr};
      for (int c = 0; c < classes; ++c)
        if (const double real = a.logits[k][c] * plan[0].scale[at(k)];
            std::abs(real - static_cast<double>(b.logits[k][c])) > error)
          fault("logits", set, k, real, static_cast<double>(b.logits[k][c]), error);
      if constexpr (!detail::decides_itself<Criterion> && !detail::scores_from_memory<Criterion>) {
        const double bound = offramp_test::score_bound<Criterion>::q16(error, classes, call[k].parameters);
        const std::int32_t p = detail::score_q16<Criterion>(
            {}, judged_exit<std::int32_t>{a.logits[k], classes, integers.unit[k], call[k].parameters});
        const std::int32_t q =
            detail::score_q16<Criterion>({}, judged_exit<float>{b.logits[k], classes, {}, call[k].parameters});
        worst = std::max(worst, std::abs(static_cast<double>(p) - q) / bound);
        if (std::abs(static_cast<double>(p) - q) > bound) fault("scores", set, k, p, q, bound);
      }
      if (a.sure[k] != b.sure[k] && !is_close<Criterion>::ask(call[k]))
        fault("decisions that rounding does not explain", set, k, a.sure[k], b.sure[k], error);
    }
    same += a.exit == b.exit ? 1 : 0;
    early += a.exit < exits - 1 ? 1 : 0;
  }
  check_counts(same, early, worst);
}

}  // namespace

TEST_CASE("the bounds of scores are tight enough to mean something") {
  CHECK(offramp_test::errors_of_terms().exp < 2);
  CHECK(offramp_test::errors_of_terms().weighted < 8);
  CHECK(offramp_test::score_bound<logit_margin>::q16(0, classes, nullptr) <= 2);
  CHECK(offramp_test::score_bound<max_softmax>::q16(0, classes, nullptr) <= 20);
  CHECK(offramp_test::score_bound<entropy>::q16(0, classes, nullptr) <= 100);
  CHECK(offramp_test::score_bound<max_softmax>::q16(0.01, classes, nullptr) >= 327);
}

#define AGREEMENT(Number, Name, ...)                                                                \
  TEST_CASE("integers and floats take the same exit: " Name) {                                      \
    SUBCASE("no reuse") { check_agreement<__VA_ARGS__, no_reuse>(Number); }                         \
    SUBCASE("geometric ensemble") { check_agreement<__VA_ARGS__, geometric_ensemble>(Number + 1); } \
    SUBCASE("additive") { check_agreement<__VA_ARGS__, additive>(Number + 2); }                     \
  }

AGREEMENT(400, "max_softmax", max_softmax)
AGREEMENT(410, "logit_margin", logit_margin)
AGREEMENT(420, "entropy", entropy)
AGREEMENT(430, "patience", patience)
AGREEMENT(440, "learned_gate", learned_gate)
AGREEMENT(450, "per_class", per_class<max_softmax>)
AGREEMENT(460, "all_of", all_of<max_softmax, learned_gate>)
AGREEMENT(470, "any_of", any_of<entropy, patience>)
