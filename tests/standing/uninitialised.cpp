// For the memory sanitizer, built and run by uninitialised.sh: no branch and no answer depends on memory that nobody
// wrote. The reader sees models that end early in buffers whose rest was never written; sessions run on an arena fresh
// from the heap. Device headers and C alone, since the sanitizer must have compiled all that runs.
// Half of the networks are in each PART, 1 and 2, so that two compilers share them.
// An argument plants a mistake: `reader` claims bytes that were never written, `arena` asks for logits before a step.
#include <sanitizer/msan_interface.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/networks.hpp"

using namespace offramp;
using namespace offramp_test::networks;
namespace word = format::word;

namespace {

std::uint32_t state = 1;
std::uint32_t random_word() {  // xorshift, G. Marsaglia 2003
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

// Memory of its own size, so that one byte too many is seen; malloc leaves it unwritten, and the sanitizer knows.
template <class T>
struct block {
  T* at;
  explicit block(std::size_t count = 1) : at{static_cast<T*>(std::malloc(count * sizeof(T)))} {}
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  ~block() { std::free(at); }
};

int checks = 0;
void fail(const char* name, const char* what, std::size_t where) {
  std::printf("FAIL uninitialised %s: %s, at %zu\n", name, what, where);
  std::exit(1);
}

template <class T>
void written(const T& value) {
  __msan_check_mem_is_initialized(&value, sizeof(value));
  ++checks;
}

// A model with arbitrary weights: no weight leads out of the arena, and that is all this program looks at.
template <class Lowered, class Path, class Criterion, class Reuse>
struct model {
  static constexpr format::sections at = format::sections_of<Lowered, Path, Criterion, Reuse>;
  static constexpr format::expected expected = format::expected_of<Lowered, Path, Criterion, Reuse>;
  std::uint32_t words[at.total];

  model() {
    for (std::uint32_t& w : words) w = random_word();
    words[word::magic] = format::magic;
    words[word::version] = format::format_version;
    words[word::total] = at.total;
    words[word::path] = expected.path;
    words[word::exits] = expected.exits;
    words[word::classes] = expected.classes;
    words[word::criterion] = Criterion::id;
    words[word::reuse] = Reuse::id;
    words[word::criterion_words] = expected.criterion_words;
    words[word::record_words] = format::record_words_of<Lowered, Criterion, Reuse>;
    words[word::op_words] = expected.op_words;
    words[word::input_words] = expected.input_words;
    for (std::uint32_t k = 0; k < expected.exits; ++k) {
      std::uint32_t* record = words + at.records + k * words[word::record_words];
      record[0] = static_cast<std::uint32_t>(expected.hashes[k]);
      record[1] = static_cast<std::uint32_t>(expected.hashes[k] >> 32);
      record[2] = 0x3f000000u;
      record[3] = 0x40000000u;
      record[4] = 1;
    }
    mend();
  }
  void mend() { words[at.crc] = crc32(words, at.crc); }
};

template <class Lowered, class Path, class Criterion, class Reuse>
void read_broken(const model<Lowered, Path, Criterion, Reuse>& sound, const char* name) {
  using bound_t = bound_weights<Lowered, Path, Criterion, Reuse>;
  constexpr std::size_t total = sizeof(sound.words) / 4;
  // Truncations: the first words, the words about the end of each part, and some in between.
  for (std::size_t n = 0; n < total; n += n < 128 || n + 8 > total ? 1 : 1 + random_word() % (total / 64)) {
    block<std::uint32_t> buffer{total};
    std::memcpy(buffer.at, sound.words, 4 * n);
    for (const std::uint32_t length : {static_cast<std::uint32_t>(total), static_cast<std::uint32_t>(n)}) {
      // The second time the header says so, and the checksum fits.
      if (n > word::total) buffer.at[word::total] = length;
      if (n > format::header_words && length == n) buffer.at[n - 1] = crc32(buffer.at, n - 1);
      bound_t b;
      if (bind_weights(buffer.at, 4 * n, b) == status::ok) fail(name, "a truncated model was bound", n);
      if (n < total && bind_weights(buffer.at, 4 * n + 3, b) == status::ok) fail(name, "half a word was bound", n);
      written(b.ops), written(b.records), written(b.record_words), written(b.thresholds_stored);
    }
  }
  // Lies of the header and of the records, the checksum made to fit: nothing beyond the words is looked at.
  constexpr std::uint32_t lies[] = {0, 1, 2, 7, 11, 255, 65535, 65536, 0x7fffffffu, 0x80000000u, 0xffffffffu};
  for (std::size_t i = 0; i < sound.at.ops; ++i)
    for (const std::uint32_t lie : lies) {
      block<model<Lowered, Path, Criterion, Reuse>> broken;
      std::memcpy(static_cast<void*>(broken.at), sound.words, sizeof(sound.words));
      broken.at->words[i] = lie;
      broken.at->mend();
      bound_t b;
      written(bind_weights(broken.at->words, sizeof(sound.words), b));
      written(b.record_words);
    }
  // Garbage of every length that a header could have.
  for (std::size_t n = 0; n < 2 * format::header_words; ++n) {
    block<std::uint32_t> buffer{n + 1};
    for (std::size_t i = 0; i < n; ++i) buffer.at[i] = i == word::magic ? format::magic : random_word() % 64;
    bound_t b;
    if (bind_weights(buffer.at, 4 * n, b) == status::ok) fail(name, "garbage was bound", n);
  }
}

template <class Lowered, class Path = path::portable, class Criterion = max_softmax, class Reuse = no_reuse>
void run(const char* name) {
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  static const model<Lowered, Path, Criterion, Reuse> sound;
  read_broken(sound, name);

  bound_weights<Lowered, Path, Criterion, Reuse> bound;
  if (bind_weights(sound.words, sizeof(sound.words), bound) != status::ok) fail(name, "a sound model was refused", 0);
  const block<arena<Lowered, Path>> memory;
  session_t net{bound, *memory.at};
  const block<typename session_t::input_element> input{session_t::input_size};
  for (std::size_t i = 0; i < session_t::input_size; ++i)
    input.at[i] = static_cast<typename session_t::input_element>(random_word() % 256);
  const auto view = session_t::input_view::unchecked(input.at);

  for (int round = 0; round < 2; ++round) {
    written(self_test(net, sound.words));
    net.begin(view);
    for (bool more = true; more;) {
      more = net.step();
      for (int c = 0; c < session_t::classes; ++c) written(net.logits()[c]);
      if constexpr (requires { net.score(); }) written(net.score());
      written(net.sure());
      const prediction p = net.best();
      written(p.label), written(p.exit), written(p.why), written(p.probability_q16), written(p.spent);
    }
    for (const prediction& p : {net.classify(view), net.classify(view, confidence{0.5f})})
      written(p.label), written(p.exit), written(p.why), written(p.probability_q16);
    __msan_poison(memory.at, sizeof(*memory.at));
  }
  std::printf("pass uninitialised %s\n", name);
}

void plant(const char* what) {
  using net = lower<signs>;
  if (std::strcmp(what, "reader") == 0) {
    const block<std::uint32_t> never_written{64};
    bound_weights<net, path::portable> b;
    std::printf("%d\n", static_cast<int>(bind_weights(never_written.at, 256, b)));
  } else {
    static const model<net, path::portable, max_softmax, no_reuse> sound;
    bound_weights<net, path::portable> bound;
    static_cast<void>(bind_weights(sound.words, sizeof(sound.words), bound));
    const block<arena<net>> memory;
    session<net> s{bound, *memory.at};
    std::uint8_t input[session<net>::input_size]{};
    s.begin(session<net>::input_view::unchecked(input));
    s.step();
    __msan_poison(memory.at, sizeof(*memory.at));  // as an op that forgets to write would leave it
    if (s.best().label == 1) std::puts("one");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return plant(argv[1]), 0;
#if PART == 1
  run<lower<residuals>>("residuals, i8");
  run<lower<residuals>, path::reference>("residuals, i8, reference");
  run<lower<residuals, f32>>("residuals, f32");
  run<lower<pooled>>("pooled, i8");
  run<lower<pooled, f32>>("pooled, f32");
  run<lower<signs>, path::portable, entropy>("signs, i8, entropy");
  run<lower<signs, f32>, path::reference, logit_margin>("signs, f32, reference, margin");
  run<lower<blocks>>("blocks, i8");
  run<lower<blocks, f32>>("blocks, f32");
  run<lower<blocks>, path::reference>("blocks, i8, reference");
#else
  run<lower<grouped>>("groups, i8");
  run<lower<grouped, f32>>("groups, f32");
  run<lower<grouped>, path::reference>("groups, i8, reference");
  run<lower<nested>>("nested, i8");
  run<lower<blocks>, path::portable, all_of<patience, learned_gate>, geometric_ensemble>("blocks, i8, gate, ensemble");
  run<lower<blocks, f32>, path::portable, any_of<patience, per_class<entropy>>, geometric_ensemble>(
      "blocks, f32, per class, ensemble");
  run<lower<signs>, path::portable, per_class<logit_margin>, additive>("signs, i8, per class, additive");
  run<lower<signs, f32>, path::portable, learned_gate, additive>("signs, f32, gate, additive");
  run<lower<one_dimensional>>("sequences, i8");
  run<lower<one_dimensional, f32>>("sequences, f32");
#endif
  std::printf("%d values looked at\n", checks);
}
