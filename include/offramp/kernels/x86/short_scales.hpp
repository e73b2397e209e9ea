// Requantizing counts of differing bits in lanes of 16 bits. A count c of a layer has few values (0 ... depth), so that
// what the exact formula (core/fixed_point.hpp) makes of each of them can be compared with a cheaper one when weights
// are packed:
//     a = middle - c 2^s  (rectified: at least 0),   out = (offset + a factor + high16(a fraction)) >> shift,
// a product of 16 bits and its finer part. The offset is chosen between the bounds that all counts set; where there is
// none, the channel is marked, and its vector goes the long way. `s` puts the highest bit of a count at bit 15.
//
// Packed for every 32 channels, one array after the other: fractions and factors of 16 bits, offsets of 32 bits, shifts
// in bytes. Only weights of one width have them: nested widths share a kernel and differ in parameters.
#ifndef OFFRAMP_KERNELS_X86_SHORT_SCALES_HPP
#define OFFRAMP_KERNELS_X86_SHORT_SCALES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/fixed_point.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::short_scales {

// Words for 32 channels, and where its arrays begin; the last line is not full.
inline constexpr std::size_t block_words = 80;
inline constexpr std::size_t factors_at = 16, offsets_at = 32, shifts_at = 64;
inline constexpr unsigned no_shift = 255;  // this channel goes the long way

// Signatures with such scales.
constexpr bool takes(const op_signature& s) {
  return s.what == op_kind::conv && s.in == kind::bits && s.weights == kind::bits && s.out == kind::i16 &&
         !s.two_slopes && !s.grouped;
}
constexpr std::size_t words(const kernel_op& op) {
  return takes(op.signature) ? block_words * static_cast<std::size_t>(ceil_div(op.geometry.stored_out_c, 32)) : 0;
}
// Are they there?
constexpr bool present(const kernel_op& op) {
  const window& w = op.geometry;
  return takes(op.signature) && w.in.c == w.stored_in_c && w.out.c == w.stored_out_c && w.out_first == 0 &&
         w.depth() < 32768;
}

// How far counts may move to the left in 16 bits.
constexpr int spare_bits(const kernel_op& op) {
  int s = 16;
  for (int depth = op.geometry.depth(); depth > 0; depth /= 2) --s;
  return s;
}

// `a` of count 0; and of any count, as vectors compute it.
constexpr int middle(const kernel_op& op, int s) { return (op.geometry.depth() << s) >> 1; }
constexpr int of_count(const kernel_op& op, int s, int count) {
  const int a = middle(op, s) - (count << s);
  return op.signature.rectified && a < 0 ? 0 : a;
}

struct scale {
  std::int32_t factor = 0, fraction = 0, offset = 0;
  unsigned shift = no_shift;
};

// One channel: its parameters, and the search for its scale. Counts have 16 - s bits.
class finder {
 public:
  constexpr finder(const kernel_op& op, int s, const std::uint32_t* canonical, int c) : op_{op}, s_{s} {
    const auto channels = static_cast<std::size_t>(op.geometry.stored_out_c);
    const auto word = [&](std::size_t i) { return static_cast<std::int32_t>(canonical[i]); };
    const auto parameter = [&](std::size_t a) { return word(4 + a * channels + static_cast<std::size_t>(c)); };
    bias_ = parameter(0), multiplier_ = parameter(1), exponent_ = parameter(2);
    zero_ = word(1);
    least_ = word(2) > -32768 ? word(2) : -32768;
    most_ = word(3) < 32767 ? word(3) : 32767;
  }

  [[nodiscard]] constexpr scale find() const {
    if (least_ > most_) return {};
    // An `a` is worth 2^(1 - s) accumulators: multiplier * 2^(9 + exponent - 31 - s) outputs. As large a shift as
    // leaves the factor its 16 bits, and the output its own. Steeper ones jump from one end of the range to the other.
    int shift = s_ + 6 - exponent_;
    if (multiplier_ >= 0x7fff8000 || multiplier_ <= -0x7fff8000) --shift;
    if (shift > 15) shift = 15;
    if (shift < 0) return with_offset(multiplier_ < 0 ? -0x7fff0000 : 0x7fff0000, 0);
    const int right = s_ + 6 - exponent_ - shift;  // from the multiplier to factor and fraction
    if (right > 31) return with_offset(0, shift);
    const std::int64_t half = (std::int64_t{1} << right) >> 1;
    const std::int64_t factor = (std::int64_t{multiplier_} + half) >> right;
    // Neighbours of the factor move where the finer part is rounded. One channel in a hundred needs hundreds of them,
    // and one channel without a scale takes its whole vector the long way.
    for (int i = 0; i < 1024; ++i)
      if (const scale r = with_offset(factor + (i % 2 == 0 ? -i / 2 : i / 2 + 1), shift); r.shift != no_shift) return r;
    return {};
  }

