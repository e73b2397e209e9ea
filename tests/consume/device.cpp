// A program that says what it answers, so that the same source built in different ways can be compared: the network of
// the main job and its weights, patterns as input; the known answer that travels with the weights is checked, too.
#include <cstdint>
#include <cstdio>

#include <offramp/offramp.hpp>

#include <fashion_mnist/network.hpp>
#include <weights.hpp>

namespace {

using device_net = fashion::device_net;
constinit offramp::arena<device_net> ram{};

}  // namespace

int main() {
  offramp::session<device_net> net{garment_weights, ram};
  const offramp::status known = offramp::self_test<device_net, offramp::path::portable>(net, garment_weights.words);
  std::printf("known answer: %s\n", offramp::to_string(known));
  std::uint32_t seed = 1;
  for (int sample = 0; sample < 6; ++sample) {
    std::uint8_t pixels[28 * 28];
    for (int i = 0; i < 28 * 28; ++i) {
      seed = seed * 1664525u + 1013904223u;
      const bool inside = i / 28 > sample && i / 28 < 26 - 3 * sample && i % 28 > 6 && i % 28 < 22;
      pixels[i] = static_cast<std::uint8_t>(inside ? 255u - (seed >> 26) : 0u);
    }
    const offramp::prediction p = net.classify(pixels, offramp::confidence{0.4f + 0.1f * static_cast<float>(sample)});
    std::printf("label %d exit %d probability %u spent %ld, %s; logits", p.label, p.exit, unsigned{p.probability_q16},
                static_cast<long>(p.spent), to_string(p.why));
    for (int c = 0; c < device_net::classes; ++c) std::printf(" %ld", static_cast<long>(net.logits()[c]));
    std::printf("\n");
  }
  return known == offramp::status::ok ? 0 : 1;
}
