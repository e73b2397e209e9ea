// Pointwise activations: relu, and sign with sign(0) = +1 (bit = x < 0), the quantizer of binary networks.
#ifndef OFFRAMP_LAYERS_ACTIVATION_HPP
#define OFFRAMP_LAYERS_ACTIVATION_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct relu : single_layer<layer_desc{.what = layer_kind::relu}> {};
struct sign : single_layer<layer_desc{.what = layer_kind::sign}> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
