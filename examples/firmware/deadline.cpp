// An answer at a deadline, whatever the network is doing then: the main loop runs stage by stage and leaves the best
// answer so far behind; the SysTick interrupt takes the one it finds. The longer the time, the better the answer.
#include <cstdint>

#include "board.h"
#include "garment.hpp"
#include "systick_alarm.hpp"

using namespace offramp;
using firmware::here;
using firmware::net;

namespace {

constinit arena<net, here> ram{};
constinit session<net, here> garments{garment_weights, ram};

// Written by the main loop after every stage, read by the interrupt: one word, so that it is never half old.
volatile std::uint32_t so_far;
constexpr std::uint32_t nothing = 0xffffffffu;
std::uint32_t packed(const prediction& p) {
  return static_cast<std::uint32_t>(p.exit) << 24 | static_cast<std::uint32_t>(p.label) << 16 | p.probability_q16;
}

// What the deadline found. A real firmware would act on it here: open the gate, or not.
volatile bool time_is_up;
volatile std::uint32_t answer;
void at_deadline() {
  answer = so_far;
  time_is_up = true;
}

void run(const std::uint8_t (&pixels)[decltype(garments)::input_size], std::uint32_t counts) {
  so_far = nothing;
  time_is_up = false;
  start_alarm(counts, at_deadline);
  garments.begin(pixels);
  for (bool more = true; more && !time_is_up;) {
    more = garments.step();
    so_far = packed(garments.best());
    if (garments.sure()) break;  // there is no better answer to wait for
  }
  if (time_is_up) return;
  stop_alarm();
  answer = so_far;
}

}  // namespace

int main() {
  constexpr int image = 18;  // one that the first exit gets wrong, and none is sure about
  print_text("It is: ");
  print_text(garment_names[garment_labels[image]]);
  print_text("\n\n    counts  answer\n");
  for (std::uint32_t counts = 500'000; counts < 12'000'000; counts += 1'500'000) {
    run(garment_pixels[image], counts);
    print_number(static_cast<std::int32_t>(counts), 10);
    if (answer == nothing) {
      print_text("  none yet\n");
      continue;
    }
    print_text("  ");
    print_text(garment_names[answer >> 16 & 0xffu]);
    print_number(static_cast<std::int32_t>((answer & 0xffffu) * 100 / 65535), 4);
    print_text(" %, exit ");
    print_number(static_cast<std::int32_t>((answer >> 24) + 1), 0);
    print_text(time_is_up ? ", at the deadline\n" : ", earlier\n");
  }
  return 0;
}
