// Batch norm over all positions of all images, y = gamma * (x - mean) / sqrt(var + eps) + beta (Ioffe and Szegedy
// 2015). Sums over the batch are gathered part by part and joined in the order of parts (Chan et al. 1983: no
// cancellation). x is [rows][channels].
#ifndef OFFRAMP_HOST_LAYERS_BATCH_NORM_HPP
#define OFFRAMP_HOST_LAYERS_BATCH_NORM_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <offramp/host/batch_norm_eval.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

// Mean and sum of squared deviations of `rows` rows, per channel.
template <class T>
void batch_norm_moments(const T* x, int rows, int channels, T* __restrict mean, T* __restrict squares) {
  std::fill_n(mean, channels, T{});
  std::fill_n(squares, channels, T{});
  for (int r = 0; r < rows; ++r) {
    const T* const row = x + static_cast<std::ptrdiff_t>(r) * channels;
    for (int c = 0; c < channels; ++c) mean[c] += row[c];
  }
  for (int c = 0; c < channels; ++c) mean[c] /= static_cast<T>(rows);
  for (int r = 0; r < rows; ++r) {
    const T* const row = x + static_cast<std::ptrdiff_t>(r) * channels;
    for (int c = 0; c < channels; ++c) squares[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
  }
}

// Joins the moments of `rows` more rows to those of `count` rows (which may be 0).
template <class T>
void batch_norm_join(T* __restrict mean, T* __restrict squares, int count, const T* __restrict more_mean,
                     const T* __restrict more_squares, int rows, int channels) {
  const T share = static_cast<T>(rows) / static_cast<T>(count + rows);
  for (int c = 0; c < channels; ++c) {
    const T step = more_mean[c] - mean[c];
    squares[c] += more_squares[c] + step * step * share * static_cast<T>(count);
    mean[c] += step * share;
  }
}

// y = (x - mean) * scale + beta with scale from batch_norm_scale.
template <class T>
void batch_norm_forward(const T* __restrict x, int rows, int channels, const T* __restrict mean,
                        const T* __restrict scale, const T* __restrict beta, T* __restrict y) {
  for (int r = 0; r < rows; ++r, x += channels, y += channels)
    for (int c = 0; c < channels; ++c) y[c] = batch_norm_apply(x[c], mean[c], scale[c], beta[c]);
}

// Adds to d_beta the sums of dy, and to d_gamma those of dy * (x - mean) * inverse, inverse = 1 / sqrt(var + eps).
template <class T>
void batch_norm_sums(const T* __restrict x, const T* __restrict dy, int rows, int channels, const T* __restrict mean,
                     const T* __restrict inverse, T* __restrict d_gamma, T* __restrict d_beta) {
  for (int r = 0; r < rows; ++r, x += channels, dy += channels)
    for (int c = 0; c < channels; ++c) {
      d_beta[c] += dy[c];
      d_gamma[c] += dy[c] * ((x[c] - mean[c]) * inverse[c]);
    }
}

// dx = gamma * inverse * (dy - d_beta / m - xhat * d_gamma / m) for a batch of m rows in all; with null sums, mean and
// variance were constants: dx = gamma * inverse * dy.
template <class T>
void batch_norm_backward(const T* __restrict x, const T* __restrict dy, int rows, int channels,
                         const T* __restrict mean, const T* __restrict inverse, const T* __restrict gamma,
                         const T* __restrict d_gamma, const T* __restrict d_beta, int m, bool add, T* __restrict dx) {
  const T share = T{1} / static_cast<T>(m);
  for (int r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels)
    for (int c = 0; c < channels; ++c) {
      T d = dy[c];
      if (d_gamma) d -= share * (d_beta[c] + (x[c] - mean[c]) * inverse[c] * d_gamma[c]);
      d *= gamma[c] * inverse[c];
      dx[c] = add ? dx[c] + d : d;
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
