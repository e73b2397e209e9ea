// Thresholds for each class need one score to be compared with.
// expect: offramp: per_class takes a criterion with one score and one threshold, such as max_softmax

#include <offramp/exits/policies.hpp>
#include <offramp/offramp.hpp>

using namespace offramp;

#ifdef FAULTY
using inside = all_of<max_softmax, patience>;
#else
using inside = max_softmax;
#endif
[[maybe_unused]] constexpr std::uint32_t id = per_class<inside>::id;
