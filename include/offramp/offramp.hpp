// offramp for devices: everything that describes, lowers and runs a network on the portable path. Needs a C++20
// compiler and nothing else: no heap, exceptions, RTTI or vendor header.
#ifndef OFFRAMP_OFFRAMP_HPP
#define OFFRAMP_OFFRAMP_HPP

#include <offramp/exits/batch.hpp>
#include <offramp/exits/drift.hpp>
#include <offramp/exits/policies.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/exits/statistics.hpp>
#include <offramp/model/packed_model.hpp>
#include <offramp/model/self_test.hpp>
#include <offramp/net/network.hpp>
#include <offramp/net/plan.hpp>
#include <offramp/timing/clock.hpp>

#endif
