// Random flips and shifts of training images. What happens to an image depends on (seed, epoch, index) alone, so that
// neither threads nor a resumed run change it.
#ifndef OFFRAMP_HOST_AUGMENT_HPP
#define OFFRAMP_HOST_AUGMENT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <offramp/core/shape.hpp>
#include <offramp/host/random.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct augmentation {
  bool flip = false;  // left-right, every second image
  int dy = 0, dx = 0;
};

// The change of one image: a flip with probability 1/2 if `flip`, then a shift by -shift .. shift pixels each way.
inline augmentation draw_augmentation(bool flip, int shift, std::uint64_t seed, int epoch, int index) {
  random_source random{seed, 0x6175676du + (static_cast<std::uint64_t>(epoch) << 32),
                       static_cast<std::uint64_t>(index)};
  const bool mirrored = random.below(2) != 0;
  const int dy = random.below(2 * shift + 1) - shift;
  const int dx = random.below(2 * shift + 1) - shift;
  return {flip && mirrored, dy, dx};
}

// to[y][x] = from[y - dy][x - dx] (of the flipped image); positions from outside take `fill`. NHWC bytes, no overlap.
inline void augment(const augmentation& a, shape s, std::uint8_t fill, const std::uint8_t* from, std::uint8_t* to) {
  for (int y = 0; y < s.h; ++y)
    for (int x = 0; x < s.w; ++x, to += s.c) {
      const int sy = y - a.dy, shifted = x - a.dx, sx = a.flip ? s.w - 1 - shifted : shifted;
      if (sy < 0 || sy >= s.h || sx < 0 || sx >= s.w)
        std::fill_n(to, s.c, fill);
      else
        std::copy_n(from + static_cast<std::ptrdiff_t>(sy * s.w + sx) * s.c, s.c, to);
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
