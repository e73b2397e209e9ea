// What this CPU and the tables have: a line `path NAME` for each path that runs here, best first, and `shape NAME`.
#include <cstdio>

#include <offramp/paths/x86.hpp>

#include "tests/support/benchmark_shapes.hpp"

int main() {
  offramp::path::x86::for_each([]<class Path>() {
    if (offramp::kernels::runs_here<Path>()) std::printf("path %s\n", Path::name);
  });
  for (const auto& s : offramp_test::benchmark_shapes) std::printf("shape %s\n", s.name);
}
