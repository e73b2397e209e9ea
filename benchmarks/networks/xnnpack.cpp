// XNNPACK (libxnnpack-dev) on whole networks, operator by operator, NHWC: f32, and int8 with a scale per channel. Relus
// are clamps of the operator before; additions are operators of their own.
#if __has_include(<xnnpack.h>)
#include <xnnpack.h>

#include <cstdint>
#include <vector>

#include "benchmarks/networks/plain.hpp"

namespace {

using networks::step;
using networks::step_kind;
using networks::topology;
using networks::window;

void must(xnn_status s, const char* what) {
  if (s == xnn_status_success) return;
  std::fprintf(stderr, "XNNPACK: %s failed with status %d\n", what, static_cast<int>(s));
  std::exit(1);
}
std::uint32_t u(int i) { return static_cast<std::uint32_t>(i < 0 ? 0 : i); }
std::size_t z(int i) { return static_cast<std::size_t>(i); }

template <class T>  // float or int8
struct contender {
  static constexpr bool integers = sizeof(T) == 1;
  const topology& t;
  std::vector<xnn_operator_t> operators;
  std::vector<T*> tensors;

  explicit contender(const topology& network) : t{network}, tensors(z(network.tensor_count)) {
    tensors[0] = room(t.input);
    const float* image = networks::float_image(t);
    for (int i = 0; i < t.input.size(); ++i) tensors[0][i] = static_cast<T>(integers ? image[i] * 127 : image[i]);
    for (int i = 0; i < t.step_count; ++i) {
      const step& s = t.steps[i];
      T* in = tensors[z(s.in)];
      T*& out = tensors[z(s.out)];
      if (s.what == step_kind::conv) {
        T* to = s.adds || out == nullptr ? room(s.geometry.out) : out;
        if (s.dense())
          dense(i, s, in, to);
        else
          conv(i, s, in, to);
        if (s.adds)
          add(s, to, out);
        else
          out = to;
      } else {
        out = room(s.geometry.out);
        pool(s, in, out);
      }
    }
  }
  ~contender() {
    for (auto* op : operators) xnn_delete_operator(op);
  }
  contender(const contender&) = delete;
  contender& operator=(const contender&) = delete;

  static T* room(offramp::shape s) { return peers::memory<T>(z(s.size()) + 4 * XNN_EXTRA_BYTES); }
  static constexpr T most = integers ? static_cast<T>(127) : static_cast<T>(1e30);
  static T least(bool relu) { return relu ? T{0} : integers ? static_cast<T>(-128) : static_cast<T>(-1e30); }
  float* scales(const window& w) const {
    auto* all = peers::memory<float>(z(w.out.c));
    for (int i = 0; i < w.out.c; ++i) all[i] = peers::byte_scale(w);
    return all;
  }

  void conv(int i, const step& s, const T* in, T* out) {
    const window& w = s.geometry;
    const bool relu = s.relu && !s.adds;
    const int bottom = (w.out.h - 1) * w.stride_h + w.kernel_h - w.in.h - w.pad_top;
    const int right = (w.out.w - 1) * w.stride_w + w.kernel_w - w.in.w - w.pad_left;
    xnn_operator_t op = nullptr;
    if constexpr (integers) {
      must(xnn_create_convolution2d_nhwc_qc8(
               u(w.pad_top), u(right), u(bottom), u(w.pad_left), u(w.kernel_h), u(w.kernel_w), u(w.stride_h),
               u(w.stride_w), 1, 1, u(w.groups), z(w.group_in_c()), z(w.out.c / w.groups), z(w.in.c), z(w.out.c), 0,
               1.0f, scales(w), networks::random_weights<T>(t, i), peers::memory<std::int32_t>(z(w.out.c)), 0, 1.0f,
               least(relu), most, 0, &op),
           "creating an int8 convolution");
      must(xnn_setup_convolution2d_nhwc_qc8(op, 1, z(w.in.h), z(w.in.w), in, out, nullptr), "its setup");
    } else {
      must(xnn_create_convolution2d_nhwc_f32(
               u(w.pad_top), u(right), u(bottom), u(w.pad_left), u(w.kernel_h), u(w.kernel_w), u(w.stride_h),
               u(w.stride_w), 1, 1, u(w.groups), z(w.group_in_c()), z(w.out.c / w.groups), z(w.in.c), z(w.out.c),
               networks::random_weights<T>(t, i), peers::memory<float>(z(w.out.c)), least(relu), most, 0, &op),
           "creating a float convolution");
      must(xnn_setup_convolution2d_nhwc_f32(op, 1, z(w.in.h), z(w.in.w), in, out, nullptr), "its setup");
    }
    operators.push_back(op);
  }

