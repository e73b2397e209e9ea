// covers: model/bind.hpp
// Packing and binding; every way a model can be broken is refused with its status, and what was bound before stays.
#include <offramp/model/bind.hpp>

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

#include <offramp/exits/additive.hpp>
#include <offramp/exits/combine.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/exits/learned_gate.hpp>

#include "tests/model/tiny_model.hpp"
#include "tests/support/fake_path.hpp"

using namespace offramp;
namespace word = format::word;

namespace {

using words_t = std::vector<std::uint32_t>;

// Models to break: signs, integers, floats, policies with words of their own; and what is bound from them.
struct binary_sample {
  static constexpr const char* name = "binary";
  using bound = bound_weights<tiny::device, path::portable>;
  static words_t words() { return tiny::words(); }
};
struct integer_sample {
  static constexpr const char* name = "int8";
  using bound = bound_weights<tiny::plain_device, path::portable>;
  static words_t words() { return tiny::words<tiny::plain_device>(); }
};
struct float_sample {
  static constexpr const char* name = "float";
  using bound = bound_weights<tiny::float_device, path::portable>;
  static words_t words() { return tiny::words<tiny::float_device>(); }
};
struct policy_sample {
  static constexpr const char* name = "policies";
  using bound = bound_weights<tiny::device, path::portable, tiny::weighted, tiny::mixing>;
  static words_t words() {
    return tiny::words<tiny::device, path::portable, tiny::weighted, tiny::mixing>(
        {{}, {1, 2, 3, 4, 5, 6}, {10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25}});
  }
};

struct ensemble_sample {
  static constexpr const char* name = "library's policies";
  using criterion = all_of<max_softmax, learned_gate>;
  using bound = bound_weights<tiny::device, path::portable, criterion, geometric_ensemble>;
  static words_t words() {
    return tiny::words<tiny::device, path::portable, criterion, geometric_ensemble>(
        {{}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {15, 0, 0, 65536, 0, 15, 1, 2, 32768, 32768}, {}});
  }
};

// A model that promises something about its thresholds.
constexpr guarantee promise{risk_loss::accuracy_gap, risk_test::binomial, 0.005f, 0.1f, 5000};
struct guarantee_sample {
  static constexpr const char* name = "guarantee";
  using bound = bound_weights<tiny::device, path::portable>;
  static words_t words() { return tiny::words({{{49152, 49152}}, {}, {}, {}, promise}); }
};

struct lie {
  const char* what;
  std::size_t word;
  std::uint32_t value;
  status expected;
};

template <class Bound>
std::string bind_text(const words_t& w, Bound& b) {
  return to_string(tiny::try_bind(w, b));
}

// Values that a number of the header is not.
words_t lies_about(std::uint32_t v) {
  words_t lies;
  for (const std::uint32_t l : {0u, 1u, v - 1, v + 1, 2 * v, v + 65536u, 65535u, 65536u, 0x3fffffffu, 0x40000000u,
                                0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu})
    if (l != v) lies.push_back(l);
  return lies;
}

}  // namespace

TEST_CASE("bind: what was packed is bound, in place") {
  constexpr format::sections at = format::sections_of<tiny::device, path::portable>;
  const auto w = tiny::words();
  CHECK(w.size() == at.total);
  tiny::bound b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  CHECK(b.ops == w.data() + at.ops);
  CHECK(at.ops % 4 == 0);
  CHECK(b.thresholds_stored);
  for (int k = 0; k < 2; ++k) {
    CHECK(b.record(k).threshold_q16() == 49152);
    CHECK(b.record(k).logit_scale() > 0);
    const fixed_factor f = b.record(k).unit();
    CHECK(std::ldexp(f.multiplier, f.shift - 31) ==
          doctest::Approx(static_cast<double>(b.record(k).logit_scale()) * 65536).epsilon(1e-6));
  }
}

