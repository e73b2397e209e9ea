// The constants of a planned network as an aligned table: every op with its shapes, kinds, operations and bytes, then
// the sums per exit and in total.
#ifndef OFFRAMP_HOST_COST_TABLE_HPP
#define OFFRAMP_HOST_COST_TABLE_HPP

#include <algorithm>
#include <string>

#include <offramp/host/table.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// "conv 3x3/2 u8 x i8 -> i16", with "+" behind the output of an op that adds into a stream.
inline std::string op_name(const step_desc& s) {
  const op_signature& g = s.op.signature;
  const window& w = s.op.geometry;
  std::string name = g.what == op_kind::user ? g.user->name : to_string(g.what);
  if (w.taps() > 1) name += " " + std::to_string(w.kernel_h) + "x" + std::to_string(w.kernel_w);
  if (w.stride_h > 1 || w.stride_w > 1) name += "/" + std::to_string(std::max(w.stride_h, w.stride_w));
  if (g.grouped) name += ", " + std::to_string(w.groups) + " groups";
  name += std::string{" "} + to_string(g.in);
  if (g.what == op_kind::conv) name += std::string{" x "} + to_string(g.weights);
  return name + " -> " + to_string(g.out) + (g.add ? "+" : "");
}

inline std::string shape_name(shape s) {
  return std::to_string(s.h) + "x" + std::to_string(s.w) + "x" + std::to_string(s.c);
}

// OPs = MACs + binary MACs / 64. Costs to an exit include every head up to it.
template <class Lowered, class Path>
table cost_table() {
  using p = planned<Lowered, Path>;
  table t({"op", "exit", "output", "MACs", "binary MACs", "OPs", "weights B", "output B"});
  const auto row = [&](const std::string& name, const std::string& exit, const std::string& out, const op_cost& c) {
    t.add({name, exit, out, grouped(c.macs), grouped(c.binary_macs), grouped(c.ops()), grouped(c.weight_bytes),
           grouped(c.out_bytes)});
  };
  for (int i = 0; i < p::steps; ++i) {
    const step_desc& s = p::program.steps[i];
    row(op_name(s), std::to_string(s.exit + 1) + (s.head ? " head" : ""), shape_name(s.op.geometry.out), s.cost);
  }
  for (int k = 0; k < Lowered::exits; ++k) row("up to exit " + std::to_string(k + 1), "", "", p::cost_to_exit(k));
  row("without early heads", "", "", p::cost_without_exits());
  return t;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
