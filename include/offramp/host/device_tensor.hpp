// Between host values and the bytes of a device tensor, in any kind and layout.
#ifndef OFFRAMP_HOST_DEVICE_TENSOR_HPP
#define OFFRAMP_HOST_DEVICE_TENSOR_HPP

#include <cstdint>
#include <vector>

#include <offramp/host/accumulate.hpp>
#include <offramp/kernels/reference/element.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// 16-byte aligned storage for one device tensor.
struct device_tensor {
  struct alignas(16) block {
    unsigned char bytes[16];
  };
  explicit device_tensor(const tensor_desc& d) : blocks((d.bytes() + 15) / 16) {}
  std::vector<block> blocks;
  void* data() { return blocks.data(); }
  [[nodiscard]] const void* data() const { return blocks.data(); }
};

namespace detail {

template <layout L>
void store_bits(const tensor_desc& d, const tensor_values& v, void* out) {
  for (int i = 0; i < d.extent.size(); ++i)
    kernels::reference::store_bit<L>(out, d.extent, i / d.extent.c, i % d.extent.c, v[static_cast<std::size_t>(i)] < 0);
}
template <layout L>
void load_bits(const tensor_desc& d, const void* in, tensor_values& v) {
  for (int i = 0; i < d.extent.size(); ++i)
    v[static_cast<std::size_t>(i)] =
        kernels::reference::load<kind::bits, L>(in, d.extent, i / d.extent.c, i % d.extent.c);
}
template <kind K>
void store_numbers(const tensor_values& v, void* out) {
  for (std::size_t i = 0; i < v.size(); ++i) static_cast<storage_t<K>*>(out)[i] = static_cast<storage_t<K>>(v[i]);
}
template <kind K>
void load_numbers(const void* in, tensor_values& v) {
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<double>(static_cast<const storage_t<K>*>(in)[i]);
}

}  // namespace detail

// Values (codes; signs as -1/+1) into a device tensor, NHWC order.
inline device_tensor to_device(const tensor_desc& d, const tensor_values& v) {
  device_tensor t{d};
  switch (d.element) {
    case kind::bits:
      if (d.arrangement == layout::nhwc) detail::store_bits<layout::nhwc>(d, v, t.data());
      if (d.arrangement == layout::nhwc_wide) detail::store_bits<layout::nhwc_wide>(d, v, t.data());
      if (d.arrangement == layout::bit_planes) detail::store_bits<layout::bit_planes>(d, v, t.data());
      if (d.arrangement == layout::bit_rows) detail::store_bits<layout::bit_rows>(d, v, t.data());
      break;
    case kind::u8: detail::store_numbers<kind::u8>(v, t.data()); break;
    case kind::i8: detail::store_numbers<kind::i8>(v, t.data()); break;
    case kind::i16: detail::store_numbers<kind::i16>(v, t.data()); break;
    case kind::i32: detail::store_numbers<kind::i32>(v, t.data()); break;
    case kind::f32: detail::store_numbers<kind::f32>(v, t.data()); break;
    case kind::none: break;
  }
  return t;
}

inline tensor_values from_device(const tensor_desc& d, const void* data) {
  tensor_values v(static_cast<std::size_t>(d.extent.size()));
  switch (d.element) {
    case kind::bits:
      if (d.arrangement == layout::nhwc) detail::load_bits<layout::nhwc>(d, data, v);
      if (d.arrangement == layout::nhwc_wide) detail::load_bits<layout::nhwc_wide>(d, data, v);
      if (d.arrangement == layout::bit_planes) detail::load_bits<layout::bit_planes>(d, data, v);
      if (d.arrangement == layout::bit_rows) detail::load_bits<layout::bit_rows>(d, data, v);
      break;
    case kind::u8: detail::load_numbers<kind::u8>(data, v); break;
    case kind::i8: detail::load_numbers<kind::i8>(data, v); break;
    case kind::i16: detail::load_numbers<kind::i16>(data, v); break;
    case kind::i32: detail::load_numbers<kind::i32>(data, v); break;
    case kind::f32: detail::load_numbers<kind::f32>(data, v); break;
    case kind::none: break;
  }
  return v;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
