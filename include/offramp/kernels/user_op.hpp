// A user's own layer, as a table of plain functions: the library knows nothing else about it. The device part works
// without heap; the training part runs on the host and is never linked on a device. `user_layer<T>` makes the table
// from a type (layers/user_layer.hpp, which says what to provide).
#ifndef OFFRAMP_KERNELS_USER_OP_HPP
#define OFFRAMP_KERNELS_USER_OP_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct window;

// What a user's op is handed at run time. Elements are of the kinds the op declared, NHWC; the real value of an
// integer is (code - zero) * scale. `weights` are the words its `write` made; scratch is aligned to 8 bytes.
struct user_arguments {
  shape in_shape{};
  shape out_shape{};
  kind in_kind = kind::none;
  kind out_kind = kind::none;
  const void* in = nullptr;
  void* out = nullptr;
  const std::uint32_t* weights = nullptr;
  void* scratch = nullptr;
  std::int32_t in_zero = 0;
  std::int32_t out_zero = 0;
  float in_scale = 1;
  float out_scale = 1;
};

struct user_op {
  std::uint32_t id = 0;  // 1000 or more; part of the network's identity
  const char* name = "";
  kind in = kind::none;   // what the op reads: u8, i8, i16 or f32; none: the kind of what is not binary (i8 or f32)
  kind out = kind::none;  // what it writes, likewise
  shape (*out_shape)(shape in) = nullptr;
  std::int64_t (*macs)(shape in) = nullptr;
  std::size_t (*weight_words)(shape in, kind in_kind) = nullptr;
  std::size_t (*scratch_bytes)(shape in) = nullptr;
  void (*run)(const user_arguments&) = nullptr;

  // On the host, one image at a time, in floats. `backward` adds to dx (null: not wanted) and d_parameters.
  int (*parameter_count)(shape in) = nullptr;
  void (*initialize)(shape in, float* parameters) = nullptr;
  void (*forward)(shape in, const float* parameters, const float* x, float* y) = nullptr;
  void (*backward)(shape in, const float* parameters, const float* x, const float* dy, float* dx,
                   float* d_parameters) = nullptr;
  // Makes the words of the device op; `a` holds shapes, kinds, zeros and scales.
  void (*write)(const user_arguments& a, const float* parameters, std::uint32_t* words) = nullptr;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
