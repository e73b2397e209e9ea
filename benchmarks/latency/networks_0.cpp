// Random networks, part 1 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_0(std::string_view path) {
  return networks_from<0 * per_unit, per_unit>(path);
}
