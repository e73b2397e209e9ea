// Walking over the taps of padded windows, for layers that treat every channel by itself.
#ifndef OFFRAMP_HOST_LAYERS_TAPS_HPP
#define OFFRAMP_HOST_LAYERS_TAPS_HPP

#include <cstddef>

#include <offramp/core/window.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers::detail {

// Calls f(tap, offset of the position in y, offset of the position read in x or -1: padding) for all windows of n
// images, the taps of a window one behind the other.
template <class F>
void for_each_tap(const window& g, int n, F f) {
  for (int i = 0; i < n; ++i)
    for (int oy = 0; oy < g.out.h; ++oy)
      for (int ox = 0; ox < g.out.w; ++ox) {
        const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(i) * g.out.size() + (oy * g.out.w + ox) * g.out.c;
        for (int tap = 0; tap < g.taps(); ++tap) {
          const int iy = oy * g.stride_h - g.pad_top + tap / g.kernel_w;
          const int ix = ox * g.stride_w - g.pad_left + tap % g.kernel_w;
          const bool inside = iy >= 0 && iy < g.in.h && ix >= 0 && ix < g.in.w;
          f(tap, to, inside ? static_cast<std::ptrdiff_t>(i) * g.in.size() + (iy * g.in.w + ix) * g.in.c : -1);
        }
      }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers::detail

#endif
