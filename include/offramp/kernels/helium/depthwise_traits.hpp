// Convolutions in groups of bytes times int8 or signs, in the layout of the portable path: depthwise ones are done
// here, channels that several outputs read and groups of several channels by its loops.
#ifndef OFFRAMP_KERNELS_HELIUM_DEPTHWISE_TRAITS_HPP
#define OFFRAMP_KERNELS_HELIUM_DEPTHWISE_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/path.hpp>
#include <offramp/kernels/portable/traits.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::helium {

[[gnu::always_inline]] constexpr bool runs_by_channel(const kernel_op& op) {
  return portable::by_channel(op) && !portable::gathers_tile(op);
}

struct depthwise {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::conv && s.grouped && (s.in == kind::u8 || s.in == kind::i8) &&
           (s.weights == kind::i8 || s.weights == kind::bits) && s.in_layout == layout::nhwc &&
           s.out_layout == layout::nhwc;
  }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr int form(const kernel_op& op) { return runs_by_channel(op) ? 1 : 0; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return portable::packed_words(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op& op) { return traits<path::portable>::scratch_bytes(op); }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    portable::pack(op, canonical, packed);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::helium

#endif
