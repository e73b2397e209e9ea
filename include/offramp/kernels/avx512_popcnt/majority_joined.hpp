// Outputs of positions whose channels do not fill vectors, 16 at a time across positions: numbers lie side by side in
// the tensor, and so do their counts here; only parameters take turns. Nothing is loaded or stored in parts but the
// ends of rows. A vector for each position would be filled by 4 channels to a quarter, and one that reads a stream
// waits for the masked store to the position before it, since the vectors overlap even where the masks do not.
#ifndef OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_JOINED_HPP
#define OFFRAMP_KERNELS_AVX512_POPCNT_MAJORITY_JOINED_HPP

#include <offramp/kernels/x86/intrinsics.hpp>

#include <cstddef>
#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/avx512/output.hpp>
#include <offramp/kernels/avx512/short_output.hpp>
#include <offramp/kernels/avx512_popcnt/majority_output.hpp>
#include <offramp/kernels/avx512_popcnt/majority_plan.hpp>
#include <offramp/kernels/x86/short_scales.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt {

namespace detail {

// Numbers of all channels (below 64) over and over, so that up to 32 can be loaded from any channel on: as many beyond
// the last, and again what storing whole vectors takes.
template <class T>
struct repeated {
  alignas(64) T at[128];

  OFFRAMP_INLINE OFFRAMP_AVX512 void put(int c, __m512i v) { _mm512_storeu_si512(at + c, v); }
  [[nodiscard]] OFFRAMP_INLINE OFFRAMP_AVX512 __m512i from(int c) const { return _mm512_loadu_si512(at + c); }
};

// An avx512::output_set16.
template <op_signature S>
struct repeated_set {
  repeated<std::int32_t> bias, multiplier, half, shift, left, most;

  static constexpr bool integers = parameter_set(S) > 2 && !S.float_accumulator();
  OFFRAMP_INLINE OFFRAMP_AVX512 void put(int c, const avx512::output_set16& set) {
    bias.put(c, set.bias);
    if constexpr (parameter_set(S) > 1) multiplier.put(c, set.multiplier);
    if constexpr (integers) shift.put(c, set.shift);
    if constexpr (integers && S.out != kind::i32) {
      half.put(c, set.half);
      left.put(c, set.left);
      most.put(c, set.most);
    }
  }
  OFFRAMP_INLINE OFFRAMP_AVX512 void get(int c, avx512::output_set16& set) const {
    set.bias = bias.from(c);
    if constexpr (parameter_set(S) > 1) set.multiplier = multiplier.from(c);
    if constexpr (integers) {
      set.odd_multiplier = avx512::detail::odd_lanes(set.multiplier);
      set.shift = shift.from(c);
    }
    if constexpr (integers && S.out != kind::i32) {
      set.half = half.from(c);
      set.left = left.from(c);
      set.most = most.from(c);
    }
  }
};

}  // namespace detail

// The parameters of all channels of such outputs.
template <op_signature S>
class joined_parameters {
 public:
  OFFRAMP_AVX512_POPCNT void load(const parameters<S>& p, int channels) {
    shared_ = {p.out_zero(), p.low(), p.high(), {}};
    // In order: what a vector holds beyond the last channel is overwritten by the next one.
    for (int copy = 0; copy < channels + 16; copy += channels)
      for (int c = 0; c < channels && copy + c < channels + 16; c += 16) {
        const avx512::output_lanes16 l = avx512::load_output_lanes16(p, c, channels - c < 16 ? channels - c : 16);
        if constexpr (S.two_slopes) threshold_.put(copy + c, l.threshold);
        for (int i = 0; i < slopes; ++i) {
          set_[i].put(copy + c, l.set[i]);
          if constexpr (detail::repeated_set<S>::integers && S.out != kind::i32) shared_.grows[i] |= l.set[i].grows;
        }
      }
  }
  // What all channels share.
  struct shared_parameters {
    std::int32_t out_zero, low, high;
    bool grows[2];
  };
  [[nodiscard]] shared_parameters shared() const { return shared_; }
  // Of the 16 outputs from this channel of a position on.
  [[nodiscard]] OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT avx512::output_lanes16 get(int channel,
                                                                                const shared_parameters& shared) const {
    avx512::output_lanes16 l;
    if constexpr (S.two_slopes) l.threshold = threshold_.from(channel);
    for (int i = 0; i < slopes; ++i) {
      set_[i].get(channel, l.set[i]);
      l.set[i].grows = shared.grows[i];
    }
    l.out_zero = shared.out_zero;
    l.low = shared.low;
    l.high = shared.high;
    return l;
  }

