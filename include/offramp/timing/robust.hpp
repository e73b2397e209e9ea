// Statistics that a few disturbed measurements do not move: the median, and the median absolute deviation from it. In
// place on plain arrays, without heap, constexpr; by Hoare's selection (Find, CACM 4, 1961), linear in the mean.
#ifndef OFFRAMP_TIMING_ROBUST_HPP
#define OFFRAMP_TIMING_ROBUST_HPP

#include <cstddef>
#include <utility>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Reorders v[0 .. n) so that v[k] is what sorting would put there, nothing before it is larger, nothing behind it
// smaller. k < n. NaNs end up anywhere and spoil the order, nothing else.
template <class T>
constexpr T select_nth(T* v, std::size_t n, std::size_t k) {
  std::size_t first = 0, last = n - 1;
  while (first < last) {
    const T pivot = v[first + (last - first) / 2];  // sorted data, the usual case of repeated runs, then halve
    std::size_t i = first, j = last;
    for (;;) {
      while (v[i] < pivot) ++i;
      while (pivot < v[j]) --j;
      if (i >= j) break;
      std::swap(v[i++], v[j--]);
    }
    // Nothing before i is larger than the pivot, nothing behind j smaller, and i is j or j + 1.
    if (i == j) {
      if (k == i) return v[k];
      if (k < i)
        last = i - 1;
      else
        first = i + 1;
    } else if (k <= j) {
      last = j;
    } else {
      first = i;
    }
  }
  return v[k];
}

// Of n values; of the two in the middle where n is even, what lies between them (integers: rounded down). 0 for none.
// Reorders them.
template <class T>
constexpr T median(T* v, std::size_t n) {
  if (n == 0) return T{};
  const T upper = select_nth(v, n, n / 2);
  if (n % 2 == 1) return upper;
  T lower = v[0];  // the largest of those before it
  for (std::size_t i = 1; i < n / 2; ++i)
    if (lower < v[i]) lower = v[i];
  return static_cast<T>(lower + (upper - lower) / 2);
}

// The median of the distances to `around`, usually the median. 1.4826 times this estimates the standard deviation where
// the values are normal. Overwrites them with the distances.
template <class T>
constexpr T median_absolute_deviation(T* v, std::size_t n, T around) {
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<T>(v[i] < around ? around - v[i] : v[i] - around);
  return median(v, n);
}
template <class T>
constexpr T median_absolute_deviation(T* v, std::size_t n) {
  return median_absolute_deviation(v, n, median(v, n));
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
