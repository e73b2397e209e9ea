// Device program of the iso-accuracy plot: one network of the ladder (-DISO_NETWORK=template arguments, weights.hpp of
// its folder) on a bare Cortex-M4. Prints the mean instructions until a sample has left at each exit, the stack, and in
// how many answers it differs from the host. Without ISO_NETWORK there is nothing to compile.
#ifdef ISO_NETWORK
#include <cstdint>

#include <offramp/offramp.hpp>
#include <offramp/paths/cortex_m_dsp.hpp>

#include "benchmarks/iso_accuracy/device/counter.hpp"
#include "benchmarks/iso_accuracy/networks.hpp"
#include "tests/embedded/board/semihosting.hpp"
#include "tests/embedded/board/stack.hpp"
#include "weights.hpp"

using device_net = iso::lowered<ISO_NETWORK>;
using path = offramp::path::cortex_m_dsp;
using session = offramp::session<device_net, path>;

// Plain names, so that the script finds their sizes in the symbol table.
extern "C" {
constinit offramp::arena<device_net, path> network_arena{};
constinit session network_session{ladder_weights, network_arena};

// What firmware calls.
[[gnu::noinline]] int network_classify(const std::uint8_t* pixels) {
  return network_session.classify(session::input_view::unchecked(pixels)).label;
}
}

namespace {

void say(const char* word, std::int32_t number) {
  board::print(word);
  board::print(" ");
  board::print(number);
  board::print("\n");
}

// What classify does for a sample that leaves at exit k.
[[gnu::noinline]] int leave_at(int k, const std::uint8_t* pixels) {
  network_session.begin(session::input_view::unchecked(pixels));
  for (int i = 0;; ++i) {
    const bool more = network_session.step();
    if (more) {
      volatile bool sure = network_session.sure();
      static_cast<void>(sure);
    }
    if (i == k) return network_session.best().label;
  }
}

int mismatches() {
  int found = 0;
  for (int i = 0; i < answers::images; ++i) {
    network_session.begin(session::input_view::unchecked(answers::pixels[i]));
    for (int k = 0; k < session::exits; ++k) {
      network_session.step();
      // Integers are equal to the last bit; floats may be rounded otherwise.
      const std::int32_t allowed = session::logit_kind == offramp::kind::f32 ? 655 : 0;
      const std::int32_t off = network_session.score() - answers::scores_q16[i][k];
      if (off > allowed || off < -allowed || network_session.best().label != answers::labels[i][k]) ++found;
    }
  }
  return found;
}

}  // namespace

int main() {
  board::start_counter();
  const std::int64_t nothing = board::instructions_of([] {});
  for (int k = 0; k < session::exits; ++k) {
    std::int64_t sum = 0;
    for (int i = 0; i < answers::images; ++i)
      sum += board::instructions_of([&] { static_cast<void>(leave_at(k, answers::pixels[i])); }) - nothing;
    say("instructions", static_cast<std::int32_t>(sum / answers::images));
  }
  std::int32_t stack = 0;
  for (int i = 0; i < answers::images; ++i) {
    const std::int32_t used = board::stack_of([&] { static_cast<void>(network_classify(answers::pixels[i])); });
    if (used > stack) stack = used;
  }
  say("stack_bytes", stack);
  say("mismatches", mismatches());
  return 0;
}

#endif
