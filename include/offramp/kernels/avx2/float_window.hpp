// The direct way of a float convolution as runs of neighbouring numbers: in NHWC the taps of a window's row lie side by
// side, so a row is one run where channels are stored as they are active; 1x1 windows make one long row of positions,
// and windows as wide as the input one run of all their rows. Padding left and right comes from a copy of the rows with
// zeros beside them, which other kinds of numbers need anyway to become floats; rows above and below are left out.
#ifndef OFFRAMP_KERNELS_AVX2_FLOAT_WINDOW_HPP
#define OFFRAMP_KERNELS_AVX2_FLOAT_WINDOW_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx2 {

// Columns of zeros to the right of the input.
[[gnu::always_inline]] constexpr int padding_right(const window& w) {
  const int over = (w.out.w - 1) * w.stride_w + w.kernel_w - w.pad_left - w.in.w;
  return over > 0 ? over : 0;
}
[[gnu::always_inline]] constexpr bool copies_rows(const kernel_op& op) {
  return op.signature.in != kind::f32 || op.geometry.pad_left > 0 || padding_right(op.geometry) > 0;
}
// Positions of a row, copied or not.
[[gnu::always_inline]] constexpr int row_positions(const window& w) { return w.pad_left + w.in.w + padding_right(w); }
constexpr std::size_t row_copy_bytes(const kernel_op& op) {
  const window& w = op.geometry;
  if (!copies_rows(op)) return 0;
  return 4 * static_cast<std::size_t>(w.in.h) * static_cast<std::size_t>(row_positions(w)) *
         static_cast<std::size_t>(w.in.c);
}

// The first cache line in scratch.
[[gnu::always_inline]] inline float* cache_line(void* scratch) {
  const auto at = reinterpret_cast<std::uintptr_t>(scratch);
  return static_cast<float*>(scratch) + ((64 - at % 64) % 64) / 4;
}

// Writes them; the zero point is taken away. Vectors are those of the caller's instruction set.
template <kind K>
[[gnu::always_inline]] inline void copy_rows(const void* in, const window& w, std::int32_t zero, float* to) {
  const auto* from = static_cast<const storage_t<K>*>(in);
  const int n = w.in.w * w.in.c;
  const int left = w.pad_left * w.in.c;
  const int right = padding_right(w) * w.in.c;
  for (int y = 0; y < w.in.h; ++y, from += n, to += left + n + right) {
    fill_run(to, 0.0f, left);
    if constexpr (K == kind::f32)
      copy_run(to + left, from, n);
    else
      for (int i = 0; i < n; ++i) to[left + i] = static_cast<float>(from[i] - zero);
    fill_run(to + left + n, 0.0f, right);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx2

#endif
