// Random inputs and canonical weights for an op, chosen so that results spread over the output range and sometimes
// saturate. Floats are small multiples of 1/8, so that every sum is exact and any order of summation gives the same
// bits.
#ifndef OFFRAMP_TESTS_SUPPORT_OP_DATA_HPP
#define OFFRAMP_TESTS_SUPPORT_OP_DATA_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/core/fixed_point.hpp>
#include <offramp/kernels/weights.hpp>

#include "tests/support/random.hpp"

namespace offramp_test {

inline float random_eighths(random_numbers& r, int most) { return static_cast<float>(r.between(-most, most)) / 8.0f; }

// A tensor in nhwc; spare bits are zero.
inline void fill_tensor(random_numbers& r, offramp::shape s, offramp::kind k, void* to) {
  using offramp::kind;
  const int n = s.size();
  const bool extremes = r.one_in(8);  // all values at the ends of the range
  switch (k) {
    case kind::bits: {
      const int words = offramp::position_words(s.c, offramp::layout::nhwc);
      for (int i = 0; i < s.positions() * words; ++i) {
        const int left = s.c - i % words * 32;
        static_cast<std::uint32_t*>(to)[i] = (extremes ? ~0u : r.word()) & offramp::low_bits(left);
      }
      break;
    }
    case kind::u8:
      for (int i = 0; i < n; ++i)
        static_cast<std::uint8_t*>(to)[i] =
            static_cast<std::uint8_t>(extremes ? 255 * r.between(0, 1) : r.between(0, 255));
      break;
    case kind::i8:
      for (int i = 0; i < n; ++i)
        static_cast<std::int8_t*>(to)[i] =
            static_cast<std::int8_t>(extremes ? 255 * r.between(0, 1) - 128 : r.between(-128, 127));
      break;
    case kind::i16:
      for (int i = 0; i < n; ++i)
        static_cast<std::int16_t*>(to)[i] =
            static_cast<std::int16_t>(extremes ? 65535 * r.between(0, 1) - 32768 : r.between(-32768, 32767));
      break;
    case kind::i32:
      for (int i = 0; i < n; ++i) static_cast<std::int32_t*>(to)[i] = r.between(-(1 << 20), 1 << 20);
      break;
    case kind::f32:
      for (int i = 0; i < n; ++i) static_cast<float*>(to)[i] = random_eighths(r, 16);
      break;
    case kind::none: break;
  }
}

// The size accumulators of an op typically have.
inline double accumulator_spread(const offramp::kernel_op& op) {
  using offramp::kind;
  const auto size = [](kind k) {
    switch (k) {
      case kind::u8: return 160.0;
      case kind::i8: return 100.0;
      case kind::i16: return 19000.0;
      case kind::i32: return 600000.0;
      default: return 1.0;
    }
  };
  if (op.signature.what == offramp::op_kind::mixed_pool && !op.signature.float_accumulator()) return 1e8;
  const double terms = op.signature.what == offramp::op_kind::conv ? op.geometry.depth() : op.geometry.taps();
  const double weight = op.signature.what == offramp::op_kind::conv ? size(op.signature.weights) : 1.0;
  return size(op.signature.in) * weight * std::sqrt(terms);
}

// Canonical weights of `op`; `to` has canonical_layout(op).total() words. `extremes`: in every tenth channel thresholds
// that no sum reaches, and factors a thousand times as large as trained networks have, for which kernels take longer.
inline void fill_weights(random_numbers& r, const offramp::kernel_op& op, std::uint32_t* to, bool extremes = true) {
  using offramp::kind;
  const offramp::op_signature& s = op.signature;
  const offramp::window& w = op.geometry;
  const auto l = offramp::kernels::canonical_layout(op);
  if (l.total() == 0) return;
  const auto as_word = [](auto v) { return static_cast<std::uint32_t>(v); };
  const double spread = accumulator_spread(op);

  to[0] = as_word(s.in == kind::u8 ? r.between(0, 255) : s.in == kind::i8 ? r.between(-128, 127) : 0);
  to[1] = as_word(s.out == kind::i8 ? r.between(-128, 127) : 0);
  const bool narrow = r.one_in(2);
  if (s.out == kind::f32) {
    to[2] = std::bit_cast<std::uint32_t>(narrow ? 0.0f : -1e30f);
    to[3] = std::bit_cast<std::uint32_t>(narrow ? 6.0f : 1e30f);
  } else {
    const int least = s.out == kind::i16 ? -32768 : -128;
    to[2] = as_word(narrow ? least / 2 + r.between(0, 5) : least);
    to[3] = as_word(narrow ? -(least / 2) + r.between(0, 5) : -least - 1);
  }

  const auto threshold = [&](bool rare) {
    if (s.float_accumulator()) return std::bit_cast<std::uint32_t>(random_eighths(r, static_cast<int>(8 * spread)));
    if (rare) return as_word(r.one_in(2) ? 0x7fffffff : -0x7fffffff - 1);  // always or never below
    return as_word(r.between(static_cast<std::int64_t>(-spread), static_cast<std::int64_t>(spread)));
  };
  const bool numbers = s.out != kind::bits;
  for (std::size_t c = 0; c < l.channels; ++c) {
    const auto set = [&](std::size_t array, std::uint32_t v) { to[l.array(array) + c] = v; };
    const bool rare = r.one_in(10) && extremes;
    if (!numbers || s.two_slopes) set(0, threshold(rare));
    const std::size_t first = s.two_slopes ? 1 : 0;
    const auto per_set = static_cast<std::size_t>(offramp::kernels::parameter_set(s));
    for (std::size_t a = first; numbers && a < l.arrays; a += per_set) {
      if (s.out == kind::f32 || s.float_accumulator()) {
        set(a, std::bit_cast<std::uint32_t>(random_eighths(r, 16)));
        set(a + 1, std::bit_cast<std::uint32_t>(random_eighths(r, 64)));
        if (per_set > 2) set(a + 2, 0);
      } else if (s.out == kind::i32 && !s.add) {
        set(a, as_word(r.between(-100000, 100000)));
      } else {
        const double unit = 1 << offramp::accumulator_fraction_bits(s);
        const auto most = static_cast<std::int64_t>(spread * unit);
        set(a, as_word(r.between(-most, most)));
        const double target = (s.out == kind::i8 ? 80.0 : s.out == kind::i16 ? 20000.0 : 500000.0) / (spread * unit);
        const double factor = target * (rare && s.out != kind::i32 ? 1000.0 : r.between(1, 200) / 100.0);
        const auto f = offramp::make_fixed_factor(factor);
        set(a + 1, as_word(f.multiplier));
        set(a + 2, as_word(f.shift));
      }
    }
  }
  for (std::size_t i = 0; i < l.flip_words; ++i) to[l.flips() + i] = r.word();
  if (l.kernel_words == 0) return;

  std::uint32_t* kernel = to + l.kernel();
  if (s.what == offramp::op_kind::mixed_pool && !s.float_accumulator()) {
    // |a| + taps |b| leaves half of an accumulator to the bias.
    const int room = 1073741823 / (s.in == kind::i16 ? 32768 : 255);
    const int most = r.between(0, room);
    kernel[0] = as_word(r.between(-most, most));
    kernel[1] = as_word(r.between(-(room - most) / w.taps(), (room - most) / w.taps()));
    return;
  }
  if (s.weights == kind::bits) {
    const int words = offramp::ceil_div(w.stored_group_in_c(), 32);
    for (std::size_t i = 0; i < l.kernel_words; ++i)
      kernel[i] = r.word() & offramp::low_bits(w.stored_group_in_c() - 32 * (static_cast<int>(i) % words));
  } else if (s.weights == kind::i8) {
    const int n = w.stored_out_c * w.taps() * w.stored_group_in_c();
    for (std::size_t i = 0; i < l.kernel_words; ++i) kernel[i] = 0;
    for (int i = 0; i < n; ++i) {
      const std::uint32_t byte = static_cast<std::uint32_t>(r.between(-127, 127)) & 0xffu;
      kernel[i / 4] |= byte << (8 * (i % 4));
    }
  } else {
    for (std::size_t i = 0; i < l.kernel_words; ++i) kernel[i] = std::bit_cast<std::uint32_t>(random_eighths(r, 16));
  }
}

}  // namespace offramp_test

#endif
