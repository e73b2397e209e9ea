// Random networks, part 6 of 8.
#include "benchmarks/latency/networks.hpp"

std::vector<latency_check::network_subject> latency_check::networks_5(std::string_view path) {
  return networks_from<5 * per_unit, per_unit>(path);
}
