// A lowered network as host code sees it: the program of a `lower<...>` type, without the type.
#ifndef OFFRAMP_HOST_LOWERED_PROGRAM_HPP
#define OFFRAMP_HOST_LOWERED_PROGRAM_HPP

#include <vector>

#include <offramp/net/lower.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct lowered_program {
  std::vector<step_desc> steps;
  std::vector<tensor_desc> tensors;  // tensor 0 is the input
  std::vector<int> logits;           // tensor of each exit
  int groups = 0;                    // quantization groups
};

template <class Lowered>
lowered_program program_of() {
  constexpr const auto& p = Lowered::program;
  lowered_program l;
  l.steps.assign(p.steps, p.steps + p.step_count);
  l.tensors.assign(p.tensors, p.tensors + p.tensor_count);
  l.logits.assign(p.logits, p.logits + p.exit_count);
  l.groups = p.groups;
  return l;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
