// A path that exists only here: everything that reads bits wants them in bit planes, convolutions cannot write planes, and
// it computes like the reference. It shows where conversions of layout appear.
#ifndef OFFRAMP_TESTS_NET_PLANES_PATH_HPP
#define OFFRAMP_TESTS_NET_PLANES_PATH_HPP

#include <offramp/kernels/dispatch.hpp>

namespace offramp_test {

struct planes_path {
  using parent = offramp::path::reference;
  static constexpr std::uint16_t id = 9001;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "planes";
};

}  // namespace offramp_test

namespace offramp::inline OFFRAMP_ABI::kernels {

template <>
struct traits<offramp_test::planes_path> : traits<path::reference> {
  static constexpr layout reads(const kernel_op& op) {
    return op.signature.in == kind::bits ? layout::bit_planes : layout::nhwc;
  }
  static constexpr bool writes(const kernel_op& op, layout l) {
    return op.signature.what == op_kind::conv ? l == layout::nhwc : true;
  }
};

template <>
struct code<offramp_test::planes_path> : code<path::reference> {};

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
