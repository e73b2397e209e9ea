// A small task that networks learn in seconds: noise with a bright bar, upright, level or none.
#ifndef TESTS_SUPPORT_BARS_HPP
#define TESTS_SUPPORT_BARS_HPP

#include <cstdint>

#include <offramp/host/dataset.hpp>
#include <offramp/host/random.hpp>

namespace offramp_test {

namespace host = offramp::host;

inline host::labelled_images bars(int count, std::uint64_t seed) {
  host::labelled_images set{8, 8, 1, 3, {}, {}, {}};
  host::random_source random{seed};
  for (int i = 0; i < count; ++i) {
    const int label = random.below(3), at = 1 + random.below(6);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        const bool bright = (label == 0 && x == at) || (label == 1 && y == at);
        set.pixels.push_back(static_cast<std::uint8_t>(random.below(100) + (bright ? 120 : 0)));
      }
    set.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return set;
}

}  // namespace offramp_test

#endif
