// What host and device programs of the smoke test share: images, and what the host's session answered on them.
// `images.cpp` writes their contents as a source file, which is linked to the device program.
#ifndef TESTS_EMBEDDED_IMAGES_HPP
#define TESTS_EMBEDDED_IMAGES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/offramp.hpp>

#include "fashion_mnist/network.hpp"

namespace smoke {

using net = fashion::device_net;
using path = offramp::path::portable;
using session = offramp::session<net, path>;
inline constexpr int images = 20;

struct exit_answer {
  offramp::prediction best;
  std::int32_t score_q16;
  std::int32_t logits[net::classes];
};

struct image {
  std::uint8_t pixels[session::input_size];
  offramp::prediction classified;  // with the thresholds that travel with the weights
  exit_answer exits[net::exits];
};

extern const image expected[images];

// The host's idea of the device's memory.
extern const std::size_t host_arena_bytes;
extern const std::size_t host_weight_bytes;

}  // namespace smoke

#endif
