// The example network on all paths of x86.
#include "every_path.hpp"
#include "fashion_mnist/network.hpp"

offramp::prediction classify(int place, const void* weights, void* ram, const std::uint8_t (&pixels)[28 * 28]) {
  return classify_on<fashion::device_net>(place, weights, ram, pixels);
}
