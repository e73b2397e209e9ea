// Part 3 of 4 of the convolutions of bits by bits.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::binary_convs_2(std::string_view path) {
  return samples_of<op_class::binary_conv, 2, 4>(path);
}
