// libFuzzer on the model reader: whatever the words are, binding refuses them or binds what lies inside them, and what
// was bound runs. Build it with
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude -I.
// and Eigen's folder. The first byte of an input chooses the network, the second what the rest is:
//   bit 0  edits (two bytes where, four bytes what) of a sound model, else the words themselves
//   bit 1  the checksum is made to fit, so that what lies behind it is reached
//   bit 2  the length in the header is made to fit
//   bit 3  the words are cut off where the input says (edits only)
//   bits 4, 5  by how many bytes they are not aligned
// A bound model runs its known answer on sound weights: records and answer stay as the input made them. Arbitrary
// weights may overflow sums of integers, which no check of a reader finds; with -DOFFRAMP_FUZZ_WEIGHTS they run as they
// are, for builds without -fsanitize=undefined: no weight leads out of the arena.
// max_len: 1024
// long: 10000000
// also: -DOFFRAMP_FUZZ_WEIGHTS -fno-sanitize=undefined
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <offramp/exits/additive.hpp>
#include <offramp/exits/combine.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/exits/learned_gate.hpp>
#include <offramp/exits/per_class.hpp>
#include <offramp/model/little_endian.hpp>

#include "tests/model/tiny_model.hpp"

using namespace offramp;
namespace word = format::word;

namespace {

using words_t = std::vector<std::uint32_t>;

void expect(bool holds) {
  if (!holds) std::abort();
}

struct input {
  const std::uint8_t* at;
  std::size_t left;
  std::uint32_t take(std::size_t bytes) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < bytes && left > 0; ++i, --left) v |= std::uint32_t{*at++} << (8 * i);
    return v;
  }
};

words_t words_of(input in, unsigned mode, const words_t& sound) {
  words_t w;
  if ((mode & 1u) == 0) {
    w.resize(in.left / 4);
    words_from_bytes(in.at, w.size(), w.data());
  } else {
    w = sound;
    if ((mode & 8u) != 0) w.resize(in.take(2) % (2 * w.size()));
    while (in.left > 0 && !w.empty()) {
      const std::size_t where = in.take(2) % w.size();
      w[where] = in.take(4);
    }
  }
  if (w.empty()) return w;
  if ((mode & 4u) != 0 && w.size() > word::total) w[word::total] = static_cast<std::uint32_t>(w.size());
  if ((mode & 2u) != 0) w.back() = crc32(w.data(), w.size() - 1);
  return w;
}

template <class Session>
void run(Session& s, const std::uint32_t* words) {
  static_cast<void>(self_test(s, words));
  typename Session::input_element x[Session::input_size]{};
  const prediction p = s.classify(Session::input_view::unchecked(x));
  expect(p.exit >= 0 && p.exit < Session::exits && p.label >= 0 && p.label < Session::classes);
}

// What is read is in a block of its own size, so that a byte too many is seen.
template <class Lowered, class Criterion, class Reuse>
void bind_and_run(const words_t& w, std::size_t shift, const words_t& sound) {
  using bound_t = bound_weights<Lowered, path::portable, Criterion, Reuse>;
  const std::unique_ptr<unsigned char[]> block{new unsigned char[4 * w.size() + shift]};
  if (!w.empty()) std::memcpy(block.get() + shift, w.data(), 4 * w.size());
  bound_t b;
  const status s = bind_weights(static_cast<const void*>(block.get() + shift), 4 * w.size(), b);
  if (shift != 0) expect(s == status::misaligned);
  if (s != status::ok) {
    expect(b.ops == nullptr && b.records == nullptr && !b.thresholds_stored);
    return;
  }
  // All that a session looks at lies inside.
  const auto* first = reinterpret_cast<const std::uint32_t*>(block.get());
  const std::uint32_t* last = first + w.size() - 1;
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  constexpr std::uint32_t own = format::criterion_words<Criterion, Lowered::classes>() +
                                format::reuse_words<Reuse, Lowered::exits, Lowered::classes>();
  const format::sections at = format::sections_in(first);
  expect(at.total == w.size());
  expect(b.records == first + format::header_words && b.records + exits * b.record_words <= b.ops);
  expect(!b.thresholds_stored || b.record_words >= exit_record_view::fixed_words + own);
  expect(b.ops + planned<Lowered, path::portable>::plan.weight_words <= first + at.answer_input);
  expect(first + at.answer_logits + exits * Lowered::classes <= last);
  const guarantee promise = guarantee_of(b, first);
  expect(!promise.promised() || (promise.epsilon > 0 && promise.epsilon < 1 && promise.delta >= 0 &&
                                 promise.delta < 1 && promise.n > 0 && promise.test != risk_test::none));
  words_t runs = w;
#ifndef OFFRAMP_FUZZ_WEIGHTS
  const format::sections genuine = format::sections_in(sound.data());
  const std::size_t count = std::min(at.answer_input - at.ops, genuine.answer_input - genuine.ops);
  std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(genuine.ops), count,
              runs.begin() + static_cast<std::ptrdiff_t>(at.ops));
