// Host values go into device memory and come back, in every kind and layout; where they lie is checked by hand.
#include <offramp/host/device_tensor.hpp>

#include <cstring>

#include <doctest/doctest.h>

#include "tests/support/random.hpp"

using namespace offramp;

namespace {

tensor_desc describe(shape s, kind k, layout l = layout::nhwc) {
  tensor_desc d;
  d.extent = s;
  d.element = k;
  d.arrangement = l;
  return d;
}

}  // namespace

TEST_CASE("device_tensor: there and back") {
  offramp_test::random_numbers r{92};
  const auto back = [&](const tensor_desc& d, int low, int high) {
    host::tensor_values v(static_cast<std::size_t>(d.extent.size()));
    for (double& x : v) x = d.element == kind::bits ? 1 - 2 * r.between(0, 1) : r.between(low, high);
    const host::device_tensor t = host::to_device(d, v);
    CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 16 == 0);
    CHECK(t.blocks.size() * 16 >= d.bytes());
    CHECK(host::from_device(d, t.data()) == v);
  };
  const shape s{3, 5, 37};
  back(describe(s, kind::u8), 0, 255);
  back(describe(s, kind::i8), -128, 127);
  back(describe(s, kind::i16), -32768, 32767);
  back(describe(s, kind::i32), -2000000000, 2000000000);
  back(describe(s, kind::f32), -1000, 1000);
  for (const layout l : {layout::nhwc, layout::nhwc_wide, layout::bit_planes}) {
    back(describe(s, kind::bits, l), 0, 0);
    back(describe({1, 1, 1}, kind::bits, l), 0, 0);
    back(describe({7, 9, 64}, kind::bits, l), 0, 0);
  }
}

TEST_CASE("device_tensor: where bits lie, and spare bits are zero") {
  host::tensor_values v(2 * 33, 1.0);  // 1 x 2 x 33
  v[0] = -1;                           // position 0, channel 0
  v[32] = -1;                          // position 0, channel 32
  v[33 + 1] = -1;                      // position 1, channel 1
  const auto words = [&](layout l) {
    const tensor_desc d = describe({1, 2, 33}, kind::bits, l);
    const host::device_tensor t = host::to_device(d, v);
    std::vector<std::uint32_t> w(d.bytes() / 4);
    std::memcpy(w.data(), t.data(), d.bytes());
    return w;
  };
  CHECK(words(layout::nhwc) == std::vector<std::uint32_t>{1, 1, 2, 0});
  CHECK(words(layout::nhwc_wide) == std::vector<std::uint32_t>{1, 1, 2, 0});
  const auto planes = words(layout::bit_planes);
  REQUIRE(planes.size() == 33);
  CHECK(planes[0] == 1);
  CHECK(planes[1] == 2);
  CHECK(planes[2] == 0);
  CHECK(planes[32] == 1);
}
