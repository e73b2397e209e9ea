// A layer of the user's own: a type with the functions below becomes a layer by `user_layer<T>`, and takes part in
// training, lowering, memory plan, cost tables, export and identity like any other.
#ifndef OFFRAMP_LAYERS_USER_LAYER_HPP
#define OFFRAMP_LAYERS_USER_LAYER_HPP

#include <offramp/kernels/user_op.hpp>
#include <offramp/layers/layer.hpp>

namespace offramp::inline OFFRAMP_ABI {

// To provide, all static:
//   constexpr std::uint32_t id                          1000 or more, one for each layer type
//   constexpr const char* name
//   constexpr kind in, out                              of the device op (user_op.hpp)
//   constexpr shape out_shape(shape in)
//   constexpr std::int64_t macs(shape in)               multiply-accumulates of one image
//   void run(const user_arguments&)                     the device op: no heap, no exceptions
//   void forward(shape in, const float* parameters, const float* x, float* y)
//   void backward(shape in, const float* parameters, const float* x, const float* dy, float* dx, float* d_parameters)
// and, where there is something to train or to store:
//   constexpr int parameter_count(shape in)
//   void initialize(shape in, float* parameters)
//   constexpr std::size_t weight_words(shape in, kind in_kind)
//   void write(const user_arguments& a, const float* parameters, std::uint32_t* words)
//                                                       what `run` reads as a.weights, made on the host from shapes,
//                                                       kinds and scales (else the parameters as floats)
//   constexpr std::size_t scratch_bytes(shape in)
template <class T>
concept user_layer_type = requires(shape in, const user_arguments& a, const float* x, float* y) {
  {T::id};
  {T::name};
  {T::in};
  {T::out};
  {T::out_shape(in)};
  {T::macs(in)};
  {T::run(a)};
  {T::forward(in, x, x, y)};
  {T::backward(in, x, x, x, y, y)};
};

namespace detail {

template <class T>
constexpr int user_parameter_count(shape in) {
  if constexpr (requires { T::parameter_count(in); })
    return T::parameter_count(in);
  else
    return 0;
}
template <class T>
constexpr std::size_t user_weight_words(shape in, kind in_kind) {
  if constexpr (requires { T::weight_words(in, in_kind); }) {
    return T::weight_words(in, in_kind);
  } else {
    static_assert(
        !requires { &T::weight_words; }, "offramp: a user layer has weight_words(shape in, kind in_kind)");
    return static_cast<std::size_t>(user_parameter_count<T>(in));
  }
}
template <class T>
constexpr std::size_t user_scratch_bytes(shape in) {
  if constexpr (requires { T::scratch_bytes(in); })
    return T::scratch_bytes(in);
  else
    return 0;
}
template <class T>
void user_initialize(shape in, float* parameters) {
  if constexpr (requires { T::initialize(in, parameters); })
    T::initialize(in, parameters);
  else
    static_assert(
        !requires { &T::initialize; }, "offramp: a user layer has initialize(shape in, float* parameters)");
}
template <class T>
void user_write(const user_arguments& a, const float* parameters, std::uint32_t* words) {
  if constexpr (requires { T::write(a, parameters, words); }) {
    T::write(a, parameters, words);
  } else {
    static_assert(
        !requires { &T::write; },
        "offramp: a user layer has write(const user_arguments& a, const float* parameters, uint32_t* words)");
    for (int i = 0; i < user_parameter_count<T>(a.in_shape); ++i)
      words[i] = __builtin_bit_cast(std::uint32_t, parameters[i]);
  }
}

template <user_layer_type T>
inline constexpr user_op user_op_of{T::id,
                                    T::name,
                                    T::in,
                                    T::out,
                                    T::out_shape,
                                    T::macs,
                                    user_weight_words<T>,
                                    user_scratch_bytes<T>,
                                    T::run,
                                    user_parameter_count<T>,
                                    user_initialize<T>,
                                    T::forward,
                                    T::backward,
                                    user_write<T>};

}  // namespace detail

template <user_layer_type T>
struct user_layer : single_layer<layer_desc{.what = layer_kind::user, .user = &detail::user_op_of<T>}> {
  static_assert(T::id >= 1000, "offramp: a user layer's id is 1000 or more");
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
