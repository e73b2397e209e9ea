// Sums against plain loops, for every kind of op.
#include <offramp/host/accumulate.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

double plain(const kernel_op& op, const host::tensor_values& in, double zero, const host::tensor_values& kernel, int p,
             int o) {
  const window& w = op.geometry;
  double sum = op.signature.what == op_kind::max_pool ? -1e9 : 0, maximum = -1e9;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx)
      for (int c = 0; c < w.in.c; ++c) {
        const int y = p / w.out.w * w.stride_h - w.pad_top + ky;
        const int x = p % w.out.w * w.stride_w - w.pad_left + kx;
        const bool inside = y >= 0 && y < w.in.h && x >= 0 && x < w.in.w;
        const bool signs = op.signature.in == kind::bits;
        const double raw = inside ? in[static_cast<std::size_t>((y * w.in.w + x) * w.in.c + c)] : 0;
        const double v = inside ? raw - zero : signs ? 1 : 0;
        const int group = o / (w.out.c / w.groups);
        if (op.signature.what == op_kind::conv && c / w.group_in_c() == group)
          sum += v * kernel[static_cast<std::size_t>(((o * w.kernel_h + ky) * w.kernel_w + kx) * w.group_in_c() +
                                                     c % w.group_in_c())];
        else if (op.signature.what == op_kind::conv)
          continue;
        else if (c == o % w.in.c && op.signature.what == op_kind::max_pool)
          sum = std::max(sum, raw);
        else if (c == o % w.in.c)
          sum += v, maximum = std::max(maximum, v);
      }
  if (op.signature.what == op_kind::mixed_pool) return kernel[0] * maximum + kernel[1] * sum;
  return sum;
}

}  // namespace

TEST_CASE("accumulate: equals plain loops") {
  offramp_test::random_numbers r{90};
  for (int trial = 0; trial < 200; ++trial) {
    kernel_op op;
    const op_kind kinds[] = {op_kind::conv, op_kind::pointwise, op_kind::avg_pool, op_kind::max_pool,
                             op_kind::mixed_pool};
    op.signature.what = kinds[trial % 5];
    op.signature.in = r.one_in(2) ? kind::bits : kind::i8;
    const bool conv = op.signature.what == op_kind::conv;
    const int groups = conv ? r.between(1, 3) : 1;
    const shape in{r.between(3, 7), r.between(3, 7), r.between(1, 5) * groups};
    const int k = op.signature.what == op_kind::pointwise ? 1 : r.between(1, 3);
    const int out_c = conv                                     ? r.between(1, 6) * groups
                      : op.signature.what == op_kind::avg_pool ? in.c * r.between(1, 2)
                                                               : in.c;
    op.geometry =
        make_window(in, out_c, k, k, k == 1 ? 1 : r.between(1, 2), conv ? k / 2 : 0, conv ? k / 2 : 0, 0, groups);
    host::tensor_values values(static_cast<std::size_t>(in.size()));
    const bool signs = op.signature.in == kind::bits;
    for (double& v : values) v = signs ? 1 - 2 * r.between(0, 1) : r.between(-128, 127);
    const bool mixed = op.signature.what == op_kind::mixed_pool;
    host::tensor_values kernel(conv ? static_cast<std::size_t>(out_c * op.geometry.depth()) : mixed ? 2 : 0);
    for (double& v : kernel) v = r.between(-127, 127);
    const double zero = signs || op.signature.what == op_kind::max_pool ? 0 : r.between(-128, 127);
    host::tensor_values acc{7, 7};  // what stood there does not matter
    host::accumulate(op, values, zero, kernel, acc);
    REQUIRE(acc.size() == static_cast<std::size_t>(op.geometry.out.size()));
    for (int p = 0; p < op.geometry.out.positions(); ++p)
      for (int o = 0; o < out_c; ++o)
        CHECK(acc[static_cast<std::size_t>(p * out_c + o)] == plain(op, values, zero, kernel, p, o));
  }
}
