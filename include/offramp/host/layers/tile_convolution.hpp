// Shifted products (lattice.hpp) on the matrix unit of x86 CPUs (AMX): tiles of 16 x 32 bfloat16 numbers times 32 x 16
// ones, added up in float. The right-hand tile holds its rows in pairs, column by column ("pairs" below).
// Compiled only for such CPUs; the system has to grant the unit's registers, asked once.
#ifndef OFFRAMP_HOST_LAYERS_TILE_CONVOLUTION_HPP
#define OFFRAMP_HOST_LAYERS_TILE_CONVOLUTION_HPP

#include <offramp/core/config.hpp>

#if (defined(__AMX_BF16__) || defined(__AMXBF16__)) && defined(__AVX512BF16__) && defined(__AVX512BW__) && \
    defined(__linux__)
#define OFFRAMP_HOST_TILES

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/core/window.hpp>
#include <offramp/host/bfloat16.hpp>
#include <offramp/host/layers/lattice.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

namespace tiles {

using number = std::uint16_t;                     // bfloat16
constexpr int rows = 16, depth = 32, size = 512;  // of a tile; numbers in it

// May this process use the unit? (Linux, arch/x86/xstate: ARCH_REQ_XCOMP_PERM of feature XTILEDATA.)
inline bool available() {
  static const bool granted = syscall(SYS_arch_prctl, 0x1023, 18) == 0;
  return granted;
}

// All eight registers are whole tiles while this lives.
struct configured {
  configured() { _tile_loadconfig(shape); }
  ~configured() { _tile_release(); }
  configured(const configured&) = delete;
  configured& operator=(const configured&) = delete;
  alignas(64) static constexpr unsigned char shape[64] = {
      1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0,  64, 0,  64, 0,  64, 0,  64, 0, 64, 0, 64, 0, 64, 0,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 16, 16, 16, 16, 16, 16, 16, 0,  0, 0,  0, 0,  0, 0,  0};
};

// Loads of tiles are not known to the compiler as reads of memory.
inline void written() { std::atomic_signal_fence(std::memory_order_seq_cst); }

inline __mmask16 first_lanes(int n) { return static_cast<__mmask16>(n >= 16 ? 0xffffu : n <= 0 ? 0u : (1u << n) - 1u); }

// `count` floats, rounded, then zeros up to `padded` (a multiple of 32).
inline void round_row(const float* from, int count, int padded, number* to) {
  for (int i = 0; i < padded; i += 32) {
    const __m512 low = _mm512_maskz_loadu_ps(first_lanes(count - i), from + i);
    const __m512 high = _mm512_maskz_loadu_ps(first_lanes(count - i - 16), from + i + 16);
    _mm512_storeu_si512(to + i, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
  }
}

// Rows a and b as pairs (a_0, b_0, a_1, b_1 ...); `count` is a multiple of 32.
inline void interleave(const number* a, const number* b, int count, number* to) {
  alignas(64) static constexpr number order[64] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
                                                   8,  40, 9,  41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47,
                                                   16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55,
                                                   24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63};
  const __m512i low = _mm512_load_si512(order), high = _mm512_load_si512(order + 32);
  for (int i = 0; i < count; i += 32) {
    const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
    _mm512_storeu_si512(to + 2 * i, _mm512_permutex2var_epi16(x, low, y));
    _mm512_storeu_si512(to + 2 * i + 32, _mm512_permutex2var_epi16(x, high, y));
  }
}

// 32 rows of 16 numbers, `stride` apart, to a tile of 16 rows of 32.
inline void transpose(const number* from, int stride, number* to) {
  __m512i a[16], b[16];
  for (int i = 0; i < 16; ++i) {
    const auto row = [&](int r) {
      return _mm512_cvtepu16_epi32(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + static_cast<std::ptrdiff_t>(r) * stride)));
    };
    a[i] = _mm512_or_si512(row(2 * i), _mm512_slli_epi32(row(2 * i + 1), 16));
  }
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
    a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
    a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
    a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {  // a[4 g + i], 128 bits q: row 4 q + i, columns 4 g to 4 g + 3
    const __m512i first = _mm512_shuffle_i32x4(a[i], a[i + 4], 0x44),
                  second = _mm512_shuffle_i32x4(a[i], a[i + 4], 0xee);
    const __m512i third = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0x44);
    const __m512i fourth = _mm512_shuffle_i32x4(a[i + 8], a[i + 12], 0xee);
    _mm512_storeu_si512(to + (i + 0) * 32, _mm512_shuffle_i32x4(first, third, 0x88));
    _mm512_storeu_si512(to + (i + 4) * 32, _mm512_shuffle_i32x4(first, third, 0xdd));
    _mm512_storeu_si512(to + (i + 8) * 32, _mm512_shuffle_i32x4(second, fourth, 0x88));
    _mm512_storeu_si512(to + (i + 12) * 32, _mm512_shuffle_i32x4(second, fourth, 0xdd));
  }
}

