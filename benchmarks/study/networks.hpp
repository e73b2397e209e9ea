// The networks of the study: one chain of residual blocks with five exits for each data set, in float and binary, with
// heads that stand alone (Shallow-Deep Networks), with heads that read the logits before them (Zero Time Waste), and
// with the last head only. Exits stand at about 15, 30, 50, 75 and 100 % of the operations. Early heads pool a mixture
// of maximum and mean to a small grid, as SDN does.
#ifndef BENCHMARKS_STUDY_NETWORKS_HPP
#define BENCHMARKS_STUDY_NETWORKS_HPP

#include <offramp/offramp.hpp>

namespace study {

enum class heads { last, alone, cascade };

namespace detail {

using namespace offramp;

// y = x + batch_norm(relu(convolution of sign(x))), the block of QuickNet, and y = x + batch_norm(convolution of
// relu(x)).
template <int Channels, auto... Options>
using binary_block = residual<sign, conv2d<Channels, 3, binary, Options...>, relu, batch_norm>;
template <int Channels, auto... Options>
using float_block = residual<relu, conv2d<Channels, 3, Options...>, batch_norm>;

// 28x28x1, then 14x14, then 7x7. `Wide` and `Narrow` are the sides and strides of the heads' poolings there.
template <template <int, auto...> class Block, class Stem, int W, auto Wide, auto Narrow>
struct garments {
  using input = image<28, 28, 1>;
  using stage_1 = layer_sequence<Stem, batch_norm, Block<W>>;
  using stage_2 = layer_sequence<Block<W>>;
  using stage_3 = layer_sequence<Block<2 * W, stride{2}>, Block<2 * W>>;
  using stage_4 = layer_sequence<Block<2 * W>, Block<2 * W>>;
  using stage_5 = layer_sequence<Block<2 * W>, Block<2 * W>>;
  using pool_1 = mixed_pool<Wide[0], Wide[1]>;
  using pool_2 = mixed_pool<Wide[0], Wide[1]>;
  using pool_3 = mixed_pool<Narrow[0], Narrow[1]>;
  using pool_4 = mixed_pool<Narrow[0], Narrow[1]>;
  using pool_5 = avg_pool<Narrow[0], Narrow[1]>;
};

// 32x32x3, then 16x16, 8x8 and 4x4.
template <template <int, auto...> class Block, class Stem, int W, int Wide, int Middle>
struct photographs {
  using input = image<32, 32, 3>;
  using stage_1 = layer_sequence<Stem, batch_norm, Block<W>>;
  using stage_2 = layer_sequence<Block<W>>;
  using stage_3 = layer_sequence<Block<2 * W, stride{2}>, Block<2 * W>>;
  using stage_4 = layer_sequence<Block<2 * W>, Block<4 * W, stride{2}>>;
  using stage_5 = layer_sequence<Block<4 * W>, Block<4 * W>>;
  using pool_1 = mixed_pool<Wide>;
  using pool_2 = mixed_pool<Wide>;
  using pool_3 = mixed_pool<Middle>;
  using pool_4 = mixed_pool<2>;
  using pool_5 = avg_pool<2>;
};

// The last head is the backbone's own, and reads no other.
template <class F, template <int, class...> class Head>
using with_exits = network<typename F::input, stage<typename F::stage_1>, exit_head<10, typename F::pool_1>,
                           stage<typename F::stage_2>, Head<10, typename F::pool_2>, stage<typename F::stage_3>,
                           Head<10, typename F::pool_3>, stage<typename F::stage_4>, Head<10, typename F::pool_4>,
                           stage<typename F::stage_5>, exit_head<10, typename F::pool_5>>;

template <class F, heads H>
struct assembled {
  using type = with_exits<F, exit_head>;
};
template <class F>
struct assembled<F, heads::cascade> {
  using type = with_exits<F, cascade_head>;
};
template <class F>
struct assembled<F, heads::last> {
  using type = network<
      typename F::input,
      stage<typename F::stage_1, typename F::stage_2, typename F::stage_3, typename F::stage_4, typename F::stage_5>,
      exit_head<10, typename F::pool_5>>;
};

struct size_and_step {
  int at[2];
  constexpr int operator[](int i) const { return at[i]; }
};

}  // namespace detail

// 0.86 million products.
template <heads H>
using float_garments =
    typename detail::assembled<detail::garments<detail::float_block, offramp::conv2d<8, 3, offramp::stride{2}>, 8,
                                                detail::size_and_step{4, 3}, detail::size_and_step{4, 1}>,
                               H>::type;

// 3.1 million binary products and 6,000 of bytes, in the first layer.
template <heads H>
using binary_garments = typename detail::assembled<
    detail::garments<detail::binary_block, offramp::conv2d<8, 2, offramp::stride{2}, offramp::valid>, 16,
                     detail::size_and_step{7, 7}, detail::size_and_step{4, 3}>,
    H>::type;

// 2.4 million products.
template <heads H>
using float_photographs = typename detail::assembled<
    detail::photographs<detail::float_block, offramp::conv2d<12, 3, offramp::stride{2}>, 12, 4, 2>, H>::type;

// 8.4 million binary products and 25,000 of bytes.
template <heads H>
using binary_photographs = typename detail::assembled<
    detail::photographs<detail::binary_block, offramp::conv2d<8, 2, offramp::stride{2}, offramp::valid>, 24, 8, 4>,
    H>::type;

}  // namespace study

#endif
