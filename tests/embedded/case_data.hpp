// Inputs and canonical weights of the case table, made on the device itself: whole numbers and a few soft doubles, no
// library, so that an emulated Cortex-M0+ fills its buffers as fast as it computes. Every machine makes the same ones.
// Floats are small multiples of 1/8, so that sums are exact in any order.
#ifndef TESTS_EMBEDDED_CASE_DATA_HPP
#define TESTS_EMBEDDED_CASE_DATA_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/fixed_point.hpp>
#include <offramp/kernels/weights.hpp>

namespace case_table {

using offramp::kernel_op;
using offramp::kind;
using offramp::op_kind;
using offramp::op_signature;
using offramp::window;

// xorshift32 (Marsaglia 2003).
class numbers {
 public:
  explicit numbers(std::uint32_t seed) : state_{seed * 2654435761u | 1u} { next(), next(); }
  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  // low <= result <= high; the range at most 2^32 - 1
  std::int32_t between(std::int32_t low, std::int32_t high) {
    const std::uint32_t range = static_cast<std::uint32_t>(high) - static_cast<std::uint32_t>(low) + 1u;
    const auto offset = static_cast<std::uint32_t>(std::uint64_t{next()} * range >> 32);
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(low) + offset);
  }
  bool one_in(int n) { return between(1, n) == 1; }
  std::uint32_t eighths(int most) {
    return __builtin_bit_cast(std::uint32_t, static_cast<float>(between(-most, most)) / 8.0f);
  }

 private:
  std::uint32_t state_;
};

constexpr int element_bytes(kind k) { return k == kind::bits ? 4 : offramp::bit_width(k) / 8; }

// Elements are written one by one through pointers of their own type: a tensor has that type everywhere.
template <class T, class Next>
void fill(void* to, int n, Next next) {
  for (int i = 0; i < n; ++i) static_cast<T*>(to)[i] = static_cast<T>(next());
}

inline void fill_tensor(numbers& r, offramp::shape s, kind k, void* to) {
  const int n = s.size();
  const bool extremes = r.one_in(8);  // all values at the ends of the range
  const auto integer = [&](std::int32_t low, std::int32_t high) {
    return extremes ? (r.one_in(2) ? low : high) : r.between(low, high);
  };
  switch (k) {
    case kind::bits: {
      const int words = offramp::position_words(s.c, offramp::layout::nhwc);
      auto* bits = static_cast<std::uint32_t*>(to);
      for (int p = 0; p < s.positions(); ++p)
        for (int i = 0; i < words; ++i)
          bits[p * words + i] = (extremes ? ~0u : r.next()) & offramp::low_bits(s.c - 32 * i);
      break;
    }
    case kind::u8: fill<std::uint8_t>(to, n, [&] { return integer(0, 255); }); break;
    case kind::i8: fill<std::int8_t>(to, n, [&] { return integer(-128, 127); }); break;
    case kind::i16: fill<std::int16_t>(to, n, [&] { return integer(-32768, 32767); }); break;
    case kind::i32: fill<std::int32_t>(to, n, [&] { return r.between(-(1 << 20), 1 << 20); }); break;
    case kind::f32: fill<float>(to, n, [&] { return __builtin_bit_cast(float, r.eighths(16)); }); break;
    case kind::none: break;
  }
}

