// The shape of one image-like tensor (batch is always 1 on the device): height, width, channels, stored NHWC.
#ifndef OFFRAMP_CORE_SHAPE_HPP
#define OFFRAMP_CORE_SHAPE_HPP

#include <cstddef>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct shape {
  int h = 0;
  int w = 0;
  int c = 0;

  [[nodiscard]] constexpr int size() const { return h * w * c; }
  [[nodiscard]] constexpr int positions() const { return h * w; }
  friend constexpr bool operator==(const shape&, const shape&) = default;
};

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr std::size_t round_up(std::size_t a, std::size_t b) { return (a + b - 1) / b * b; }

}  // namespace offramp::inline OFFRAMP_ABI

#endif