TEST_CASE("bind: policies find their words") {
  const auto w = policy_sample::words();
  policy_sample::bound b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  CHECK(b.thresholds_stored);
  for (int k = 0; k < 2; ++k) {
    for (int i = 0; i < 3; ++i) CHECK(b.record(k).threshold_q16(i) == 3 * k + i + 1);
    for (std::uint32_t i = 0; i < 6; ++i) CHECK(b.reuse(k)[i] == 10 * (static_cast<std::uint32_t>(k) + 1) + i);
  }
}

TEST_CASE_TEMPLATE("bind: truncated at any length, or too long", S, binary_sample, integer_sample, float_sample,
                   policy_sample, ensemble_sample, guarantee_sample) {
  const auto w = S::words();
  const std::size_t bytes = 4 * w.size();
  typename S::bound b;
  for (std::size_t n = 0; n < bytes; ++n) {
    CAPTURE(n);
    // A copy of its own that ends there: reading further is seen by the sanitizer.
    words_t part(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(n / 4));
    CHECK(bind_weights(part.data(), 4 * part.size(), b) == status::too_short);
    CHECK(bind_weights(w.data(), n, b) == status::too_short);
    // A length and a checksum that fit the words that are left.
    if (n % 4 != 0 || part.size() <= format::header_words) continue;
    part[word::total] = static_cast<std::uint32_t>(part.size());
    tiny::mend(part);
    // Without its guarantee a model is whole.
    const bool whole = guarantee_in(w.data()).promised() && part.size() + format::guarantee_words == w.size();
    typename S::bound other;
    CHECK(tiny::try_bind(part, other) == (whole ? status::ok : status::wrong_length));
  }
  // A header alone.
  words_t header(w.begin(), w.begin() + format::header_words);
  header[word::total] = format::header_words;
  CHECK(tiny::try_bind(header, b) == status::wrong_length);
  auto longer = w;
  longer.resize(w.size() + 2);
  for (std::size_t n = bytes + 1; n <= bytes + 8; ++n) CHECK(bind_weights(longer.data(), n, b) == status::wrong_length);
  longer[word::total] = static_cast<std::uint32_t>(longer.size());
  tiny::mend(longer);
  CHECK(tiny::try_bind(longer, b) == status::wrong_length);
  CHECK(b.ops == nullptr);
}

TEST_CASE_TEMPLATE("bind: every single bit counts", S, binary_sample, integer_sample, float_sample, policy_sample,
                   ensemble_sample, guarantee_sample) {
  auto w = S::words();
  typename S::bound b;
  for (std::size_t bit = 0; bit < 32 * w.size(); ++bit) {
    CAPTURE(bit);
    w[bit / 32] ^= 1u << (bit % 32);
    const status s = tiny::try_bind(w, b);
    w[bit / 32] ^= 1u << (bit % 32);
    switch (bit / 32) {
      case word::magic: CHECK(s == status::bad_magic); break;
      case word::version: CHECK(s == (bit == 33 ? status::old_version : status::unknown_version)); break;
      case word::total: CHECK((s == status::too_short || s == status::wrong_length)); break;
      default: CHECK(s == status::bad_checksum);
    }
  }
  CHECK(b.ops == nullptr);
  CHECK(tiny::try_bind(w, b) == status::ok);
}

