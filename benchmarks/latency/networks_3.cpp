// Random networks, part 4 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_3(std::string_view path) {
  return networks_from<3 * per_unit, per_unit>(path);
}
