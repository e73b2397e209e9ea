// Summaries of repeated measurements. Mean and minimum both mislead on a busy machine; the median of a
// sample's repeated runs is its time, and the mean over samples of these is the time of an adaptive
// stream, with p95 and maximum beside it.
#ifndef OFFRAMP_HOST_STATISTICS_HPP
#define OFFRAMP_HOST_STATISTICS_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// The q-quantile (nearest rank), q in [0, 1]; 0 for no values.
template <class T>
T quantile(std::vector<T> values, double q) {
  if (values.empty()) return T{};
  const auto rank = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

template <class T>
T median(std::vector<T> values) {
  return quantile(std::move(values), 0.5);
}

template <class T>
double mean(const std::vector<T>& values) {
  double sum = 0;
  for (const T v : values) sum += static_cast<double>(v);
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

// Time of a stream of samples, each entry one sample's median.
struct stream_time {
  double mean = 0, p95 = 0, maximum = 0;
};
inline stream_time summarize(const std::vector<double>& medians) {
  return {mean(medians), quantile(medians, 0.95), quantile(medians, 1.0)};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
