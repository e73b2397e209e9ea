// The sums behind every op of a program, in double with Eigen: exact for integers below 2^53, so one routine serves the
// real network and the quantized one. Independent of the device kernels, which are compared with it.
#ifndef OFFRAMP_HOST_ACCUMULATE_HPP
#define OFFRAMP_HOST_ACCUMULATE_HPP

#include <algorithm>
#include <vector>

#include <offramp/host/eigen.hpp>
#include <offramp/kernels/op.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

using tensor_values = std::vector<double>;  // NHWC, one image

// acc[position][out channel] of an op. `in` holds signs, real values, or codes; `zero` is subtracted from them.
// `kernel` is [out_c][kernel_h][kernel_w][in_c / groups] (conv), or the weights of maximum and sum (mixed_pool).
// max_pool gives the maximum, mixed_pool a mixture, the others sums.
inline void accumulate(const kernel_op& op, const tensor_values& in, double zero, const tensor_values& kernel,
                       tensor_values& acc) {
  const window& w = op.geometry;
  const op_kind what = op.signature.what;
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  acc.assign(at(w.out.size()), 0.0);
  if (what == op_kind::conv) {
    const bool signs = op.signature.in == kind::bits;
    const int in_c = w.group_in_c();
    const int out_c = w.out.c / w.groups;
    row_major<double> patches(w.out.positions(), w.depth());
    matrix_view<double> out(acc.data(), w.out.positions(), w.out.c);
    for (int g = 0; g < w.groups; ++g) {
      patches.setConstant(signs ? 1.0 : 0.0);
      for (int p = 0; p < w.out.positions(); ++p)
        for (int t = 0; t < w.taps(); ++t) {
          const int y = p / w.out.w * w.stride_h - w.pad_top + t / w.kernel_w;
          const int x = p % w.out.w * w.stride_w - w.pad_left + t % w.kernel_w;
          if (y < 0 || y >= w.in.h || x < 0 || x >= w.in.w) continue;
          const double* from = in.data() + (y * w.in.w + x) * w.in.c + g * in_c;
          for (int c = 0; c < in_c; ++c) patches(p, t * in_c + c) = from[c] - zero;
        }
      const const_matrix_view<double> weights(kernel.data() + static_cast<std::ptrdiff_t>(g) * out_c * w.depth(), out_c,
                                              w.depth());
      out.middleCols(g * out_c, out_c).noalias() = patches * weights.transpose();
    }
    return;
  }
  for (int p = 0; p < w.out.positions(); ++p)
    for (int o = 0; o < w.out.c; ++o) {
      const int c = o % w.in.c;
      double maximum = -1e300, sum = 0;
      for (int t = 0; t < w.taps(); ++t) {
        const int y = p / w.out.w * w.stride_h + t / w.kernel_w;
        const int x = p % w.out.w * w.stride_w + t % w.kernel_w;
        const double v = in[at((y * w.in.w + x) * w.in.c + c)];
        maximum = std::max(maximum, v);
        sum += v - zero;
      }
      double& value = acc[at(p * w.out.c + o)];
      value = what == op_kind::max_pool ? maximum : sum;
      if (what == op_kind::mixed_pool) value = kernel[0] * (maximum - zero) + kernel[1] * sum;
    }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
