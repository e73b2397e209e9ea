// covers: exits/session.hpp exits/prediction.hpp exits/reuse.hpp
// Exits are exact: logits at exit k are those of the network cut at k, thresholds are monotone, the steps are what
// classify does.
#include <offramp/exits/session.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

// The second stage begins with a stream, the third with bits.
using net = network<image<8, 8, 1>, stage<conv2d<8, 3>, batch_norm>, exit_head<4>,
                    stage<residual<sign, conv2d<16, 3, binary, stride{2}>, batch_norm>, batch_norm, sign>, exit_head<4>,
                    stage<conv2d<8, 3, binary>, batch_norm, relu>, exit_head<4>>;
using device = lower<net>;
using float_device = lower<net, f32>;
constexpr std::int32_t never = std::numeric_limits<std::int32_t>::max();

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({8, 8, 1}, 4, 24, 50);
  return set;
}
template <class Lowered>
const host::quantized_model& quantized() {
  static const host::quantized_model q =
      host::quantize<Lowered>(offramp_test::random_model(net::view(), 51, false), images(), 1);
  return q;
}
template <class Lowered>
const std::vector<std::uint32_t>& words() {
  static const std::vector<std::uint32_t> w =
      host::pack_model<Lowered, path::portable>(quantized<Lowered>(), {}, {images().image(0), images().image_size()});
  return w;
}
template <class Lowered = device, class Criterion = max_softmax, class Reuse = no_reuse>
bound_weights<Lowered, path::portable, Criterion, Reuse> weights() {
  return host::bind_or_throw<Lowered, path::portable, Criterion, Reuse>(words<Lowered>(), "test");
}
template <class Session>
typename Session::input_view input(int i) {
  return Session::input_view::unchecked(images().image(i));
}

// [image][exit]
template <class Session>
std::vector<std::array<std::int32_t, 3>> all_scores(Session& s) {
  std::vector<std::array<std::int32_t, 3>> scores(static_cast<std::size_t>(images().count()));
  for (int i = 0; i < images().count(); ++i) {
    s.begin(input<Session>(i));
    for (std::int32_t& score : scores[static_cast<std::size_t>(i)]) s.step(), score = s.score();
  }
  return scores;
}

// Weights of the network cut behind exit K: the first of the whole network's.
template <class Lowered, int K>
void check_cut() {
  using cut_device = lower<cut<net, K>, Lowered::rest>;
  const auto whole = weights<Lowered>();
  const auto first = host::bind_or_throw<cut_device>(words<Lowered>(), "test");
  arena<Lowered> memory;
  arena<cut_device> cut_memory;
  session<Lowered> s{whole, memory};
  session<cut_device> c{first, cut_memory};
  for (int i = 0; i < images().count(); ++i) {
    s.begin(input<session<Lowered>>(i));
    c.begin(input<session<cut_device>>(i));
    for (int k = 0; k < K; ++k) s.step(), c.step();
    for (int j = 0; j < 4; ++j) CHECK(s.logits()[j] == c.logits()[j]);
    CHECK(c.best().why == stop_reason::last_exit);
    CHECK(c.best().spent == s.best().spent);
    CHECK(c.best().probability_q16 == s.best().probability_q16);
  }
}

struct recorder {
  std::string text;
  void enter(int step) { text += "<" + std::to_string(step); }
  void leave(int step) { text += std::to_string(step) + ">"; }
  void exit_judged(int exit, bool taken) { text += "[" + std::to_string(exit) + (taken ? " taken]" : " declined]"); }
};

// A policy with memory: sums of the logits so far.
struct summing {
  static constexpr std::uint32_t id = 1000;
  template <class T, int Exits, int Classes>
  struct state {
    T sum[Classes]{};
    int begun = 0;
    constexpr void begin() {
      ++begun;
      for (T& s : sum) s = 0;
    }
    constexpr const T* combine(int, const T* logits, const std::uint32_t*) {
      for (int c = 0; c < Classes; ++c) sum[c] += logits[c];
      return sum;
    }
  };
};