TEST_CASE_TEMPLATE("bind: no number of the header can lie, though the checksum is right", S, binary_sample,
                   integer_sample, float_sample, policy_sample, ensemble_sample, guarantee_sample) {
  const auto w = S::words();
  const bool policies = w[word::reuse] != 0;
  typename S::bound b;
  for (std::size_t i = 0; i < format::header_words; ++i)
    for (const std::uint32_t l : lies_about(w[i])) {
      CAPTURE(i);
      CAPTURE(l);
      auto broken = w;
      broken[i] = l;
      tiny::mend(broken);
      const status s = tiny::try_bind(broken, b);
      const auto is = [&](std::initializer_list<status> allowed) {
        bool found = false;
        for (const status a : allowed) found = found || s == a;
        CHECK_MESSAGE(found, std::string{to_string(s)});
      };
      switch (i) {
        case word::magic: is({status::bad_magic}); break;
        case word::version: is({l < 2 ? status::old_version : status::unknown_version}); break;
        case word::total: is({l > w.size() ? status::too_short : status::wrong_length}); break;
        case word::path: is({status::wrong_path}); break;
        // Policies without words of their own run on a model of others, only without its thresholds.
        case word::criterion: is({policies ? status::wrong_criterion : status::ok}); break;
        case word::reuse: is({policies ? status::wrong_reuse : status::ok}); break;
        case word::criterion_words: is({status::bad_header, status::wrong_criterion}); break;
        // A word more or less may hide in the zeros up to a multiple of 4 words; then no hash is in its place.
        case word::record_words: is({status::wrong_length, status::bad_header, status::wrong_network}); break;
        // Four words more or less elsewhere take a guarantee away, or give one that is none.
        case word::exits:
        case word::classes:
          is({status::wrong_length, status::bad_header, status::bad_guarantee, status::wrong_network});
          break;
        case word::op_words:
        case word::input_words: is({status::wrong_length, status::bad_guarantee}); break;
        default: FAIL("a word of the header without a test");
      }
      CHECK(b.thresholds_stored == false);
    }
}

TEST_CASE_TEMPLATE("bind: no two numbers of the header lie together", S, binary_sample, integer_sample, float_sample,
                   policy_sample, ensemble_sample, guarantee_sample) {
  const auto w = S::words();
  const bool policies = w[word::reuse] != 0;
  // What two lies leave right: the sum of all parts.
  for (std::size_t i = word::path; i < format::header_words; ++i)
    for (std::size_t j = i + 1; j < format::header_words; ++j)
      for (const std::uint32_t a : lies_about(w[i]))
        for (const std::uint32_t c : {0u, 1u, w[j] - 1, w[j] + 1, w[j] + w[i] - a, w[j] + a, 0xffffffffu}) {
          if (c == w[j]) continue;
          auto broken = w;
          broken[i] = a;
          broken[j] = c;
          tiny::mend(broken);
          typename S::bound b;
          const bool others = !policies && i == word::criterion && j <= word::criterion_words;
          CAPTURE(i);
          CAPTURE(j);
          CAPTURE(a);
          CAPTURE(c);
          if (tiny::try_bind(broken, b) == status::ok) CHECK_MESSAGE((others && !b.thresholds_stored), S::name);
        }
}

