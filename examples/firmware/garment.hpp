// The network of all firmware examples, and the path that computes it: -DFIRMWARE_PATH=cortex_m, say, with
// -include offramp/paths/cortex_m.hpp. weights.hpp and images.h come from generate.cpp.
#ifndef EXAMPLES_FIRMWARE_GARMENT_HPP
#define EXAMPLES_FIRMWARE_GARMENT_HPP

#include <offramp/offramp.hpp>

#include "fashion_mnist/network.hpp"
#include "images.h"
#include "weights.hpp"

#ifndef FIRMWARE_PATH
#define FIRMWARE_PATH portable
#endif

namespace firmware {

using net = fashion::device_net;
using here = offramp::path::FIRMWARE_PATH;

// What a firmware relies on, said where it does not compile otherwise.
static_assert(offramp::memory<net, here>.arena_bytes <= 48 * 1024);
static_assert(offramp::memory<net, here>.weight_bytes <= 104 * 1024);

}  // namespace firmware

#endif
