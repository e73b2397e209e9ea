// Plain memory that starts at a cache line. Vectorised loops treat the first elements up to an aligned
// address apart, so that the last bit of a result may depend on where the memory lies: with this base and
// fixed offsets every run is alike.
#ifndef OFFRAMP_HOST_BUFFER_HPP
#define OFFRAMP_HOST_BUFFER_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// `size` elements, all zero; can be moved, not copied. T is float or double.
template <class T>
class buffer {
 public:
  static constexpr std::size_t alignment_bytes = 64;

  buffer() = default;
  explicit buffer(std::size_t size)
      : data_{static_cast<T*>(::operator new (size * sizeof(T), std::align_val_t{alignment_bytes}))}, size_{size} {
    std::fill_n(data_.get(), size_, T{});
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  struct release {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{alignment_bytes}); }
  };
  std::unique_ptr<T, release> data_;
  std::size_t size_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