TEST_CASE("bind: each lie has its status, and leaves what was bound before") {
  constexpr format::sections at = format::sections_of<tiny::device, path::portable>;
  const std::uint32_t second = format::header_words + 6;
  const auto w = tiny::words();
  const std::uint32_t nan = 0x7fc00000u;
  const lie cases[] = {
      {"magic of the other byte order", word::magic, 0x6f66726du, status::bad_magic},
      {"a newer version", word::version, 3, status::unknown_version},
      {"an older version", word::version, 1, status::old_version},
      {"length of the header", word::total, 12, status::wrong_length},
      {"another path", word::path, format::path_word(path::reference::id, path::reference::version),
       status::wrong_path},
      {"another version of the path", word::path, format::path_word(path::portable::id, path::portable::version + 1),
       status::wrong_path},
      {"65536 exits", word::exits, 65536, status::bad_header},
      {"65536 classes", word::classes, 65536, status::bad_header},
      {"65536 words an exit", word::record_words, 65536, status::bad_header},
      {"more criterion words than words", word::criterion_words, 2, status::bad_header},
      {"no room for the record", word::record_words, 4, status::bad_header},
      {"hash of exit 0, low", at.records, w[at.records] + 1, status::wrong_network},
      {"hash of exit 0, high", at.records + 1, w[at.records + 1] + 1, status::wrong_network},
      {"hash of exit 1, low", second, w[second] ^ 1u, status::wrong_network},
      {"hash of exit 1, high", second + 1, w[second + 1] ^ 1u, status::wrong_network},
      {"a scale that is no number", at.records + 2, nan, status::bad_record},
      {"an endless scale", second + 2, 0x7f800000u, status::bad_record},
      {"a negative scale", second + 2, 0xbf800000u, status::bad_record},
      {"a unit with a small multiplier", at.records + 3, 0x3fffffffu, status::bad_record},
      {"a unit with a negative multiplier", second + 3, 0xc0000000u, status::bad_record},
      {"a unit shifted too far left", second + 4, 31, status::bad_record},
      {"a unit shifted too far right", second + 4, static_cast<std::uint32_t>(-32), status::bad_record},
  };
  tiny::bound b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  const std::uint32_t* const before = b.ops;
  for (const lie& c : cases) {
    CAPTURE(c.what);
    auto broken = w;
    broken[c.word] = c.value;
    tiny::mend(broken);
    CHECK(bind_text(broken, b) == to_string(c.expected));
    CHECK(b.ops == before);
  }
  // Ends of what is allowed, and all that is not the header's: thresholds, weights, the answer.
  for (const auto& change : {std::pair{at.records + 3, 0u},
                             {at.records + 3, 0x7fffffffu},
                             {at.records + 4, 30u},
                             {at.records + 4, static_cast<std::uint32_t>(-31)},
                             {at.records + 2, 0x7f7fffffu},
                             {at.records + 2, 0u},
                             {at.records + 5, 0xffffffffu},
                             {at.ops, w[at.ops] ^ 1u},
                             {at.answer_logits, 0x80000000u}}) {
    CAPTURE(change.first);
    auto other = w;
    other[change.first] = change.second;
    CHECK(tiny::try_bind(other, b) == status::bad_checksum);
    tiny::mend(other);
    CHECK(tiny::try_bind(other, b) == status::ok);
  }
}

TEST_CASE("bind: a guarantee is read, and no word of it can be anything else") {
  const auto w = guarantee_sample::words();
  const auto without = tiny::words();
  REQUIRE(w.size() == without.size() + format::guarantee_words);
  const std::size_t at = w.size() - 1 - format::guarantee_words;
  for (std::size_t i = 0; i < at; ++i)
    if (i != word::total) CHECK(w[i] == without[i]);  // nothing else moves
  tiny::bound b;
  CHECK(guarantee_in(without.data()) == guarantee{});
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  CHECK(guarantee_in(w.data()) == promise);
  CHECK(guarantee_of(b, w.data()) == promise);
  const std::uint32_t one = 0x3f800000u, nan = 0x7fc00000u, minus = 0x80000000u, tiniest = 1;
  const std::uint32_t below_one = one - 1, in_expectation = 0x401, binomial = 0x101, brier = 0x204;
  struct change {
    std::uint32_t kinds, epsilon, delta, n;
    bool sound;
  };
  const std::uint32_t e = w[at + 1], d = w[at + 2];
  for (const change& c : std::initializer_list<change>{{binomial, e, d, 5000, true},
                                                       {brier, tiniest, below_one, 1, true},
                                                       {0x404, below_one, 0, ~0u, true},
                                                       {binomial, 0, d, 5000, false},
                                                       {binomial, one, d, 5000, false},
                                                       {binomial, nan, d, 5000, false},
                                                       {binomial, e | minus, d, 1, false},
                                                       {binomial, e, 0, 5000, false},
                                                       {binomial, e, one, 5000, false},
                                                       {binomial, e, nan, 5000, false},
                                                       {binomial, e, d | minus, 1, false},
                                                       {binomial, e, d, 0, false},
                                                       {in_expectation, e, d, 1, false},
                                                       {0x001, e, d, 1, false},
                                                       {0x100, e, d, 1, false},
                                                       {0, e, d, 1, false},
                                                       {0x105, e, d, 1, false},
                                                       {0x501, e, d, 1, false},
                                                       {0x10101, e, d, 1, false},
                                                       {0x80000101, e, d, 1, false},
                                                       {0x1ff, e, d, 1, false},
                                                       {~0u, e, d, 1, false}}) {
    CAPTURE(c.kinds);
    CAPTURE(c.epsilon);
    CAPTURE(c.delta);
    auto other = w;
    other[at] = c.kinds, other[at + 1] = c.epsilon, other[at + 2] = c.delta, other[at + 3] = c.n;
    tiny::mend(other);
    CHECK(bind_text(other, b) == to_string(c.sound ? status::ok : status::bad_guarantee));
  }
  // Any number of words between the parts and the checksum but four is a wrong length.
  for (const int more : {1, 2, 3, 5, 8}) {
    auto longer = without;
    longer.insert(longer.end() - 1, static_cast<std::size_t>(more), 0x101u);
    longer[word::total] = static_cast<std::uint32_t>(longer.size());
    tiny::mend(longer);
    CHECK(tiny::try_bind(longer, b) == status::wrong_length);
  }
}

