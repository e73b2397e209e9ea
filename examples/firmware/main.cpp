// Firmware that recognises clothes: code, weights and images in flash, one arena in RAM, no heap, no library. Every
// image leaves at the first exit that is sure; the timing hooks say what each op took, in counts of SysTick.
#include <cstdint>

#include <offramp/exits/recorded.hpp>
#include <offramp/timing/clocks/cortex_m_systick.hpp>

#include "board.h"
#include "garment.hpp"

using namespace offramp;
using firmware::here;
using firmware::net;
using plan = planned<net, here>;
using board_clock = cortex_m_systick_clock;  // on a real M3 and above, cortex_m_dwt_clock: it wraps later

// Constant-initialised, so that nothing runs before main; arena and recorder are zero and take no flash.
constinit arena<net, here> ram{};
constinit recorder_for<net, here, board_clock, 15> times{};
constinit recorded_session<net, here, board_clock, 15> garments{garment_weights, ram, times};

namespace {

// The plan itself stays in the compiler; these few words of it go into flash.
struct ops {
  const char* name[plan::steps]{};
  int exit[plan::steps]{};
};
constexpr ops op = [] {
  ops all;
  for (int i = 0; i < plan::steps; ++i) {
    all.name[i] = to_string(plan::program.steps[i].op.signature.what);
    all.exit[i] = plan::program.steps[i].exit;
  }
  return all;
}();

void print_answer(int image, const prediction& p) {
  const int truth = garment_labels[image];
  print_text(p.label == truth ? "   " : " X ");
  print_text(garment_names[p.label]);
  if (p.label != truth) {
    print_text(" (it is: ");
    print_text(garment_names[truth]);
    print_text(")");
  }
  print_text(",");
  print_number(p.probability_q16 * 100 / 65535, 3);
  print_text(" %, exit ");
  print_number(p.exit + 1, 0);
  print_text(", ");
  print_number(static_cast<std::int32_t>(p.spent), 0);
  print_text(" OPs\n");
}

}  // namespace

int main() {
  // The known answer that travels with the weights: does this machine compute what the host did?
  const status tested = self_test(garments, garment_weights.words);
  print_text("self test: ");
  print_text(to_string(tested));
  print_text("\ntimer: ");
  print_text(to_string(times.start()));
  print_text("\n\n");
  if (tested != status::ok || times.status() != clock_status::ok) return 1;

  int right = 0;
  for (int i = 0; i < GARMENT_IMAGES; ++i) {
    const prediction p = garments.classify(garment_pixels[i]);
    print_answer(i, p);
    if (p.label == garment_labels[i]) ++right;
  }

  print_text("\n op        runs    counts  deviation\n");
  std::uint32_t counts = 0;
  for (int k = 0, i = 0; k < net::exits; ++k) {
    for (; i < plan::steps && op.exit[i] == k; ++i) {
      const auto t = times.times(i);
      counts += t.median;
      print_number(i, 3);
      print_number(static_cast<std::int32_t>(t.runs), 10);
      print_number(static_cast<std::int32_t>(t.median), 10);
      print_number(static_cast<std::int32_t>(t.deviation), 11);
      print_text("  ");
      print_text(op.name[i]);
      print_text("\n");
    }
    print_text("exit ");
    print_number(k + 1, 0);
    print_text(": ");
    print_number(static_cast<std::int32_t>(times.taken(k)), 0);
    print_text(" images leave, after ");
    print_number(static_cast<std::int32_t>(counts), 0);
    print_text(" counts\n");
  }
  print_text("\nright: ");
  print_number(right, 0);
  print_text(" of ");
  print_number(GARMENT_IMAGES, 0);
  print_text("\n");
  return 0;
}
