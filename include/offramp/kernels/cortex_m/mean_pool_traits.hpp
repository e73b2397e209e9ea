// Means of integers: which ones, packed as the parent packs them.
#ifndef OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_TRAITS_HPP
#define OFFRAMP_KERNELS_CORTEX_M_MEAN_POOL_TRAITS_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/kernels/portable/packing.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m {

// Kernels without weights of their own: canonical parameters, no working memory.
struct parameters_alone {
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op& op) { return portable::packed_words(op); }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 0; }
  static constexpr void pack(const kernel_op& op, const std::uint32_t* canonical, std::uint32_t* packed) {
    portable::pack(op, canonical, packed);
  }
  static constexpr bool plain_layouts(const op_signature& s) {
    return s.in_layout == layout::nhwc && s.out_layout == layout::nhwc;
  }
  static constexpr bool is_short(kind k) { return k == kind::u8 || k == kind::i8 || k == kind::i16; }
};

struct mean_pool : parameters_alone {
  static constexpr bool runs(const op_signature& s) {
    return s.what == op_kind::avg_pool && is_short(s.in) && (is_short(s.out) || s.out == kind::i32) && plain_layouts(s);
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::kernels::cortex_m

#endif
