// From gradients to parameters: Adam (Kingma and Ba 2015) and SGD with momentum, the cosine schedule (Loshchilov and
// Hutter 2017) and one in steps, clipping of binary latent weights (a latent weight far from zero could never change
// its sign again), and decoupled weight decay of the other weights.
#ifndef OFFRAMP_HOST_OPTIMIZER_HPP
#define OFFRAMP_HOST_OPTIMIZER_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <variant>
#include <vector>

#include <offramp/host/buffer.hpp>
#include <offramp/host/eigen.hpp>
#include <offramp/host/parallel.hpp>
#include <offramp/host/parameter_store.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct adam {
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
};
struct sgd {
  float momentum = 0.9f;
};

struct optimizer_options {
  std::variant<adam, sgd> rule = adam{};
  float weight_decay =
      0;  // each step: w -= learning_rate * weight_decay * w; for real weights of conv2d, dense and cascade only
  float binary_clip = 1.25f;  // latent weights of binary layers stay within +-this
};

// Learning rate of a step: a linear rise over the first `warm_up` steps, then half a cosine down to 0 at `steps`.
inline float cosine_rate(float base, std::int64_t step, std::int64_t steps, std::int64_t warm_up = 0) {
  if (step < warm_up) return base * static_cast<float>(step + 1) / static_cast<float>(warm_up);
  const double done =
      static_cast<double>(step - warm_up) / static_cast<double>(std::max<std::int64_t>(1, steps - warm_up));
  return static_cast<float>(static_cast<double>(base) * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done))));
}

// How the rate falls after the warm-up: along the cosine, or by a factor at given shares of all steps.
struct cosine {};
struct rate_steps {
  std::vector<float> at{0.5f, 0.75f};  // as in 150 and 225 of 300 epochs
  float factor = 0.1f;
};
using rate_rule = std::variant<cosine, rate_steps>;

inline float learning_rate(const rate_rule& rule, float base, std::int64_t step, std::int64_t steps,
                           std::int64_t warm_up = 0) {
  const auto* const drops = std::get_if<rate_steps>(&rule);
  if (!drops || step < warm_up) return cosine_rate(base, step, steps, warm_up);
  for (const float share : drops->at)
    if (static_cast<double>(step) >= static_cast<double>(share) * static_cast<double>(steps)) base *= drops->factor;
  return base;
}

// What it remembers between steps; written into checkpoints.
struct optimizer_state {
  std::int64_t step = 0;
  buffer<float> first, second;  // per parameter: Adam's two moments, or SGD's velocity and nothing
};

class optimizer {
 public:
  optimizer(const network_view& net, const parameter_layout& layout, const optimizer_options& options,
            const std::vector<bool>& frozen = {})
      : options_{options} {
    for (int i = 0; i < net.layer_count; ++i) {
      if (!frozen.empty() && frozen[static_cast<std::size_t>(i)]) continue;
      const layer_slots& s = layout[i];
      const bool binary = net.layers[i].weights == kind::bits;
      add(s.weights, binary, !binary && net.layers[i].has_weights());
      for (const parameter_slot& p : {s.bias, s.gamma, s.beta}) add(p, false, false);
    }
    state_.first = buffer<float>(static_cast<std::size_t>(layout.total));
    if (std::holds_alternative<adam>(options_.rule))
      state_.second = buffer<float>(static_cast<std::size_t>(layout.total));
  }

  // One step; values and gradient are laid out alike.
  void step(buffer<float>& values, const buffer<float>& gradient, float learning_rate, thread_pool& pool) {
    ++state_.step;
    pool.parallel_for(static_cast<int>(ranges_.size()), [&](int n, int) {
      const range& r = ranges_[static_cast<std::size_t>(n)];
      array_view<float> w{values.data() + r.first, r.count};
      const const_array_view<float> g{gradient.data() + r.first, r.count};
      if (r.decayed && options_.weight_decay != 0) w *= 1.0f - learning_rate * options_.weight_decay;
      if (const adam* const a = std::get_if<adam>(&options_.rule))
        move(*a, r, w, g, learning_rate);
      else
        move(std::get<sgd>(options_.rule), r, w, g, learning_rate);
      if (r.clipped) w = w.max(-options_.binary_clip).min(options_.binary_clip);
    });
  }

  [[nodiscard]] optimizer_state& state() { return state_; }
  [[nodiscard]] const optimizer_state& state() const { return state_; }

 private:
  struct range {
    int first, count;
    bool clipped, decayed;
  };

  void add(parameter_slot s, bool clipped, bool decayed) {
    constexpr int part = 16 * 1024;  // cut for threads
    for (int at = 0; at < s.count; at += part)
      ranges_.push_back({s.first + at, std::min(part, s.count - at), clipped, decayed});
  }

  // m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
  void move(const adam& a, const range& r, array_view<float>& w, const const_array_view<float>& g, float rate) {
    array_view<float> m{state_.first.data() + r.first, r.count}, v{state_.second.data() + r.first, r.count};
    const auto t = static_cast<double>(state_.step);
    const auto correct1 = static_cast<float>(1.0 - std::pow(static_cast<double>(a.beta1), t));
    const auto correct2 = static_cast<float>(std::sqrt(1.0 - std::pow(static_cast<double>(a.beta2), t)));
    m = a.beta1 * m + (1.0f - a.beta1) * g;
    v = a.beta2 * v + (1.0f - a.beta2) * g.square();
    w -= (rate / correct1) * m / (v.sqrt() / correct2 + a.epsilon);
  }

  // v = momentum v + g, w -= rate * v.
  void move(const sgd& s, const range& r, array_view<float>& w, const const_array_view<float>& g, float rate) {
    array_view<float> v{state_.first.data() + r.first, r.count};
    v = s.momentum * v + g;
    w -= rate * v;
  }

  optimizer_options options_;
  std::vector<range> ranges_;
  optimizer_state state_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
