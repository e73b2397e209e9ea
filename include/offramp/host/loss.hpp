// Losses of an exit, with the gradients that enter the network at its logits: cross-entropy of softmax, with what
// earlier exits said added to the logits where a recipe wants that (boosting), and the divergence from a teacher
// (Hinton, Vinyals and Dean 2015).
#ifndef OFFRAMP_HOST_LOSS_HPP
#define OFFRAMP_HOST_LOSS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// For `count` samples with logits [count][classes]: returns the sum of weight(i) * -log softmax(logits)[label], and
// writes its gradient. weight(i) is the sample's weight, usually 1 / batch. `offset` [count][classes] or null: added to
// the logits, itself without a gradient.
template <class T, class Weight>
double cross_entropy(const T* logits, const std::uint8_t* labels, int count, int classes, Weight weight, T* gradient,
                     const T* offset = nullptr) {
  double sum = 0;
  for (int i = 0; i < count; ++i, logits += classes, gradient += classes) {
    for (int c = 0; c < classes; ++c) gradient[c] = offset ? logits[c] + *offset++ : logits[c];
    const T largest = *std::max_element(gradient, gradient + classes), own = gradient[labels[i]];
    T total{};
    for (int c = 0; c < classes; ++c) total += gradient[c] = std::exp(gradient[c] - largest);
    const T w = static_cast<T>(weight(i));
    for (int c = 0; c < classes; ++c) gradient[c] *= w / total;
    gradient[labels[i]] -= w;
    sum += static_cast<double>(w) * static_cast<double>(std::log(total) + largest - own);
  }
  return sum;
}

// One sample: returns weight * temperature^2 * KL(softmax(teacher / temperature) || softmax(logits / temperature)) and
// adds its gradient, which with that square has the size of a cross-entropy's.
template <class T>
double distillation(const T* logits, const T* teacher, int classes, T temperature, T weight, T* gradient) {
  const T high = *std::max_element(logits, logits + classes), high_t = *std::max_element(teacher, teacher + classes);
  T total{}, total_t{};
  for (int c = 0; c < classes; ++c) {
    total += std::exp((logits[c] - high) / temperature);
    total_t += std::exp((teacher[c] - high_t) / temperature);
  }
  const T log_total = std::log(total), log_total_t = std::log(total_t);
  double sum = 0;
  for (int c = 0; c < classes; ++c) {
    const T log_p = (logits[c] - high) / temperature - log_total;
    const T log_t = (teacher[c] - high_t) / temperature - log_total_t;
    const T t = std::exp(log_t);
    sum += static_cast<double>(t) * static_cast<double>(log_t - log_p);
    gradient[c] += weight * temperature * (std::exp(log_p) - t);
  }
  return static_cast<double>(weight * temperature * temperature) * sum;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
