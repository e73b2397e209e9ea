// One layer of the library as a contender: constant geometry, weights packed for the path, and the layouts that a chain
// of such layers settles on. The bits of its output are compared with those of path portable before it is timed.
#ifndef BENCHMARKS_PEERS_LAYER_HPP
#define BENCHMARKS_PEERS_LAYER_HPP

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/x86/cpu.hpp>

#include "benchmarks/peers/measure.hpp"
#include "tests/support/benchmark_shapes.hpp"
#include "tests/support/op_data.hpp"

namespace peers {

using offramp::kernel_op;
using offramp::kind;
using offramp::layout;
using offramp::op_kind;
using offramp::op_signature;
using offramp::shape;
using offramp::window;
using offramp_test::benchmark_shape;
namespace kernels = offramp::kernels;

enum class arithmetic { binary, int8, f32 };

constexpr const char* name_of(arithmetic a) {
  return a == arithmetic::binary ? "offramp-binary" : a == arithmetic::int8 ? "offramp-int8" : "offramp-f32";
}

// Is there such a layer? Networks of bits have no depthwise ones worth the name.
constexpr bool exists(arithmetic a, const benchmark_shape& s) { return a != arithmetic::binary || !s.depthwise(); }

// Before layouts are settled. First layers read pixels; that of a binary network has weights of int8, and gives bits.
constexpr op_signature signature(arithmetic a, const benchmark_shape& s) {
  op_signature o{};
  if (a == arithmetic::f32) {
    o = {op_kind::conv, kind::f32, kind::f32, kind::f32, s.adds};
  } else {
    const kind own = a == arithmetic::binary ? kind::bits : kind::i8;
    o = {op_kind::conv, s.first_layer() ? kind::u8 : own, s.first_layer() ? kind::i8 : own, s.adds ? kind::i16 : own,
         s.adds};
  }
  o.grouped = s.depthwise();
  return o;
}

// The next layer of a chain: the same window over this one's output.
constexpr window next(const window& w) {
  window n = offramp::make_window(w.out, w.out.c, w.kernel_h, w.kernel_w, 1, w.pad_top, w.pad_left);
  return n.out.h > 0 && n.out.w > 0 ? n : offramp::make_window(w.out, w.out.c, 1, 1, 1, 0, 0);
}

template <class Path>
constexpr op_signature settled(op_signature s, const window& w) {
  if (s.in == kind::bits) s.in_layout = kernels::reads<Path>({s, w});
  if (s.out != kind::bits) return s;
  op_signature following{op_kind::conv, kind::bits, kind::bits, kind::bits};
  const layout wish = kernels::reads<Path>({following, next(w)});
  for (const layout l : {wish, layout::nhwc, layout::bit_rows, layout::nhwc_wide, layout::bit_planes})
    if (kernels::writes<Path>({s, w}, l)) {
      s.out_layout = l;
      break;
    }
  return s;
}

namespace detail {

template <layout From, layout To>
void change_layout(shape s, const void* from, void* to) {
  constexpr op_signature convert{op_kind::convert, kind::bits, kind::none, kind::bits, false, From, To};
  const window w = offramp::make_window(s, s.c, 1, 1, 1, 0, 0);
  kernels::run<offramp::path::reference, convert>(offramp::dynamic_geometry{w}, {from, nullptr, to, nullptr});
}

}  // namespace detail

// Everything one op needs, filled at random.
template <class Path, op_signature S>
struct prepared {
  static constexpr op_signature plain = [] {
    op_signature s = S;
    s.in_layout = s.out_layout = layout::nhwc;
    return s;
  }();

  window w;
  unsigned char *canonical_in, *in, *out;
  std::uint32_t *canonical, *weights;
  unsigned char* scratch;
  std::size_t out_bytes;

  explicit prepared(const window& geometry) : w{geometry} {
    const auto bytes = [](shape s, kind k, layout l) { return offramp::tensor_bytes(s, k, l); };
    canonical_in = memory<unsigned char>(bytes(w.in, S.in, layout::nhwc));
    in = memory<unsigned char>(bytes(w.in, S.in, S.in_layout));
    out_bytes = bytes(w.out, S.out, S.out_layout);
    out = memory<unsigned char>(out_bytes);
    canonical = memory<std::uint32_t>(kernels::canonical_layout({S, w}).total());
    weights = memory<std::uint32_t>(kernels::weight_words<Path>({S, w}));
    scratch = memory<unsigned char>(kernels::scratch_bytes<Path>({S, w}));
    offramp_test::random_numbers r{1};
    offramp_test::fill_tensor(r, w.in, S.in, canonical_in);
    offramp_test::fill_weights(r, {S, w}, canonical, false);
    kernels::pack<Path>({S, w}, canonical, weights);
    if constexpr (S.in == kind::bits)
      detail::change_layout<layout::nhwc, S.in_layout>(w.in, canonical_in, in);
    else
      std::memcpy(in, canonical_in, bytes(w.in, S.in, layout::nhwc));
  }

