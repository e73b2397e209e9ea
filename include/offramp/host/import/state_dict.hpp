// The parameters of a trained network as another framework names and shapes them, in float, whatever file they came
// from; and the number formats such files hold.
#ifndef OFFRAMP_HOST_IMPORT_STATE_DICT_HPP
#define OFFRAMP_HOST_IMPORT_STATE_DICT_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

using tensor_shape = std::vector<std::int64_t>;  // outermost first; {} is a single number

struct named_tensor {
  tensor_shape shape;
  std::vector<float> values;  // C order: the last index runs fastest
};

struct state_dict {
  std::string source;  // the file, for messages
  std::map<std::string, named_tensor, std::less<>> tensors;
};

// "[64, 32, 3, 3]".
inline std::string to_text(const tensor_shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

namespace detail {

inline constexpr std::uint64_t largest_import = std::uint64_t{1} << 28;  // bytes of all tensors of a file, unpacked
inline constexpr std::size_t most_dimensions = 16;

// One number as stored.
struct stored_number {
  enum class family : std::uint8_t { ieee, bfloat, signed_integer, unsigned_integer };
  family kind = family::ieee;
  int bytes = 4;
  bool big_endian = false;
};

// Sign, exponent and mantissa of 1, 5 and 10 bits.
inline float half_to_float(std::uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1fu);
  const auto mantissa = static_cast<float>(bits & 0x3ffu);
  float value = std::ldexp(exponent == 0 ? mantissa : mantissa + 1024.0f, exponent == 0 ? -24 : exponent - 25);
  if (exponent == 31)
    value = mantissa == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return (bits & 0x8000u) != 0 ? -value : value;
}

// What float cannot hold becomes infinite, and is refused where finite numbers are asked for.
inline float double_to_float(double value) {
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max()))
    return std::copysign(std::numeric_limits<float>::infinity(), value < 0 ? -1.0f : 1.0f);
  return static_cast<float>(value);
}

inline float decode(const stored_number& type, const unsigned char* at) {
  std::uint64_t bits = 0;
  for (int b = 0; b < type.bytes; ++b) bits |= std::uint64_t{at[type.big_endian ? type.bytes - 1 - b : b]} << (8 * b);
  switch (type.kind) {
    case stored_number::family::ieee:
      if (type.bytes == 2) return half_to_float(static_cast<std::uint32_t>(bits));
      if (type.bytes == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      return double_to_float(std::bit_cast<double>(bits));
    case stored_number::family::bfloat: return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    case stored_number::family::unsigned_integer: return static_cast<float>(bits);
    case stored_number::family::signed_integer: {
      const int unused = 64 - 8 * type.bytes;
      return static_cast<float>(static_cast<std::int64_t>(bits << unused) >> unused);
    }
  }
  return 0;
}

inline std::vector<float> decode_all(const stored_number& type, std::span<const unsigned char> bytes) {
  const auto size = static_cast<std::size_t>(type.bytes);
  std::vector<float> values(bytes.size() / size);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = decode(type, bytes.data() + i * size);
  return values;
}

// Bytes a tensor of this shape takes. Throws where a header claims more than any file of ours may hold.
inline std::uint64_t claimed_bytes(const tensor_shape& shape, const stored_number& type, const std::string& where) {
  if (shape.size() > most_dimensions)
    throw error(where + ": found " + std::to_string(shape.size()) + " dimensions, expected at most " +
                std::to_string(most_dimensions));
  std::uint64_t bytes = static_cast<std::uint64_t>(type.bytes);
  bool empty = false;
  for (const std::int64_t side : shape) {
    if (side < 0) throw error(where + ": shape " + to_text(shape) + " has a negative side, expected 0 or more");
    if (side == 0) {
      empty = true;
      continue;
    }
    if (static_cast<std::uint64_t>(side) > largest_import / bytes)  // so the product never wraps
      throw error(where + ": shape " + to_text(shape) + " claims more than the " + std::to_string(largest_import) +
                  " bytes that a file may hold");
    bytes *= static_cast<std::uint64_t>(side);
  }
  return empty ? 0 : bytes;
}

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
