// Random networks, part 8 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_7(std::string_view path) {
  return networks_from<7 * per_unit, per_unit>(path);
}
