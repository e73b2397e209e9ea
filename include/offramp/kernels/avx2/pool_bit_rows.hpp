// Maximum over signs plane by plane: a row is one number, its windows an AND of shifted copies, and "parallel extract"
// takes every stride-th bit. Windows of 2x2 that do not overlap take two or four rows at a time, where they are short.
#ifndef OFFRAMP_KERNELS_AVX2_POOL_BIT_ROWS_HPP
#define OFFRAMP_KERNELS_AVX2_POOL_BIT_ROWS_HPP

#include <offramp/core/bits.hpp>
#include <offramp/kernels/avx2/pool_bit_rows_traits.hpp>
#include <offramp/kernels/reference/code.hpp>
#include <offramp/kernels/x86/intrinsics.hpp>

#if OFFRAMP_X86_64

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct code<avx2::pool_bit_rows> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const window w = g();
    if (S.out_layout != layout::bit_rows || !avx2::pool_bit_rows::takes(w)) {
      code<path::reference>::run<S>(g, a);
      return;
    }
    const int pitch = row_bits(w.in.w);
    const bool halves = avx2::pool_bit_rows::halves(w);
    const auto pool = halves && pitch == 16   ? pool_halves16
                      : halves && pitch == 32 ? pool_halves32
                      : halves                ? pool_halves64
                      : pitch == 16           ? pool_rows<std::uint16_t>
                      : pitch == 32           ? pool_rows<std::uint32_t>
                                              : pool_rows<std::uint64_t>;
    const int in_bytes = row_plane_words(w.in) * 4, out_bytes = row_plane_words(w.out) * 4;
    for (int c = 0; c < w.in.c; ++c)
      pool(w, static_cast<const char*>(a.in) + c * in_bytes, static_cast<char*>(a.out) + c * out_bytes);
  }

 private:
  template <class T>
  static T load(const char* p) {
    T v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
  }
  // The low 16, 32 or 64 bits.
  static void store(char* p, int bits, std::uint64_t v) {
    if (bits == 16)
      __builtin_memcpy(p, &v, 2);
    else if (bits == 32)
      __builtin_memcpy(p, &v, 4);
    else
      __builtin_memcpy(p, &v, 8);
  }

  // The half of a last word that holds no row.
  static void clear_spare(const window& w, char* out) {
    if (w.out.h % 2 != 0 && row_bits(w.out.w) == 16) store(out + 2 * w.out.h, 16, 0);
  }

  // Any window, rows of type Row.
  template <class Row>
  OFFRAMP_AVX2 static void pool_rows(const window& w, const char* in, char* out) {
    std::uint64_t taken = 0;  // columns where a window begins
    for (int x = 0; x < w.out.w; ++x) taken |= std::uint64_t{1} << (x * w.stride_w);
    const int out_pitch = row_bits(w.out.w);
    for (int y = 0; y < w.out.h; ++y) {
      const char* from = in + y * w.stride_h * static_cast<int>(sizeof(Row));
      std::uint64_t all = load<Row>(from);
      for (int ky = 1; ky < w.kernel_h; ++ky) all &= load<Row>(from + ky * static_cast<int>(sizeof(Row)));
      std::uint64_t inside = all;
      for (int kx = 1; kx < w.kernel_w; ++kx) inside &= all >> kx;
      store(out + y * out_pitch / 8, out_pitch, _pext_u64(inside, taken));
    }
    clear_spare(w, out);
  }

  // Two output rows of 8 columns out of four input rows of 16.
  OFFRAMP_AVX2 static void pool_halves16(const window& w, const char* in, char* out) {
    const std::uint64_t columns = 0x0000555500005555u & (0x0001000100010001u * low_bits(2 * w.out.w));
    const auto fields = static_cast<std::uint32_t>(0x00010001u * low_bits(w.out.w));
    int y = 0;
    for (; y + 2 <= w.out.h; y += 2) {
      auto all = load<std::uint64_t>(in + 4 * y);
      all &= all >> 16;
      all &= all >> 1;
      store(out + 2 * y, 32, _pdep_u32(static_cast<std::uint32_t>(_pext_u64(all, columns)), fields));
    }
    if (y < w.out.h) {
      std::uint32_t all = load<std::uint32_t>(in + 4 * y);
      all &= all >> 16;
      all &= all >> 1;
      store(out + 2 * y, 32, _pext_u32(all, static_cast<std::uint32_t>(columns & 0xffffu)));  // and the spare half
    }
  }

  // An output row of 16 columns out of two of 32.
  OFFRAMP_AVX2 static void pool_halves32(const window& w, const char* in, char* out) {
    const std::uint64_t columns = 0x55555555u & ((std::uint64_t{1} << (2 * w.out.w)) - 1);
    for (int y = 0; y < w.out.h; ++y) {
      auto all = load<std::uint64_t>(in + 8 * y);
      all &= all >> 32;
      all &= all >> 1;
      store(out + 2 * y, 16, _pext_u64(all, columns));
    }
    clear_spare(w, out);
  }

  // An output row of up to 32 columns out of two of 64.
  OFFRAMP_AVX2 static void pool_halves64(const window& w, const char* in, char* out) {
    const std::uint64_t columns = 0x5555555555555555u & (~std::uint64_t{0} >> (64 - 2 * w.out.w));
    const int out_pitch = row_bits(w.out.w);
    for (int y = 0; y < w.out.h; ++y) {
      std::uint64_t all = load<std::uint64_t>(in + 16 * y) & load<std::uint64_t>(in + 16 * y + 8);
      all &= all >> 1;
      store(out + y * out_pitch / 8, out_pitch, _pext_u64(all, columns));
    }
    clear_spare(w, out);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels
#endif

#endif
