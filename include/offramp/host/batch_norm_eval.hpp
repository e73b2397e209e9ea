// Batch norm with its running statistics, the ONE expression of it: evaluation uses it, and quantization searches its
// integer thresholds with it, so that both agree to the last bit. Where a fused multiply-add exists it is asked for by
// name: else the compiler may fuse in one place and not in another.
#ifndef OFFRAMP_HOST_BATCH_NORM_EVAL_HPP
#define OFFRAMP_HOST_BATCH_NORM_EVAL_HPP

#include <cmath>

#include <offramp/core/config.hpp>
#include <offramp/layers/batch_norm.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// gamma / sqrt(variance + epsilon): division and root round correctly, so it may be computed ahead.
template <class T>
T batch_norm_scale(T variance, T gamma) {
  return gamma / std::sqrt(variance + static_cast<T>(batch_norm_epsilon));
}

// (x - mean) * scale + beta.
template <class T>
T batch_norm_apply(T x, T mean, T scale, T beta) {
#if defined(__FMA__) || defined(__aarch64__)
  if constexpr (sizeof(T) == sizeof(float))
    return __builtin_fmaf(x - mean, scale, beta);
  else
    return __builtin_fma(x - mean, scale, beta);
#else
  return (x - mean) * scale + beta;
#endif
}

inline float batch_norm_eval(float x, float mean, float variance, float gamma, float beta) {
  return batch_norm_apply(x, mean, batch_norm_scale(variance, gamma), beta);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