TEST_CASE("bind: a guarantee holds for the whole network under the policies stored, and no other") {
  const auto w = guarantee_sample::words();
  bound_weights<lower<cut<tiny::net, 1>>, path::portable> shorter;
  REQUIRE(tiny::try_bind(w, shorter) == status::ok);
  CHECK(guarantee_of(shorter, w.data()) == guarantee{});
  bound_weights<tiny::device, path::portable, tiny::margin> other;
  REQUIRE(tiny::try_bind(w, other) == status::ok);
  CHECK(guarantee_of(other, w.data()) == guarantee{});
}

TEST_CASE("bind: a model of another lowering, network or path is refused") {
  tiny::bound b;
  CHECK(tiny::try_bind(tiny::words<tiny::float_device>(), b) == status::wrong_network);
  CHECK(tiny::try_bind(tiny::words<tiny::plain_device>(), b) == status::wrong_network);
  CHECK(tiny::try_bind(tiny::words<tiny::device, path::reference>(), b) == status::wrong_path);
  // A shorter model, another number of classes, a larger input.
  using shorter = lower<cut<tiny::net, 1>>;
  CHECK(tiny::try_bind(host::pack_model<shorter, path::portable>(
                           host::quantize<shorter>(offramp_test::random_model(cut<tiny::net, 1>::view(), 61, false),
                                                   tiny::images(), 1),
                           {}, {tiny::images().image(0), 9}),
                       b) == status::wrong_network);
  using three = lower<network<image<3, 3, 1>, stage<conv2d<3, 1>, sign>, exit_head<3>,
                              stage<conv2d<2, 1, binary>, relu>, exit_head<3>>>;
  bound_weights<three, path::portable> of_three;
  CHECK(tiny::try_bind(tiny::words(), of_three) == status::wrong_network);
  using larger = lower<network<image<5, 5, 1>, stage<conv2d<3, 1>, sign>, exit_head<2>,
                               stage<conv2d<2, 1, binary>, relu>, exit_head<2>>>;
  bound_weights<larger, path::portable> of_larger;
  CHECK(tiny::try_bind(tiny::words(), of_larger) == status::wrong_network);
}

