// Weights packed by an older version of the path.
// expect: offramp: these weights are packed for another path, or by another version of it: export them for this one
// expect: weights_for_this_path<1U, 0U, 1U, [0-9]+U>|WeightsPath = 1; .* WeightsVersion = 0; .* SessionPath = 1; .* SessionVersion = [0-9]+

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

#ifdef FAULTY
using weights = packed_model<4, path::portable::id, 0, 1, 0, device::hash(0), device::hash(1)>;
#else
using weights = packed_model<4, path::portable::id, path::portable::version, 1, 0, device::hash(0), device::hash(1)>;
#endif
bound_weights<device, path::portable> bind(const weights& w) { return w; }
