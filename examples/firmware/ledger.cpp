// Device program of the size ledger: what a firmware that classifies is made of, and what it executes. ledger.sh links
// network_classify alone for the sizes, and the whole for the run. Prints lines "word number ...", times in counts of
// SysTick.
#include <cstddef>
#include <cstdint>

#include <offramp/timing/clocks/cortex_m_systick.hpp>

#include "garment.hpp"
#include "tests/embedded/board/semihosting.hpp"
#include "tests/embedded/board/stack.hpp"

using namespace offramp;
using firmware::here;
using firmware::net;
using plan = planned<net, here>;
using board_clock = cortex_m_systick_clock;

// Plain names, so that ledger.sh finds their sizes in the symbol table.
extern "C" {
constinit arena<net, here> network_arena{};
constinit session<net, here> network_session{garment_weights, network_arena};

// What firmware calls.
[[gnu::noinline]] prediction network_classify(const std::uint8_t* pixels) {
  return network_session.classify(session<net, here>::input_view::unchecked(pixels));
}
}

namespace {

struct step_flags {
  bool early_head[plan::steps]{};
};
constexpr step_flags step_is = [] {
  step_flags f;
  for (int i = 0; i < plan::steps; ++i)
    f.early_head[i] = plan::program.steps[i].head && plan::program.steps[i].exit + 1 < net::exits;
  return f;
}();

// Adds up what the early heads take, which a network without early exits would not have.
struct heads_observer {
  std::uint32_t start, sum;
  void enter(int) { start = board_clock::now(); }
  void leave(int step) {
    if (step_is.early_head[step]) sum += elapsed<board_clock>(start, board_clock::now());
  }
  void exit_judged(int, bool) {}
};
constinit heads_observer heads{};
constinit session<net, here, max_softmax, no_reuse, heads_observer> observed{garment_weights, network_arena, heads};

void say(const char* word, std::size_t number) {
  board::print(word);
  board::print(" ");
  board::print(static_cast<std::int32_t>(number));
  board::print("\n");
}

// What classify does for a sample that leaves at exit k; how many counts that takes, for every stage less than a wrap.
[[gnu::noinline]] std::uint32_t leave_at(int k, const std::uint8_t* pixels, bool judged) {
  std::uint32_t counts = 0;
  network_session.begin(session<net, here>::input_view::unchecked(pixels));
  for (int i = 0; i <= k; ++i) {
    const std::uint32_t start = board_clock::now();
    const bool more = network_session.step();
    if (judged && more) {
      volatile bool sure = network_session.sure();
      static_cast<void>(sure);
    }
    if (judged && i == k) {
      volatile std::int32_t label = network_session.best().label;
      static_cast<void>(label);
    }
    counts += elapsed<board_clock>(start, board_clock::now());
  }
  return counts;
}

}  // namespace

int main() {
  if (!start_clock<board_clock>()) return 2;
  say("arena_bytes", memory<net, here>.arena_bytes);
  say("weight_bytes", memory<net, here>.weight_bytes);
  say("model_bytes", garment_weights.bytes());
  say("self_test", static_cast<std::size_t>(self_test(network_session, garment_weights.words)));

  std::uint32_t right = 0;
  std::int32_t stack = 0;
  for (int i = 0; i < GARMENT_IMAGES; ++i) {
    int label = -1;
    const std::int32_t used = board::stack_of([&] { label = network_classify(garment_pixels[i]).label; });
    if (used > stack) stack = used;
    if (label == garment_labels[i]) ++right;
  }
  say("stack_bytes", static_cast<std::size_t>(stack));
  say("right", right);

  constexpr int images = 4;
  for (int k = 0; k < net::exits; ++k) {
    std::uint32_t sum = 0;
    for (int i = 0; i < images; ++i) sum += leave_at(k, garment_pixels[i], true);
    say("exit", sum / images);
  }
  observed.begin(garment_pixels[0]);
  while (observed.step()) {}
  say("full", leave_at(net::exits - 1, garment_pixels[0], false) - heads.sum);
  return 0;
}
