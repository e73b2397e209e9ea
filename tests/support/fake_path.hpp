// A path for tests only. Everything a path may decide is decided oddly here, so that code which takes the portable
// path's choices for granted fails: bits travel in bit planes, convolutions keep their weights in blocks of 3 output
// channels, last tap first, in the order 2, 0, 1, signs inverted and bytes one to a word, and every op wants a few
// bytes of scratch.
#ifndef OFFRAMP_TESTS_SUPPORT_FAKE_PATH_HPP
#define OFFRAMP_TESTS_SUPPORT_FAKE_PATH_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/dispatch.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace path {

struct fake {
  using parent = portable;
  static constexpr std::uint16_t id = 250;
  static constexpr std::uint16_t version = 4;
  static constexpr const char* name = "fake";
  static constexpr const char* about = "for tests";
};

}  // namespace path

namespace kernels {

template <>
struct traits<path::fake> {
  static constexpr bool runs(const op_signature& s) {
    switch (s.what) {
      case op_kind::conv:
        if (s.in == kind::bits) return s.weights == kind::bits;
        return (s.in == kind::u8 || s.in == kind::i8) && s.weights == kind::i8 && s.out != kind::f32;
      case op_kind::max_pool:
      case op_kind::copy: return s.in == kind::bits;
      case op_kind::pointwise: return s.in != kind::bits && s.out == kind::bits;
      case op_kind::avg_pool:
      case op_kind::mixed_pool:
      case op_kind::convert:
      case op_kind::user: break;
    }
    return false;
  }
  static constexpr layout reads(const kernel_op& op) {
    return op.signature.in == kind::bits ? layout::bit_planes : layout::nhwc;
  }
  static constexpr bool writes(const kernel_op& op, layout l) {
    return l == (op.signature.out == kind::bits ? layout::bit_planes : layout::nhwc);
  }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) {
    return op.signature.what == op_kind::conv ? 3 * 4 : 5;
  }

  // Words of one output channel: the canonical words of signs, or a word for each byte.
  static constexpr int depth(const kernel_op& op) {
    const window& w = op.geometry;
    return w.taps() *
           (op.signature.weights == kind::bits ? ceil_div(w.stored_group_in_c(), 32) : w.stored_group_in_c());
  }
  // Where word k of channel o stands. Blocks are full: the last one is filled up with zeros.
  static constexpr std::size_t index(int depth, int o, int k) {
    constexpr int place[3] = {1, 2, 0};
    return static_cast<std::size_t>((o / 3 * depth + depth - 1 - k) * 3 + place[o % 3]);
  }
  static constexpr std::size_t weight_words(const kernel_op& op) {
    const weight_layout l = canonical_layout(op);
    if (op.signature.what != op_kind::conv) return l.total();
    return l.kernel() + static_cast<std::size_t>(ceil_div(op.geometry.stored_out_c, 3) * 3 * depth(op));
  }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    const weight_layout l = canonical_layout(op);
    const std::size_t n = weight_words(op);
    for (std::size_t i = 0; i < n; ++i) packed[i] = i < l.kernel() || l.kernel_words == 0 ? canonical[i] : 0;
    if (op.signature.what != op_kind::conv) return;
    const int words = depth(op);
    for (int o = 0; o < op.geometry.stored_out_c; ++o)
      for (int k = 0; k < words; ++k) {
        const int i = o * words + k;
        std::uint32_t& to = packed[l.kernel() + index(words, o, k)];
        if (op.signature.weights == kind::bits)
          to = ~canonical[l.kernel() + static_cast<std::size_t>(i)];
        else
          to = (canonical[l.kernel() + static_cast<std::size_t>(i / 4)] >> (8 * (i % 4))) & 0xffu;
      }
  }
};

