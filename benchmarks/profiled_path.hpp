// The path that profile_cpu measures first: one whose kernels need no flags, where CMake says which.
#ifndef OFFRAMP_BENCHMARKS_PROFILED_PATH_HPP
#define OFFRAMP_BENCHMARKS_PROFILED_PATH_HPP

#include <offramp/paths/native.hpp>
#include <offramp/paths/x86.hpp>

namespace bench {

#ifdef OFFRAMP_PROFILE_PATHS
template <class First, class...>
struct first_of {
  using type = First;
};
using profiled_path = first_of<OFFRAMP_PROFILE_PATHS>::type;
#else
using profiled_path = offramp::path::native;
#endif

}  // namespace bench

#endif
