// Joining takes two.
// expect: offramp: all_of and any_of join two criteria or more

#include <offramp/exits/policies.hpp>

using namespace offramp;

#ifdef FAULTY
using joined = all_of<max_softmax>;
#else
using joined = all_of<max_softmax, patience>;
#endif
[[maybe_unused]] constexpr std::uint32_t id = joined::id;