 private:
  static constexpr int slopes = S.two_slopes ? 2 : 1;
  shared_parameters shared_;
  detail::repeated<std::int32_t> threshold_;
  detail::repeated_set<S> set_[slopes];
};

// The same of 16-bit streams whose channels all have scales (x86/short_scales.hpp).
class joined_scales {
 public:
  // False where one has none.
  OFFRAMP_AVX512_POPCNT bool load(const std::uint32_t* scales, int channels, int middle, int least, int most) {
    using namespace short_scales;
    limits_ = avx512::load_short_limits(middle, least, most);
    for (int copy = 0; copy < channels + 32; copy += channels)
      for (int c = 0; c < channels && copy + c < channels + 32; c += 32) {
        const std::uint32_t* const block = scales + static_cast<std::size_t>(c / 32) * block_words;
        const __m256i shifts = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + shifts_at));
        const __mmask32 none = _mm256_cmpeq_epi8_mask(shifts, _mm256_set1_epi8(static_cast<char>(no_shift)));
        if ((none & low_bits(channels - c < 32 ? channels - c : 32)) != 0) return false;
        fraction_.put(copy + c, _mm512_loadu_si512(block));
        factor_.put(copy + c, _mm512_loadu_si512(block + factors_at));
        offset_.put(copy + c, _mm512_loadu_si512(block + offsets_at));
        offset_.put(copy + c + 16, _mm512_loadu_si512(block + offsets_at + 16));
        shift_.put(copy + c, _mm512_cvtepu8_epi32(_mm256_castsi256_si128(shifts)));
        shift_.put(copy + c + 16, _mm512_cvtepu8_epi32(_mm256_extracti128_si256(shifts, 1)));
      }
    return true;
  }
  [[nodiscard]] OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT avx512::short_limits limits() const { return limits_; }
  // The rest of the 32 outputs from this channel on.
  OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void get(int c, avx512::short_lanes& l) const {
    avx512::order_short_lanes(fraction_.at + c, factor_.at + c, offset_.from(c), offset_.from(c + 16), shift_.from(c),
                              shift_.from(c + 16), l);
  }

 private:
  detail::repeated<std::uint16_t> fraction_, factor_;
  detail::repeated<std::int32_t> offset_, shift_;
  avx512::short_limits limits_;
};

// Which bytes of positions of `Blocks` blocks each are those of channels that there are.
template <int Blocks>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i joined_bytes(int channels) {
  alignas(64) std::uint8_t from[128];
  const __m512i places =
      _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                       0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
  for (int i = 0; i < 8 / Blocks; ++i)
    _mm512_storeu_si512(from + i * channels,
                        _mm512_add_epi8(places, _mm512_set1_epi8(static_cast<char>(8 * Blocks * i))));
  return _mm512_load_si512(from);
}

// Counts of a vector of positions without gaps between channels, in bytes, of 16 bits one behind the other.
struct joined_counts {
  static constexpr int part = 512 + 64;
  alignas(64) std::uint8_t bytes[3 * part];
};
template <int Blocks>
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void join_counts(const std::uint8_t* counts, int planes, __m512i real,
                                                      int channels, joined_counts& to) {
  for (int part = 0; 8 * part < planes; ++part) {
    __m512i of[8];
    make_bytes<Blocks>(counts + 512 * part, planes - 8 * part, of);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i)
      _mm512_storeu_si512(to.bytes + part * joined_counts::part + 8 / Blocks * channels * i,
                          _mm512_permutexvar_epi8(real, of[i]));
  }
}

OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_bytes32(const std::uint8_t* from) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
// Of a stream, as many as there are.
OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT __m512i load_shorts32(const std::int16_t* from, int there) {
  return there >= 32 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16(low_bits(there), from);
}

