// y = shortcut(x) + Body(x). The body ends in conv2d [batch_norm] [relu].
// Same shape: the shortcut is x. Height and width divided by s, channels multiplied by m: the shortcut
// is the s x s average of x with its channels repeated m times (no parameters; He et al. 2016 option A,
// with pooling as in Bi-Real Net).
#ifndef OFFRAMP_LAYERS_RESIDUAL_HPP
#define OFFRAMP_LAYERS_RESIDUAL_HPP

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

}  // namespace offramp::inline OFFRAMP_ABI

#endif
