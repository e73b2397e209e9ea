// A source of somebody's firmware: finds the headers and a standard that they compile in.
#include <offramp/offramp.hpp>

using namespace offramp;
using net = lower<network<image<4, 4, 1, u8>, stage<conv2d<4, 3>, batch_norm, sign>, exit_head<2>>, i8>;
static_assert(memory<net, path::portable>.arena_bytes > 0);
