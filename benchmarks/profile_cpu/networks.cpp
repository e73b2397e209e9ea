// The networks that the share beside the ops and the spread of single runs are measured on.
#include "benchmarks/profile_cpu/networks.hpp"
#include "benchmarks/latency/network_subject.hpp"

std::vector<latency_check::network_subject> profile_cpu::calibration_networks(std::string_view path) {
  return latency_check::networks_from<1000, 8>(path);
}
std::vector<latency_check::network_subject> profile_cpu::tiny_networks(std::string_view path) {
  return latency_check::networks_from<latency_check::first_tiny_network, 8>(path);
}
