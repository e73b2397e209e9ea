// Ten layers (ten_layers.hpp) on the portable path, and a profile that nobody asks.
#include "ten_layers.hpp"

#include <offramp/cpus/cortex_m4_instructions_portable.hpp>
#include <offramp/latency/predict.hpp>

arena<ten_layers> ram;

prediction classify(const bound_weights<ten_layers, path::portable>& weights,
                    const std::uint8_t (&pixels)[32 * 32 * 3]) {
  session<ten_layers> net{weights, ram};
  return net.classify(pixels);
}
