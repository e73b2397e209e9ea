// What a device op computes, as plain data: a signature (fixed at compile time even in tests) and
// a window (static or dynamic).
//
//   conv       acc[o] = sum over taps and channels of (in - in_zero) * weight, then the output stage for `out`
//   pointwise  acc[c] = in[c] - in_zero, then the output stage (batch norm, relu and sign that follow no convolution)
//   avg_pool   acc[c] = sum over the window of (in - in_zero), one factor for all channels; output c reads c % in.c
//   max_pool   maximum over the window, same kind
//   mixed_pool acc[c] = a * maximum + b * sum over the window of (in - in_zero), one a, b and factor for all channels
//   convert    the same values in another layout
//   copy       the same values into channels [out_first, out_first + in.c) of a wider tensor (concatenation); the copy
//              to channel 0 comes first
//   user       whatever a user's op does (layers/user_layer.hpp)
//
// Activations of kind bits count as -1/+1; padding is +1 for them and contributes 0 otherwise. in_zero lies in the
// range of the input kind, and is 0 for bits, i16 and f32.
#ifndef OFFRAMP_KERNELS_OP_HPP
#define OFFRAMP_KERNELS_OP_HPP

#include <cstdint>

#include <offramp/core/layout.hpp>
#include <offramp/core/window.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class op_kind : std::uint8_t { conv, pointwise, avg_pool, max_pool, convert, copy, user, mixed_pool };

constexpr const char* to_string(op_kind k) {
  switch (k) {
    case op_kind::conv: return "conv";
    case op_kind::pointwise: return "pointwise";
    case op_kind::avg_pool: return "avg_pool";
    case op_kind::max_pool: return "max_pool";
    case op_kind::convert: return "convert";
    case op_kind::copy: return "copy";
    case op_kind::user: return "user";
    case op_kind::mixed_pool: return "mixed_pool";
  }
  return "unknown";
}

struct user_op;  // user_op.hpp

struct op_signature {
  op_kind what = op_kind::conv;
  kind in = kind::bits;
  kind weights = kind::none;  // conv only
  kind out = kind::bits;
  bool add = false;  // add into the tensor already at `out` (residual streams), with saturation
  layout in_layout = layout::nhwc;
  layout out_layout = layout::nhwc;
  bool grouped = false;     // conv only: geometry.groups > 1
  bool two_slopes = false;  // another output stage below a threshold: a leaky activation, or an affine map behind relu
  bool rectified = false;   // conv only: sums below 0 count as 0, as where relu comes first and an affine map behind it
  const user_op* user = nullptr;

  // One set of output parameters for all channels?
  [[nodiscard]] constexpr bool shares_parameters() const {
    return what == op_kind::avg_pool || what == op_kind::mixed_pool;
  }
  // Accumulators are i32 unless a float takes part.
  [[nodiscard]] constexpr bool float_accumulator() const { return in == kind::f32 || weights == kind::f32; }
  friend constexpr bool operator==(const op_signature&, const op_signature&) = default;
};

struct kernel_op {
  op_signature signature{};
  window geometry{};
};

// The op for all stored channels. What a path chooses, and so how weights are packed, must not depend on a nested
// width.
[[gnu::always_inline]] constexpr kernel_op for_stored_channels(kernel_op op) {
  if (!op.signature.grouped) {
    op.geometry.in.c = op.geometry.stored_in_c;
    op.geometry.out.c = op.geometry.stored_out_c;
  }
  return op;
}
// With a kernel of its own, as in a network of these widths alone.
[[gnu::always_inline]] constexpr kernel_op for_active_channels(kernel_op op) {
  op.geometry.stored_in_c = op.geometry.in.c;
  op.geometry.stored_out_c = op.geometry.out.c;
  return op;
}

// Accumulators that move in coarse steps (a binary dot product moves by 2) get this many fraction bits before their
// bias is added, so that rounding the bias costs nothing. 8 bits leave room for 2^22 products.
constexpr int accumulator_fraction_bits(const op_signature& s) {
  const bool coarse =
      (s.what == op_kind::pointwise && s.in != kind::i32) || (s.in == kind::bits && s.weights == kind::bits);
  return coarse && !s.float_accumulator() ? 8 : 0;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
