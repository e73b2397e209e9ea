// oneDNN (libdnnl-dev): f32, and u8 x s8 -> u8, with a fused relu; activations NHWC, or in the layout that oneDNN likes
// best ("-any"). KINDS=int8 leaves the floats out. ONEDNN_MAX_CPU_ISA, read by the library, keeps it from using AMX.
#if __has_include(<dnnl.hpp>)
#include <dnnl.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "benchmarks/peers/plain_layer.hpp"
#include "tests/support/benchmark_shapes.hpp"

namespace {

using dnnl::algorithm;
using dnnl::memory;
using tag = memory::format_tag;
using type = memory::data_type;
using offramp::window;

struct contender {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  // `data` in the layout of `from`, moved into that of `to`.
  memory moved(void* data, const memory::desc& from, const memory::desc& to) {
    memory source{from, engine, data}, target{to, engine};
    dnnl::reorder{source, target}.execute(stream, source, target);
    stream.wait();
    return target;
  }

  static dnnl::primitive_attr attributes(bool adds, bool integers, float scale) {
    dnnl::post_ops after;
    if (adds) after.append_sum(1.0f);
    after.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
    dnnl::primitive_attr a;
    a.set_post_ops(after);
    if (integers) a.set_output_scales(0, {scale});
    return a;
  }

  template <class In, class Weight>
  void run(const std::string& peer, const offramp_test::benchmark_shape& s, bool any) {
    constexpr bool integers = std::is_same_v<In, std::uint8_t>;
    const window& w = s.geometry;
    const float scale = integers ? peers::byte_scale(w) : 1.0f;
    const auto in_type = integers ? type::u8 : type::f32, weight_type = integers ? type::s8 : type::f32;
    auto* in = peers::random_memory<In>(static_cast<std::size_t>(w.in.size()));
    auto* kernel = peers::random_memory<Weight>(static_cast<std::size_t>(w.out.c * w.depth()));
    const memory::dims in_dims{1, w.in.c, w.in.h, w.in.w}, out_dims{1, w.out.c, w.out.h, w.out.w}, bias_dims{w.out.c};
    const memory::dims kernel_dims = s.depthwise() ? memory::dims{w.groups, 1, 1, w.kernel_h, w.kernel_w}
                                                   : memory::dims{w.out.c, w.in.c, w.kernel_h, w.kernel_w};
    const memory::desc in_nhwc{in_dims, in_type, tag::nhwc}, out_nhwc{out_dims, in_type, tag::nhwc},
        kernel_plain{kernel_dims, weight_type, s.depthwise() ? tag::goihw : tag::ohwi};
    const auto wish = any ? tag::any : tag::nhwc;
    const memory::desc in_wish{in_dims, in_type, wish}, out_wish{out_dims, in_type, wish},
        kernel_wish{kernel_dims, weight_type, tag::any}, bias{bias_dims, integers ? type::s32 : type::f32, tag::x};
    const auto attr = attributes(s.adds, integers, scale);

    const int bottom = (w.out.h - 1) * w.stride_h + w.kernel_h - w.in.h - w.pad_top;
    const int right = (w.out.w - 1) * w.stride_w + w.kernel_w - w.in.w - w.pad_left;
    const dnnl::convolution_forward::desc d{
        dnnl::prop_kind::forward_inference, algorithm::convolution_direct, in_wish,        kernel_wish, bias, out_wish,
        {w.stride_h, w.stride_w},           {w.pad_top, w.pad_left},       {bottom, right}};
    const dnnl::convolution_forward::primitive_desc chosen{d, attr, engine};
    const dnnl::convolution_forward primitive{chosen};
    time<In, Weight>(peer, s, primitive, chosen, in, kernel, in_nhwc, kernel_plain, out_nhwc, scale);
  }

