// Opt-in: all paths of Arm with NEON, for one binary that finds the best of them on the CPU it lands on
// (host/dispatched.hpp).
#ifndef OFFRAMP_PATHS_ARM_HPP
#define OFFRAMP_PATHS_ARM_HPP

#include <offramp/kernels/path_list.hpp>
#include <offramp/paths/neon_dotprod.hpp>

namespace offramp::inline OFFRAMP_ABI::path {

// Best first.
using arm = list<neon_dotprod, neon, portable>;

}  // namespace offramp::inline OFFRAMP_ABI::path

#endif
