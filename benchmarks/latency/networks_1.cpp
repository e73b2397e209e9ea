// Random networks, part 2 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_1(std::string_view path) {
  return networks_from<1 * per_unit, per_unit>(path);
}
