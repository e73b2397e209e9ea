// A topology as a program of device ops, in floats or in int8: what `lower` makes of such a network. Additions go into
// the tensor in place; behind one, a relu is an op of its own.
#ifndef BENCHMARKS_NETWORKS_PROGRAM_HPP
#define BENCHMARKS_NETWORKS_PROGRAM_HPP

#include <offramp/net/program.hpp>

#include "benchmarks/networks/topology.hpp"

namespace networks {

using offramp::kind;
using offramp::op_kind;

using program = offramp::program<2 * topology::capacity, 1>;

constexpr program program_of(const topology& t, kind numbers) {
  program p;
  const kind pixels = numbers == kind::f32 ? kind::f32 : kind::u8;
  int tensors[topology::capacity]{};  // of the program, for those of the topology
  const auto new_tensor = [&](shape s, kind k) {
    p.tensors[p.tensor_count].extent = s;
    p.tensors[p.tensor_count].element = k;
    return p.tensor_count++;
  };
  const auto add = [&](offramp::op_signature s, const window& w, int in, int out) {
    offramp::step_desc& step = p.steps[p.step_count++];
    step.op = {s, w};
    step.in = in;
    step.out = out;
    return out;
  };
  tensors[0] = new_tensor(t.input, pixels);
  for (int i = 0; i < t.step_count; ++i) {
    const step& s = t.steps[i];
    const int in = tensors[s.in];
    const kind from = p.tensors[in].element;
    bool logits = false;
    for (int k = 0; k < t.output_count; ++k) logits = logits || s.out == t.outputs[k];
    const kind to = logits && numbers == kind::i8 ? kind::i32 : numbers;
    const int out = s.adds ? tensors[s.out] : new_tensor(s.geometry.out, s.what == step_kind::max_pool ? from : to);
    offramp::op_signature o{};
    if (s.what == step_kind::conv) {
      o = {op_kind::conv, from, numbers, to, s.adds};
      o.grouped = s.depthwise();
    } else {
      const bool maximum = s.what == step_kind::max_pool;
      o = {maximum ? op_kind::max_pool : op_kind::avg_pool, from, kind::none, maximum ? from : to};
    }
    tensors[s.out] = add(o, s.geometry, in, out);
    if (s.adds && s.relu) {
      const shape e = s.geometry.out;
      tensors[s.out] = add({op_kind::pointwise, to, kind::none, to}, offramp::make_window(e, e.c, 1, 1, 1, 0, 0), out,
                           new_tensor(e, to));
    }
  }
  p.exit_count = 1;
  p.exit_first[1] = p.step_count;
  p.head_first[0] = p.step_count;
  p.logits[0] = tensors[t.outputs[t.output_count - 1]];
  p.classes = t.tensors[t.outputs[t.output_count - 1]].c;
  return p;
}

}  // namespace networks

#endif
