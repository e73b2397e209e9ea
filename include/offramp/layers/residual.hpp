// y = shortcut(x) + Body(x). The body ends in conv2d [batch_norm] [relu].
// Same shape: the shortcut is x. Smaller or with m times the channels: averages of x with its channels repeated m times
// (no parameters; He et al. 2016 option A, with pooling as in Bi-Real Net). Height and width that are divided by s give
// s x s averages; 7 rows become 4 as in option A itself, by every second of them.
#ifndef OFFRAMP_LAYERS_RESIDUAL_HPP
#define OFFRAMP_LAYERS_RESIDUAL_HPP

#include <offramp/core/window.hpp>
#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class... Body>
struct residual {
  static_assert(sizeof...(Body) > 0, "offramp: residual<> needs layers in its body");
  static constexpr int layer_count = 2 + (Body::layer_count + ... + 0);
  static constexpr void append(layer_desc*& out) {
    *out++ = layer_desc{.what = layer_kind::residual_begin};
    (Body::append(out), ...);
    *out++ = layer_desc{.what = layer_kind::residual_end};
  }
};

// The averages that stand for x where a body makes `out` of `in`; 1x1 where the shapes agree. Along each side windows
// move by in / out, rounded, and are as long as the last one has room.
constexpr window shortcut_window(shape in, shape out) {
  const auto stride = [](int from, int to) {
    const int nearest = (2 * from + to) / (2 * to);
    return (to - 1) * nearest < from ? nearest : from / to;
  };
  const int down = stride(in.h, out.h), across = stride(in.w, out.w);
  return make_window(in, out.c, in.h - (out.h - 1) * down, in.w - (out.w - 1) * across, down, 0, 0, across);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
