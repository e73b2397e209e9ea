// What a sweep over channel counts finds.
#ifndef BENCHMARKS_CHANNELS_POINTS_HPP
#define BENCHMARKS_CHANNELS_POINTS_HPP

#include <map>
#include <string>

namespace channels {

struct point {
  double min_us = 0, macs_per_cycle = 0;
  std::string runs_on = {};  // the path whose code ran
  bool right = true;
};
struct curve_of_points {
  std::map<int, point> constant, at_run_time;  // by channels
};

curve_of_points sweep_binary();
curve_of_points sweep_int8();
curve_of_points sweep_f32();

}  // namespace channels

#endif
