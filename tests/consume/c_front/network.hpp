// A user's network header, for the C front's test: two exits, small enough to build in a moment.
#ifndef TINY_NETWORK_HPP
#define TINY_NETWORK_HPP

#include <offramp/offramp.hpp>

namespace tiny {

using net =
    offramp::network<offramp::image<6, 5, 2>, offramp::stage<offramp::conv2d<8, 3>, offramp::sign>,
                     offramp::exit_head<3>, offramp::stage<offramp::conv2d<8, 3, offramp::binary>, offramp::relu>,
                     offramp::exit_head<3>>;
using device_net = offramp::lower<net, offramp::i8>;

}  // namespace tiny

#endif
