// First the criterion, then the reuse.
// expect: constraint(s not satisfied| failure)|does not satisfy|because|constraints not satisfied

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

#ifdef FAULTY
session<device, path::portable, additive, entropy>* never = nullptr;
#else
session<device, path::portable, entropy, additive>* never = nullptr;
#endif
