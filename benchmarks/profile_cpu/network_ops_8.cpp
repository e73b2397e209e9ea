// Ops of random networks, part 9 of 22.
#include "benchmarks/profile_cpu/networks.hpp"

std::vector<std::vector<profile_cpu::op_subject>> profile_cpu::network_ops_8(std::string_view path) {
  return network_ops<8>(path);
}
