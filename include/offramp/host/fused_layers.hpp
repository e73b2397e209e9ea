// The layers one device op computes, found again in the trained model: [conv2d|dense] [affine]... [relu|prelu]
// [affine]... [sign], with affine = batch_norm or shift.
#ifndef OFFRAMP_HOST_FUSED_LAYERS_HPP
#define OFFRAMP_HOST_FUSED_LAYERS_HPP

#include <cmath>
#include <cstddef>
#include <vector>

#include <offramp/host/batch_norm_eval.hpp>
#include <offramp/host/model.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// y = factor * x + offset.
struct affine_map {
  double factor = 1;
  double offset = 0;
};

struct fused_layers {
  struct part {
    layer_kind what;
    const layer_parameters* parameters;
  };
  const layer_parameters* conv = nullptr;  // of the convolution, where there is one with trained weights
  std::vector<part> tail{};                // behind it, in order, without the sign
  bool sign = false;

  // The relu or prelu in the tail; tail.size() if there is none.
  [[nodiscard]] std::size_t rectifier() const {
    std::size_t i = 0;
    while (i < tail.size() && tail[i].what != layer_kind::relu && tail[i].what != layer_kind::prelu) ++i;
    return i;
  }
  // Does a relu come last? It is the lower end of a clamp.
  [[nodiscard]] bool clamps() const { return !tail.empty() && tail.back().what == layer_kind::relu; }

  // The trainer's own expression from what the convolution summed up (or the input of a pointwise op), `sum` units, to
  // the result before the sign, for channel c, all in float. Never inlined: compilers fuse multiply and add in one
  // place and not in another, and this must be one function to the last bit.
  [[nodiscard, gnu::noinline]] float apply(int c, float unit, float sum) const {
    return evaluate(c, unit, sum, tail.size());
  }
  // The same up to what the rectifier reads.
  [[nodiscard, gnu::noinline]] float before_rectifier(int c, float unit, float sum) const {
    return evaluate(c, unit, sum, rectifier());
  }

  // The whole as one affine map where the rectifier reads positive values (its slope is 1; also where there is no
  // rectifier), or negative ones.
  [[nodiscard]] affine_map map(int c, bool negative = false) const {
    affine_map m;
    if (conv != nullptr && !conv->bias.empty()) m.offset = static_cast<double>(conv->bias[static_cast<std::size_t>(c)]);
    for (const part& p : tail) {
      const affine_map next = map_of(p, static_cast<std::size_t>(c), negative);
      m = {m.factor * next.factor, m.offset * next.factor + next.offset};
    }
    return m;
  }

 private:
  [[nodiscard]] float evaluate(int c, float unit, float sum, std::size_t parts) const {
    const auto i = static_cast<std::size_t>(c);
    float x = unit * sum;
    if (conv != nullptr && !conv->bias.empty()) x += conv->bias[i];
    for (std::size_t n = 0; n < parts; ++n) {
      const layer_parameters& p = *tail[n].parameters;
      switch (tail[n].what) {
        case layer_kind::batch_norm: x = batch_norm_eval(x, p.mean[i], p.variance[i], p.gamma[i], p.beta[i]); break;
        case layer_kind::shift: x += p.bias[i]; break;
        case layer_kind::relu: x = x < 0 ? 0.0f : x; break;
        case layer_kind::prelu: x = x < 0 ? p.weights[i] * x : x; break;
        default: break;
      }
    }
    return x;
  }

  static affine_map map_of(const part& p, std::size_t i, bool negative) {
    const layer_parameters& v = *p.parameters;
    switch (p.what) {
      case layer_kind::batch_norm: {
        const double factor = static_cast<double>(v.gamma[i]) /
                              std::sqrt(static_cast<double>(v.variance[i]) + static_cast<double>(batch_norm_epsilon));
        return {factor, static_cast<double>(v.beta[i]) - static_cast<double>(v.mean[i]) * factor};
      }
      case layer_kind::shift: return {1, static_cast<double>(v.bias[i])};
      case layer_kind::relu: return {negative ? 0.0 : 1.0, 0};
      case layer_kind::prelu: return {negative ? static_cast<double>(v.weights[i]) : 1.0, 0};
      default: return {};
    }
  }
};

inline fused_layers layers_of(const model& m, const step_desc& s) {
  fused_layers f;
  if (s.op.signature.what != op_kind::conv && s.op.signature.what != op_kind::pointwise) return f;
  for (int i = s.layer_first; i < s.layer_last; ++i) {
    const layer_desc& d = m.layers[static_cast<std::size_t>(i)];
    const layer_parameters& p = m.parameters[static_cast<std::size_t>(i)];
    if (d.has_weights())
      f.conv = &p;
    else if (d.what == layer_kind::sign)
      f.sign = true;
    else if (d.is_affine() || d.is_rectifier())
      f.tail.push_back({d.what, &p});
  }
  return f;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
