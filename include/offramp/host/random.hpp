// Random numbers that are the same on every machine and standard library: only integer arithmetic and one exact
// conversion. xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64; normal values as a sum of twelve uniform
// ones, because std::log and std::cos may differ in the last bit between libraries.
#ifndef OFFRAMP_HOST_RANDOM_HPP
#define OFFRAMP_HOST_RANDOM_HPP

#include <cstdint>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class random_source {
 public:
  // Sources of different (seed, stream, item) are independent: one per use, epoch and sample, say.
  explicit random_source(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t item = 0) {
    std::uint64_t mixed = splitmix64(seed) ^ stream;
    mixed = splitmix64(mixed) ^ item;
    for (std::uint64_t& s : state_) s = splitmix64(mixed);
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // 0 .. bound - 1, bound >= 1; the unevenness of about bound / 2^32 does not matter here.
  int below(int bound) { return static_cast<int>(((next() >> 32) * static_cast<std::uint64_t>(bound)) >> 32); }

  // [0, 1), a multiple of 2^-24.
  float uniform() { return static_cast<float>(next() >> 40) * (1.0f / 16777216.0f); }

  // Mean 0, variance 1, within +-6: twelve uniform 16-bit numbers, whose sum has mean 393210 and deviation 65536.
  float normal() {
    std::int64_t sum = 0;
    for (int word = 0; word < 3; ++word) {
      std::uint64_t bits = next();
      for (int part = 0; part < 4; ++part, bits >>= 16) sum += static_cast<std::int64_t>(bits & 0xffffu);
    }
    return static_cast<float>(sum - 393210) * (1.0f / 65536.0f);
  }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t state_[4]{};
};

// 0 .. count - 1 in random order (Fisher and Yates).
inline std::vector<int> random_order(int count, random_source random) {
  std::vector<int> order(static_cast<std::size_t>(count));
  int* const p = order.data();
  for (int i = 0; i < count; ++i) p[i] = i;
  for (int i = count - 1; i > 0; --i) std::swap(p[i], p[random.below(i + 1)]);
  return order;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
