// Random networks, part 3 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_2(std::string_view path) {
  return networks_from<2 * per_unit, per_unit>(path);
}
