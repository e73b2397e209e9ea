// What there is to choose from, by search_frontier: {choice, mean, longest path, arena bytes, weight bytes, nJ,
// accuracy in 1/10000}; choice is {network, path, thresholds, level, cut, precision, exits}.
// Network 0: tiny
#ifndef OFFRAMP_FRONTIER_TINY_FRONTIER_HPP
#define OFFRAMP_FRONTIER_TINY_FRONTIER_HPP

#include <offramp/exits/thresholds.hpp>
#include <offramp/select/frontier.hpp>

inline constexpr offramp::frontier_point tiny_frontier_points[] = {
    {{0, 1, 0, 0, 1, offramp::kind::i8, 1u}, 1500u, 2000u, 100u, 1000u, offramp::no_limit, 8050},
    {{0, 1, 1, 0, 3, offramp::kind::i8, 5u}, 9900u, 20000u, 100u, 1000u, offramp::no_limit, 9100},
};
inline constexpr offramp::frontier_view tiny_frontier{tiny_frontier_points, offramp::time_unit::nanoseconds};
static_assert(offramp::check_frontier(tiny_frontier) == offramp::frontier_status::ok);

inline constexpr offramp::exit_thresholds<2> tiny_frontier_thresholds_0[] = {
    {{-2147483647 - 1, -2147483647 - 1}},
    {{40000, -2147483647 - 1}},
};

#endif
