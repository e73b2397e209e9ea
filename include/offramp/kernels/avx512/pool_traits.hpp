// Pooling on AVX-512: what AVX2 runs.
#ifndef OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP
#define OFFRAMP_KERNELS_AVX512_POOL_TRAITS_HPP

#include <cstdint>

#include <offramp/kernels/avx2/pool_traits.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::avx512 {

struct pool : avx2::pool {
  static constexpr bool is_stream(const op_signature& s) {
    return s.what == op_kind::avg_pool && s.in == kind::i16 && s.out == kind::i16;
  }
  static constexpr int form(const kernel_op& op) {
    if (is_stream(op.signature)) return 2;
    return op.signature.what == op_kind::max_pool && avx2::pools_pairs(op.signature, op.geometry, 64) ? 1 : 0;
  }
  static constexpr reckoning reckoned(const kernel_op& op) {
    const op_signature& s = op.signature;
    const window& w = op.geometry;
    if (!is_stream(s)) return avx2::reckoned_pool(op, 64);
    // Streams: 32 channels of two positions at a time, the others as all means are, which takes two thirds as long.
    // Repetitions are stored alone.
    const std::int64_t positions = w.out.positions(), repeated = ceil_div(w.out.c, w.in.c);
    const int shorts = w.in.c / 32, rest = ceil_div(w.in.c % 32, 16);
    return {.loops = positions * (2 * shorts * w.kernel_h * ceil_div(w.kernel_w, 2) + rest * w.taps()),
            .turns = positions * (3 * shorts + 2 * rest),
            .stored = positions * (32 * shorts + 16 * rest) * repeated,
            .uneven = w.in.c % 16 != 0 ? positions * 16 * repeated : 0};
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::avx512

#endif
