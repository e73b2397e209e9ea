// Channels of one tensor put in their place in a wider one (concatenation): runs of numbers, or bits moved up by whole
// words and a shift. The copy to channel 0 clears what lies behind its channels.
#ifndef OFFRAMP_KERNELS_PORTABLE_COPY_HPP
#define OFFRAMP_KERNELS_PORTABLE_COPY_HPP

#include <cstdint>

#include <offramp/core/bits.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/runs.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::portable {

template <op_signature S, class Geometry>
inline void copy(Geometry g, const arguments& a) {
  const window w = g();
  using element = storage_t<S.in>;
  const auto* from = static_cast<const element*>(a.in);
  auto* to = static_cast<element*>(a.out);
  if constexpr (S.in == kind::bits) {
    const int words = ceil_div(w.in.c, 32);
    const int out_words = ceil_div(w.out.c, 32);
    const int shift = w.out_first % 32;
    for (int p = 0; p < w.in.positions(); ++p, from += words, to += out_words) {
      if (w.out_first == 0) {
        copy_run(to, from, words);
        fill_run(to + words, std::uint32_t{0}, out_words - words);
        continue;
      }
      std::uint32_t* at = to + w.out_first / 32;
      for (int i = 0; i < words; ++i) {
        const std::uint32_t mask = low_bits(w.in.c - 32 * i);
        at[i] = (at[i] & ~(mask << shift)) | from[i] << shift;
        const std::uint32_t above = mask >> 1 >> (31 - shift);  // by 32 - shift, which may be 32
        if (above != 0) at[i + 1] = (at[i + 1] & ~above) | from[i] >> 1 >> (31 - shift);
      }
    }
  } else {
    for (int p = 0; p < w.in.positions(); ++p) copy_run(to + p * w.out.c + w.out_first, from + p * w.in.c, w.in.c);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::portable

#endif