// A product of 32 rows and 32 (16 where not Two) columns grows in registers 0 to 3: adds left * right, where the left
// tile has `left_stride` numbers to the next row and its second lies at `left_next`; alike on the right.
template <bool Two>
[[gnu::always_inline]] inline void multiply(const number* left, const number* left_next, std::ptrdiff_t left_stride,
                                            const number* right, const number* right_next,
                                            std::ptrdiff_t right_stride) {
  const std::ptrdiff_t left_bytes = 2 * left_stride, right_bytes = 2 * right_stride;
  _tile_loadd(4, left, left_bytes);
  _tile_loadd(6, right, right_bytes);
  _tile_loadd(5, left_next, left_bytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(2, 5, 6);
  if constexpr (Two) {
    _tile_loadd(7, right_next, right_bytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
}

inline void clear() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// Registers 0 to 3 as 32 rows of 32.
inline void store(float* to) {
  _tile_stored(0, to, 128);
  _tile_stored(1, to + 16, 128);
  _tile_stored(2, to + 16 * 32, 128);
  _tile_stored(3, to + 16 * 32 + 16, 128);
}

// to (+)= from, 32 rows apart by 32 and `stride`.
inline void copy_block(const float* from, int block_rows, int columns, bool add, float* to, std::ptrdiff_t stride) {
  for (int r = 0; r < block_rows; ++r, from += 32, to += stride)
    for (int c = 0; c < columns; c += 16) {
      const __mmask16 lanes = first_lanes(columns - c);
      __m512 v = _mm512_loadu_ps(from + c);
      if (add) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(lanes, to + c));
      _mm512_mask_storeu_ps(to + c, lanes, v);
    }
}

}  // namespace tiles

// See rounded_convolution.hpp for what the functions do.
class tile_convolution {
  using number = tiles::number;

 public:
  // At most `images` at a time.
  tile_convolution(const window& g, int images)
      : g_{g}, at_{g}, in_c_{whole(g.in.c, 32)}, out_c_{whole(g.out.c, 32)}, margin_{whole(at_.reach, 32)},
        rows_{whole(images * at_.positions(), 32)} {}

  // Bytes.
  [[nodiscard]] std::size_t scratch() const {
    return sizeof(number) * (3 * count(at_.phases) * input_rows() * count(in_c_) + output_rows() * count(out_c_) +
                             count(rows_) * count(out_c_));
  }

  void pack(const float* weights) {
    const int taps = g_.taps();
    forward_.assign(count(taps) * count(in_c_) * count(whole(g_.out.c, 16)), 0);
    backward_.assign(count(taps) * count(out_c_) * count(whole(g_.in.c, 16)), 0);
    for (int o = 0; o < g_.out.c; ++o)
      for (int t = 0; t < taps; ++t)
        for (int c = 0; c < g_.in.c; ++c) {
          const number w = bfloat16_bits(*weights++);
          forward_[place(o, t, taps, c, in_c_)] = w;
          backward_[place(c, t, taps, o, out_c_)] = w;
        }
  }

  void forward(float padding, int n, const float* x, const float* bias, float* y, void* scratch) const {
    number* const in = static_cast<number*>(scratch);
    const tiles::configured registers;
    round_input(padding, n, x, in);
    std::vector<source> taps;
    for (int t = 0; t < g_.taps(); ++t) taps.push_back({in + start(t), t});
    products(taps, in_c_, forward_.data(), n, at_.output, g_.out, bias, false, y);
  }

  void backward(float padding, int n, const float* x, const float* dy, float* dx, bool add_dx, float* d_weights,
                bool add, void* scratch) const {
    number* const in = static_cast<number*>(scratch);
    number* const pairs = in + count(at_.phases) * input_rows() * count(in_c_);
    number* const out = pairs + 2 * count(at_.phases) * input_rows() * count(in_c_);
    number* const turned = out + output_rows() * count(out_c_);
    const tiles::configured registers;
    round_output(n, dy, out);
    if (d_weights) {
      round_input(padding, n, x, in);
      weight_products(n, in, pairs, out, turned, add, d_weights);
    }
    if (!dx) return;
    if (!add_dx && !at_.covers) std::fill_n(dx, static_cast<std::ptrdiff_t>(n) * g_.in.size(), 0.0f);
    for (int phase = 0; phase < at_.phases; ++phase) {
      std::vector<source> taps;
      for (int t = 0; t < g_.taps(); ++t)
        if (at_.taps[count(t)].phase == phase)
          taps.push_back({out + static_cast<std::ptrdiff_t>(margin_ - at_.taps[count(t)].offset) * out_c_, t});
      products(taps, out_c_, backward_.data(), n, at_.input[count(phase)], g_.in, nullptr, add_dx, dx);
    }
  }

 private:
  // Rows that a tap's products read, from the row of position 0.
  struct source {
    const number* rows;
    int tap;
  };

  static std::size_t count(int n) { return static_cast<std::size_t>(n); }
  static int whole(int n, int unit) { return ceil_div(n, unit) * unit; }
  // Rows of one phase, of dy with zeros around.
  [[nodiscard]] std::size_t input_rows() const { return count(rows_ + margin_ + 32); }
  [[nodiscard]] std::size_t output_rows() const { return count(margin_ + rows_); }
  [[nodiscard]] std::ptrdiff_t start(int t) const {
    const lattice::tap tap = at_.taps[count(t)];
    return (tap.phase * static_cast<std::ptrdiff_t>(input_rows()) + tap.offset) * in_c_;
  }
  // Of the weight from k to n, in right-hand tiles that follow each other along k, then over taps.
  static std::size_t place(int n, int tap, int taps, int k, int padded_k) {
    const int tile = (n / 16 * taps + tap) * (padded_k / 32) + k / 32;
    return count(tile) * tiles::size + count(k % 32 / 2 * 32 + n % 16 * 2 + k % 2);
  }

  void round_input(float padding, int n, const float* x, number* to) const {
    std::vector<float> pad(count(g_.in.c), padding);
    const int all = n * at_.positions(), tail = whole(all, 32) + margin_ + 2 - all;
    for (const std::vector<int>& from : at_.input) {
      number* const begin = to;
      for (int i = 0; i < n; ++i)
        for (const int p : from) {
          const float* const row = p < 0 ? pad.data() : x + static_cast<std::ptrdiff_t>(i) * g_.in.size() + p * g_.in.c;
          tiles::round_row(row, g_.in.c, in_c_, to);
          to += in_c_;
        }
      for (int i = 0; i < tail; ++i, to += in_c_) tiles::round_row(pad.data(), g_.in.c, in_c_, to);
      to = begin + input_rows() * count(in_c_);
    }
    tiles::written();
  }

  void round_output(int n, const float* dy, number* to) const {
    to = std::fill_n(to, margin_ * out_c_, number{});
    for (int i = 0; i < n; ++i, dy += g_.out.size())
      for (const int p : at_.output) {
        if (p < 0)
          std::fill_n(to, out_c_, number{});
        else
          tiles::round_row(dy + p * g_.out.c, g_.out.c, out_c_, to);
        to += out_c_;
      }
    std::fill_n(to, (rows_ - n * at_.positions()) * out_c_, number{});
    tiles::written();
  }

  // Products of all positions; row p goes to position targets[p] of its image, if any.
  void products(const std::vector<source>& taps, int depth, const number* weights, int n,
                const std::vector<int>& targets, shape s, const float* bias, bool add, float* to) const {
    const int positions = at_.positions(), all = n * positions, steps = depth / 32;
    alignas(64) float block[32 * 32];
    for (int first = 0; first < all; first += 32) {
      float* target[32];
      for (int r = 0; r < 32; ++r) {
        const int p = first + r;
        const int at = p < all ? targets[count(p % positions)] : -1;
        target[r] = at < 0 ? nullptr : to + static_cast<std::ptrdiff_t>(p / positions) * s.size() + at * s.c;
      }
      for (int c = 0; c < s.c; c += 32) {
        const std::size_t column = count(c / 16 * g_.taps() * steps) * tiles::size;
        const std::ptrdiff_t next = static_cast<std::ptrdiff_t>(g_.taps()) * steps * tiles::size;
        tiles::clear();
        for (const source& t : taps) {
          const number* left = t.rows + static_cast<std::ptrdiff_t>(first) * depth;
          const number* right = weights + column + count(t.tap * steps) * tiles::size;
          if (c + 16 < s.c)
            for (int k = 0; k < steps; ++k, left += 32, right += tiles::size)
              tiles::multiply<true>(left, left + 16 * depth, depth, right, right + next, 32);
          else
            for (int k = 0; k < steps; ++k, left += 32, right += tiles::size)
              tiles::multiply<false>(left, left + 16 * depth, depth, right, nullptr, 32);
        }
        tiles::store(block);
        const int columns = std::min(32, s.c - c);
        for (int r = 0; r < 32; ++r) {
          if (!target[r]) continue;
          if (bias)
            for (int i = 0; i < columns; ++i) block[r * 32 + i] += bias[c + i];
          tiles::copy_block(block + r * 32, 1, columns, add, target[r] + c, 0);
        }
      }
    }
  }

  // d_weights[o][t][c] (+)= sum over positions p of dy[p][o] x[p + offset(t)][c].
  void weight_products(int n, const number* in, number* pairs, const number* out, number* turned, bool add,
                       float* d_weights) const {
    const int steps = ceil_div(n * at_.positions(), 32), rows = 32 * steps, taps = g_.taps();
    const auto phase_numbers = static_cast<std::ptrdiff_t>(input_rows()) * in_c_;
    // Pairs that begin at even rows, then pairs that begin at odd ones.
    for (int phase = 0; phase < at_.phases; ++phase)
      for (int odd = 0; odd < 2; ++odd)
        for (int r = 0; r < rows + margin_; r += 2) {
          const number* const a = in + phase * phase_numbers + static_cast<std::ptrdiff_t>(r + odd) * in_c_;
          tiles::interleave(a, a + in_c_, in_c_,
                            pairs + (2 * phase + odd) * phase_numbers + static_cast<std::ptrdiff_t>(r) * in_c_);
        }
    for (int o = 0; o < out_c_; o += 16)
      for (int p = 0; p < steps; ++p)
        tiles::transpose(out + static_cast<std::ptrdiff_t>(margin_ + 32 * p) * out_c_ + o, out_c_,
                         turned + (static_cast<std::ptrdiff_t>(o / 16) * steps + p) * tiles::size);
    tiles::written();
    alignas(64) float block[32 * 32];
    const std::ptrdiff_t next = static_cast<std::ptrdiff_t>(steps) * tiles::size;
    for (int o = 0; o < g_.out.c; o += 32)
      for (int t = 0; t < taps; ++t)
        for (int c = 0; c < g_.in.c; c += 32) {
          const lattice::tap tap = at_.taps[count(t)];
          const int odd = tap.offset % 2;
          const number* left = turned + o / 16 * next;
          const number* right = pairs + (2 * tap.phase + odd) * phase_numbers +
                                static_cast<std::ptrdiff_t>(tap.offset - odd) * in_c_ + 2 * c;
          tiles::clear();
          for (int p = 0; p < steps; ++p, left += tiles::size, right += 32 * in_c_)
            tiles::multiply<true>(left, left + next, 32, right, right + 32, 2 * in_c_);
          tiles::store(block);
          tiles::copy_block(block, std::min(32, g_.out.c - o), std::min(32, g_.in.c - c), add,
                            d_weights + static_cast<std::ptrdiff_t>(o) * g_.depth() + t * g_.in.c + c, g_.depth());
        }
  }

  window g_;
  lattice at_;
  int in_c_, out_c_;  // channels, rounded up to whole tiles
  int margin_;        // rows of zeros before dy, of padding behind x
  int rows_;          // positions of all images, whole tiles
  std::vector<number> forward_, backward_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
#endif