 private:
  // With a factor of 16 + 16 bits.
  [[nodiscard]] constexpr scale with_offset(std::int64_t factor, int shift) const {
    scale r;
    r.fraction = static_cast<std::int16_t>(factor & 0xffff);
    r.factor = static_cast<std::int32_t>((factor - r.fraction) / 65536);
    if (r.factor > 32767 || r.factor < -32768) return {};
    const std::int64_t far = std::int64_t{1} << 40, span = std::int64_t{1} << shift;
    std::int64_t lower = -far, upper = far, smallest = 0, largest = 0;
    for (int count = 0; count <= op_.geometry.depth() && lower <= upper; ++count) {
      const int a = of_count(op_, s_, count);
      const std::int64_t product = std::int64_t{a} * r.factor + ((a * r.fraction) >> 16);
      const std::int32_t q = exact(count);
      const std::int64_t from = clamp(q, least_, most_) * span - product;
      if (q > least_ && from > lower) lower = from;
      if (q < most_ && from + span - 1 < upper) upper = from + span - 1;
      if (product < smallest) smallest = product;
      if (product > largest) largest = product;
    }
    if (lower > upper) return {};
    const std::int64_t offset = lower != -far && upper != far ? (lower + upper) / 2
                                : lower != -far               ? lower + span / 2
                                : upper != far                ? upper - span / 2
                                                              : 0;
    constexpr std::int64_t limit = 0x7fffffff;
    if (offset + smallest < -limit || offset + largest > limit || offset < -limit || offset > limit) return {};
    r.offset = static_cast<std::int32_t>(offset);
    r.shift = static_cast<unsigned>(shift);
    return r;
  }

  // The output before its clamp, by the formula of output_stage.hpp.
  [[nodiscard]] constexpr std::int32_t exact(int count) const {
    constexpr std::int32_t limit = 1 << 24;
    std::int32_t acc = op_.geometry.depth() - 2 * count;
    if (op_.signature.rectified && acc < 0) acc = 0;
    const std::int32_t fine = acc * (1 << accumulator_fraction_bits(op_.signature));
    return clamp(requantize(fine + bias_, multiplier_, exponent_), -limit, limit) + zero_;
  }

  kernel_op op_;
  int s_;
  std::int32_t bias_ = 0, multiplier_ = 0, exponent_ = 0, zero_ = 0, least_ = 0, most_ = 0;
};

// Scales of all channels, for counts of 16 - s bits. What is not present is left as it stands.
constexpr void pack(const kernel_op& op, int s, const std::uint32_t* canonical, std::uint32_t* to) {
  if (!present(op)) return;
  for (std::size_t i = 0; i < words(op); ++i) to[i] = 0;
  for (int c = 0; c < 32 * ceil_div(op.geometry.stored_out_c, 32); ++c) {
    const scale x = c < op.geometry.stored_out_c && s >= 0 ? finder{op, s, canonical, c}.find() : scale{};
    std::uint32_t* const block = to + block_words * static_cast<std::size_t>(c / 32);
    const auto lane = static_cast<std::size_t>(c % 32);
    block[lane / 2] |= (static_cast<std::uint32_t>(x.fraction) & 0xffffu) << (16 * (lane % 2));
    block[factors_at + lane / 2] |= (static_cast<std::uint32_t>(x.factor) & 0xffffu) << (16 * (lane % 2));
    block[offsets_at + lane] = static_cast<std::uint32_t>(x.offset);
    block[shifts_at + lane / 4] |= x.shift << (8 * (lane % 4));
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::short_scales

#endif