  template <class In, class Weight>
  void run_dense(const std::string& peer, const offramp_test::benchmark_shape& s) {
    constexpr bool integers = std::is_same_v<In, std::uint8_t>;
    const window& w = s.geometry;
    const float scale = integers ? peers::byte_scale(w) : 1.0f;
    const auto in_type = integers ? type::u8 : type::f32, weight_type = integers ? type::s8 : type::f32;
    auto* in = peers::random_memory<In>(static_cast<std::size_t>(w.in.c));
    auto* kernel = peers::random_memory<Weight>(static_cast<std::size_t>(w.out.c * w.in.c));
    const memory::dims in_dims{1, w.in.c}, out_dims{1, w.out.c}, kernel_dims{w.out.c, w.in.c}, bias_dims{w.out.c};
    const dnnl::inner_product_forward::desc d{dnnl::prop_kind::forward_inference,
                                              {in_dims, in_type, tag::any},
                                              {kernel_dims, weight_type, tag::any},
                                              {bias_dims, integers ? type::s32 : type::f32, tag::x},
                                              {out_dims, in_type, tag::any}};
    const dnnl::inner_product_forward::primitive_desc chosen{d, attributes(s.adds, integers, scale), engine};
    const dnnl::inner_product_forward primitive{chosen};
    time<In, Weight>(peer, s, primitive, chosen, in, kernel, {in_dims, in_type, tag::nc},
                     {kernel_dims, weight_type, tag::nc}, {out_dims, in_type, tag::nc}, scale);
  }

 private:
  template <class In, class Weight, class Chosen>
  void time(const std::string& peer, const offramp_test::benchmark_shape& s, const dnnl::primitive& primitive,
            const Chosen& chosen, In* in, Weight* kernel, const memory::desc& in_plain,
            const memory::desc& kernel_plain, const memory::desc& out_plain, float scale) {
    const memory source = moved(in, in_plain, chosen.src_desc());
    const memory weights = moved(kernel, kernel_plain, chosen.weights_desc());
    const memory bias{chosen.bias_desc(), engine}, target{chosen.dst_desc(), engine};
    std::memset(bias.get_data_handle(), 0, chosen.bias_desc().get_size());
    std::memset(target.get_data_handle(), 0, chosen.dst_desc().get_size());
    const std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, target}};
    const auto once = [&] { primitive.execute(stream, arguments); };
    once();
    stream.wait();
    memory out{out_plain, engine};
    dnnl::reorder{target, out}.execute(stream, const_cast<memory&>(target), out);
    stream.wait();
    peers::check_output(peer.c_str(), s.name, s.geometry, in, kernel, static_cast<const In*>(out.get_data_handle()),
                        double{scale});
    std::fprintf(stderr, "%s %s: %s\n", peer.c_str(), s.name, chosen.impl_info_str());
    peers::print_row(peer.c_str(), s.name, s.macs(), peers::measure(once, peers::budget_s()));
  }
};

}  // namespace

int main() {
  const bool floats = std::string{peers::environment("KINDS", "all")} != "int8";
  contender c;
  for (const auto& s : offramp_test::benchmark_shapes) {
    if (!peers::wanted(s.name)) continue;
    const auto attempt = [&](auto&& run) {
      try {
        run();
      } catch (const dnnl::error& e) { std::fprintf(stderr, "oneDNN, %s: %s\n", s.name, e.what()); }
    };
    if (s.dense()) {
      if (floats) attempt([&] { c.run_dense<float, float>("onednn-f32", s); });
      attempt([&] { c.run_dense<std::uint8_t, std::int8_t>("onednn-u8s8", s); });
      continue;
    }
    for (const bool any : {false, true}) {
      const std::string ending = any ? "-any" : "";
      if (floats) attempt([&] { c.run<float, float>("onednn-f32" + ending, s, any); });
      attempt([&] { c.run<std::uint8_t, std::int8_t>("onednn-u8s8" + ending, s, any); });
    }
  }
}

#else
#include <cstdio>

int main() {
  std::fputs("built without oneDNN: Debian package libdnnl-dev\n", stderr);
  return 77;
}
#endif
