// Says that the dense layer behind it reads all positions and channels. Nothing moves: dense does so anyway, its
// weights are [out][h][w][c].
#ifndef OFFRAMP_LAYERS_FLATTEN_HPP
#define OFFRAMP_LAYERS_FLATTEN_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct flatten : single_layer<layer_desc{.what = layer_kind::flatten}> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
