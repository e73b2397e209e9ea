// The loops that define every op: short enough to check by hand, integer results normative bit for bit.
#ifndef OFFRAMP_KERNELS_REFERENCE_CODE_HPP
#define OFFRAMP_KERNELS_REFERENCE_CODE_HPP

#include <offramp/kernels/output_stage.hpp>
#include <offramp/kernels/path.hpp>
#include <offramp/kernels/reference/element.hpp>
#include <offramp/kernels/stored_bytes.hpp>
#include <offramp/kernels/weights.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

namespace reference {

// One weight of the canonical kernel: output channel o, tap t, input channel c of its group.
template <kind K>
inline auto weight(const std::uint32_t* kernel, const window& w, int o, int t, int c) {
  const int tap = o * w.taps() + t;
  if constexpr (K == kind::bits)
    return std::int32_t{1} -
           2 * static_cast<std::int32_t>(get_bit(kernel + tap * ceil_div(w.stored_group_in_c(), 32), c));
  else if constexpr (K == kind::i8)
    return std::int32_t{bytes_in(kernel)[tap * w.stored_group_in_c() + c]};
  else
    return __builtin_bit_cast(float, kernel[tap * w.stored_group_in_c() + c]);
}

template <op_signature S>
inline accumulator_t<S> convolve(const void* in, const std::uint32_t* kernel, const window& w, std::int32_t in_zero,
                                 int oy, int ox, int o) {
  accumulator_t<S> acc = 0;
  const int group_first = S.grouped ? o / (w.out.c / w.groups) * w.group_in_c() : 0;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int y = oy * w.stride_h - w.pad_top + ky;
      const int x = ox * w.stride_w - w.pad_left + kx;
      const bool inside = y >= 0 && y < w.in.h && x >= 0 && x < w.in.w;
      if (!inside && S.in != kind::bits) continue;
      for (int c = 0; c < w.group_in_c(); ++c) {
        const auto v = weight<S.weights>(kernel, w, o, ky * w.kernel_w + kx, c);
        if (!inside) {
          acc += static_cast<accumulator_t<S>>(v);  // padding of signs is +1
          continue;
        }
        const auto a = load<S.in, S.in_layout>(in, w.in, y * w.in.w + x, group_first + c);
        if constexpr (S.in == kind::u8 || S.in == kind::i8)
          acc += static_cast<accumulator_t<S>>(a - in_zero) * static_cast<accumulator_t<S>>(v);
        else
          acc += static_cast<accumulator_t<S>>(a) * static_cast<accumulator_t<S>>(v);
      }
    }
  return acc;
}

// Sum (avg_pool) over the window of output (oy, ox), input channel c.
template <op_signature S>
inline accumulator_t<S> window_sum(const void* in, const window& w, std::int32_t in_zero, int oy, int ox, int c) {
  accumulator_t<S> acc = 0;
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const int p = (oy * w.stride_h + ky) * w.in.w + ox * w.stride_w + kx;
      acc += static_cast<accumulator_t<S>>(load<S.in, S.in_layout>(in, w.in, p, c));
      if constexpr (is_integer(S.in)) acc -= in_zero;
    }
  return acc;
}

// Maximum over the window, in the stored kind (signs: -1 only if all are).
template <op_signature S>
inline auto window_max(const void* in, const window& w, int oy, int ox, int c) {
  auto best = load<S.in, S.in_layout>(in, w.in, oy * w.stride_h * w.in.w + ox * w.stride_w, c);
  for (int ky = 0; ky < w.kernel_h; ++ky)
    for (int kx = 0; kx < w.kernel_w; ++kx) {
      const auto v = load<S.in, S.in_layout>(in, w.in, (oy * w.stride_h + ky) * w.in.w + ox * w.stride_w + kx, c);
      if (v > best) best = v;
    }
  return best;
}

// The mixture of both (mixed_pool), of numbers.
template <op_signature S>
inline accumulator_t<S> window_mixture(const arguments& a, const window& w, std::int32_t in_zero, int oy, int ox,
                                       int c) {
  auto maximum = static_cast<accumulator_t<S>>(window_max<S>(a.in, w, oy, ox, c));
  if constexpr (is_integer(S.in)) maximum -= in_zero;
  return mixture<S>(a.weights, w, 0) * maximum +
         mixture<S>(a.weights, w, 1) * window_sum<S>(a.in, w, in_zero, oy, ox, c);
}

}  // namespace reference

