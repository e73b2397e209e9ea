// 32 words of 32 bits, transposed: bit j of word i becomes bit i of word j (Warren, "Hacker's Delight", 7-3), in two
// passes over as many words as registers hold. The second pass is open to callers who go on with its words at once.
#ifndef OFFRAMP_KERNELS_CORTEX_M_BIT_MATRIX_HPP
#define OFFRAMP_KERNELS_CORTEX_M_BIT_MATRIX_HPP

#include <cstdint>

#include <offramp/kernels/cortex_m/target.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Changes the bits of `a` at places with bit D against those of `b` at places without it.
template <int D>
[[gnu::always_inline]] inline void exchange(std::uint32_t& a, std::uint32_t& b) {
  constexpr std::uint32_t without[] = {0x55555555u, 0x33333333u, 0x0f0f0f0fu, 0x00ff00ffu, 0x0000ffffu};
  constexpr std::uint32_t mask = without[D == 1 ? 0 : D == 2 ? 1 : D == 4 ? 2 : D == 8 ? 3 : 4];
  const std::uint32_t t = ((a >> D) ^ b) & mask;
  b ^= t;
  a ^= t << D;
}

// Words i, i + 4, ... i + 28: distances of 16, 8 and 4.
OFFRAMP_CORTEX_M void exchange_far(std::uint32_t* rows) {
  for (std::uint32_t* r = rows; r != rows + 4; ++r) {
    std::uint32_t v0 = r[0], v1 = r[4], v2 = r[8], v3 = r[12], v4 = r[16], v5 = r[20], v6 = r[24], v7 = r[28];
    exchange<16>(v0, v4);
    exchange<16>(v1, v5);
    exchange<16>(v2, v6);
    exchange<16>(v3, v7);
    exchange<8>(v0, v2);
    exchange<8>(v1, v3);
    exchange<8>(v4, v6);
    exchange<8>(v5, v7);
    exchange<4>(v0, v1);
    exchange<4>(v2, v3);
    exchange<4>(v4, v5);
    exchange<4>(v6, v7);
    r[0] = v0, r[4] = v1, r[8] = v2, r[12] = v3, r[16] = v4, r[20] = v5, r[24] = v6, r[28] = v7;
  }
}

// Four words side by side: distances of 2 and 1.
[[gnu::always_inline]] inline void exchange_near(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c,
                                                 std::uint32_t& d) {
  exchange<2>(a, c);
  exchange<2>(b, d);
  exchange<1>(a, b);
  exchange<1>(c, d);
}

OFFRAMP_CORTEX_M void transpose(std::uint32_t* rows) {
  exchange_far(rows);
  for (std::uint32_t* r = rows; r != rows + 32; r += 4) {
    std::uint32_t a = r[0], b = r[1], c = r[2], d = r[3];
    exchange_near(a, b, c, d);
    r[0] = a, r[1] = b, r[2] = c, r[3] = d;
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