constexpr std::int32_t whole_root(std::int32_t n) {
  std::int32_t root = 1;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

// The size that accumulators of an op typically have.
constexpr std::int32_t accumulator_spread(const kernel_op& op) {
  const auto size = [](kind k) {
    switch (k) {
      case kind::u8: return 160;
      case kind::i8: return 100;
      case kind::i16: return 19000;
      case kind::i32: return 600000;
      default: return 1;
    }
  };
  const op_signature& s = op.signature;
  if (s.what == op_kind::mixed_pool && !s.float_accumulator()) return 100000000;
  const int terms = s.what == op_kind::conv ? op.geometry.depth() : op.geometry.taps();
  return size(s.in) * (s.what == op_kind::conv ? size(s.weights) : 1) * whole_root(terms);
}

inline void fill_parameters(numbers& r, const kernel_op& op, const offramp::kernels::weight_layout& l,
                            std::uint32_t* to) {
  const op_signature& s = op.signature;
  const auto as_word = [](std::int32_t v) { return static_cast<std::uint32_t>(v); };
  const std::int32_t spread = accumulator_spread(op);
  const int fraction = offramp::accumulator_fraction_bits(s);
  const bool numbers_out = s.out != kind::bits;
  const auto per_set = static_cast<std::size_t>(offramp::kernels::parameter_set(s));
  for (std::size_t c = 0; c < l.channels; ++c) {
    const auto set = [&](std::size_t array, std::uint32_t v) { to[l.array(array) + c] = v; };
    const bool rare = r.one_in(10);
    if (!numbers_out || s.two_slopes) {
      if (s.float_accumulator())
        set(0, r.eighths(8 * spread));
      else
        set(0, rare ? (r.one_in(2) ? 0x7fffffffu : 0x80000000u) : as_word(r.between(-spread, spread)));
    }
    for (std::size_t a = s.two_slopes ? 1 : 0; numbers_out && a < l.arrays; a += per_set) {
      if (s.out == kind::f32 || s.float_accumulator()) {
        set(a, r.eighths(16));
        set(a + 1, r.eighths(64));
        if (per_set > 2) set(a + 2, 0);
      } else if (s.out == kind::i32 && !s.add) {
        set(a, as_word(r.between(-100000, 100000)));
      } else {
        const std::int32_t most = spread << fraction;
        set(a, as_word(r.between(-most, most)));
        const double target = s.out == kind::i8 ? 80 : s.out == kind::i16 ? 20000 : 500000;
        const double factor = target * (rare && s.out != kind::i32 ? 100000 : r.between(1, 200)) / (100.0 * most);
        const auto f = offramp::make_fixed_factor(factor);
        set(a + 1, as_word(f.multiplier));
        set(a + 2, as_word(f.shift));
      }
    }
  }
}

// Canonical weights of `op`; `to` has canonical_layout(op).total() words.
inline void fill_weights(numbers& r, const kernel_op& op, std::uint32_t* to) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const auto l = offramp::kernels::canonical_layout(op);
  if (l.total() == 0) return;
  const auto as_word = [](std::int32_t v) { return static_cast<std::uint32_t>(v); };

  to[0] = as_word(s.in == kind::u8 ? r.between(0, 255) : s.in == kind::i8 ? r.between(-128, 127) : 0);
  to[1] = as_word(s.out == kind::i8 ? r.between(-128, 127) : 0);
  const bool narrow = r.one_in(2);
  if (s.out == kind::f32) {
    to[2] = __builtin_bit_cast(std::uint32_t, narrow ? 0.0f : -1e30f);
    to[3] = __builtin_bit_cast(std::uint32_t, narrow ? 6.0f : 1e30f);
  } else {
    const std::int32_t least = s.out == kind::i16 ? -32768 : -128;
    to[2] = as_word(narrow ? least / 2 + r.between(0, 5) : least);
    to[3] = as_word(narrow ? -(least / 2) + r.between(0, 5) : -least - 1);
  }
  fill_parameters(r, op, l, to);
  for (std::size_t i = 0; i < l.flip_words; ++i) to[l.flips() + i] = r.next();
  std::uint32_t* kernel = to + l.kernel();
  if (l.kernel_words == 0) return;

  if (s.what == op_kind::mixed_pool && !s.float_accumulator()) {
    // |a| + taps |b| leaves half of an accumulator to the bias.
    const std::int32_t room = 1073741823 / (s.in == kind::i16 ? 32768 : 255);
    const std::int32_t most = r.between(0, room), each = (room - most) / w.taps();
    kernel[0] = as_word(r.between(-most, most));
    kernel[1] = as_word(r.between(-each, each));
  } else if (s.weights == kind::bits) {
    const int words = offramp::ceil_div(w.stored_group_in_c(), 32);
    for (std::size_t i = 0, in = 0; i < l.kernel_words;
         ++i, in = in + 1 == static_cast<std::size_t>(words) ? 0 : in + 1)
      kernel[i] = r.next() & offramp::low_bits(w.stored_group_in_c() - 32 * static_cast<int>(in));
  } else if (s.weights == kind::i8) {
    const int n = w.stored_out_c * w.taps() * w.stored_group_in_c();
    for (int i = 0; i < n; i += 4) {
      std::uint32_t word = 0;
      for (int b = 0; b < 4 && i + b < n; ++b) word |= (as_word(r.between(-127, 127)) & 0xffu) << (8 * b);
      kernel[i / 4] = word;
    }
  } else {
    for (std::size_t i = 0; i < l.kernel_words; ++i) kernel[i] = r.eighths(16);
  }
}

}  // namespace case_table

#endif