template <>
struct code<path::reference> {
  template <op_signature S, class Geometry>
  static void run(Geometry g, const arguments& a) {
    const window w = g();
    if constexpr (S.what == op_kind::user)
      S.user->run(user_arguments_of({S, w}, a));
    else if constexpr (S.what == op_kind::copy)
      copy<S>(w, a);
    else
      compute<S>(w, a);
  }

  // What a user's op is handed.
  static user_arguments user_arguments_of(const kernel_op& op, const arguments& a) {
    user_arguments u;
    u.in_shape = op.geometry.in;
    u.out_shape = op.geometry.out;
    u.in_kind = op.signature.in;
    u.out_kind = op.signature.out;
    u.in = a.in;
    u.out = a.out;
    u.weights = a.weights + weight_layout::header_words;
    u.scratch = a.scratch;
    u.in_zero = static_cast<std::int32_t>(a.weights[0]);
    u.out_zero = static_cast<std::int32_t>(a.weights[1]);
    u.in_scale = __builtin_bit_cast(float, a.weights[2]);
    u.out_scale = __builtin_bit_cast(float, a.weights[3]);
    return u;
  }

 private:
  template <op_signature S>
  static void compute(const window& w, const arguments& a) {
    namespace r = reference;
    if constexpr (S.out == kind::bits) r::clear_bits<S.out_layout>(a.out, w.out);
    for (int oy = 0; oy < w.out.h; ++oy)
      for (int ox = 0; ox < w.out.w; ++ox)
        for (int o = 0; o < w.out.c; ++o) {
          const int p = oy * w.out.w + ox;
          if constexpr (S.what == op_kind::max_pool || S.what == op_kind::convert) {
            const auto v = r::window_max<S>(a.in, w, oy, ox, o);  // a convert is a 1x1 window
            if constexpr (S.out == kind::bits)
              r::store_bit<S.out_layout>(a.out, w.out, p, o, v < 0);
            else
              static_cast<storage_t<S.out>*>(a.out)[p * w.out.c + o] = v;
          } else {
            const parameters<S> params{a.weights, w};
            accumulator_t<S> acc;
            if constexpr (S.what == op_kind::conv)
              acc = r::convolve<S>(a.in, a.weights + canonical_layout({S, w}).kernel(), w, params.in_zero(), oy, ox, o);
            else if constexpr (S.what == op_kind::mixed_pool)
              acc = r::window_mixture<S>(a, w, params.in_zero(), oy, ox, o);
            else  // pointwise is the sum over a 1x1 window
              acc = r::window_sum<S>(a.in, w, params.in_zero(), oy, ox, o % w.in.c);
            const int channel = S.shares_parameters() ? 0 : o;
            if constexpr (S.out == kind::bits) {
              const bool flip = ((params.flips(o / 32) >> (o % 32)) & 1u) != 0;
              r::store_bit<S.out_layout>(a.out, w.out, p, o, below_threshold(params, channel, acc) != flip);
            } else {
              auto& out = static_cast<storage_t<S.out>*>(a.out)[p * w.out.c + o];
              out = finish(params, channel, acc, out);
            }
          }
        }
  }

  template <op_signature S>
  static void copy(const window& w, const arguments& a) {
    namespace r = reference;
    if constexpr (S.out == kind::bits)
      if (w.out_first == 0) r::clear_bits<S.out_layout>(a.out, w.out);
    for (int p = 0; p < w.in.positions(); ++p)
      for (int c = 0; c < w.in.c; ++c) {
        const auto v = r::load<S.in, S.in_layout>(a.in, w.in, p, c);
        if constexpr (S.out == kind::bits)
          r::store_bit<S.out_layout>(a.out, w.out, p, w.out_first + c, v < 0);
        else
          static_cast<storage_t<S.out>*>(a.out)[p * w.out.c + w.out_first + c] = v;
      }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