  void dense(int i, const step& s, const T* in, T* out) {
    const window& w = s.geometry;
    const auto depth = z(w.depth()), channels = z(w.out.c);
    xnn_operator_t op = nullptr;
    if constexpr (integers) {
      must(xnn_create_fully_connected_nc_qs8(depth, channels, depth, channels, 0, 1.0f, peers::byte_scale(w),
                                             networks::random_weights<T>(t, i), peers::memory<std::int32_t>(channels),
                                             0, 1.0f, -128, 127, 0, &op),
           "creating an int8 dense layer");
      must(xnn_setup_fully_connected_nc_qs8(op, 1, in, out, nullptr), "its setup");
    } else {
      must(xnn_create_fully_connected_nc_f32(depth, channels, depth, channels, networks::random_weights<T>(t, i),
                                             peers::memory<float>(channels), least(false), most, 0, &op),
           "creating a float dense layer");
      must(xnn_setup_fully_connected_nc_f32(op, 1, in, out, nullptr), "its setup");
    }
    operators.push_back(op);
  }

  void add(const step& s, const T* from, T* to) {
    const std::size_t count[1] = {z(s.geometry.out.size())};
    xnn_operator_t op = nullptr;
    if constexpr (integers) {
      must(xnn_create_add_nd_qs8(0, 1.0f, 0, 1.0f, 0, 1.0f, least(s.relu), most, 0, &op), "creating an addition");
      must(xnn_setup_add_nd_qs8(op, 1, count, 1, count, from, to, to, nullptr), "its setup");
    } else {
      must(xnn_create_add_nd_f32(least(s.relu), most, 0, &op), "creating an addition");
      must(xnn_setup_add_nd_f32(op, 1, count, 1, count, from, to, to, nullptr), "its setup");
    }
    operators.push_back(op);
  }

  void pool(const step& s, const T* in, T* out) {
    const window& w = s.geometry;
    const auto c = z(w.in.c);
    xnn_operator_t op = nullptr;
    if (s.what == step_kind::avg_pool) {  // global ones alone
      if constexpr (integers) {
        must(xnn_create_global_average_pooling_nwc_qs8(c, c, c, 0, 1.0f, 0, 1.0f, -128, 127, 0, &op),
             "creating a mean");
        must(xnn_setup_global_average_pooling_nwc_qs8(op, 1, z(w.taps()), in, out, nullptr), "its setup");
      } else {
        must(xnn_create_global_average_pooling_nwc_f32(c, c, c, least(false), most, 0, &op), "creating a mean");
        must(xnn_setup_global_average_pooling_nwc_f32(op, 1, z(w.taps()), in, out, nullptr), "its setup");
      }
    } else if constexpr (integers) {
      must(xnn_create_max_pooling2d_nhwc_s8(0, 0, 0, 0, u(w.kernel_h), u(w.kernel_w), u(w.stride_h), u(w.stride_w), 1,
                                            1, c, c, c, -128, 127, 0, &op),
           "creating a maximum");
      must(xnn_setup_max_pooling2d_nhwc_s8(op, 1, z(w.in.h), z(w.in.w), in, out, nullptr), "its setup");
    } else {
      must(xnn_create_max_pooling2d_nhwc_f32(0, 0, 0, 0, u(w.kernel_h), u(w.kernel_w), u(w.stride_h), u(w.stride_w), 1,
                                             1, c, c, c, least(false), most, 0, &op),
           "creating a maximum");
      must(xnn_setup_max_pooling2d_nhwc_f32(op, 1, z(w.in.h), z(w.in.w), in, out, nullptr), "its setup");
    }
    operators.push_back(op);
  }

  void run() const {
    for (auto* op : operators) must(xnn_run_operator(op, nullptr), "running");
  }
};

template <class T>
void contend(const char* peer, const topology& t) {
  const contender<T> c{t};
  c.run();
  if constexpr (!contender<T>::integers)
    for (int i = 0; i < t.output_count; ++i) networks::check_logits(peer, t, i, c.tensors[z(t.outputs[i])]);
  peers::print_row(peer, t.name, t.macs(), peers::measure([&] { c.run(); }, peers::budget_s()));
}

}  // namespace

int main() {
  must(xnn_initialize(nullptr), "xnn_initialize");
  for (const topology* t : networks::all_topologies) {
    if (!peers::wanted(t->name)) continue;
    contend<float>("xnnpack-f32", *t);
    contend<std::int8_t>("xnnpack-qc8", *t);
  }
}

#else
#include <cstdio>

int main() {
  std::fputs("built without XNNPACK: Debian package libxnnpack-dev\n", stderr);
  return 77;
}
#endif
