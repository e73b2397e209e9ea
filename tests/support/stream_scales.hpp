// Parameters of convolutions to 16-bit streams.
#ifndef OFFRAMP_TESTS_SUPPORT_STREAM_SCALES_HPP
#define OFFRAMP_TESTS_SUPPORT_STREAM_SCALES_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/fixed_point.hpp>
#include <offramp/kernels/weights.hpp>

#include "tests/support/random.hpp"

namespace offramp_test {

inline int bits_of(int depth) {
  int n = 0;
  for (; depth > 0; depth /= 2) ++n;
  return n;
}

// Parameters as batch norms give them: results of some thousands, offsets as large as sums, either sign.
inline void fill_batch_norm(random_numbers& r, const offramp::kernel_op& op, std::uint32_t* words, bool narrow) {
  const auto l = offramp::kernels::canonical_layout(op);
  const auto put = [&](std::size_t i, std::int32_t v) { words[i] = static_cast<std::uint32_t>(v); };
  const int depth = op.geometry.depth();
  put(0, 0), put(1, 0);
  put(2, narrow ? r.between(-9000, 0) : -32768);
  put(3, narrow ? r.between(1, 9000) : 32767);
  for (std::size_t c = 0; c < l.channels; ++c) {
    const auto f = offramp::make_fixed_factor(r.between(100, 30000) / (256.0 * r.between(8, depth)));
    put(l.array(0) + c, r.between(-256 * depth, 256 * depth));
    put(l.array(1) + c, r.one_in(3) ? -f.multiplier : f.multiplier);
    put(l.array(2) + c, f.shift);
  }
}

}  // namespace offramp_test

#endif
