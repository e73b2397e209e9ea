// Channels of several branches of the same input, one behind the other (Huang et al. 2017, DenseNet; Bethge et al.
// 2019, BinaryDenseNet). An empty branch<> is the input itself. All branches must end with the same height and width.
#ifndef OFFRAMP_LAYERS_CONCAT_HPP
#define OFFRAMP_LAYERS_CONCAT_HPP

#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

template <class... Layers>
struct branch {
  static constexpr int layer_count = 1 + (Layers::layer_count + ... + 0);
  static constexpr void append(layer_desc*& out) {
    *out++ = layer_desc{.what = layer_kind::branch_begin};
    (Layers::append(out), ...);
  }
};

template <class... Branches>
struct concat {
  static_assert(sizeof...(Branches) > 1, "offramp: concat<> needs at least two branches");
  static constexpr int layer_count = 2 + (Branches::layer_count + ... + 0);
  static constexpr void append(layer_desc*& out) {
    *out++ = layer_desc{.what = layer_kind::concat_begin};
    (Branches::append(out), ...);
    *out++ = layer_desc{.what = layer_kind::concat_end};
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