constexpr std::uint32_t no_words[1]{};
constinit arena<device> static_memory{};
constinit session<device> static_session{bound_weights<device, path::portable>{no_words, no_words}, static_memory};
struct stateless {
  void enter(int) {}
  void leave(int) {}
  void exit_judged(int, bool) {}
};
constinit stateless nothing{};
constinit session<device, path::portable, max_softmax, no_reuse, stateless> observed_session{
    bound_weights<device, path::portable>{no_words, no_words}, static_memory, nothing};

static_assert(std::is_trivially_destructible_v<session<device>>);
static_assert(std::is_trivially_destructible_v<session_with_arena<device>>);
static_assert(std::is_trivially_destructible_v<session<device, path::portable, entropy, no_reuse, recorder>>);
static_assert(std::is_empty_v<no_reuse::state<std::int32_t, 3, 10>>);
// No room for what is not used: weights, arena, input, logits, counter.
struct bare {
  bound_weights<device, path::portable> weights;
  unsigned char* memory;
  const void* input;
  const void* judged;
  int next;
};
static_assert(sizeof(session<device>) == sizeof(bare));
static_assert(sizeof(session<device, path::portable, max_softmax, summing>) > sizeof(bare));
static_assert(session<device>::input_size == 64 && session<device>::exits == 3 && session<device>::classes == 4);
static_assert(session<device>::logit_kind == i32 && session<float_device>::logit_kind == f32);

}  // namespace

TEST_CASE("session: logits at an exit are those of the network cut there, bit for bit") {
  check_cut<device, 1>();
  check_cut<device, 2>();
  check_cut<device, 3>();
  check_cut<float_device, 1>();
  check_cut<float_device, 2>();
}

TEST_CASE_TEMPLATE("session: a lower threshold never exits later", C, max_softmax, logit_margin, entropy) {
  arena<device> memory;
  session<device, path::portable, C> s{weights<device, C>(), memory};
  offramp_test::random_numbers r{52};
  const auto scores = all_scores(s);
  int early = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const auto i = static_cast<std::size_t>(r.between(0, images().count() - 1));
    exit_thresholds<3> low;
    exit_thresholds<3> high;
    for (std::size_t k = 0; k < 3; ++k) {  // around the image's own score, where they matter
      low.q16[k] = scores[i][k] + r.between(-1, 1);
      high.q16[k] = low.q16[k] + r.between(0, 2);
    }
    const prediction a = s.classify(input<decltype(s)>(static_cast<int>(i)), low);
    const prediction b = s.classify(input<decltype(s)>(static_cast<int>(i)), high);
    CHECK(a.exit <= b.exit);
    CHECK(a.spent <= b.spent);
    early += a.exit < b.exit ? 1 : 0;
  }
  CHECK(early > 0);  // thresholds did matter
}

TEST_CASE("session: extreme thresholds give the first and the last exit") {
  arena<device> memory;
  session<device> s{weights(), memory};
  for (int i = 0; i < images().count(); ++i) {
    const prediction first = s.classify(input<session<device>>(i), exit_thresholds<3>{});
    CHECK(first.exit == 0);
    CHECK(first.why == stop_reason::confident);
    CHECK(first.spent == session<device>::ops_to_exit(0));
    const prediction last = s.classify(input<session<device>>(i), exit_thresholds<3>{{never, never, never}});
    CHECK(last.exit == 2);
    CHECK(last.why == stop_reason::last_exit);
    CHECK(last.spent == session<device>::ops_to_exit(2));
    CHECK(s.classify(input<session<device>>(i), confidence{0.0f}).exit == 0);
    CHECK(s.classify(input<session<device>>(i), confidence{1.0f}).exit == 2);
    CHECK(s.classify(input<session<device>>(i), exit_thresholds<3>{{never, 0, never}}).exit == 1);
  }
}

