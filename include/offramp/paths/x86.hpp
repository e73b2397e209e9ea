// Opt-in: all paths of x86-64, for one binary that finds the best of them on the CPU it lands on (host/dispatched.hpp).
#ifndef OFFRAMP_PATHS_X86_HPP
#define OFFRAMP_PATHS_X86_HPP

#include <offramp/kernels/path_list.hpp>
#include <offramp/paths/avx512_popcnt.hpp>

namespace offramp::inline OFFRAMP_ABI::path {

// Best first.
using x86 = list<avx512_popcnt, avx512_vnni, avx512, avx2, portable>;

}  // namespace offramp::inline OFFRAMP_ABI::path

#endif
