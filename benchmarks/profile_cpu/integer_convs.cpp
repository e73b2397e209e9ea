// Convolutions of numbers and bits by int8, dense layers among them.
#include "benchmarks/profile_cpu/subject.hpp"

std::vector<profile_cpu::op_subject> profile_cpu::integer_convs(std::string_view path) {
  return samples_of<op_class::integer_conv>(path);
}
