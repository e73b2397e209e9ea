// Does this CPU (and its operating system) run the code of a path? True for paths that any CPU of the build runs;
// one that is not of x86 by itself runs where its parent does.
#ifndef OFFRAMP_KERNELS_X86_CPU_HPP
#define OFFRAMP_KERNELS_X86_CPU_HPP

#include <type_traits>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/x86/target.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

template <class Path>
inline bool runs_here() {
  constexpr bool is_avx2 = std::is_same_v<Path, path::avx2>;
  constexpr bool is_avx512 = std::is_same_v<Path, path::avx512>;
  constexpr bool is_vnni = std::is_same_v<Path, path::avx512_vnni>;
  constexpr bool is_popcnt = std::is_same_v<Path, path::avx512_popcnt>;
  if constexpr (!(is_avx2 || is_avx512 || is_vnni || is_popcnt)) {
    if constexpr (requires { typename Path::parent; })
      return runs_here<typename Path::parent>();
    else
      return true;
  } else {
#if OFFRAMP_X86_64
    if constexpr (is_avx2)
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
             __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
             __builtin_cpu_supports("popcnt") != 0;
    else if constexpr (is_avx512)
      return runs_here<path::avx2>() && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512cd") != 0;
    else if constexpr (is_vnni)
      return runs_here<path::avx512>() && __builtin_cpu_supports("avx512vnni") != 0;
    else
      return runs_here<path::avx512_vnni>() && __builtin_cpu_supports("avx512vpopcntdq") != 0 &&
             __builtin_cpu_supports("avx512bitalg") != 0 && __builtin_cpu_supports("avx512vbmi") != 0 &&
             __builtin_cpu_supports("gfni") != 0;
#else
    return false;
#endif
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
