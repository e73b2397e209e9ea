// One network on every path of x86, as a program compiles it that takes the best one of the CPU it lands on.
#ifndef BENCHMARKS_COMPILE_TIME_EVERY_PATH_HPP
#define BENCHMARKS_COMPILE_TIME_EVERY_PATH_HPP

#include <offramp/offramp.hpp>
#include <offramp/paths/x86.hpp>

// `weights` and `ram` are those of the path at `place` in the list.
template <class Net, std::size_t Pixels>
offramp::prediction classify_on(int place, const void* weights, void* ram, const std::uint8_t (&pixels)[Pixels]) {
  offramp::prediction answer;
  int here = 0;
  offramp::path::x86::for_each([&]<class Path>() {
    if (here++ != place) return;
    offramp::session<Net, Path> net{*static_cast<const offramp::bound_weights<Net, Path>*>(weights),
                                    *static_cast<offramp::arena<Net, Path>*>(ram)};
    answer = net.classify(pixels);
  });
  return answer;
}

#endif
