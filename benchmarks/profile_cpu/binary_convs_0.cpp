// Part 1 of 4 of the convolutions of bits by bits.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::binary_convs_0(std::string_view path) {
  return samples_of<op_class::binary_conv, 0, 4>(path);
}
