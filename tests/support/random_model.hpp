// Networks with random parameters, as training might leave them and worse: scales of both signs and zero, tiny and
// large variances, means anywhere. And random images for them.
#ifndef OFFRAMP_TESTS_SUPPORT_RANDOM_MODEL_HPP
#define OFFRAMP_TESTS_SUPPORT_RANDOM_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <offramp/host/dataset.hpp>
#include <offramp/host/model.hpp>

#include "tests/support/random.hpp"

namespace offramp_test {

inline offramp::host::labelled_images random_images(offramp::shape s, int classes, int count, std::uint64_t stream) {
  random_numbers r{stream};
  offramp::host::labelled_images set;
  set.height = s.h, set.width = s.w, set.channels = s.c, set.classes = classes;
  set.labels.resize(static_cast<std::size_t>(count));
  set.pixels.resize(static_cast<std::size_t>(count) * set.image_size());
  for (auto& l : set.labels) l = static_cast<std::uint8_t>(r.between(0, classes - 1));
  for (auto& p : set.pixels) p = static_cast<std::uint8_t>(r.between(0, 255));
  return set;
}

// `wild`: channels whose batch norm is constant, very steep or very flat.
inline offramp::host::model random_model(const offramp::network_view& net, std::uint64_t stream, bool wild = true) {
  namespace host = offramp::host;
  host::model m = host::make_model(net, seed() + stream);
  host::random_source r{seed(), stream, 1};
  m.input_zero = 100;
  m.input_scale = 0.01f;
  for (std::size_t i = 0; i < m.parameters.size(); ++i) {
    host::layer_parameters& p = m.parameters[i];
    // What the convolution before sums up, roughly: binary ones reach the square root of their products.
    const float spread = i > 0 && m.layers[i - 1].weights == offramp::binary
                             ? std::sqrt(static_cast<float>(m.layers[i - 1].geometry().depth()))
                             : 1.0f;
    for (float& v : p.bias) v = 0.5f * r.normal();
    if (m.layers[i].what == offramp::layer_kind::prelu)
      for (float& v : p.weights) v = 0.5f * r.normal();
    if (m.layers[i].what == offramp::layer_kind::mixed_pool)
      for (float& v : p.weights) v = 0.5f + 0.5f * r.normal();  // often between 0 and 1
    if (m.layers[i].what == offramp::layer_kind::cascade)
      for (float& v : p.weights) v = 0.3f * r.normal();
    for (float& v : p.gamma) v = r.normal();
    for (float& v : p.beta) v = r.normal();
    for (float& v : p.mean) v = 0.7f * spread * r.normal();
    for (float& v : p.variance) v = spread * spread * (0.2f + std::fabs(r.normal()));
    if (!wild) continue;
    for (std::size_t c = 0; c < p.gamma.size(); ++c) switch (c % 8) {
        case 1: p.gamma[c] = 0; break;
        case 3: p.variance[c] = 1e-12f; break;
        case 4: p.variance[c] = 1e8f; break;
        case 6: p.gamma[c] = 1e-20f; break;
        case 7:
          p.mean[c] = std::round(p.mean[c]), p.beta[c] = 0;
          break;  // ties: batch norm is exactly 0 at a whole sum
        default: break;
      }
  }
  return m;
}

}  // namespace offramp_test

#endif
