// A histogram of one exit never changes.
// expect: offramp: with one exit there is no histogram to compare

#include <offramp/exits/drift.hpp>

using namespace offramp;

#ifdef FAULTY
constexpr int exits = 1;
#else
constexpr int exits = 2;
#endif
[[maybe_unused]] constexpr exit_drift<exits> drift{exit_shares<exits>{}};