template <>
struct code<path::fake> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    static_assert(traits<path::fake>::runs(S));
    static_assert(S.in != kind::bits || S.in_layout == layout::bit_planes);
    static_assert(S.out != kind::bits || S.out_layout == layout::bit_planes);
    namespace r = reference;
    const window w = g();
    for (std::size_t i = 0; i < traits<path::fake>::scratch_bytes({S, w}); ++i)
      static_cast<unsigned char*>(a.scratch)[i] = 0xee;  // all that was asked for is there
    if constexpr (S.what == op_kind::copy) {
      copy<S>(w, a);
    } else if constexpr (S.what == op_kind::conv) {
      if constexpr (S.out == kind::bits) r::clear_bits<S.out_layout>(a.out, w.out);
      convolve<S>(w, a);
    } else {
      r::clear_bits<S.out_layout>(a.out, w.out);  // all of these write bits
      for (int p = 0; p < w.out.positions(); ++p)
        for (int o = 0; o < w.out.c; ++o) {
          const int oy = p / w.out.w;
          const int ox = p % w.out.w;
          if constexpr (S.what == op_kind::max_pool) {
            r::store_bit<S.out_layout>(a.out, w.out, p, o, r::window_max<S>(a.in, w, oy, ox, o) < 0);
          } else {
            const parameters<S> params{a.weights, w};
            store<S>(params, w, a.out, p, o, r::window_sum<S>(a.in, w, params.in_zero(), oy, ox, o % w.in.c));
          }
        }
    }
  }

 private:
  // Planes of channels stand one behind the other.
  template <op_signature S>
  static void copy(const window& w, const arguments& a) {
    const int words = plane_words(w.in.positions());
    auto* to = static_cast<std::uint32_t*>(a.out);
    if (w.out_first == 0) fill_run(to, std::uint32_t{0}, w.out.c * words);
    copy_run(to + w.out_first * words, static_cast<const std::uint32_t*>(a.in), w.in.c * words);
  }

  template <op_signature S>
  static void store(const parameters<S>& params, const window& w, void* out, int p, int o, accumulator_t<S> acc) {
    if constexpr (S.out == kind::bits) {
      const bool flip = ((params.flips(o / 32) >> (o % 32)) & 1u) != 0;
      reference::store_bit<S.out_layout>(out, w.out, p, o, below_threshold(params, o, acc) != flip);
    } else {
      auto& element = static_cast<storage_t<S.out>*>(out)[p * w.out.c + o];
      element = finish(params, o, acc, element);
    }
  }

  template <op_signature S>
  static void convolve(const window& w, const arguments& a) {
    const kernel_op op{S, w};
    const parameters<S> params{a.weights, w};
    const std::uint32_t* kernel = a.weights + canonical_layout(op).kernel();
    const int depth = traits<path::fake>::depth(op);
    const int in_words = ceil_div(w.stored_group_in_c(), 32);
    auto* sums = static_cast<std::int32_t*>(a.scratch);  // of a block
    const int group_c = w.out.c / w.groups;              // output channels of a group
    for (int p = 0; p < w.out.positions(); ++p)
      for (int block = 0; block < w.out.c; block += 3) {
        for (int j = 0; j < 3; ++j) sums[j] = 0;
        for (int tap = 0; tap < w.taps(); ++tap) {
          const int y = p / w.out.w * w.stride_h - w.pad_top + tap / w.kernel_w;
          const int x = p % w.out.w * w.stride_w - w.pad_left + tap % w.kernel_w;
          const bool inside = y >= 0 && y < w.in.h && x >= 0 && x < w.in.w;
          for (int c = 0; c < w.group_in_c(); ++c)
            for (int j = 0; j < 3 && block + j < w.out.c; ++j) {
              std::int32_t value = S.in == kind::bits ? 1 : 0;
              if (inside) {
                const int channel = (block + j) / group_c * w.group_in_c() + c;
                value = std::int32_t{reference::load<S.in, S.in_layout>(a.in, w.in, y * w.in.w + x, channel)};
                if constexpr (S.in != kind::bits) value -= params.in_zero();
              }
              if constexpr (S.weights == kind::bits) {
                const std::uint32_t word = kernel[traits<path::fake>::index(depth, block + j, tap * in_words + c / 32)];
                sums[j] += get_bit(&word, c % 32) ? value : -value;  // stored inverted
              } else {
                const int k = tap * w.stored_group_in_c() + c;
                sums[j] += value * static_cast<std::int8_t>(kernel[traits<path::fake>::index(depth, block + j, k)]);
              }
            }
        }
        for (int j = 0; j < 3 && block + j < w.out.c; ++j) store(params, w, a.out, p, block + j, sums[j]);
      }
  }
};

}  // namespace kernels

}  // namespace offramp::inline OFFRAMP_ABI

#endif