TEST_CASE("bind: the same network whose ops take other words was packed by another version of the path") {
  constexpr format::sections at = format::sections_of<tiny::device, path::portable>;
  auto w = tiny::words();
  w.insert(w.begin() + static_cast<std::ptrdiff_t>(at.answer_input), 0u);
  w[word::op_words] += 1;
  w[word::total] += 1;
  tiny::mend(w);
  tiny::bound b;
  CHECK(tiny::try_bind(w, b) == status::wrong_path);
  // A longer model whose op words are no more than the shorter one's.
  w = tiny::words();
  bound_weights<lower<cut<tiny::net, 1>>, path::portable> shorter;
  CHECK(tiny::try_bind(w, shorter) == status::ok);
  const auto less = static_cast<std::uint32_t>(planned<lower<cut<tiny::net, 1>>, path::portable>::plan.weight_words);
  w.erase(w.begin() + static_cast<std::ptrdiff_t>(at.ops + less),
          w.begin() + static_cast<std::ptrdiff_t>(at.ops + w[word::op_words]));
  w[word::op_words] = less;
  w[word::total] = static_cast<std::uint32_t>(w.size());
  tiny::mend(w);
  CHECK(tiny::try_bind(w, shorter) == status::wrong_path);
}

TEST_CASE("bind: policies and the words a model stores for them") {
  const auto plain = tiny::words();
  const auto policies = policy_sample::words();
  const auto margins = tiny::words<tiny::device, path::portable, tiny::margin>({{{1, 2}}, {}, {}});
  tiny::bound simple;
  bound_weights<tiny::device, path::portable, tiny::margin> margin;
  bound_weights<tiny::device, path::portable, tiny::weighted> weighted;
  bound_weights<tiny::device, path::portable, max_softmax, tiny::mixing> mixing;
  policy_sample::bound both;
  // Plain thresholds of another scale are not taken for one's own.
  CHECK(tiny::try_bind(margins, margin) == status::ok);
  CHECK(margin.thresholds_stored);
  CHECK(tiny::try_bind(plain, margin) == status::ok);
  CHECK_FALSE(margin.thresholds_stored);
  CHECK(tiny::try_bind(policies, simple) == status::ok);
  CHECK_FALSE(simple.thresholds_stored);
  // A policy that cannot run without its words.
  CHECK(tiny::try_bind(plain, weighted) == status::wrong_criterion);
  CHECK(tiny::try_bind(plain, mixing) == status::wrong_reuse);
  CHECK(tiny::try_bind(plain, both) == status::wrong_criterion);
  CHECK(tiny::try_bind(policies, weighted) == status::ok);
  CHECK_FALSE(weighted.thresholds_stored);  // they were found for judged logits
  CHECK(tiny::try_bind(policies, mixing) == status::ok);
  CHECK_FALSE(mixing.thresholds_stored);
  CHECK(mixing.reuse(1)[0] == 20);
}

