// Opt-in: `path::native`, the best path of the architecture that is compiled for (-march=native), and what it falls
// back to; `path::portable` where the flags promise nothing. For programs built where they run; what is to run on many
// machines dispatches (x86.hpp, arm.hpp).
#ifndef OFFRAMP_PATHS_NATIVE_HPP
#define OFFRAMP_PATHS_NATIVE_HPP

#include <offramp/core/config.hpp>
#include <offramp/kernels/path.hpp>

#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#if defined(__AVX512VPOPCNTDQ__) && defined(__AVX512BITALG__) && defined(__AVX512VBMI__) && defined(__AVX512VNNI__) && \
    defined(__GFNI__)
#include <offramp/paths/avx512_popcnt.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = avx512_popcnt;
}  // namespace offramp::inline OFFRAMP_ABI::path
#elif defined(__AVX512VNNI__)
#include <offramp/paths/avx512_vnni.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = avx512_vnni;
}  // namespace offramp::inline OFFRAMP_ABI::path
#else
#include <offramp/paths/avx512.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = avx512;
}  // namespace offramp::inline OFFRAMP_ABI::path
#endif
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__)
#include <offramp/paths/avx2.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = avx2;
}  // namespace offramp::inline OFFRAMP_ABI::path
#elif defined(__ARM_FEATURE_MVE) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <offramp/paths/helium.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = helium;
}  // namespace offramp::inline OFFRAMP_ABI::path
#elif defined(__ARM_NEON) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#if defined(__ARM_FEATURE_DOTPROD)
#include <offramp/paths/neon_dotprod.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = neon_dotprod;
}  // namespace offramp::inline OFFRAMP_ABI::path
#else
#include <offramp/paths/neon.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = neon;
}  // namespace offramp::inline OFFRAMP_ABI::path
#endif
#else
#include <offramp/kernels/dispatch.hpp>
namespace offramp::inline OFFRAMP_ABI::path {
using native = portable;
}  // namespace offramp::inline OFFRAMP_ABI::path
#endif

#endif
