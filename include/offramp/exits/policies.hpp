// Every exit policy there is: what a session may be given beside its network and path.
#ifndef OFFRAMP_EXITS_POLICIES_HPP
#define OFFRAMP_EXITS_POLICIES_HPP

#include <offramp/exits/additive.hpp>
#include <offramp/exits/combine.hpp>
#include <offramp/exits/criteria.hpp>
#include <offramp/exits/deadline.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/exits/learned_gate.hpp>
#include <offramp/exits/patience.hpp>
#include <offramp/exits/per_class.hpp>
#include <offramp/exits/reuse.hpp>

#endif
