// What convolutions of bytes have in common, with dot products or without (conv_integer_traits.hpp): the input is
// copied if it must be, accumulators get their beginnings, then blocks of output channels go over all positions one
// after the other, so that the weights of a block stay in the first cache.
#ifndef OFFRAMP_KERNELS_NEON_BYTE_BLOCKS_HPP
#define OFFRAMP_KERNELS_NEON_BYTE_BLOCKS_HPP

#include <cstdint>

#include <offramp/kernels/neon/input_copy.hpp>
#include <offramp/kernels/neon/output.hpp>
#include <offramp/kernels/neon/runs_of_taps.hpp>
#include <offramp/kernels/neon/vectors.hpp>
#include <offramp/kernels/path.hpp>

#if OFFRAMP_NEON
namespace offramp::inline OFFRAMP_ABI::kernels::neon {

// Sums of the weights of active channels. `mask` says which numbers of a row of taps are theirs.
template <class Kernel>
inline void sum_active_weights(const runs_of_taps& r, const unsigned char* weights, unsigned char* mask,
                               std::int32_t* sums) {
  constexpr int together = Kernel::together;
  unsigned char* end = mask;
  for (int kx = 0; kx < r.w.kernel_w; ++kx) {
    end = fill_bytes(end, 0xff, r.w.in.c);
    end = fill_bytes(end, 0, r.position - r.w.in.c);
  }
  fill_bytes(end, 0, 16);
  for (int first = 0; first < r.w.out.c; first += Kernel::block_channels) {
    const int width = Kernel::block_width(r.w.stored_out_c, first);
    const unsigned char* block = weights + first * r.stored_depth() * 4;
    for (int at = 0; at < width * together; at += 16) {
      int32x4_t sum = vdupq_n_s32(0);
      for (int run = 0; run < r.w.kernel_h * r.runs; ++run)
        for (int k = 0; k < 4 * r.words; k += together) {
          const unsigned char* from = block + (run * r.stored_words * 4 + k) * width + at;
          uint8x16_t active = load_bytes(mask + k);
          if constexpr (together == 4) active = vreinterpretq_u8_u32(repeat_lane<0>(vreinterpretq_u32_u8(active)));
          const int8x16_t by = vreinterpretq_s8_u8(vandq_u8(load_bytes(from), active));
          sum = vpadalq_s16(sum, vpaddlq_s8(by));
        }
      if constexpr (together == 4) {
        vst1q_s32(sums + first + at / 4, sum);
      } else {
        sum = add_neighbours(sum, sum);
        sums[first + at / 16] = vgetq_lane_s32(add_neighbours(sum, sum), 0);
      }
    }
  }
}

// Where the accumulators of a block begin, and all else that a block needs to know.
template <class Kernel, op_signature S, class Geometry>
struct byte_block {
  using plan_type = plan_of<Kernel, S, Geometry>;

  plan_type plan;
  const arguments& a;
  const unsigned char* input;
  const unsigned char* weights;
  const std::int32_t* base;
  int first;  // channel

  // Channels of a position from the block on; where it is known that there are enough, a constant.
  template <int Block>
  [[nodiscard, gnu::always_inline]] int channels_left() const {
    if constexpr (Geometry::is_static && S.out != kind::bits)
      if (Geometry{}().out.c % Block == 0) return Block;
    return plan().w.out.c - first;
  }
};

// Calls Tiles::positions<V>(block) for every block of 4 * V channels.
template <class Kernel, class Tiles, op_signature S, class Geometry>
inline void convolve_bytes(Geometry g, const arguments& a) {
  const kernel_op op{S, g()};
  const plan_of<Kernel, S, Geometry> plan{g};
  const runs_of_taps& r = plan();
  auto* scratch = static_cast<unsigned char*>(a.scratch);
  auto* base = reinterpret_cast<std::int32_t*>(scratch);
  scratch += Kernel::base_bytes(op);
  const auto* weights = reinterpret_cast<const unsigned char*>(a.weights + Kernel::weights_begin(op));
  const std::int32_t zero =
      S.in == kind::bits ? 0 : static_cast<std::int32_t>(a.weights[0]) - (S.in == kind::u8 ? 128 : 0);
  const auto* sums = reinterpret_cast<const std::int32_t*>(a.weights + Kernel::sums_begin(op));
  if (r.narrow && zero != 0) {
    sum_active_weights<Kernel>(r, weights, scratch, base);
    sums = base;
  }
  scratch += Kernel::mask_bytes(op);
  for (int c = 0; c < r.w.out.c; c += 4) {
    int32x4_t begin = vmulq_n_s32(vld1q_s32(sums + c), -zero);
    if constexpr (takes_biased<S>) begin = vaddq_s32(begin, detail::parameter<S>(a.weights, r.w, 0, c));
    vst1q_s32(base + c, begin);
  }
  const std::uint8_t padding = S.in == kind::bits ? 1 : static_cast<std::uint8_t>(zero);
  const unsigned char* input = copied_bytes<S.in>(r, a.in, padding, scratch);

  constexpr int block = Kernel::block_channels;
  constexpr bool only_whole_blocks = [] {
    if constexpr (Geometry::is_static)
      return Geometry{}().stored_out_c % block == 0;
    else
      return false;
  }();
  for (int first = 0; first < r.w.out.c; first += block) {
    const byte_block<Kernel, S, Geometry> work{plan,         a,    input, weights + first * r.stored_depth() * 4,
                                               base + first, first};
    if (only_whole_blocks || Kernel::block_width(r.w.stored_out_c, first) == block)
      Tiles::template positions<block / 4>(work);
    else if constexpr (block > 8)
      Tiles::template positions<2>(work);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels::neon
#endif

#endif
