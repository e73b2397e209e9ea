// The input under one window, gathered once into scratch and then read by all output channels; padding is filled in
// here. A window whose taps already lie side by side in the input (1x1, dense) is read where it stands.
#ifndef OFFRAMP_KERNELS_PORTABLE_PATCH_HPP
#define OFFRAMP_KERNELS_PORTABLE_PATCH_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/bits.hpp>
#include <offramp/core/window.hpp>
#include <offramp/kernels/op.hpp>
#include <offramp/kernels/portable/packing.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

// Does every window lie inside the input, its taps one after the other?
[[gnu::always_inline]] constexpr bool contiguous(const window& w) {
  const bool inside = w.pad_top == 0 && w.pad_left == 0 && (w.out.h - 1) * w.stride_h + w.kernel_h <= w.in.h &&
                      (w.out.w - 1) * w.stride_w + w.kernel_w <= w.in.w;
  return inside && (w.kernel_h == 1 || w.kernel_w == w.in.w);
}

// From this depth on int8 rows are worth a dot product each; shallower windows end too soon for its horizontal sum.
[[gnu::always_inline]] constexpr bool shallow(const kernel_op& op) { return stored_depth(op) < 32; }

// Is the input itself the patch? Rows of int8 take the zero point away on the fly; others
// want numbers of their own kind.
[[gnu::always_inline]] constexpr bool reads_in_place(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  if (!contiguous(w) || s.grouped) return false;
  if (s.in == kind::bits) return s.weights == kind::bits;
  if (w.stored_in_c != w.in.c) return false;
  if (s.weights == kind::f32) return s.in == kind::f32;
  return s.weights == kind::i8 && !shallow(op);
}

// Depthwise: can the kernel read numbers of this kind where they stand? And does it gather those of a tile all the
// same, because they are none, or because several outputs read one channel?
[[gnu::always_inline]] constexpr bool reads_channels(const op_signature& s) {
  return s.in != kind::bits && (s.weights != kind::f32 || s.in == kind::f32);
}
[[gnu::always_inline]] constexpr bool gathers_tile(const kernel_op& op) {
  return !reads_channels(op.signature) || op.geometry.out.c != op.geometry.groups;
}

// Bytes of a gathered patch (of a group, of a tile): words of bits or floats, or 16-bit numbers. Shallow rows may
// become floats (conv_integer.hpp).
constexpr std::size_t patch_bytes(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const auto taps = static_cast<std::size_t>(w.taps());
  if (by_channel(op)) return gathers_tile(op) ? (s.weights == kind::f32 ? 4 : 2) * taps * tile_channels : 0;
  if (s.in == kind::bits && s.weights == kind::bits)
    return 4 * taps * static_cast<std::size_t>(ceil_div(w.group_in_c(), 32));
  if (form_of(op) == form::sign_rows) return 2 * 32 * static_cast<std::size_t>(stored_depth(op));
  const bool wide = s.weights == kind::f32 || (shallow(op) && !s.grouped);
  return (wide ? 4 : 2) * taps * static_cast<std::size_t>(w.stored_group_in_c());
}

// Bits of taps that stay bits: words, the taps side by side, padding +1 (zero words).
inline void gather_words(const std::uint32_t* in, const window& w, int oy, int ox, std::uint32_t* patch) {
  const int words = ceil_div(w.in.c, 32);
  const int x0 = ox * w.stride_w - w.pad_left;
  for (int ky = 0; ky < w.kernel_h; ++ky, patch += w.kernel_w * words) {
    const int y = oy * w.stride_h - w.pad_top + ky;
    if (y < 0 || y >= w.in.h) {
      fill_run(patch, std::uint32_t{0}, w.kernel_w * words);
      continue;
    }
    const std::uint32_t* row = in + y * w.in.w * words;
    if (x0 >= 0 && x0 + w.kernel_w <= w.in.w) {
      copy_run(patch, row + x0 * words, w.kernel_w * words);
      continue;
    }
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int x = x0 + kx;
      if (x >= 0 && x < w.in.w)
        copy_run(patch + kx * words, row + x * words, words);
      else
        fill_run(patch + kx * words, std::uint32_t{0}, words);
    }
  }
}

// The same for the channels [from_c, from_c + channels) alone, which may begin anywhere in a word.
inline void gather_group_words(const std::uint32_t* in, const window& w, int from_c, int channels, int oy, int ox,
                               std::uint32_t* patch) {
  const int in_words = ceil_div(w.in.c, 32);
  const int words = ceil_div(channels, 32);
  const int shift = from_c % 32;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx, patch += words) {
      const int y = oy * w.stride_h - w.pad_top + ky;
      const int x = ox * w.stride_w - w.pad_left + kx;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w) {
        fill_run(patch, std::uint32_t{0}, words);
        continue;
      }
      const std::uint32_t* from = in + (y * w.in.w + x) * in_words + from_c / 32;
      for (int i = 0; i < words; ++i) {
        const int left = channels - 32 * i;
        std::uint32_t word = from[i] >> shift;
        if (shift + left > 32) word |= from[i + 1] << 1 << (31 - shift);  // by 32 - shift, which may be 32
        patch[i] = word & low_bits(left);
      }
    }
}

// Numbers as T (int16, float), zero point taken away, taps `tap_stride` apart; channels beyond the active ones are 0.
// Padding is 0, and +1 for signs. Grouped: the channels of `group` alone.
template <kind K, bool Grouped = false, class T>
inline void gather_numbers(const void* in, const window& w, std::int32_t in_zero, int tap_stride, int oy, int ox,
                           T* patch, int group = 0) {
  const int words = ceil_div(w.in.c, 32);
  const int channels = Grouped ? w.group_in_c() : w.in.c;
  const int from_c = Grouped ? group * channels : 0;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx, patch += tap_stride) {
      const int y = oy * w.stride_h - w.pad_top + ky;
      const int x = ox * w.stride_w - w.pad_left + kx;
      const int p = y * w.in.w + x;
      if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w) {
        fill_run(patch, K == kind::bits ? T{1} : T{0}, channels);
      } else if constexpr (K == kind::bits) {
        const std::uint32_t* from = static_cast<const std::uint32_t*>(in) + p * words;
        for (int c = 0; c < channels; ++c)
          patch[c] = static_cast<T>(1 - 2 * static_cast<int>(get_bit(from, from_c + c)));
      } else if constexpr (std::is_same_v<storage_t<K>, T>) {
        copy_run(patch, static_cast<const T*>(in) + p * w.in.c + from_c, channels);
      } else {
        const storage_t<K>* from = static_cast<const storage_t<K>*>(in) + p * w.in.c + from_c;
        for (int c = 0; c < channels; ++c) patch[c] = static_cast<T>(from[c] - in_zero);
      }
      if (tap_stride > channels) fill_run(patch + channels, T{0}, tap_stride - channels);
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
