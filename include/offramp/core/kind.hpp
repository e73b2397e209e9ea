// Element kinds: what one number of a tensor is, and how it is stored.
// `bits` holds the values -1 and +1, bit 1 = negative, packed along channels; integers carry a
// scale and zero point beside them.
#ifndef OFFRAMP_CORE_KIND_HPP
#define OFFRAMP_CORE_KIND_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class kind : std::uint8_t {
  none,  // not said: decided by `lower`
  bits,  // -1 or +1, one bit each
  u8,    // raw pixels
  i8,    // asymmetric activations, symmetric weights
  i16,   // residual streams
  i32,   // accumulators and logits
  f32,
};

inline constexpr kind bits = kind::bits;
inline constexpr kind binary = kind::bits;  // the usual word for weights
inline constexpr kind u8 = kind::u8;
inline constexpr kind i8 = kind::i8;
inline constexpr kind i16 = kind::i16;
inline constexpr kind i32 = kind::i32;
inline constexpr kind f32 = kind::f32;

namespace detail {
template <kind K>
struct storage;
template <>
struct storage<kind::bits> {
  using type = std::uint32_t;
};
template <>
struct storage<kind::u8> {
  using type = std::uint8_t;
};
template <>
struct storage<kind::i8> {
  using type = std::int8_t;
};
template <>
struct storage<kind::i16> {
  using type = std::int16_t;
};
template <>
struct storage<kind::i32> {
  using type = std::int32_t;
};
template <>
struct storage<kind::f32> {
  using type = float;
};
}  // namespace detail

// The C++ type that holds one element, or, for bits, one word of 32.
template <kind K>
using storage_t = typename detail::storage<K>::type;

// Bits of one element.
constexpr int bit_width(kind k) {
  switch (k) {
    case kind::bits: return 1;
    case kind::u8:
    case kind::i8: return 8;
    case kind::i16: return 16;
    case kind::i32:
    case kind::f32: return 32;
    case kind::none: break;
  }
  return 0;
}

constexpr bool is_integer(kind k) { return k != kind::f32 && k != kind::none; }

constexpr const char* to_string(kind k) {
  switch (k) {
    case kind::bits: return "bits";
    case kind::u8: return "u8";
    case kind::i8: return "i8";
    case kind::i16: return "i16";
    case kind::i32: return "i32";
    case kind::f32: return "f32";
    case kind::none: break;
  }
  return "none";
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
