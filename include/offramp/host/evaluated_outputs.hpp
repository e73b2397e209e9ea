// Outputs of all exits of a float model, from the trainer's batched graph: the same exit_outputs as run_all_exits
// stores for a lowered network, so that thresholds, curves, ensembles and reports work before anything is lowered, and
// much faster. Costs are those of a lowered form, named by its type.
#ifndef OFFRAMP_HOST_EVALUATED_OUTPUTS_HPP
#define OFFRAMP_HOST_EVALUATED_OUTPUTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/lowered_program.hpp>
#include <offramp/kernels/cost.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What answering at each exit costs in OPs (MACs, those of two bits counted 1/64), every stage and head up to it
// included; and the backbone with its last head alone.
struct exit_costs {
  std::vector<std::int64_t> ops;
  std::int64_t full_ops = 0;
};

// Of a lowered program; no path is asked, since paths differ in time and not in operations.
inline exit_costs costs_of(const lowered_program& p) {
  exit_costs costs;
  const auto exits = static_cast<int>(p.logits.size());
  op_cost alone;
  for (int k = 0; k < exits; ++k) {
    op_cost sum;
    for (const step_desc& s : p.steps)
      if (s.exit <= k) sum = sum + kernels::cost(s.op, 0);
    costs.ops.push_back(sum.ops());
  }
  for (const step_desc& s : p.steps)
    if (!s.head || s.exit + 1 == exits) alone = alone + kernels::cost(s.op, 0);
  costs.full_ops = alone.ops();
  return costs;
}

// The form with this type, say lower<net, i8>.
template <class Lowered>
exit_costs costs_of() {
  return costs_of(program_of<Lowered>());
}

// From logits [exit][image][class] of the float network. Scores are those of max_softmax; `rescore` gives others.
inline exit_outputs outputs_of(const exit_logits& z, const labelled_images& set, const exit_costs& costs) {
  if (z.images != set.count() || costs.ops.size() != static_cast<std::size_t>(z.exits))
    throw error("evaluated_outputs: found logits of " + std::to_string(z.images) + " images and " +
                std::to_string(z.exits) + " exits, expected " + std::to_string(set.count()) + " and " +
                std::to_string(costs.ops.size()) + ": the data set and the costs are another network's");
  exit_outputs out;
  out.truth.assign(set.labels.begin(), set.labels.end());
  out.ops = costs.ops;
  out.full_ops = costs.full_ops;
  out.classes = z.classes;
  for (int k = 0; k < z.exits; ++k) {
    std::vector<int> label;
    for (int i = 0; i < z.images; ++i) label.push_back(z.label(k, i));
    out.label.push_back(std::move(label));
    const float* const first = z.at(k, 0);
    out.real_logits.emplace_back(first, first + static_cast<std::ptrdiff_t>(z.images) * z.classes);
    out.scale.push_back(1);
    out.unit.push_back({});
  }
  rescore<max_softmax>(out);
  return out;
}

// Runs the model as trained on all images. Throws where it does not take them.
inline exit_outputs evaluated_outputs(const model& m, const labelled_images& set, const exit_costs& costs,
                                      thread_pool& pool) {
  return outputs_of(evaluate(m, set, pool), set, costs);
}

// Integer logits in real units, as a float network would give them: what works on floats works on both.
inline exit_outputs in_real_units(const exit_outputs& o) {
  exit_outputs r = o;
  if (o.integer_logits.empty()) return r;
  r.integer_logits.clear();
  for (std::size_t k = 0; k < o.integer_logits.size(); ++k) {
    std::vector<float> z;
    z.reserve(o.integer_logits[k].size());
    for (const std::int32_t v : o.integer_logits[k]) z.push_back(static_cast<float>(v * o.scale[k]));
    r.real_logits.push_back(std::move(z));
    r.scale[k] = 1;
    r.unit[k] = {};
  }
  return r;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
