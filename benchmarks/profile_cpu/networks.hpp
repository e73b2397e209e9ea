// The networks that the share beside the ops, and the spread of single runs, are measured on.
#ifndef BENCHMARKS_PROFILE_CPU_NETWORKS_HPP
#define BENCHMARKS_PROFILE_CPU_NETWORKS_HPP

#include <string_view>
#include <vector>

#include "benchmarks/latency/network_subject.hpp"

namespace profile_cpu {

std::vector<latency_check::network_subject> calibration_networks(std::string_view path);

}  // namespace profile_cpu

#endif
