// The random networks, a few in each unit.
#ifndef BENCHMARKS_LATENCY_NETWORKS_HPP
#define BENCHMARKS_LATENCY_NETWORKS_HPP

#include <cstdint>
#include <string_view>
#include <vector>

#include "benchmarks/latency/network_subject.hpp"

namespace latency_check {

inline constexpr int per_unit = 6;

std::vector<network_subject> networks_0(std::string_view path);
std::vector<network_subject> networks_1(std::string_view path);
std::vector<network_subject> networks_2(std::string_view path);
std::vector<network_subject> networks_3(std::string_view path);
std::vector<network_subject> networks_4(std::string_view path);
std::vector<network_subject> networks_5(std::string_view path);
std::vector<network_subject> networks_6(std::string_view path);
std::vector<network_subject> networks_7(std::string_view path);

}  // namespace latency_check

#endif
