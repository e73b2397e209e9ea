// Eigen as one would use it for a float network: windows gathered into the rows of a matrix, one product, relu. Dense
// layers are a matrix-vector product; depthwise ones arrays, tap by tap.
#if __has_include(<Eigen/Dense>)
#include <Eigen/Dense>

#include <cstring>

#include "benchmarks/peers/plain_layer.hpp"
#include "tests/support/benchmark_shapes.hpp"

namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using offramp::window;
using offramp_test::benchmark_shape;

// Rows: windows, in the order of the kernel.
void gather(const window& w, const float* in, matrix& rows) {
  const auto run = static_cast<std::size_t>(w.in.c);
  for (int p = 0; p < w.out.positions(); ++p) {
    float* to = rows.data() + static_cast<std::ptrdiff_t>(p) * rows.cols();
    for (int ky = 0; ky < w.kernel_h; ++ky)
      for (int kx = 0; kx < w.kernel_w; ++kx, to += run) {
        const int y = p / w.out.w * w.stride_h - w.pad_top + ky, x = p % w.out.w * w.stride_w - w.pad_left + kx;
        if (y < 0 || x < 0 || y >= w.in.h || x >= w.in.w)
          std::memset(to, 0, run * sizeof(float));
        else
          std::memcpy(to, in + (y * w.in.w + x) * w.in.c, run * sizeof(float));
      }
  }
}

template <class Run>
void contend(const benchmark_shape& s, const float* in, const float* kernel, const float* out, Run run) {
  run();
  peers::check_output("eigen-f32", s.name, s.geometry, in, kernel, out, 1.0);
  peers::print_row("eigen-f32", s.name, s.macs(), peers::measure(run, peers::budget_s()));
}

void run(const benchmark_shape& s) {
  const window& w = s.geometry;
  const float* in = peers::random_memory<float>(static_cast<std::size_t>(w.in.size()));
  const float* kernel = peers::random_memory<float>(static_cast<std::size_t>(w.out.c * w.depth()));
  float* out = peers::memory<float>(static_cast<std::size_t>(w.out.size()));
  if (s.depthwise()) {
    const Eigen::Map<const Eigen::ArrayXXf> image{in, w.in.c, w.in.positions()};
    Eigen::Map<Eigen::ArrayXXf> result{out, w.out.c, w.out.positions()};
    const Eigen::ArrayXXf taps = Eigen::Map<const Eigen::ArrayXXf>{kernel, w.taps(), w.in.c}.transpose();
    contend(s, in, kernel, out, [&] {
      for (int p = 0; p < w.out.positions(); ++p) {
        result.col(p).setZero();
        for (int t = 0; t < w.taps(); ++t) {
          const int y = p / w.out.w * w.stride_h - w.pad_top + t / w.kernel_w;
          const int x = p % w.out.w * w.stride_w - w.pad_left + t % w.kernel_w;
          if (y >= 0 && x >= 0 && y < w.in.h && x < w.in.w) result.col(p) += image.col(y * w.in.w + x) * taps.col(t);
        }
      }
      result = result.max(0.0f);
    });
    return;
  }
  const Eigen::Map<const matrix> weights{kernel, w.out.c, w.depth()};
  if (s.dense()) {
    const Eigen::Map<const Eigen::VectorXf> x{in, w.in.c};
    Eigen::Map<Eigen::VectorXf> y{out, w.out.c};
    contend(s, in, kernel, out, [&] {
      y.noalias() = weights * x;
      y = y.cwiseMax(0.0f);
    });
    return;
  }
  const matrix columns = weights.transpose();
  matrix rows(w.out.positions(), w.depth());
  Eigen::Map<matrix> result{out, w.out.positions(), w.out.c};
  const bool in_place = w.taps() == 1 && w.stride_h == 1 && w.stride_w == 1;
  const Eigen::Map<const matrix> image{in, w.in.positions(), w.in.c};
  contend(s, in, kernel, out, [&] {
    if (in_place) {
      result.noalias() = image * columns;
    } else {
      gather(w, in, rows);
      result.noalias() = rows * columns;
    }
    result = result.cwiseMax(0.0f);
  });
}

}  // namespace

int main() {
  for (const auto& s : offramp_test::benchmark_shapes)
    if (peers::wanted(s.name) && !s.adds) run(s);
}

#else
#include <cstdio>

int main() {
  std::fputs("built without Eigen: Debian package libeigen3-dev\n", stderr);
  return 77;
}
#endif
