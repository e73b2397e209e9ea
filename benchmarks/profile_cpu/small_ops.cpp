// Poolings, output stages that follow no convolution, copies and conversions of layout.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::small_ops(std::string_view path) {
  auto all = samples_of<op_class::pool>(path);
  for (const auto& more : {samples_of<op_class::pointwise>(path), samples_of<op_class::rearrange>(path)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}