namespace {

using chain = network<image<6, 6, 1>, stage<conv2d<8, 3>, batch_norm, residual<sign, conv2d<8, 3, binary>, batch_norm>>,
                      exit_head<3>, stage<sign, conv2d<12, 3, binary>, batch_norm, sign, max_pool<2>>, exit_head<3>,
                      stage<conv2d<5, 3>, relu>, exit_head<3>>;

// A network cut behind exit K takes the words of the whole one as they are.
template <class Path, kind Rest, int K, class Reuse>
void check_prefix(const words_t& w, const host::labelled_images& images) {
  using whole_device = lower<chain, Rest>;
  using cut_device = lower<cut<chain, K>, Rest>;
  using whole_session = session<whole_device, Path, max_softmax, Reuse>;
  using cut_session = session<cut_device, Path, max_softmax, Reuse>;
  typename whole_session::weights_type whole;
  typename cut_session::weights_type first;
  REQUIRE(tiny::try_bind(w, whole) == status::ok);
  REQUIRE(tiny::try_bind(w, first) == status::ok);
  CHECK(first.ops == whole.ops);
  arena<whole_device, Path> whole_memory;
  arena<cut_device, Path> cut_memory;
  whole_session s{whole, whole_memory};
  cut_session c{first, cut_memory};
  for (int i = 0; i < images.count(); ++i) {
    const auto x = cut_session::input_view::unchecked(images.image(i));
    s.begin(x);
    c.begin(x);
    for (int k = 0; k < K; ++k) {
      s.step(), c.step();
      CHECK(std::memcmp(s.logits(), c.logits(), 3 * 4) == 0);
      CHECK(c.logit_scale(k) == s.logit_scale(k));
    }
    CHECK(c.best().why == stop_reason::last_exit);
    CHECK(c.best().probability_q16 == s.best().probability_q16);
    for (const float t : {0.3f, 0.5f, 0.9f}) {
      const prediction p = s.classify(x, confidence{t});
      const prediction q = c.classify(x, confidence{t});
      CHECK(q.exit == std::min<int>(p.exit, K - 1));
    }
  }
  CHECK(self_test(c, w.data()) == status::ok);
}
template <class Path, kind Rest, class Reuse = no_reuse>
void check_prefixes(const words_t& reuse_words = {}) {
  using device = lower<chain, Rest>;
  const auto images = offramp_test::random_images({6, 6, 1}, 3, 6, 63);
  const auto q = host::quantize<device>(offramp_test::random_model(chain::view(), 64), images, 1);
  const host::deployment<3, max_softmax, Reuse> d{{}, {}, reuse_words, {}};
  const auto w = host::pack_model<device, Path>(q, d, {images.image(0), 36});
  check_prefix<Path, Rest, 1, Reuse>(w, images);
  check_prefix<Path, Rest, 2, Reuse>(w, images);
  check_prefix<Path, Rest, 3, Reuse>(w, images);
}

}  // namespace

TEST_CASE("bind: a prefix of the network runs on the words of the whole one, bit for bit") {
  check_prefixes<path::portable, i8>();
  check_prefixes<path::portable, f32>();
  check_prefixes<path::reference, i8>();
  check_prefixes<path::fake, i8>();
}

TEST_CASE("bind: so do its judged logits") {
  // Means of the logits so far with a bias for each class; sums of them.
  const std::uint32_t one = 65536, less = static_cast<std::uint32_t>(-7);
  check_prefixes<path::portable, i8, geometric_ensemble>({15, 3, 0,    less, one,     0,       0,  //
                                                          15, 5, less, 1,    one / 2, one / 2, 0,  //
                                                          15, 0, 2,    9,    one / 3, one / 3, one / 3});
  check_prefixes<path::portable, i8, additive>({15, one, 0, 15, one, one / 2, 15, one, one / 2});
  const std::uint32_t real_one = 0x3f800000u, half = 0x3f000000u;
  check_prefixes<path::portable, f32, geometric_ensemble>({0, half, 0,    0,    real_one, 0,    0,  //
                                                           0, 0,    half, 0,    half,     half, 0,  //
                                                           0, 0,    0,    half, half,     half, real_one});
}

TEST_CASE("bind: a policy's words of a longer model") {
  using shorter = lower<cut<tiny::net, 1>>;
  auto w = policy_sample::words();
  bound_weights<shorter, path::portable, tiny::weighted, tiny::mixing> b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  CHECK(b.reuse(0)[0] == 10);
  // As many reuse words as a model of this length has, and no others.
  w[word::criterion_words] -= 1;
  tiny::mend(w);
  CHECK(tiny::try_bind(w, b) == status::wrong_criterion);
  bound_weights<shorter, path::portable, max_softmax, tiny::mixing> c;
  CHECK(tiny::try_bind(w, c) == status::wrong_reuse);
}

TEST_CASE("bind: data at an odd address") {
  const auto w = tiny::words();
  words_t room(w.size() + 1);
  auto* bytes = reinterpret_cast<unsigned char*>(room.data());
  tiny::bound b;
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::memmove(bytes + shift, w.data(), 4 * w.size());
    const void* data = bytes + shift;
    CHECK(bind_weights(data, 4 * w.size(), b) == (shift == 0 ? status::ok : status::misaligned));
  }
}
