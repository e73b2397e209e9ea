// Cross-entropy of softmax, the loss of an exit, with the gradient that enters the network at its logits.
#ifndef OFFRAMP_HOST_LOSS_HPP
#define OFFRAMP_HOST_LOSS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// For `count` samples with logits [count][classes]: returns the sum of weight(i) * -log softmax(logits)[label], and
// writes its gradient. weight(i) is the sample's weight, usually 1 / batch.
template <class T, class Weight>
double cross_entropy(const T* logits, const std::uint8_t* labels, int count, int classes, Weight weight, T* gradient) {
  double sum = 0;
  for (int i = 0; i < count; ++i, logits += classes, gradient += classes) {
    const T largest = *std::max_element(logits, logits + classes);
    T total{};
    for (int c = 0; c < classes; ++c) total += gradient[c] = std::exp(logits[c] - largest);
    const T w = static_cast<T>(weight(i));
    for (int c = 0; c < classes; ++c) gradient[c] *= w / total;
    gradient[labels[i]] -= w;
    sum += static_cast<double>(w) * static_cast<double>(std::log(total) + largest - logits[labels[i]]);
  }
  return sum;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
