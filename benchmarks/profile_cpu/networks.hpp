// Networks that a profile is made from, none of which benchmarks/latency draws: the ops of many of them are samples, in
// the sizes, orders and combinations that networks have; few of them run as wholes, for the spread of single runs, and
// some tiny ones for the share beside the ops.
#ifndef BENCHMARKS_PROFILE_CPU_NETWORKS_HPP
#define BENCHMARKS_PROFILE_CPU_NETWORKS_HPP

#include <cstdint>
#include <string_view>
#include <vector>

#include "benchmarks/latency/network_subject.hpp"

namespace profile_cpu {

std::vector<latency_check::network_subject> calibration_networks(std::string_view path);
std::vector<latency_check::network_subject> tiny_networks(std::string_view path);

// Seeds of the others, and how many there are in each unit. A few units are of regular networks.
inline constexpr std::uint64_t first_network = 5000;
inline constexpr int networks_per_unit = 12;
inline constexpr int first_regular_unit = 16;

constexpr std::uint64_t first_network_of(int unit) {
  return unit < first_regular_unit ? first_network + static_cast<std::uint64_t>(unit * networks_per_unit)
                                   : latency_check::first_regular_network +
                                         static_cast<std::uint64_t>((unit - first_regular_unit) * networks_per_unit);
}

template <int Unit>
std::vector<std::vector<op_subject>> network_ops(std::string_view path) {
  return latency_check::ops_from<first_network_of(Unit), networks_per_unit>(path);
}
std::vector<std::vector<op_subject>> network_ops_0(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_1(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_2(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_3(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_4(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_5(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_6(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_7(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_8(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_9(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_10(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_11(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_12(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_13(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_14(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_15(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_16(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_17(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_18(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_19(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_20(std::string_view path);
std::vector<std::vector<op_subject>> network_ops_21(std::string_view path);

}  // namespace profile_cpu

#endif
