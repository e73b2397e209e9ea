// A window whose sizes are known at run time and all else at compile time: layers that differ in sizes alone share one
// body of code. Channels are whole words by their type, so that what only parts of words need folds away.
#ifndef OFFRAMP_KERNELS_CORTEX_M_SHARED_GEOMETRY_HPP
#define OFFRAMP_KERNELS_CORTEX_M_SHARED_GEOMETRY_HPP

#include <cstdint>

#include <offramp/core/window.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Channels in words less one: whatever stands here, there is a word at least.
struct layer_sizes {
  std::uint16_t in_h = 0, in_w = 0, in_words_less_one = 0;
  std::uint16_t out_h = 0, out_w = 0, out_words_less_one = 0;
  std::uint16_t stride = 1;

  constexpr explicit layer_sizes(const window& w)
      : in_h{static_cast<std::uint16_t>(w.in.h)}, in_w{static_cast<std::uint16_t>(w.in.w)},
        in_words_less_one{static_cast<std::uint16_t>(w.in.c / 32 - 1)}, out_h{static_cast<std::uint16_t>(w.out.h)},
        out_w{static_cast<std::uint16_t>(w.out.w)}, out_words_less_one{static_cast<std::uint16_t>(w.out.c / 32 - 1)},
        stride{static_cast<std::uint16_t>(w.stride_h)} {}
};

template <int KernelH, int KernelW, int PadTop, int PadLeft>
struct shared_geometry {
  static constexpr bool is_static = false;
  const layer_sizes* sizes;

  [[gnu::always_inline]] constexpr window operator()() const {
    window w;
    w.in = {sizes->in_h, sizes->in_w, 32 * (sizes->in_words_less_one + 1)};
    w.out = {sizes->out_h, sizes->out_w, 32 * (sizes->out_words_less_one + 1)};
    w.kernel_h = KernelH;
    w.kernel_w = KernelW;
    w.stride_h = w.stride_w = sizes->stride;
    w.pad_top = PadTop;
    w.pad_left = PadLeft;
    w.stored_in_c = w.in.c;
    w.stored_out_c = w.out.c;
    return w;
  }
};

// For a static window.
template <window W>
inline constexpr layer_sizes sizes_of{W};
template <window W>
constexpr auto share() {
  return shared_geometry<W.kernel_h, W.kernel_w, W.pad_top, W.pad_left>{&sizes_of<W>};
}
// Does the shared form say all that the window says? Not of nested widths, parts of words, or two strides.
template <window W>
inline constexpr bool is_shareable = share<W>()() == W;

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
