// Output stages that follow no convolution, from numbers to bits and numbers. For bits, zero point and threshold become
// one number of the input's own kind, so that as many channels as a vector has elements are compared at once: with v =
// t + zero, (x - zero < t) = (x < v). Where v lies above all x, every x is below: then nothing is (v becomes the least
// x) and the flip bit turns around. These thresholds, in whole words' worth of channels, and flip bits follow the
// canonical words. Channels that divide 32 repeat theirs, so that a vector may hold several positions; for outputs that
// are numbers, up to four channels do the same with all their parameters when they run.
#ifndef OFFRAMP_KERNELS_AVX2_POINTWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX2_POINTWISE_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Words of thresholds, 32 channels of them; and where they begin, where flip bits do.
constexpr int threshold_words(const op_signature& s) { return bit_width(s.in); }
constexpr std::size_t thresholds_begin(const kernel_op& op) { return round_up(canonical_layout(op).total(), 16); }
constexpr std::size_t flips_begin(const kernel_op& op) {
  const auto words = static_cast<std::size_t>(ceil_div(op.geometry.stored_out_c, 32));
  return thresholds_begin(op) + words * static_cast<std::size_t>(threshold_words(op.signature));
}

// Several positions to a vector?
constexpr bool shares_words(const window& w) {
  return 32 % w.stored_out_c == 0 && w.stored_out_c < 32 && w.out.c == w.stored_out_c && w.stride_h == 1 &&
         w.stride_w == 1;
}
constexpr bool repeats_parameters(const window& w) { return w.out.c <= 4 && w.stride_h == 1 && w.stride_w == 1; }

constexpr bool shares_vectors(const kernel_op& op) {
  return op.signature.out == kind::bits ? shares_words(op.geometry) : repeats_parameters(op.geometry);
}

// `some` positions of few channels seen as one of many: their window and their weights.
template <op_signature S, int Some>
struct repeated_positions {
  explicit constexpr repeated_positions(const window& w, const std::uint32_t* canonical) {
    const int channels = Some * w.out.c;
    const shape all{1, w.out.positions() / Some, channels};
    wide = make_window(all, channels, 1, 1, 1, 0, 0);
    for (int i = 0; i < 4; ++i) words[i] = canonical[i];
    for (int a = 0; a < parameter_arrays(S); ++a)
      for (int c = 0; c < channels; ++c) words[4 + a * channels + c] = canonical[4 + a * w.stored_out_c + c % w.out.c];
  }
  window wide;
  std::uint32_t words[4 + 7 * 4 * Some] = {};
};

// Does every output channel read the input channel of its number?
constexpr bool keeps_channels(const window& w) { return w.in.c == w.out.c; }

struct pointwise {
  static constexpr bool runs(const op_signature& s) {
    const bool sums = s.in == kind::i32 && s.out != kind::bits;
    return s.what == op_kind::pointwise &&
           (s.in == kind::u8 || s.in == kind::i8 || s.in == kind::i16 || s.in == kind::f32 || sums) &&
           s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return shares_vectors(op) ? 1 : 0; }
  static constexpr reckoning reckoned(const kernel_op& op) {
    return {.stored = shares_vectors(op) ? std::int64_t{op.geometry.out.size()} : 0};
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const auto words = static_cast<std::size_t>(ceil_div(op.geometry.stored_out_c, 32));
    return op.signature.out == kind::bits ? round_up(flips_begin(op) + words, 16) : canonical_layout(op).total();
  }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }

  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const weight_layout l = canonical_layout(op);
    for (std::size_t i = 0; i < weight_words(op); ++i) packed[i] = i < l.total() ? canonical[i] : 0;
    if (op.signature.out != kind::bits) return;
    const kind in = op.signature.in;
    const auto channels = static_cast<std::size_t>(op.geometry.stored_out_c);
    std::uint32_t* thresholds = packed + thresholds_begin(op);
    std::uint32_t* flips = packed + flips_begin(op);
    for (std::size_t i = 0; i < (channels + 31) / 32; ++i) flips[i] = canonical[l.flips() + i];
    const std::int64_t least = in == kind::u8 ? 0 : in == kind::i8 ? -128 : -32768;
    const std::int64_t most = in == kind::u8 ? 255 : in == kind::i8 ? 127 : 32767;
    const auto bits = static_cast<std::size_t>(bit_width(in));
    const std::size_t all = channels < 32 && 32 % channels == 0 ? 32 : channels;
    for (std::size_t c = 0; c < all; ++c) {
      const std::uint32_t t = canonical[l.array(0) + c % channels];
      if (in == kind::f32) {
        thresholds[c] = t;
        continue;
      }
      std::int64_t v = std::int64_t{static_cast<std::int32_t>(t)} + static_cast<std::int32_t>(canonical[0]);
      if (v > most && c < channels) flips[c / 32] ^= 1u << (c % 32);
      if (v > most || v < least) v = least;
      const std::size_t at = c * bits;
      thresholds[at / 32] |= (static_cast<std::uint32_t>(v) & ((1u << bits) - 1)) << (at % 32);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
