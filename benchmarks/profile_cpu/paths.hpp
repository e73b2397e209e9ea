// The paths that a build of these programs can measure. Every op is compiled for each of them, so that by default there
// is one: the best that the compiler's target runs. -DOFFRAMP_PROFILE_PATHS=offramp::path::avx2,... names others.
#ifndef BENCHMARKS_PROFILE_CPU_PATHS_HPP
#define BENCHMARKS_PROFILE_CPU_PATHS_HPP

#include <offramp/kernels/path_list.hpp>
#if defined(OFFRAMP_PROFILE_PATHS)
#include <offramp/paths/x86.hpp>
#elif defined(__AVX512VPOPCNTDQ__) && defined(__AVX512BITALG__)
#include <offramp/paths/avx512_popcnt.hpp>
#elif defined(__AVX512VNNI__)
#include <offramp/paths/avx512_vnni.hpp>
#elif defined(__AVX512BW__)
#include <offramp/paths/avx512.hpp>
#elif defined(__AVX2__)
#include <offramp/paths/avx2.hpp>
#endif

#ifndef OFFRAMP_PROFILE_FLAGS  // of the compiler, beside those of all benchmarks
#define OFFRAMP_PROFILE_FLAGS ""
#endif

namespace profile_cpu {

// Best first.
#if defined(OFFRAMP_PROFILE_PATHS)
using paths = offramp::path::list<OFFRAMP_PROFILE_PATHS>;
#elif defined(__AVX512VPOPCNTDQ__) && defined(__AVX512BITALG__)
using paths = offramp::path::list<offramp::path::avx512_popcnt>;
#elif defined(__AVX512VNNI__)
using paths = offramp::path::list<offramp::path::avx512_vnni>;
#elif defined(__AVX512BW__)
using paths = offramp::path::list<offramp::path::avx512>;
#elif defined(__AVX2__)
using paths = offramp::path::list<offramp::path::avx2>;
#else
using paths = offramp::path::list<offramp::path::portable>;
#endif

}  // namespace profile_cpu

#endif
