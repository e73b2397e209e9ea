// A lowered network as plain data: device ops in the order they run, and the tensors between them.
#ifndef OFFRAMP_NET_PROGRAM_HPP
#define OFFRAMP_NET_PROGRAM_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/cost.hpp>
#include <offramp/kernels/op.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct tensor_desc {
  shape extent{};
  kind element = kind::none;
  layout arrangement = layout::nhwc;
  int group = -1;  // tensors of one group share scale and zero point (streams, pooling); -1: none needed
  std::size_t offset =
      0;  // in the arena, bytes; set by the plan. Tensor 0 is the caller's input and has no place there

  [[nodiscard]] constexpr std::size_t bytes() const { return tensor_bytes(extent, element, arrangement); }
};

struct step_desc {
  kernel_op op{};
  int in = 0;  // tensors
  int out = 0;
  int exit = 0;
  bool head = false;
  int layer_first =
      0;  // computes the layers [layer_first, layer_last) of the description; empty: a change of kind or layout
  int layer_last = 0;

  // Set by the plan.
  std::size_t weight_offset = 0;  // words, from the first op's weights
  std::size_t weight_words = 0;
  std::size_t scratch_offset = 0;  // bytes, in the arena
  op_cost cost{};
};

// `Capacity` bounds steps and tensors; `Exits` is the number of exits.
template <int Capacity, int Exits>
struct program {
  step_desc steps[Capacity]{};
  int step_count = 0;
  tensor_desc tensors[Capacity]{};
  int tensor_count = 0;
  int groups = 0;               // quantization groups
  int exit_first[Exits + 1]{};  // steps of exit k (its stage, then its head): [exit_first[k], exit_first[k + 1])
  int head_first[Exits]{};      // first step of head k
  int logits[Exits]{};          // tensor
  int exit_count = 0;
  int classes = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