#else
  static_cast<void>(sound);
#endif
  const auto memory = std::make_unique<arena<Lowered>>();
  session<Lowered, path::portable, Criterion, Reuse> net{
      format::view_of<Lowered, path::portable, Criterion, Reuse>(runs.data()), *memory};
  run(net, runs.data());
}

// The network itself, and the network cut behind its first exit.
template <class Lowered, class Criterion = max_softmax, class Reuse = no_reuse>
void one_network(const words_t& sound, const input& in, unsigned mode) {
  const words_t w = words_of(in, mode, sound);
  bind_and_run<Lowered, Criterion, Reuse>(w, (mode >> 4) & 3u, sound);
  bind_and_run<lower<cut<typename Lowered::network, 1>, Lowered::rest>, Criterion, Reuse>(w, (mode >> 4) & 3u, sound);
}

// Policies of the library, whose words are the input's, too.
using gated = all_of<max_softmax, learned_gate>;
words_t gated_words() {
  return tiny::words<tiny::device, path::portable, gated, geometric_ensemble>(
      {{}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {15, 0, 0, 65536, 0, 15, 1, 2, 32768, 32768}});
}
using by_class = per_class<entropy>;
words_t by_class_words() {
  constexpr std::uint32_t one = 0x3f800000u;
  return tiny::words<tiny::float_device, path::portable, by_class, additive>(
      {{}, {1, 2, 3, 4}, {0, one, one, 0, one, one}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const words_t binary = tiny::words();
  static const words_t integer = tiny::words<tiny::plain_device>();
  static const words_t real = tiny::words<tiny::float_device>();
  static const words_t policies = tiny::words<tiny::device, path::portable, tiny::weighted, tiny::mixing>(
      {{}, {1, 2, 3, 4, 5, 6}, {10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25}});
  static const words_t ensemble = gated_words();
  static const words_t summed = by_class_words();
  static const words_t promising =
      tiny::words({{{49152, 49152}}, {}, {}, {}, {risk_loss::accuracy_gap, risk_test::binomial, 0.005f, 0.1f, 5000}});
  if (size > 4096) return -1;
  input in{data, size};
  const std::uint32_t network = in.take(1);
  const unsigned mode = in.take(1);
  switch (network % 8) {
    case 0: one_network<tiny::device>(binary, in, mode); break;
    case 1: one_network<tiny::plain_device>(integer, in, mode); break;
    case 2: one_network<tiny::float_device>(real, in, mode); break;
    case 3: one_network<tiny::device, tiny::weighted, tiny::mixing>(policies, in, mode); break;
    case 4: one_network<tiny::device, gated, geometric_ensemble>(ensemble, in, mode); break;
    case 5: one_network<tiny::float_device, by_class, additive>(summed, in, mode); break;
    case 6: one_network<tiny::device, tiny::margin>(binary, in, mode); break;
    default: one_network<tiny::device>(promising, in, mode); break;
  }
  return 0;
}
