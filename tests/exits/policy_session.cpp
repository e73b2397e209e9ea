// covers: exits/session.hpp exits/policies.hpp
// The properties of exits for every combination of criterion, reuse and arithmetic, in sessions of a small network:
// judged logits at an exit are those of the network cut behind it, bit for bit, and so are the exits taken; a lower
// threshold never exits later; extreme thresholds give the first and the last exit; classify is the loop of its steps.
#include <offramp/exits/policies.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "tests/exits/policy_model.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

using thresholds_t = std::vector<std::int32_t>;
using bits_t = std::vector<std::uint32_t>;

// A combination behind one face, so that the properties are compiled once, not for every combination.
struct any_session {
  int thresholds = 1;  // an exit
  virtual ~any_session() = default;
  virtual std::int32_t some_threshold() = 0;
  virtual void store(const thresholds_t& t) = 0;
  virtual prediction classify(int image) = 0;
  virtual prediction classify(int image, const thresholds_t& t) = 0;
  virtual prediction classify_cut(int image, const thresholds_t& t) = 0;
  // The loop of steps; `agree` says whether stored thresholds, the same ones, are of one mind with given ones.
  virtual prediction step_until_sure(int image, const thresholds_t& t, bool& agree) = 0;
  // Judged logits of both exits of the cut network, from the whole network and from the cut one, and is it sure?
  virtual bits_t judged(int image, bool cut_off) = 0;
};

template <class Session>
typename Session::thresholds_type typed(const thresholds_t& t) {
  typename Session::thresholds_type r;
  for (std::size_t i = 0; i < sizeof(r.q16) / sizeof(r.q16[0]); ++i) r.q16[i] = t[i];
  return r;
}

template <class Lowered, class Criterion, class Reuse>
class combination final : public any_session {
  using session_t = session<Lowered, here, Criterion, Reuse>;
  using cut_device = lower<cut<net, 2>, Lowered::rest>;
  using cut_session = session<cut_device, here, Criterion, Reuse>;

 public:
  explicit combination(std::uint64_t stream) : model_{stream} { thresholds = session_t::thresholds_per_exit; }

  std::int32_t some_threshold() override { return model_.some_threshold(); }
  void store(const thresholds_t& t) override { model_.store(typed<session_t>(t)); }
  prediction classify(int image) override { return session_.classify(x(image)); }
  prediction classify(int image, const thresholds_t& t) override {
    return session_.classify(x(image), typed<session_t>(t));
  }
  prediction classify_cut(int image, const thresholds_t& t) override {
    return cut_.classify(x(image), typed<cut_session>(t));
  }
  prediction step_until_sure(int image, const thresholds_t& t, bool& agree) override {
    const auto given = typed<session_t>(t);
    session_.begin(x(image));
    bool more = true;
    bool sure = false;
    while (more && !sure) {
      more = session_.step();
      sure = session_.sure(given);
      agree = agree && session_.sure() == sure;
    }
    return session_.best(more ? stop_reason::confident : stop_reason::last_exit);
  }
  bits_t judged(int image, bool cut_off) override {
    return cut_off ? judged_by(cut_, image) : judged_by(session_, image);
  }

 private:
  static typename session_t::input_view x(int image) { return session_t::input_view::unchecked(images().image(image)); }
  template <class Session>
  static bits_t judged_by(Session& s, int image) {
    bits_t all;
    s.begin(x(image));
    for (int k = 0; k < 2; ++k) {
      s.step();
      for (int c = 0; c < classes; ++c) all.push_back(__builtin_bit_cast(std::uint32_t, s.logits()[c]));
      all.push_back(s.sure() ? 1 : 0);
    }
    return all;
  }

  policy_model<Lowered, Criterion, Reuse> model_;
  arena<Lowered, here> memory_;
  arena<cut_device, here> cut_memory_;
  session_t session_{model_.template weights<Lowered>(), memory_};
  cut_session cut_{model_.template weights<cut_device>(), cut_memory_};
};

void check_properties(any_session& s) {
  const auto all = static_cast<std::size_t>(exits * s.thresholds);
  const thresholds_t lowest(all, std::numeric_limits<std::int32_t>::min());
  const thresholds_t never(all, never_q16);
  int mattered = 0;
  bool agree = true;
  thresholds_t low(all);
  thresholds_t high(all);
  for (int trial = 0; trial < 8 * all_images; ++trial) {
    const int i = trial % all_images;
    for (std::size_t t = 0; t < all; ++t) {
      low[t] = s.some_threshold();
      high[t] = std::max(low[t], s.some_threshold());
    }
    // Monotone.
    const prediction p = s.classify(i, low);
    const prediction q = s.classify(i, high);
    CHECK(p.exit <= q.exit);
    CHECK(p.spent <= q.spent);
    mattered += p.exit < q.exit ? 1 : 0;
    // Stored thresholds do what given ones do, and so does the loop of steps.
    s.store(low);
    CHECK(same(s.classify(i), p));
    CHECK(same(s.step_until_sure(i, low, agree), p));
    // The cut network takes the same exits as long as it has them.
    const prediction r = s.classify_cut(i, low);
    CHECK(r.exit == (p.exit < 2 ? p.exit : 1));
    if (p.exit < 2) CHECK((r.label == p.label && r.probability_q16 == p.probability_q16 && r.spent == p.spent));
    CHECK(s.judged(i, false) == s.judged(i, true));
  }
  CHECK(agree);
  CHECK(mattered > 0);
  for (int i = 0; i < all_images; ++i) {
    CHECK(s.classify(i, lowest).exit == 0);
    CHECK(s.classify(i, lowest).why == stop_reason::confident);
    CHECK(s.classify(i, never).exit == exits - 1);
    CHECK(s.classify(i, never).why == stop_reason::last_exit);
  }
}

template <class Criterion>
void check_combinations(std::uint64_t stream) {
  using integers = lower<net, i8>;
  using floats = lower<net, f32>;
  static_assert(session<integers, here>::logit_kind == i32 && session<floats, here>::logit_kind == f32);
  std::unique_ptr<any_session> s;
  SUBCASE("no reuse, integers") { s.reset(new combination<integers, Criterion, no_reuse>{stream}); }
  SUBCASE("no reuse, floats") { s.reset(new combination<floats, Criterion, no_reuse>{stream + 1}); }
  SUBCASE("ensemble, integers") { s.reset(new combination<integers, Criterion, geometric_ensemble>{stream + 2}); }
  SUBCASE("ensemble, floats") { s.reset(new combination<floats, Criterion, geometric_ensemble>{stream + 3}); }
  SUBCASE("additive, integers") { s.reset(new combination<integers, Criterion, additive>{stream + 4}); }
  SUBCASE("additive, floats") { s.reset(new combination<floats, Criterion, additive>{stream + 5}); }
  if (s) check_properties(*s);
}

}  // namespace

TEST_CASE("exits: max_softmax") { check_combinations<max_softmax>(510); }
TEST_CASE("exits: logit_margin") { check_combinations<logit_margin>(520); }
TEST_CASE("exits: entropy") { check_combinations<entropy>(530); }
TEST_CASE("exits: patience") { check_combinations<patience>(540); }
TEST_CASE("exits: learned_gate") { check_combinations<learned_gate>(550); }
TEST_CASE("exits: per_class") { check_combinations<per_class<max_softmax>>(560); }
TEST_CASE("exits: all_of") { check_combinations<all_of<max_softmax, learned_gate>>(570); }
TEST_CASE("exits: any_of") { check_combinations<any_of<entropy, patience>>(580); }
