// A threshold for each class is not one for each exit.
// expect: no matching (member )?function for call to

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

using by_class = session<device, path::portable, per_class<max_softmax>>;
prediction classify(by_class& net, const std::uint8_t (&x)[64]) {
#ifdef FAULTY
  return net.classify(x, exit_thresholds<2>{{1, 2}});
#else
  return net.classify(x, exit_thresholds<2, 3>{{1, 2, 3, 4, 5, 6}});
#endif
}
