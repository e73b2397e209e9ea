// The three matrix products of a layer with weights, of row-major matrices without gaps. Everything that Eigen
// multiplies for the trainer goes through here, so that each product is compiled once.
#ifndef OFFRAMP_HOST_LAYERS_PRODUCT_HPP
#define OFFRAMP_HOST_LAYERS_PRODUCT_HPP

#include <offramp/host/eigen.hpp>

namespace offramp::inline OFFRAMP_ABI::host::layers {

// y[rows][outputs] = x[rows][depth] * w[outputs][depth]^T.
template <class T>
void multiply(const T* x, const T* w, int rows, int depth, int outputs, T* y) {
  matrix_view<T> to{y, rows, outputs};
  to.noalias() = const_matrix_view<T>{x, rows, depth} * const_matrix_view<T>{w, outputs, depth}.transpose();
}

// d_w[outputs][depth] (+)= dy[rows][outputs]^T * x[rows][depth].
template <class T>
void multiply_for_weights(const T* dy, const T* x, int rows, int depth, int outputs, bool add, T* d_w) {
  const const_matrix_view<T> d{dy, rows, outputs}, in{x, rows, depth};
  matrix_view<T> to{d_w, outputs, depth};
  if (add)
    to.noalias() += d.transpose() * in;
  else
    to.noalias() = d.transpose() * in;
}

// dx[rows][depth] (+)= dy[rows][outputs] * w[outputs][depth].
template <class T>
void multiply_for_input(const T* dy, const T* w, int rows, int depth, int outputs, bool add, T* dx) {
  const const_matrix_view<T> d{dy, rows, outputs}, weights{w, outputs, depth};
  matrix_view<T> to{dx, rows, depth};
  if (add)
    to.noalias() += d * weights;
  else
    to.noalias() = d * weights;
}

}  // namespace offramp::inline OFFRAMP_ABI::host::layers

#endif
