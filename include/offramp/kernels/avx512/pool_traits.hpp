// Pooling on AVX-512: what AVX2 runs.
#ifndef OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP

#include <offramp/kernels/avx2/pool_traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct pool : avx2::pool {
  static constexpr int form(const kernel_op& op) {
    return op.signature.what == op_kind::max_pool && avx2::pools_pairs(op.signature, op.geometry, 64) ? 1 : 0;
  }
  static constexpr reckoning reckoned(const kernel_op& op) { return avx2::reckoned_pool(op, 64); }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
