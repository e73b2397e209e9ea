// Several criteria have no score in common; sure() asks them.
// expect: no matching (member )?function|invalid reference to function 'score'|constraints not satisfied

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;
using device = lower<small>;

using both = all_of<max_softmax, patience>;
bool ask(const session<device, path::portable, both>& net) {
#ifdef FAULTY
  return net.score() > 0;
#else
  return net.sure(confidence{0.5f});
#endif
}
