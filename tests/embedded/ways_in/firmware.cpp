// The smallest firmware with a network in it: an exit after one binary convolution. Its weights are all zero, so that
// nothing needs to be generated; what it prints is the class.
#include <cstdint>

#include <offramp/offramp.hpp>

#include "tests/embedded/console.hpp"

using namespace offramp;

namespace {

using net = lower<network<image<8, 8, 1, u8>,
                          stage<conv2d<8, 3>, batch_norm, sign, conv2d<8, 3, binary>, batch_norm, sign>, exit_head<4>>,
                  i8>;
constinit arena<net> memory_of_net{};
constexpr std::uint32_t words[2048]{};
constexpr std::uint8_t pixels[64]{};

}  // namespace

int main() {
  static_assert(offramp::memory<net, path::portable>.weight_bytes <= sizeof words);
  bound_weights<net, path::portable, max_softmax> bound;
  bound.ops = bound.records = words;
  session<net, path::portable, max_softmax> s{bound, memory_of_net};
  const prediction p = s.classify(session<net, path::portable, max_softmax>::input_view::unchecked(pixels));
  board::line line;
  (line << "label " << p.label << " at exit " << p.exit).end();
  return p.label == 0 && p.exit == 0 ? 0 : 1;
}
