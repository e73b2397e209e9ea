// Convolutions by floats.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::float_convs(std::string_view path) {
  return samples_of<op_class::float_conv>(path);
}