TEST_CASE("session: thresholds travel with the weights") {
  arena<device> memory;
  const host::deployment<device::exits> plan{{{never, 0, 0}}, {}, {}};
  const auto packed =
      host::pack_model<device, path::portable>(quantized<device>(), plan, {images().image(0), images().image_size()});
  session<device> s{host::bind_or_throw<device>(packed, "test"), memory};
  CHECK(s.classify(input<session<device>>(0)).exit == 1);
}

TEST_CASE("session: stored thresholds of another criterion are not asked") {
  host::deployment<device::exits> plan;  // thresholds 0 on the scale of max_softmax: everything leaves at once
  const auto packed =
      host::pack_model<device, path::portable>(quantized<device>(), plan, {images().image(0), images().image_size()});
  const auto bound = host::bind_or_throw<device>(packed, "test");
  const auto unasked = host::bind_or_throw<device, path::portable, entropy>(packed, "test");
  const auto memory = std::make_unique<arena<device>>();
  session<device> same{bound, *memory};
  session<device, path::portable, entropy> other{unasked, *memory};
  CHECK(same.classify(input<decltype(same)>(0)).exit == 0);
  CHECK(other.classify(input<decltype(other)>(0)).exit == device::exits - 1);
}

TEST_CASE("session: classify is the loop of begin, step and best") {
  arena<device> memory;
  session<device> s{weights(), memory};
  const auto scores = all_scores(s);
  for (int i = 0; i < images().count(); ++i)
    for (int leave = 0; leave < 3; ++leave) {
      // Exits before `leave` miss their threshold by one, that one just reaches it.
      exit_thresholds<3> t;
      for (int k = 0; k < 3; ++k)
        t.q16[k] = scores[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)] + (k < leave ? 1 : 0);
      const prediction whole = s.classify(input<session<device>>(i), t);
      CHECK(whole.exit == leave);
      s.begin(input<session<device>>(i));
      int k = 0;
      while (s.step() && s.score() < t.q16[k]) ++k;
      const prediction stepped = s.best();
      CHECK(stepped.label == whole.label);
      CHECK(stepped.exit == whole.exit);
      CHECK(stepped.spent == whole.spent);
      CHECK(stepped.probability_q16 == whole.probability_q16);
    }
}

TEST_CASE("session: a prediction says label, exit, probability, cost and reason") {
  arena<device> memory;
  session<device> s{weights(), memory};
  const auto answers = host::run_program(quantized<device>(), images().image(3), true);
  s.begin(input<session<device>>(3));
  for (int k = 0; k < 3; ++k) {
    const bool more = s.step();
    CHECK(more == (k < 2));
    const auto& z = answers[static_cast<std::size_t>(quantized<device>().program.logits[static_cast<std::size_t>(k)])];
    const prediction p = s.best();
    CHECK(p.exit == k);
    CHECK(p.why == (k < 2 ? stop_reason::unfinished : stop_reason::last_exit));
    CHECK(p.spent == planned<device, path::portable>::cost_to_exit(k).ops());
    double sum = 0;
    int best = 0;
    for (int c = 0; c < 4; ++c) best = z[static_cast<std::size_t>(c)] > z[static_cast<std::size_t>(best)] ? c : best;
    const double scale = quantized<device>().logit_scale(static_cast<std::size_t>(k));
    for (int c = 0; c < 4; ++c)
      sum += std::exp(scale * (z[static_cast<std::size_t>(c)] - z[static_cast<std::size_t>(best)]));
    CHECK(p.label == best);
    CHECK(static_cast<double>(p.probability()) == doctest::Approx(1 / sum).epsilon(1e-3));
    CHECK(static_cast<double>(s.logit_scale(k)) == doctest::Approx(scale));
    CHECK(s.score() == p.probability_q16);
  }
  CHECK(std::string{to_string(stop_reason::confident)} == "confident");
  CHECK(std::string{to_string(stop_reason::last_exit)} == "last exit");
  CHECK(std::string{to_string(stop_reason::deadline)} == "deadline");
  CHECK(std::string{to_string(stop_reason::unfinished)} == "unfinished");
  CHECK(prediction{.probability_q16 = 65535}.probability() == 1.0f);
}

