// The example network on the portable path, as a firmware or a host program would compile it.
#include <offramp/offramp.hpp>

#include "fashion_mnist/network.hpp"

using namespace offramp;

arena<fashion::device_net> ram;

prediction classify(const bound_weights<fashion::device_net, path::portable>& weights,
                    const std::uint8_t (&pixels)[28 * 28]) {
  session<fashion::device_net> net{weights, ram};
  return net.classify(pixels);
}