// Output kinds of numbers, tiles that are all of an output.
template <op_signature S, int Blocks>
OFFRAMP_AVX512_POPCNT inline void store_joined(const joined_parameters<S>& parameters, const output_place& o,
                                               const window& w, const joined_counts& counts, int planes, void* out) {
  const int channels = o.channels;
  const auto shared = parameters.shared();
  const __m512i depth = _mm512_set1_epi32(w.depth());
  const int step = 16 % channels, all = w.out.size();
  position_runs run{o};
  __m512i added = _mm512_setzero_si512();
  bool first = true;
  while (run.next(o, w, 64 / Blocks)) {
    const std::uint8_t* from = counts.bytes + run.first * channels;
    int at = run.place * channels, channel = 0;
    if (first) added = avx512::load_added16<S>(w, out, 0, at, all - at < 16 ? all - at : 16);
    first = false;
    for (int left = run.count * channels; left > 0; left -= 16, from += 16) {
      const int n = left < 16 ? left : 16;
      __m512i count = load_bytes16<2>(from);
      for (int part = 1; 8 * part < planes; ++part) {
        const __m512i more = load_bytes16<2>(from + part * joined_counts::part);
        count = _mm512_or_si512(count, _mm512_slli_epi32(more, static_cast<unsigned>(8 * part)));
      }
      const __m512i acc = _mm512_sub_epi32(depth, _mm512_add_epi32(count, count));
      // A stream is read before the outputs in front of it are stored; rows follow one another.
      const __m512i here = added;
      const int beyond = all - at - n;
      if (beyond > 0) added = avx512::load_added16<S>(w, out, 0, at + n, beyond < 16 ? beyond : 16);
      avx512::store_added16<S>(parameters.get(channel, shared), w, out, 0, at, n, acc, here);
      at += n;
      channel += step;
      if (channel >= channels) channel -= channels;
    }
  }
}

// Sixteen-bit streams whose channels have scales.
template <op_signature S, int Blocks>
OFFRAMP_AVX512_POPCNT inline void store_joined_shorts(const joined_scales& scales, const output_place& o,
                                                      const window& w, const joined_counts& counts, int planes,
                                                      void* out) {
  const int channels = o.channels;
  const int step = 32 % channels, all = w.out.size();
  const __m128i spare = _mm_cvtsi32_si128(16 - planes);
  avx512::short_lanes lanes;
  static_cast<avx512::short_limits&>(lanes) = scales.limits();
  position_runs run{o};
  __m512i added = _mm512_setzero_si512();
  bool first = true;
  while (run.next(o, w, 64 / Blocks)) {
    const std::uint8_t* from = counts.bytes + run.first * channels;
    int at = run.place * channels, channel = 0;
    std::int16_t* to = static_cast<std::int16_t*>(out) + at;
    if (S.add && first) added = load_shorts32(to, all - at);
    first = false;
    for (int left = run.count * channels; left > 0; left -= 32, from += 32) {
      const int n = left < 32 ? left : 32;
      __m512i count = load_bytes32(from);
      if (planes > 8) count = _mm512_or_si512(count, _mm512_slli_epi16(load_bytes32(from + joined_counts::part), 8));
      scales.get(channel, lanes);
      __m512i q = avx512::scale_shorts<S.rectified>(lanes, _mm512_sll_epi16(count, spare));
      if constexpr (S.add) {
        q = _mm512_adds_epi16(q, added);
        if (all - at > n) added = load_shorts32(to + n, all - at - n);
      }
      if (n == 32)
        _mm512_storeu_si512(to, q);
      else
        _mm512_mask_storeu_epi16(to, low_bits(n), q);
      at += n;
      to += n;
      channel += step;
      if (channel >= channels) channel -= channels;
    }
  }
}

// What a tile needs for either.
template <op_signature S, int Blocks>
class joined_output {
 public:
  // `scales`: of 16-bit outputs, if there are some. False where a tile is not to go this way.
  OFFRAMP_AVX512_POPCNT bool load(const parameters<S>& p, const window& w, int planes, int channels,
                                  const std::uint32_t* scales) {
    const kernel_op op{S, w};
    if constexpr (short_scales::takes(S))
      shorts_ = joins_shorts(op, channels) && scales != nullptr &&
                scales_.load(scales, channels, short_scales::middle(op, 16 - planes), p.low(), p.high());
    if (!shorts_ && !joins_lanes(op, channels)) return false;
    if (!shorts_) parameters_.load(p, channels);
    _mm512_store_si512(real_, joined_bytes<Blocks>(channels));
    return true;
  }
  OFFRAMP_INLINE OFFRAMP_AVX512_POPCNT void store(const output_place& o, const window& w, const std::uint8_t* counts,
                                                  int planes, void* out) const {
    joined_counts joined;
    join_counts<Blocks>(counts, planes, _mm512_load_si512(real_), o.channels, joined);
    if constexpr (short_scales::takes(S))
      if (shorts_) return store_joined_shorts<S, Blocks>(scales_, o, w, joined, planes, out);
    store_joined<S, Blocks>(parameters_, o, w, joined, planes, out);
  }

 private:
  joined_parameters<S> parameters_;
  joined_scales scales_;
  alignas(64) std::uint8_t real_[64];
  bool shorts_ = false;
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512_popcnt
#endif

#endif
