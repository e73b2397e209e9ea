// The network that 03_train trains, 04_exits looks at and 06_deploy brings to a device.
#ifndef EXAMPLES_SMALL_NETWORK_HPP
#define EXAMPLES_SMALL_NETWORK_HPP

#include <iostream>

#include <offramp/host/dataset.hpp>
#include <offramp/host/train.hpp>
#include <offramp/offramp.hpp>

namespace small {

using namespace offramp;

using net = network<image<28, 28, 1, u8>,  //
                    stage<conv2d<16, 3, stride{2}>, batch_norm, bireal_block<32>>, exit_head<10, avg_pool<7>>,
                    stage<bireal_block<64, 2>>, exit_head<10, avg_pool<4, 3>>,
                    stage<bireal_block<64>, bireal_block<64>>, exit_head<10, avg_pool<4, 3>>>;
using device_net = lower<net, i8>;

// Trains on the slice of Fashion-MNIST in the repository, some ten seconds, or on what OFFRAMP_DATA_DIR names. The
// checkpoint is written after every epoch: an interrupted run goes on from there, a finished one is read back.
inline host::model trained(const host::dataset& data, std::ostream* progress = &std::cout) {
  const int epochs = data.train.count() < 5000 ? 30 : 5;
  const recipes::joint recipe{
      .epochs = epochs, .batch = 32, .exit_weights = {0.5f, 0.7f, 1.0f}, .flip = true, .shift = 1};
  return host::train<net>(data.train, recipe,
                          {.checkpoint = "small.checkpoint", .progress = progress, .validation = &data.validation});
}

}  // namespace small

#endif
