// A fixed-extent view: pointer with its length in the type, so that an input of the wrong size does not compile.
#ifndef OFFRAMP_CORE_VIEW_HPP
#define OFFRAMP_CORE_VIEW_HPP

#include <cstddef>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class T, std::size_t N>
class view {
 public:
  // Takes ownership of nothing; the caller keeps `data` alive and of at least N elements.
  static constexpr view unchecked(const T* data) { return view{data, 0}; }

  // NOLINTNEXTLINE(google-explicit-constructor): passing an array where a view is wanted is the point.
  constexpr view(const T (&array)[N]) : data_{array} {}

  // std::array and the like: anything with data() and a constant tuple_size equal to N.
  template <template <class, std::size_t> class Array>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr view(const Array<T, N>& array) : data_{array.data()} {}

  [[nodiscard]] constexpr const T* data() const { return data_; }
  [[nodiscard]] static constexpr std::size_t size() { return N; }
  constexpr const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  constexpr view(const T* data, int) : data_{data} {}  // two arguments, or arrays could also mean this one
  const T* data_;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
