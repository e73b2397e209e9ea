// Ops of random networks, part 4 of 22.
#include "benchmarks/profile_cpu/networks.hpp"

std::vector<std::vector<profile_cpu::op_subject>> profile_cpu::network_ops_3(std::string_view path) {
  return network_ops<3>(path);
}
