// Bytes kept in words, the low one of each word first, as model files and generated headers have them. Where memory has
// that order they are read in place; a big-endian machine takes them out of the words.
#ifndef OFFRAMP_KERNELS_STORED_BYTES_HPP
#define OFFRAMP_KERNELS_STORED_BYTES_HPP

#include <bit>
#include <cstdint>
#include <type_traits>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

// What a pointer to them would be.
class bytes_of_words {
 public:
  explicit constexpr bytes_of_words(const std::uint32_t* words) : words_{words} {}
  constexpr std::int8_t operator[](int i) const {
    const int at = at_ + i;
    return static_cast<std::int8_t>(words_[at / 4] >> (8 * (at % 4)) & 0xffu);
  }
  constexpr std::int8_t operator*() const { return (*this)[0]; }
  constexpr bytes_of_words& operator+=(int n) {
    at_ += n;
    return *this;
  }
  friend constexpr bytes_of_words operator+(bytes_of_words b, int n) { return b += n; }

 private:
  const std::uint32_t* words_;
  int at_ = 0;
};

using stored_bytes = std::conditional_t<std::endian::native == std::endian::little, const std::int8_t*, bytes_of_words>;

template <class Bytes = stored_bytes>
[[gnu::always_inline]] inline Bytes bytes_in(const std::uint32_t* words) {
  if constexpr (std::is_pointer_v<Bytes>)
    return reinterpret_cast<Bytes>(words);
  else
    return Bytes{words};
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
