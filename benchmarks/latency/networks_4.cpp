// Random networks, part 5 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_4(std::string_view path) {
  return networks_from<4 * per_unit, per_unit>(path);
}
