// Weights know their network by its structure hash.
// expect: offramp: these weights were exported for another network: export them again
// expect: weights_of_this_network<[0-9]+UL, [0-9]+UL>|weights_of_this_network.* WeightsHash = [0-9]+; .* NetworkHash = [0-9]+

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

#ifdef FAULTY
using weights =
    packed_model<4, path::portable::id, path::portable::version, 1, 0, device::hash(0), device::hash(1) + 1>;
#else
using weights = packed_model<4, path::portable::id, path::portable::version, 1, 0, device::hash(0), device::hash(1)>;
#endif
bound_weights<device, path::portable> bind(const weights& w) { return w; }
