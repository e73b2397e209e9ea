// Pointwise activations. sign(0) = +1 (bit = x < 0), the quantizer of binary networks. The trained shifts and slopes of
// ReActNet (Liu et al. 2020, eq. 4-6) are per channel: rsign(x) = sign(x - a), rprelu(x) = prelu(x - g) + z.
#ifndef OFFRAMP_LAYERS_ACTIVATION_HPP
#define OFFRAMP_LAYERS_ACTIVATION_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct relu : single_layer<layer_desc{.what = layer_kind::relu}> {};
struct sign : single_layer<layer_desc{.what = layer_kind::sign}> {};

// y = x < 0 ? a x : x, one a per channel (He et al. 2015), 0.25 at the start.
struct prelu : single_layer<layer_desc{.what = layer_kind::prelu}> {};

// y = x + b, one b per channel, 0 at the start.
struct shift : single_layer<layer_desc{.what = layer_kind::shift}> {};

struct rsign : layer_sequence<shift, sign> {};
struct rprelu : layer_sequence<shift, prelu, shift> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