TEST_CASE("session: two sessions share weights, and one arena in turns") {
  const auto shared = weights();
  arena<device> memory;
  arena<device> other_memory;
  session<device> a{shared, memory};
  session<device> b{shared, memory};
  session<device> apart{shared, other_memory};
  for (int i = 0; i + 1 < images().count(); ++i) {
    const prediction x = a.classify(input<session<device>>(i), confidence{0.9f});
    const prediction y = b.classify(input<session<device>>(i + 1), confidence{0.9f});
    CHECK(apart.classify(input<session<device>>(i), confidence{0.9f}).probability_q16 == x.probability_q16);
    CHECK(apart.classify(input<session<device>>(i + 1), confidence{0.9f}).probability_q16 == y.probability_q16);
    // Interleaved, with an arena each.
    a.begin(input<session<device>>(i)), apart.begin(input<session<device>>(i + 1));
    while (a.step()) apart.step();
    apart.step();
    const std::int32_t first = a.logits()[0];
    a.begin(input<session<device>>(i));
    while (a.step()) continue;
    CHECK(a.logits()[0] == first);
  }
}

TEST_CASE("session: an observer sees every op and every judgement, in order") {
  recorder seen;
  arena<device> memory;
  session<device, path::portable, max_softmax, no_reuse, recorder> s{weights(), memory, seen};
  const auto& p = planned<device, path::portable>::program;
  std::string expected;
  for (int k = 0; k < 3; ++k) {
    for (int i = p.exit_first[k]; i < p.exit_first[k + 1]; ++i)
      expected += "<" + std::to_string(i) + std::to_string(i) + ">";
    expected += "[" + std::to_string(k) + (k == 2 ? " taken]" : " declined]");
  }
  s.classify(input<decltype(s)>(0), exit_thresholds<3>{{never, never, never}});
  CHECK(seen.text == expected);
  seen.text.clear();
  s.classify(input<decltype(s)>(0), exit_thresholds<3>{});
  CHECK(seen.text == expected.substr(0, expected.find('[')) + "[0 taken]");
}

TEST_CASE("session: a policy of reuse sees every head once, and its logits are judged") {
  arena<device> memory;
  session<device, path::portable, max_softmax, summing> s{weights<device, max_softmax, summing>(), memory};
  session<device> plain{weights(), memory};
  for (int i = 0; i < 2; ++i) {  // the second sample starts anew
    std::int32_t sum[4]{};
    plain.begin(input<session<device>>(i));
    for (int k = 0; k < 3; ++k) {
      plain.step();
      for (int c = 0; c < 4; ++c) sum[c] += plain.logits()[c];
    }
    s.begin(input<decltype(s)>(i));
    while (s.step()) continue;
    for (int c = 0; c < 4; ++c) CHECK(s.logits()[c] == sum[c]);
    CHECK(s.best().label == argmax(sum, 4));
  }
}

TEST_CASE("session: sure() is the criterion's answer, thresholds stored or given") {
  arena<device> memory;
  const host::deployment<device::exits> plan{{{never, 0, 0}}, {}, {}};
  const auto packed =
      host::pack_model<device, path::portable>(quantized<device>(), plan, {images().image(0), images().image_size()});
  session<device> s{host::bind_or_throw<device>(packed, "test"), memory};
  s.begin(input<session<device>>(0));
  s.step();
  CHECK(s.exit() == 0);
  CHECK_FALSE(s.sure());
  const std::int32_t score = s.score();
  CHECK(s.sure(exit_thresholds<3>{{score, never, never}}));
  CHECK_FALSE(s.sure(exit_thresholds<3>{{score + 1, 0, 0}}));
  CHECK(s.sure(confidence{0.0f}));
  CHECK_FALSE(s.sure(confidence{1.5f}));
  s.step();
  CHECK(s.exit() == 1);
  CHECK(s.sure());
  CHECK(s.best(stop_reason::deadline).why == stop_reason::deadline);
  CHECK(s.best(stop_reason::deadline).exit == 1);
}