  [[nodiscard]] kernels::arguments arguments() const { return {in, weights, out, scratch}; }

  // Is what stands at `out` after one run what path portable gives?
  [[nodiscard]] bool correct() const {
    using offramp::path::portable;
    auto* own_weights = memory<std::uint32_t>(kernels::weight_words<portable>({plain, w}));
    kernels::pack<portable>({plain, w}, canonical, own_weights);
    const std::size_t bytes = offramp::tensor_bytes(w.out, S.out, layout::nhwc);
    auto* expected = memory<unsigned char>(bytes);
    auto* own_scratch = memory<unsigned char>(kernels::scratch_bytes<portable>({plain, w}));
    kernels::run<portable, plain>(offramp::dynamic_geometry{w}, {canonical_in, own_weights, expected, own_scratch});
    auto* got = memory<unsigned char>(bytes);
    if constexpr (S.out == kind::bits)
      detail::change_layout<S.out_layout, layout::nhwc>(w.out, out, got);
    else
      std::memcpy(got, out, bytes);
    return std::memcmp(expected, got, bytes) == 0;
  }
};

// For shapes known at run time: calls `use.template operator()<S with these layouts>()`. Layouts other than nhwc are
// compiled where the path has code of its own for them; no other ones are asked for.
template <class Path, op_signature S, class Use>
void with_layouts(layout in, layout out, Use use) {
  const auto attempt = [&]<layout In, layout Out>() {
    constexpr op_signature s = [] {
      op_signature changed = S;
      changed.in_layout = In;
      changed.out_layout = Out;
      return changed;
    }();
    using runner = kernels::running_path<Path, s>;
    constexpr bool canonical = In == layout::nhwc && Out == layout::nhwc;
    constexpr bool possible =
        (In == layout::nhwc || S.in == kind::bits) && (Out == layout::nhwc || S.out == kind::bits);
    if constexpr (canonical || (possible && !std::is_same_v<runner, offramp::path::portable> &&
                                !std::is_same_v<runner, offramp::path::reference>))
      if (in == In && out == Out) use.template operator()<s>();
  };
  attempt.template operator()<layout::nhwc, layout::nhwc>();
  attempt.template operator()<layout::nhwc, layout::bit_rows>();
  attempt.template operator()<layout::bit_rows, layout::nhwc>();
  attempt.template operator()<layout::bit_rows, layout::bit_rows>();
}

// Ends the program where the output is wrong.
template <class Path, arithmetic A, int Index>
void contend(const char* peer) {
  static constexpr benchmark_shape s = offramp_test::benchmark_shapes[Index];
  if constexpr (exists(A, s)) {
    if (!wanted(s.name)) return;
    static constexpr op_signature settled_for = settled<Path>(signature(A, s), s.geometry);
    const prepared<Path, settled_for> layer{s.geometry};
    const kernels::arguments a = layer.arguments();
    const auto run = [&a] { kernels::run<Path, settled_for>(offramp::static_geometry<s.geometry>{}, a); };
    run();
    if (checks() && !layer.correct()) {
      std::fprintf(stderr, "%s, %s, path %s: the output differs from that of path portable\n", peer, s.name,
                   Path::name);
      std::exit(1);
    }
    std::fprintf(stderr, "%s %s: path %s, %s to %s\n", peer, s.name, kernels::running_path<Path, settled_for>::name,
                 to_string(settled_for.in_layout), to_string(settled_for.out_layout));
    print_row(peer, s.name, s.macs(), measure(run, budget_s()));
  }
}

// A program: all shapes, or those that ONLY names.
template <class Path, arithmetic A>
int contend_in_all() {
  if (!kernels::runs_here<Path>()) {
    std::fprintf(stderr, "this CPU does not run path %s\n", Path::name);
    return 77;
  }
  [&]<int... I>(std::integer_sequence<int, I...>) { (contend<Path, A, I>(name_of(A)), ...); }
  (std::make_integer_sequence<int, offramp_test::benchmark_shape_count>{});
  return 0;
}

}  // namespace peers

#endif
