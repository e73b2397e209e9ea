// The one source of random numbers in tests. The seed is printed; OFFRAMP_TEST_SEED=<number> repeats a run.
#ifndef OFFRAMP_TESTS_SUPPORT_RANDOM_HPP
#define OFFRAMP_TESTS_SUPPORT_RANDOM_HPP

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace offramp_test {

inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* text = std::getenv("OFFRAMP_TEST_SEED");
    const std::uint64_t s = text != nullptr ? std::strtoull(text, nullptr, 0) : 20261u;
    std::printf("random seed %llu (set OFFRAMP_TEST_SEED to choose)\n", static_cast<unsigned long long>(s));
    std::fflush(stdout);
    return s;
  }();
  return value;
}

// splitmix64 (Steele, Lea, Flood 2014). `stream` keeps tests independent of each other's order.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t stream = 0) : state_{seed() + stream * 0xd1342543de82ef95u} {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint32_t word() { return static_cast<std::uint32_t>(next() >> 32); }
  // low <= result <= high
  std::int32_t between(std::int64_t low, std::int64_t high) {
    return static_cast<std::int32_t>(low +
                                     static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1)));
  }
  bool one_in(int n) { return between(1, n) == 1; }

 private:
  std::uint64_t state_;
};

}  // namespace offramp_test

#endif
