// XNNPACK (libxnnpack-dev): f32, and int8 with a scale per channel ("qc8"), NHWC, relu as a clamp, without a thread
// pool. It has no sum fused into a convolution: shapes that add into a stream are left to others.
#if __has_include(<xnnpack.h>)
#include <xnnpack.h>

#include <cstdint>
#include <vector>

#include "benchmarks/peers/plain_layer.hpp"
#include "tests/support/benchmark_shapes.hpp"

namespace {

using offramp::window;
using offramp_test::benchmark_shape;

void must(xnn_status s, const char* what) {
  if (s == xnn_status_success) return;
  std::fprintf(stderr, "XNNPACK: %s failed with status %d\n", what, static_cast<int>(s));
  std::exit(1);
}

struct extents {
  std::uint32_t top, right, bottom, left, kernel_h, kernel_w, stride_h, stride_w, groups;
  std::size_t group_in, group_out, in_c, out_c, in_h, in_w;

  explicit extents(const window& w) {
    const auto u = [](int i) { return static_cast<std::uint32_t>(i); };
    top = u(w.pad_top), left = u(w.pad_left);
    bottom = u((w.out.h - 1) * w.stride_h + w.kernel_h - w.in.h - w.pad_top);
    right = u((w.out.w - 1) * w.stride_w + w.kernel_w - w.in.w - w.pad_left);
    // A window that does not reach the last row has a negative margin there; XNNPACK leaves such rows out by itself.
    if (static_cast<int>(bottom) < 0) bottom = 0;
    if (static_cast<int>(right) < 0) right = 0;
    kernel_h = u(w.kernel_h), kernel_w = u(w.kernel_w), stride_h = u(w.stride_h), stride_w = u(w.stride_w);
    groups = u(w.groups);
    group_in = u(w.group_in_c()), group_out = u(w.out.c / w.groups), in_c = u(w.in.c), out_c = u(w.out.c);
    in_h = u(w.in.h), in_w = u(w.in.w);
  }
};

// Reads a little beyond its tensors.
constexpr std::size_t beyond = XNN_EXTRA_BYTES;

template <class Out>
void time(const char* peer, const benchmark_shape& s, xnn_operator_t op, const Out*) {
  peers::print_row(peer, s.name, s.macs(),
                   peers::measure([op] { must(xnn_run_operator(op, nullptr), "running"); }, peers::budget_s()));
  xnn_delete_operator(op);
}

void run_floats(const benchmark_shape& s) {
  const window& w = s.geometry;
  const extents e{w};
  auto* in = peers::random_memory<float>(static_cast<std::size_t>(w.in.size()) + beyond);
  auto* kernel = peers::random_memory<float>(static_cast<std::size_t>(w.out.c * w.depth()));
  auto* bias = peers::memory<float>(e.out_c);
  auto* out = peers::memory<float>(static_cast<std::size_t>(w.out.size()) + beyond);
  xnn_operator_t op = nullptr;
  must(xnn_create_convolution2d_nhwc_f32(e.top, e.right, e.bottom, e.left, e.kernel_h, e.kernel_w, e.stride_h,
                                         e.stride_w, 1, 1, e.groups, e.group_in, e.group_out, e.in_c, e.out_c, kernel,
                                         bias, 0.0f, 1e30f, 0, &op),
       "creating a float convolution");
  must(xnn_setup_convolution2d_nhwc_f32(op, 1, e.in_h, e.in_w, in, out, nullptr), "its setup");
  must(xnn_run_operator(op, nullptr), "running");
  peers::check_output("xnnpack-f32", s.name, w, in, kernel, out, 1.0);
  time("xnnpack-f32", s, op, out);
}

void run_integers(const benchmark_shape& s) {
  const window& w = s.geometry;
  const extents e{w};
  auto* in = peers::random_memory<std::int8_t>(static_cast<std::size_t>(w.in.size()) + beyond);
  auto* kernel = peers::random_memory<std::int8_t>(static_cast<std::size_t>(w.out.c * w.depth()));
  auto* bias = peers::memory<std::int32_t>(e.out_c);
  auto* scales = peers::memory<float>(e.out_c);
  const float scale = peers::byte_scale(w);
  for (std::size_t o = 0; o < e.out_c; ++o) scales[o] = scale;
  auto* out = peers::memory<std::int8_t>(static_cast<std::size_t>(w.out.size()) + beyond);
  xnn_operator_t op = nullptr;
  must(xnn_create_convolution2d_nhwc_qc8(e.top, e.right, e.bottom, e.left, e.kernel_h, e.kernel_w, e.stride_h,
                                         e.stride_w, 1, 1, e.groups, e.group_in, e.group_out, e.in_c, e.out_c, 0, 1.0f,
                                         scales, kernel, bias, 0, 1.0f, 0, 127, 0, &op),
       "creating an int8 convolution");
  must(xnn_setup_convolution2d_nhwc_qc8(op, 1, e.in_h, e.in_w, in, out, nullptr), "its setup");
  must(xnn_run_operator(op, nullptr), "running");
  peers::check_output("xnnpack-qc8", s.name, w, in, kernel, out, double{scale}, 127);
  time("xnnpack-qc8", s, op, out);
}

}  // namespace

int main() {
  must(xnn_initialize(nullptr), "xnn_initialize");
  for (const auto& s : offramp_test::benchmark_shapes) {
    if (!peers::wanted(s.name) || s.adds) continue;
    run_floats(s);
    run_integers(s);
  }
}

#else
#include <cstdio>

int main() {
  std::fputs("built without XNNPACK: Debian package libxnnpack-dev\n", stderr);
  return 77;
}
#endif
