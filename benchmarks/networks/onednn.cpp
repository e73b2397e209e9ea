// oneDNN (libdnnl-dev) on whole networks: layouts as it likes them, additions and relus fused into convolutions. f32,
// and u8 x s8. KINDS=int8 leaves the floats out.
#if __has_include(<dnnl.hpp>)
#include <dnnl.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "benchmarks/networks/plain.hpp"

namespace {

using dnnl::algorithm;
using dnnl::memory;
using networks::step;
using networks::step_kind;
using networks::topology;
using networks::window;
using tag = memory::format_tag;
using type = memory::data_type;

struct contender {
  struct call {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
  };
  const topology& t;
  bool integers;
  type activations, weights;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<call> calls;
  std::vector<memory> tensors;

  contender(const topology& network, bool bytes)
      : t{network}, integers{bytes}, activations{bytes ? type::u8 : type::f32}, weights{bytes ? type::s8 : type::f32},
        tensors(static_cast<std::size_t>(network.tensor_count)) {
    tensors[0] = memory{dims_of(t.input, tag::nhwc), engine};
    const float* image = networks::float_image(t);
    for (int i = 0; i < t.input.size(); ++i) {
      if (integers)
        static_cast<std::uint8_t*>(tensors[0].get_data_handle())[i] = static_cast<std::uint8_t>(image[i] * 256);
      else
        static_cast<float*>(tensors[0].get_data_handle())[i] = image[i];
    }
    for (int i = 0; i < t.step_count; ++i) add(i);
  }

  [[nodiscard]] memory::desc dims_of(offramp::shape s, tag layout) const {
    return {{1, s.c, s.h, s.w}, activations, layout};
  }
  memory::desc parameters(const memory::dims& dims, tag layout) const { return {dims, weights, layout}; }

  // The tensor in another layout: converted on every run, as it would have to be.
  memory in_layout(const memory& m, const memory::desc& wanted) {
    if (m.get_desc() == wanted) return m;
    memory to{wanted, engine};
    calls.push_back({dnnl::reorder{m, to}, {{DNNL_ARG_FROM, m}, {DNNL_ARG_TO, to}}});
    return to;
  }
  memory weights_of(int i, const memory::desc& plain, const memory::desc& wanted) {
    void* kernel = integers ? static_cast<void*>(networks::random_weights<std::int8_t>(t, i))
                            : static_cast<void*>(networks::random_weights<float>(t, i));
    memory from{plain, engine, kernel}, to{wanted, engine};
    dnnl::reorder{from, to}.execute(stream, from, to);
    stream.wait();
    return to;
  }

  void add(int i) {
    const step& s = t.steps[i];
    memory& in = tensors[static_cast<std::size_t>(s.in)];
    if (s.what != step_kind::conv)
      pool(s, in);
    else if (s.dense())
      dense(i, s, in);
    else
      conv(i, s, in);
  }

  dnnl::primitive_attr attributes(const step& s) const {
    dnnl::post_ops after;
    if (s.adds) after.append_sum(1.0f);
    if (s.relu) after.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
    dnnl::primitive_attr a;
    a.set_post_ops(after);
    if (integers) a.set_output_scales(0, {peers::byte_scale(s.geometry)});
    return a;
  }

  void conv(int i, const step& s, const memory& in) {
    const window& w = s.geometry;
    const memory::dims kernel = s.depthwise() ? memory::dims{w.groups, 1, 1, w.kernel_h, w.kernel_w}
                                              : memory::dims{w.out.c, w.in.c, w.kernel_h, w.kernel_w};
    memory& out = tensors[static_cast<std::size_t>(s.out)];
    const int bottom = (w.out.h - 1) * w.stride_h + w.kernel_h - w.in.h - w.pad_top;
    const int right = (w.out.w - 1) * w.stride_w + w.kernel_w - w.in.w - w.pad_left;
    const dnnl::convolution_forward::desc d{dnnl::prop_kind::forward_inference,
                                            algorithm::convolution_direct,
                                            s.in == 0 ? in.get_desc() : dims_of(w.in, tag::any),
                                            parameters(kernel, tag::any),
                                            {{w.out.c}, integers ? type::s32 : type::f32, tag::x},
                                            s.adds ? out.get_desc() : dims_of(w.out, tag::any),
                                            {w.stride_h, w.stride_w},
                                            {w.pad_top, w.pad_left},
                                            {bottom, right}};
    const dnnl::convolution_forward::primitive_desc chosen{d, attributes(s), engine};
    finish(i, s, dnnl::convolution_forward{chosen}, chosen, in, out,
           parameters(kernel, s.depthwise() ? tag::goihw : tag::ohwi));
  }

