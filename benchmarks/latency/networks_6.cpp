// Random networks, part 7 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_6(std::string_view path) {
  return networks_from<6 * per_unit, per_unit>(path);
}
