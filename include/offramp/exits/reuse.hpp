// Reuse of earlier predictions from exit to exit. A policy keeps state per sample and turns the logits of head k into
// those that are judged. `no_reuse` judges each head by itself and costs nothing. Others: geometric_ensemble, additive.
#ifndef OFFRAMP_EXITS_REUSE_HPP
#define OFFRAMP_EXITS_REUSE_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

// To provide: an `id` (1000 or more for one's own) and `template <class T, int Exits, int Classes> struct state` with
// `void begin()`, called for every new sample, and `const T* combine(int exit, const T* logits, const std::uint32_t*
// words)`, called once for every exit in order, which returns the logits to judge (its own storage, or the argument).
// T is std::int32_t or float. `words` are what the policy stores for that exit; a policy that stores some says how
// many: `template <int Exits, int Classes> static constexpr int words`, linear in Exits. Those that serve a network cut
// behind fewer exits come first.
template <class R>
concept reuse_policy = requires(typename R::template state<std::int32_t, 2, 10> i,
                                typename R::template state<float, 2, 10> f, const std::int32_t* z, const float* zf,
                                const std::uint32_t* words) {
  {R::id};
  {i.begin()};
  {f.begin()};
  {i.combine(0, z, words)};
  {f.combine(0, zf, words)};
};

struct no_reuse {
  static constexpr std::uint32_t id = 0;
  static constexpr const char* name = "no_reuse";
  template <class T, int Exits, int Classes>
  struct state {
    static constexpr void begin() {}
    static constexpr const T* combine(int, const T* logits, const std::uint32_t*) { return logits; }
  };
};

namespace detail {

// Memory of a policy between exits. A session made at run time leaves it as it is: it is written before it is read.
template <class T, int N>
struct kept_logits {
  T at[N];
  constexpr kept_logits() {
    if (std::is_constant_evaluated())  // coverage: the compiler runs it, and no program
      for (T& v : at) v = 0;
  }
};

constexpr std::int32_t word_integer(std::uint32_t word) { return static_cast<std::int32_t>(word); }
constexpr float word_real(std::uint32_t word) { return __builtin_bit_cast(float, word); }

// Sums of products of 32-bit numbers, in 64 bits: exact, since the weights of one exit add up to less than 2^31 in size
// (host/policy_words.hpp sees to it), and |z| <= 2^31. Unsigned inside, so that no words, whatever they are, are
// undefined.
struct wide_sum {
  std::uint64_t bits = 0;
  constexpr void add(std::uint32_t weight, std::int32_t z) {
    bits += static_cast<std::uint64_t>(std::int64_t{word_integer(weight)} * z);
  }
  // round(sum / 2^(shift + 1)) + bias, ties towards +infinity, saturated. One factor for a whole sum, one rounding.
  [[nodiscard]] constexpr std::int32_t rounded(std::uint32_t shift, std::int32_t bias) const {
    const std::int64_t half = static_cast<std::int64_t>(bits) >> (shift & 63u);
    const std::int64_t q = (half >> 1) + (half & 1);
    constexpr std::int64_t most = 0x7fffffff;
    // |q| <= 2^62, so that adding the bias cannot overflow.
    const std::int64_t v = q + bias;
    return v > most ? 0x7fffffff : v < -most ? -0x7fffffff : static_cast<std::int32_t>(v);
  }
};

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI

#endif