  void dense(int i, const step& s, const memory& in) {
    const window& w = s.geometry;
    const memory::dims kernel{w.out.c, w.in.c, w.in.h, w.in.w};
    memory& out = tensors[static_cast<std::size_t>(s.out)];
    const bool last = s.out == t.outputs[0] || s.out == t.outputs[1];
    const bool flat = t.tensors[s.in].positions() == 1 && in.get_desc().dims().size() == 2;
    const memory::dims from = flat ? memory::dims{1, w.in.c} : memory::dims{1, w.in.c, w.in.h, w.in.w};
    const memory::dims taps = flat ? memory::dims{w.out.c, w.in.c} : kernel;
    const dnnl::inner_product_forward::desc d{dnnl::prop_kind::forward_inference,
                                              {from, activations, tag::any},
                                              parameters(taps, tag::any),
                                              {{w.out.c}, integers ? type::s32 : type::f32, tag::x},
                                              {{1, w.out.c}, last ? type::f32 : activations, tag::nc}};
    const dnnl::inner_product_forward::primitive_desc chosen{d, attributes(s), engine};
    finish(i, s, dnnl::inner_product_forward{chosen}, chosen, in, out, parameters(taps, flat ? tag::nc : tag::ohwi));
  }

  template <class Chosen>
  void finish(int i, const step& s, const dnnl::primitive& primitive, const Chosen& chosen, const memory& in,
              memory& out, const memory::desc& plain_weights) {
    const memory source = in_layout(in, chosen.src_desc());
    const memory kernel = weights_of(i, plain_weights, chosen.weights_desc());
    const memory bias{chosen.bias_desc(), engine};
    std::memset(bias.get_data_handle(), 0, chosen.bias_desc().get_size());
    if (!s.adds) out = memory{chosen.dst_desc(), engine};
    calls.push_back(
        {primitive, {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, out}}});
    std::fprintf(stderr, "step %d: %s\n", i, chosen.impl_info_str());
  }

  void pool(const step& s, const memory& in) {
    const window& w = s.geometry;
    const dnnl::pooling_forward::desc d{
        dnnl::prop_kind::forward_inference,
        s.what == step_kind::max_pool ? algorithm::pooling_max : algorithm::pooling_avg_exclude_padding,
        in.get_desc(),
        dims_of(w.out, tag::any),
        {w.stride_h, w.stride_w},
        {w.kernel_h, w.kernel_w},
        {0, 0},
        // Negative: rows that no window reaches.
        {(w.out.h - 1) * w.stride_h + w.kernel_h - w.in.h, (w.out.w - 1) * w.stride_w + w.kernel_w - w.in.w}};
    const dnnl::pooling_forward::primitive_desc chosen{d, engine};
    memory& out = tensors[static_cast<std::size_t>(s.out)];
    out = memory{chosen.dst_desc(), engine};
    calls.push_back({dnnl::pooling_forward{chosen}, {{DNNL_ARG_SRC, in}, {DNNL_ARG_DST, out}}});
  }

  void run() {
    for (auto& c : calls) c.primitive.execute(stream, c.arguments);
  }
};

}  // namespace

int main() {
  const bool floats = std::string{peers::environment("KINDS", "all")} != "int8";
  for (const topology* t : networks::all_topologies) {
    if (!peers::wanted(t->name)) continue;
    for (const bool integers : {false, true}) {
      if (!integers && !floats) continue;
      const char* peer = integers ? "onednn-u8s8" : "onednn-f32";
      try {
        contender c{*t, integers};
        c.run();
        c.stream.wait();
        for (int i = 0; i < t->output_count && !integers; ++i)
          networks::check_logits(
              peer, *t, i,
              static_cast<const float*>(c.tensors[static_cast<std::size_t>(t->outputs[i])].get_data_handle()));
        peers::print_row(peer, t->name, t->macs(), peers::measure([&] { c.run(); }, peers::budget_s()));
      } catch (const dnnl::error& e) {
        std::fprintf(stderr, "%s, %s: %s\n", peer, t->name, e.what());
        return 1;
      }
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
