// Ten layers that differ from each other: int8 first, binary inside, three exits.
#ifndef BENCHMARKS_COMPILE_TIME_TEN_LAYERS_HPP
#define BENCHMARKS_COMPILE_TIME_TEN_LAYERS_HPP

#include <offramp/offramp.hpp>

using namespace offramp;

template <int Channels, int Kernel, auto... Options>
using layer = layer_sequence<conv2d<Channels, Kernel, binary, Options...>, batch_norm, sign>;

using ten_layers =
    lower<network<image<32, 32, 3, u8>,
                  stage<conv2d<32, 3>, batch_norm, sign, layer<32, 3>, layer<64, 3, stride{2}>, layer<64, 3>>,
                  exit_head<10>, stage<layer<96, 3>, layer<96, 3>, layer<128, 3, stride{2}>>, exit_head<10>,
                  stage<layer<128, 3>, layer<256, 1>, layer<64, 1>>, exit_head<10>>,
          i8>;

#endif
