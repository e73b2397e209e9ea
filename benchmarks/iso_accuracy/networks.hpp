// The family of the iso-accuracy plot: one residual network in float, int8 and binary, a ladder of widths, with three
// exits or with the last one alone. Binary ladders are wider, since a product of bits is cheaper than one of bytes:
// ladders are chosen so that their accuracies overlap, and compared at equal accuracy, never at equal width.
#ifndef BENCHMARKS_ISO_ACCURACY_NETWORKS_HPP
#define BENCHMARKS_ISO_ACCURACY_NETWORKS_HPP

#include <type_traits>

#include <offramp/offramp.hpp>

namespace iso {

enum class data { fashion_mnist, cifar10 };
enum class arithmetic { f32, i8, bits };

constexpr const char* name_of(data d) { return d == data::cifar10 ? "cifar10" : "fashion_mnist"; }
constexpr const char* name_of(arithmetic a) {
  return a == arithmetic::f32 ? "float" : a == arithmetic::i8 ? "int8" : "binary";
}

// Channels of the first layer; later ones have twice and four times as many. Kernels like multiples of 16 (bytes) and
// 32 (bits): in int8, a width of 24 took longer than one of 32 with AVX-512.
struct ladder {
  int widths[4];
};
template <arithmetic A>
inline constexpr ladder ladder_of = A == arithmetic::bits ? ladder{{16, 32, 48, 64}} : ladder{{4, 8, 16, 32}};

namespace detail {

using namespace offramp;

// y = x + batch_norm(relu(convolution of sign(x))), the block of QuickNet, and y = x + batch_norm(convolution of
// relu(x)).
template <int Channels, auto... Options>
using binary_block = residual<sign, conv2d<Channels, 3, binary, Options...>, relu, batch_norm>;
template <int Channels, auto... Options>
using plain_block = residual<relu, conv2d<Channels, 3, Options...>, batch_norm>;

// The first layer halves the image at once: what follows is small enough for microcontrollers.
template <data D, int W>
struct entrance;
// 28x28x1 to 12x12: 3,600 W products.
template <int W>
struct entrance<data::fashion_mnist, W> {
  using input = image<28, 28, 1>;
  using layer = conv2d<W, 5, stride{2}, valid>;
  using first_head = exit_head<10, avg_pool<3>>;
};
// 32x32x3 to 16x16: 6,912 W products.
template <int W>
struct entrance<data::cifar10, W> {
  using input = image<32, 32, 3>;
  using layer = conv2d<W, 3, stride{2}>;
  using first_head = exit_head<10, avg_pool<4>>;
};

// Three blocks at a quarter, a quarter and an eighth of the image's side, an exit behind each: 2,592 W^2 products for
// 28x28, 4,608 W^2 for 32x32, a quarter of them before the first exit.
template <data D, template <int, auto...> class Block, int W>
struct family {
  using from = entrance<D, W>;
  using plain =
      network<typename from::input,
              stage<typename from::layer, batch_norm, Block<2 * W, stride{2}>, Block<2 * W>, Block<4 * W, stride{2}>>,
              exit_head<10>>;
  using adaptive = network<typename from::input, stage<typename from::layer, batch_norm, Block<2 * W, stride{2}>>,
                           typename from::first_head, stage<Block<2 * W>>, typename from::first_head,
                           stage<Block<4 * W, stride{2}>>, exit_head<10>>;
};

template <data D, arithmetic A, int W>
struct family_of {
  using type = family<D, plain_block, W>;
};
template <data D, int W>
struct family_of<D, arithmetic::bits, W> {
  using type = family<D, binary_block, W>;
};

}  // namespace detail

// As trained; float and int8 share it.
template <data D, arithmetic A, int Width, bool Exits>
using network = std::conditional_t<Exits, typename detail::family_of<D, A, Width>::type::adaptive,
                                   typename detail::family_of<D, A, Width>::type::plain>;

// As it runs. The first layer and the heads of a binary network are int8.
template <data D, arithmetic A, int Width, bool Exits>
using lowered = offramp::lower<network<D, A, Width, Exits>, (A == arithmetic::f32 ? offramp::f32 : offramp::i8)>;

}  // namespace iso

#endif