namespace {

// Every reading is one count later.
struct counting_clock {
  static constexpr time_unit unit = time_unit::ticks;
  static inline std::uint16_t time = 0;
  static std::uint16_t now() { return time++; }
};

}  // namespace

TEST_CASE("session: a deadline stops where the next stage would be too late, never before the first exit") {
  arena<device> memory;
  session<device> s{weights(), memory};
  const auto x = input<session<device>>(0);
  // The clock is read once when the deadline is made, and once behind every exit that is not the last: 1, then 2.
  const std::uint16_t costs[2]{10, 20};
  const exit_thresholds<3> none{{never, never, never}};
  for (const int start : {0, 65535}) {  // the second wraps
    const auto classify = [&](int budget) {
      counting_clock::time = static_cast<std::uint16_t>(start);
      return s.classify(x, none, deadline_in<counting_clock>(static_cast<std::uint16_t>(budget), costs));
    };
    for (const int budget : {0, 10}) {
      CHECK(classify(budget).exit == 0);
      CHECK(classify(budget).why == stop_reason::deadline);
    }
    CHECK(classify(11).exit == 1);
    CHECK(classify(11).why == stop_reason::deadline);
    CHECK(classify(21).exit == 1);
    CHECK(classify(22).exit == 2);
    CHECK(classify(22).why == stop_reason::last_exit);
  }
  // A confident exit never asks the clock.
  const auto plenty = deadline_in<counting_clock>(std::uint16_t{1000}, costs);
  counting_clock::time = 7;
  CHECK(s.classify(x, confidence{0.0f}, plenty).why == stop_reason::confident);
  CHECK(counting_clock::time == 7);
  CHECK(s.classify(x, plenty).why == stop_reason::confident);  // stored thresholds are 0
  CHECK(s.classify(x, confidence{1.5f}, plenty).why == stop_reason::last_exit);
  // An observer sees where the sample left.
  recorder seen;
  session<device, path::portable, max_softmax, no_reuse, recorder> watched{weights(), memory, seen};
  counting_clock::time = 0;
  watched.classify(x, none, deadline_in<counting_clock>(std::uint16_t{11}, costs));
  CHECK(seen.text.find("[0 declined]") != std::string::npos);
  CHECK(seen.text.substr(seen.text.rfind('[')) == "[1 taken]");
  // The same in a loop of one's own.
  counting_clock::time = 0;
  const auto due = deadline_in<counting_clock>(std::uint16_t{11}, costs);
  s.begin(x);
  while (s.step() && due.allows(s.exit())) continue;
  CHECK(s.best().exit == 1);
}

TEST_CASE("session: with its own arena, and in static memory") {
  arena<device> memory;
  session<device> s{weights(), memory};
  const auto own = std::make_unique<session_with_arena<device>>(weights());
  static_session = session<device>{weights(), static_memory};
  for (int i = 0; i < 4; ++i) {
    const prediction expected = s.classify(input<session<device>>(i), confidence{1.0f});
    CHECK(own->classify(input<session<device>>(i), confidence{1.0f}).probability_q16 == expected.probability_q16);
    CHECK(static_session.classify(input<session<device>>(i), confidence{1.0f}).label == expected.label);
  }
}

TEST_CASE("session: an observer without state leaves what a constant session holds") {
  const std::uint32_t* first = nullptr;  // its first member are the weights
  std::memcpy(&first, &observed_session, sizeof first);
  CHECK(first == no_words);
}

TEST_CASE("session: float logits") {
  arena<float_device> memory;
  session<float_device> s{weights<float_device>(), memory};
  s.begin(input<session<float_device>>(0));
  s.step();
  CHECK(s.score() == to_q16(max_softmax::score(s.logits(), 4)));
  CHECK(s.best().probability() > 0.2f);
  CHECK(s.classify(input<session<float_device>>(0), confidence{0.0f}).exit == 0);
  CHECK(s.classify(input<session<float_device>>(0), confidence{2.0f}).exit == 2);
}
