// A trained (or fresh) network as data: its description and, layer by layer, its parameters in float. What training
// makes and everything after it (calibration, quantization, export) reads.
#ifndef OFFRAMP_HOST_MODEL_HPP
#define OFFRAMP_HOST_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/random.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Vectors are empty where a layer has no such parameter.
struct layer_parameters {
  std::vector<float>
      weights;              // conv2d, dense: [out_c][kernel_h][kernel_w][in_c]; the latent ones where the kind is bits
  std::vector<float> bias;  // [out_c], where desc.bias
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

// Number of weights of a conv2d or dense.
constexpr int weight_count(const layer_desc& d) { return d.out.c * d.kernel_h * d.kernel_w * d.in.c; }

// Start of training: weights N(0, 2/fan_in) (He et al. 2015), binary ones N(0, 0.1^2), since only their sign counts and
// they should change it easily; bias 0, batch norm the identity.
inline model make_model(const network_view& net, std::uint64_t seed) {
  model m;
  m.input = net.input;
  m.layers.assign(net.layers, net.layers + net.layer_count);
  m.exits.assign(net.exits, net.exits + net.exit_count);
  for (int i = 0; i < net.layer_count; ++i) {
    const layer_desc& d = net.layers[i];
    layer_parameters p;
    if (d.has_weights()) {
      random_source random{seed, 0x696e6974, static_cast<std::uint64_t>(i)};
      const float deviation =
          d.weights == kind::bits ? 0.1f : std::sqrt(2.0f / static_cast<float>(d.kernel_h * d.kernel_w * d.in.c));
      p.weights.resize(static_cast<std::size_t>(weight_count(d)));
      for (float& w : p.weights) w = deviation * random.normal();
      if (d.bias) p.bias.assign(static_cast<std::size_t>(d.out.c), 0.0f);
    } else if (d.what == layer_kind::batch_norm) {
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
