// What a network will take in energy: counts of products, sums and bytes from its plan, times a table of picojoules
// (Sze, Chen, Yang, Emer 2017, arXiv 1703.09039). The table is run-time data; weights are counted as read once per op
// from where they lie, activations once per op that reads or writes them.
#ifndef OFFRAMP_LATENCY_ENERGY_HPP
#define OFFRAMP_LATENCY_ENERGY_HPP

#include <cstdint>

#include <offramp/latency/profile.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Picojoules.
struct energy_table {
  const char* name = "";
  provenance from = provenance::estimated;
  double binary_product = 0;   // of two bits, and its addition
  double mixed_product = 0;    // of an integer by a bit: an addition
  double integer_product = 0;  // of two integers, and its addition
  double float_product = 0;
  double integer_simple = 0;  // a compare or an addition
  double float_simple = 0;
  double weight_byte = 0;  // read
  double in_byte = 0;      // activations, read
  double out_byte = 0;     // activations, written
  double op = 0;           // beside these: the call
};

// An estimate: figures of Horowitz for 45 nm (ISSCC 2014, "Computing's energy problem") of bare arithmetic, without
// instruction fetch and control, which on a CPU take many times as much. Integer: 8 bits, add 0.03 and multiply 0.2;
// float: 0.9 and 3.7; a bit is taken as an eighth of an 8-bit add; everything lies in an SRAM of 8 kB, 5 for 4 bytes.
inline constexpr energy_table energy_45nm{.name = "45 nm, weights in SRAM (estimate)",
                                          .from = provenance::estimated,
                                          .binary_product = 0.03 / 8,
                                          .mixed_product = 0.03,
                                          .integer_product = 0.23,
                                          .float_product = 4.6,
                                          .integer_simple = 0.03,
                                          .float_simple = 0.9,
                                          .weight_byte = 1.25,
                                          .in_byte = 1.25,
                                          .out_byte = 1.25,
                                          .op = 0};
// The same with weights read from DRAM, 640 for 4 bytes.
inline constexpr energy_table energy_45nm_dram = [] {
  energy_table t = energy_45nm;
  t.name = "45 nm, weights in DRAM (estimate)";
  t.weight_byte = 160;
  return t;
}();

// Of one op; pJ. `c`: its cost as planned. An op that adds into its output reads that, too.
constexpr double op_energy(const energy_table& t, const op_signature& s, const op_cost& c) {
  const bool by_sign = s.what == op_kind::conv && s.weights == kind::bits;
  const double product = s.float_accumulator() ? (by_sign ? t.float_simple : t.float_product)
                         : by_sign             ? t.mixed_product
                                               : t.integer_product;
  return t.op + t.binary_product * static_cast<double>(c.binary_macs) + product * static_cast<double>(c.macs) +
         (s.float_accumulator() ? t.float_simple : t.integer_simple) * static_cast<double>(c.simple) +
         t.weight_byte * static_cast<double>(c.weight_bytes) +
         t.in_byte * static_cast<double>(c.in_bytes + (s.add ? c.out_bytes : 0)) +
         t.out_byte * static_cast<double>(c.out_bytes);
}

// pJ.
template <int Exits>
struct energy_prediction {
  double to_exit[Exits]{};  // of a sample that leaves at exit k; every head up to it included

  // Mean of a stream of which the share leaving[k] leaves at exit k.
  [[nodiscard]] constexpr double mean(const double (&leaving)[Exits]) const {
    double sum = 0;
    for (int k = 0; k < Exits; ++k) sum += leaving[k] * to_exit[k];
    return sum;
  }
};

namespace detail {

// Any planned program: `steps` in order, their exits ascending.
template <int Exits>
constexpr energy_prediction<Exits> energy_of_steps(const energy_table& t, const step_desc* steps, int count) {
  energy_prediction<Exits> r;
  double sum = 0;
  int next = 0;
  for (int k = 0; k < Exits; ++k) {
    for (; next < count && steps[next].exit == k; ++next)
      sum += op_energy(t, steps[next].op.signature, steps[next].cost);
    r.to_exit[k] = sum;
  }
  return r;
}

}  // namespace detail

// Of a network planned for Path; judging heads is not counted.
template <class Lowered, class Path>
constexpr energy_prediction<Lowered::exits> energy(const energy_table& t) {
  using plan = planned<Lowered, Path>;
  return detail::energy_of_steps<Lowered::exits>(t, plan::program.steps, plan::steps);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
