// Eigen on whole float networks: windows gathered into the rows of a matrix and one product for each convolution;
// depthwise ones and poolings position by position, in arrays of channels.
#if __has_include(<Eigen/Dense>)
#include <Eigen/Dense>

#include <cstring>
#include <vector>

#include "benchmarks/networks/plain.hpp"

namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using networks::step;
using networks::step_kind;
using networks::topology;
using networks::window;

struct contender {
  const topology& t;
  std::vector<matrix> tensors;  // rows: positions
  std::vector<matrix> columns;  // weights by step: rows are taps and channels of a window (depthwise: taps)
  std::vector<matrix> gathered;

  explicit contender(const topology& network)
      : t{network}, tensors(static_cast<std::size_t>(network.tensor_count)),
        columns(static_cast<std::size_t>(network.step_count)), gathered(static_cast<std::size_t>(network.step_count)) {
    for (int i = 0; i < t.tensor_count; ++i)
      tensors[static_cast<std::size_t>(i)] = matrix::Zero(t.tensors[i].positions(), t.tensors[i].c);
    tensors[0] = Eigen::Map<const matrix>{networks::float_image(t), t.input.positions(), t.input.c};
    for (int i = 0; i < t.step_count; ++i) {
      const step& s = t.steps[i];
      if (s.what != step_kind::conv) continue;
      const window& w = s.geometry;
      const Eigen::Map<const matrix> rows{networks::random_weights<float>(t, i), w.out.c, w.depth()};
      columns[static_cast<std::size_t>(i)] = rows.transpose();
      if (!in_place(s)) gathered[static_cast<std::size_t>(i)] = matrix::Zero(w.out.positions(), w.depth());
    }
  }

  static bool in_place(const step& s) {
    return s.depthwise() || s.dense() || (s.geometry.taps() == 1 && s.geometry.stride_h == 1);
  }

  static void gather(const window& w, const matrix& in, matrix& rows) {
    const auto run = static_cast<std::size_t>(w.in.c);
    for (int p = 0; p < w.out.positions(); ++p) {
      float* to = rows.data() + static_cast<std::ptrdiff_t>(p) * rows.cols();
      for (int tap = 0; tap < w.taps(); ++tap, to += run) {
        const int y = p / w.out.w * w.stride_h - w.pad_top + tap / w.kernel_w;
        const int x = p % w.out.w * w.stride_w - w.pad_left + tap % w.kernel_w;
        if (y < 0 || x < 0 || y >= w.in.h || x >= w.in.w)
          std::memset(to, 0, run * sizeof(float));
        else
          std::memcpy(to, in.data() + static_cast<std::ptrdiff_t>(y * w.in.w + x) * w.in.c, run * sizeof(float));
      }
    }
  }

  // Position by position, all channels side by side.
  static void by_channel(const step& s, const matrix& in, const matrix& taps, matrix& out) {
    const window& w = s.geometry;
    for (int p = 0; p < w.out.positions(); ++p) {
      auto row = out.row(p).array();
      if (s.what == step_kind::max_pool)
        row.setConstant(-1e30f);
      else
        row.setZero();
      for (int tap = 0; tap < w.taps(); ++tap) {
        const int y = p / w.out.w * w.stride_h - w.pad_top + tap / w.kernel_w;
        const int x = p % w.out.w * w.stride_w - w.pad_left + tap % w.kernel_w;
        if (y < 0 || x < 0 || y >= w.in.h || x >= w.in.w) continue;
        const auto from = in.row(y * w.in.w + x).array();
        if (s.what == step_kind::max_pool)
          row = row.max(from);
        else if (s.what == step_kind::conv)
          row += from * taps.row(tap).array();
        else
          row += from;
      }
      if (s.what == step_kind::avg_pool) row /= static_cast<float>(w.taps());
    }
  }

  void run() {
    for (int i = 0; i < t.step_count; ++i) {
      const step& s = t.steps[i];
      const auto at = static_cast<std::size_t>(i);
      const matrix& in = tensors[static_cast<std::size_t>(s.in)];
      matrix& out = tensors[static_cast<std::size_t>(s.out)];
      if (s.what != step_kind::conv || s.depthwise()) {
        by_channel(s, in, columns[at], out);
      } else if (s.dense()) {
        const Eigen::Map<const Eigen::RowVectorXf> flat{in.data(), in.size()};
        out.noalias() = flat * columns[at];
      } else {
        if (!in_place(s)) gather(s.geometry, in, gathered[at]);
        const matrix& rows = in_place(s) ? in : gathered[at];
        if (s.adds)
          out.noalias() += rows * columns[at];
        else
          out.noalias() = rows * columns[at];
      }
      if (s.relu) out = out.cwiseMax(0.0f);
    }
  }
};

}  // namespace

int main() {
  for (const topology* t : networks::all_topologies) {
    if (!peers::wanted(t->name)) continue;
    contender c{*t};
    c.run();
    for (int i = 0; i < t->output_count; ++i)
      networks::check_logits("eigen-f32", *t, i, c.tensors[static_cast<std::size_t>(t->outputs[i])].data());
    peers::print_row("eigen-f32", t->name, t->macs(), peers::measure([&] { c.run(); }, peers::budget_s()));
  }
}

#else
#include <cstdio>

int main() {
  std::fputs("built without Eigen: Debian package libeigen3-dev\n", stderr);
  return 77;
}
#endif
