// Device program of the smoke test: the example network on a bare Cortex-M, its answers compared with the host's to the
// last bit. One line per difference, a summary, exit status 0 or 1.
#include <cstdint>

#include <offramp/model/little_endian.hpp>
#include <offramp/offramp.hpp>

#include "tests/embedded/board/stack.hpp"
#include "tests/embedded/console.hpp"
#include "tests/embedded/images.hpp"
#include "weights.hpp"

// Plain names, so that tests/embedded/run.sh finds their sizes in the symbol table.
extern "C" {
constinit offramp::arena<smoke::net, smoke::path> network_arena{};
constinit smoke::session network_session{garment_weights, network_arena};

// What firmware calls.
[[gnu::noinline]] offramp::prediction network_classify(const std::uint8_t* pixels) {
  return network_session.classify(smoke::session::input_view::unchecked(pixels));
}
}

namespace {

using offramp::prediction;
using smoke::session;
session& net = network_session;

int failures = 0;

// Compares one number; a difference is a line that says where.
void same(std::int64_t got, std::int64_t expected, const char* what, int image, int exit) {
  if (got == expected) return;
  ++failures;
  board::print("FAIL image ");
  board::print(image);
  board::print(", exit ");
  board::print(exit + 1);
  board::print(": ");
  board::print(what);
  board::print(" is ");
  board::print(static_cast<std::int32_t>(got));
  board::print(", expected ");
  board::print(static_cast<std::int32_t>(expected));
  board::print("\n");
}

void same(const prediction& got, const prediction& expected, int image) {
  same(got.label, expected.label, "label", image, expected.exit);
  same(got.exit, expected.exit, "exit", image, expected.exit);
  same(static_cast<int>(got.why), static_cast<int>(expected.why), "reason", image, expected.exit);
  same(got.probability_q16, expected.probability_q16, "probability_q16", image, expected.exit);
  same(got.spent, expected.spent, "spent", image, expected.exit);
}

void same_logits(const smoke::exit_answer& expected, int image) {
  for (int c = 0; c < session::classes; ++c)
    same(net.logits()[c], expected.logits[c], "logit", image, expected.best.exit);
}

void compare(const smoke::image& expected, int image) {
  const prediction p = network_classify(expected.pixels);
  same(p, expected.classified, image);
  same_logits(expected.exits[expected.classified.exit], image);

  net.begin(smoke::session::input_view::unchecked(expected.pixels));
  for (int k = 0; k < session::exits; ++k) {
    same(net.step() ? 1 : 0, k + 1 < session::exits ? 1 : 0, "step", image, k);
    same(net.best(), expected.exits[k].best, image);
    same(net.score(), expected.exits[k].score_q16, "score", image, k);
    same_logits(expected.exits[k], image);
  }

  // Extreme thresholds: everything leaves at the first exit, or nothing before the last.
  same(net.classify(expected.pixels, offramp::confidence{0.0f}).exit, 0, "exit at confidence 0", image, 0);
  same(net.classify(expected.pixels, offramp::confidence{2.0f}).exit, session::exits - 1, "exit at confidence 2", image,
       session::exits - 1);
}

// The weights as a file has them, in bytes, at any address; and files that must be refused.
constexpr std::size_t model_words = sizeof garment_weights.words / sizeof garment_weights.words[0];
alignas(4) unsigned char file_bytes[4 * model_words + 1];
std::uint32_t file_words[model_words];

// Static: gcc zeroes a local one by memset at -Os.
constinit offramp::bound_weights<smoke::net, smoke::path> bound{};

int status_of_file(const unsigned char* file, std::size_t bytes) {
  offramp::words_from_bytes(file, model_words, file_words);
  return static_cast<int>(offramp::bind_weights(file_words, bytes, bound));
}
void read_files() {
  using offramp::status;
  unsigned char* const file = file_bytes + 1;
  offramp::bytes_from_words(garment_weights.words, model_words, file);
  const auto refuse = [&](status expected, std::size_t bytes, const char* what) {
    same(status_of_file(file, bytes), static_cast<int>(expected), what, 0, 0);
  };
  refuse(status::too_short, 4 * model_words - 4, "status of a file without its end");
  file[2 * model_words] ^= 0x10;
  refuse(status::bad_checksum, 4 * model_words, "status of a file with a flipped bit");
  file[2 * model_words] ^= 0x10;
  refuse(status::ok, 4 * model_words, "status of the file");
  same(static_cast<int>(offramp::bind_weights(static_cast<const void*>(file), 4 * model_words, bound)),
       static_cast<int>(status::misaligned), "status of a file at an odd address", 0, 0);
  same(static_cast<int>(offramp::bind_weights(file_words, 4 * model_words, bound)), 0, "status of words", 0, 0);

  // Bound from the file the network says the same.
  smoke::session read{bound, network_arena};
  const prediction p = read.classify(smoke::session::input_view::unchecked(smoke::expected[0].pixels));
  same(p, smoke::expected[0].classified, 0);
}

}  // namespace

int main() {
  constexpr offramp::memory_need memory = offramp::memory<smoke::net, smoke::path>;
  constexpr auto arena_bytes = static_cast<std::int32_t>(memory.arena_bytes);
  constexpr auto weight_bytes = static_cast<std::int32_t>(memory.weight_bytes);
  same(arena_bytes, static_cast<std::int32_t>(smoke::host_arena_bytes), "arena", 0, 0);
  same(weight_bytes, static_cast<std::int32_t>(smoke::host_weight_bytes), "weights", 0, 0);
  const auto known = offramp::self_test<smoke::net, smoke::path>(net, garment_weights.words);
  same(static_cast<int>(known), 0, "status of the self test", 0, 0);

  read_files();

  std::int32_t stack = 0;
  for (int i = 0; i < smoke::images; ++i) {
    const smoke::image& image = smoke::expected[i];
    const std::int32_t used = board::stack_of([&] { static_cast<void>(network_classify(image.pixels)); });
    if (used > stack) stack = used;
    compare(image, i);
  }

  board::print("arena_bytes ");
  board::print(arena_bytes);
  board::print("\nweight_bytes ");
  board::print(weight_bytes);
  board::print("\nstack_bytes ");
  board::print(stack);
  board::print("\nimages ");
  board::print(smoke::images);
  board::print("\nfailures ");
  board::print(failures);
  board::print("\n");
  return failures == 0 ? 0 : 1;
}
