// A trained (or fresh) network as data: its description and, layer by layer, its parameters in float. What training
// makes and everything after it (calibration, quantization, export) reads.
#ifndef OFFRAMP_HOST_MODEL_HPP
#define OFFRAMP_HOST_MODEL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/random.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Vectors are empty where a layer has no such parameter.
struct layer_parameters {
  // conv2d, dense: [out_c][kernel_h][kernel_w][in_c / groups], the latent ones where the kind is bits; cascade:
  // [classes][classes of the previous exit]; prelu: slopes [channels]; mixed_pool: a; user: its parameters in its own
  // order.
  std::vector<float> weights;
  std::vector<float> bias;                         // [out_c] where desc.bias; shift: [channels]
  std::vector<float> gamma, beta, mean, variance;  // batch_norm: [channels]; the running statistics
  friend bool operator==(const layer_parameters&, const layer_parameters&) = default;
};

struct model {
  input_desc input{};
  std::vector<layer_desc> layers;
  std::vector<exit_desc> exits;
  std::vector<layer_parameters> parameters;  // one per layer
  // A pixel p has the real value (p - input_zero) * input_scale. The zero is an integer, so
  // that padding is exactly a pixel.
  int input_zero = 0;
  float input_scale = 1.0f / 255.0f;

  // Refers to this model: valid while it lives and is not moved.
  [[nodiscard]] network_view view() const {
    return {input, layers.data(), static_cast<int>(layers.size()), exits.data(), static_cast<int>(exits.size())};
  }
};

// Length of layer_parameters::weights.
constexpr int weight_count(const layer_desc& d) {
  if (d.has_weights()) return d.out.c * d.geometry().depth();
  if (d.what == layer_kind::prelu) return d.in.c;
  if (d.what == layer_kind::mixed_pool) return 1;
  if (d.what == layer_kind::user) return d.user->parameter_count(d.in);
  return 0;
}

// Length of layer_parameters::bias.
constexpr int bias_count(const layer_desc& d) {
  return (d.has_weights() && d.bias) || d.what == layer_kind::shift ? d.out.c : 0;
}

namespace detail {

// Weights N(0, 2/fan_in) (He et al. 2015), binary ones N(0, 0.1^2), since only their sign counts and they should change
// it easily. A prelu starts at 0.25 (He et al. 2015); a mixed pooling in the middle; a cascade at 0: each exit begins
// as if it stood alone.
inline void start_weights(const layer_desc& d, random_source random, std::vector<float>& weights) {
  if (d.what == layer_kind::prelu) {
    std::fill(weights.begin(), weights.end(), 0.25f);
  } else if (d.what == layer_kind::mixed_pool) {
    std::fill(weights.begin(), weights.end(), 0.5f);
  } else if (d.what == layer_kind::user) {
    if (!weights.empty()) d.user->initialize(d.in, weights.data());
  } else if (d.what != layer_kind::cascade) {
    const float deviation = d.weights == kind::bits ? 0.1f : std::sqrt(2.0f / static_cast<float>(d.geometry().depth()));
    for (float& w : weights) w = deviation * random.normal();
  }
}

}  // namespace detail

// Start of training: weights as above; bias and shift 0, batch norm the identity.
inline model make_model(const network_view& net, std::uint64_t seed) {
  model m;
  m.input = net.input;
  m.layers.assign(net.layers, net.layers + net.layer_count);
  m.exits.assign(net.exits, net.exits + net.exit_count);
  for (int i = 0; i < net.layer_count; ++i) {
    const layer_desc& d = net.layers[i];
    layer_parameters p;
    p.weights.resize(static_cast<std::size_t>(weight_count(d)));
    p.bias.resize(static_cast<std::size_t>(bias_count(d)));
    detail::start_weights(d, random_source{seed, 0x696e6974, static_cast<std::uint64_t>(i)}, p.weights);
    if (d.what == layer_kind::batch_norm) {
      const auto channels = static_cast<std::size_t>(d.in.c);
      p.gamma.assign(channels, 1.0f);
      p.beta.assign(channels, 0.0f);
      p.mean.assign(channels, 0.0f);
      p.variance.assign(channels, 1.0f);
    }
    m.parameters.push_back(std::move(p));
  }
  return m;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
