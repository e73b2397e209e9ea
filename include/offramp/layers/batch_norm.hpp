// Batch normalisation per channel, y = gamma * (x - mean) / sqrt(var + eps) + beta, eps = 1e-5 (Ioffe and Szegedy
// 2015). It never runs on the device: behind a convolution it folds into thresholds or requantization factors.
#ifndef OFFRAMP_LAYERS_BATCH_NORM_HPP
#define OFFRAMP_LAYERS_BATCH_NORM_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

inline constexpr float batch_norm_epsilon = 1e-5f;

struct batch_norm : single_layer<layer_desc{.what = layer_kind::batch_norm}> {};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
