// Convolutions of numbers by bits, depthwise and other grouped ones.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::other_convs(std::string_view path) {
  auto all = samples_of<op_class::mixed_conv>(path);
  const auto grouped = samples_of<op_class::grouped_conv>(path);
  all.insert(all.end(), grouped.begin(), grouped.end());
  return all;
}
