// Fully connected layer over the whole input (any height and width, no flatten needed): out[o] =
// bias[o] + sum w[o][h][w][c] x.
#ifndef OFFRAMP_LAYERS_DENSE_HPP
#define OFFRAMP_LAYERS_DENSE_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <int Outputs, auto... Options>
struct dense : single_layer<detail::with_options(layer_desc{.what = layer_kind::dense, .out_c = Outputs}, Options...)> {
  static_assert(Outputs > 0, "offramp: dense<Outputs> needs a positive number of outputs");
  static_assert((std::is_same_v<decltype(Options), kind> && ...),
                "offramp: the only option of dense is the kind of its weights: binary, i8 or f32");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
