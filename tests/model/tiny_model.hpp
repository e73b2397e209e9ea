// The smallest model with two exits, packed: what the tests of this room bind, break and run.
#ifndef OFFRAMP_TESTS_MODEL_TINY_MODEL_HPP
#define OFFRAMP_TESTS_MODEL_TINY_MODEL_HPP

#include <cstdint>
#include <vector>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/offramp.hpp>

#include "tests/support/random_model.hpp"

namespace tiny {

using net =
    offramp::network<offramp::image<3, 3, 1>, offramp::stage<offramp::conv2d<3, 1>, offramp::sign>,
                     offramp::exit_head<2>, offramp::stage<offramp::conv2d<2, 1, offramp::binary>, offramp::relu>,
                     offramp::exit_head<2>>;
using device = offramp::lower<net>;
using float_device = offramp::lower<net, offramp::f32>;
using bound = offramp::bound_weights<device, offramp::path::portable>;

// Thresholds 0.75 at both exits.
template <class Lowered = device, class Path = offramp::path::portable>
std::vector<std::uint32_t> words() {
  const auto images = offramp_test::random_images({3, 3, 1}, 2, 4, 60);
  const auto q = offramp::host::quantize<Lowered>(offramp_test::random_model(net::view(), 61, false), images, 1);
  return offramp::host::pack_model<Lowered, Path>(q, {{{49152, 49152}}, offramp::max_softmax::id},
                                                  {images.image(0), 9});
}

// After a change that should be seen by something other than the checksum.
inline void mend(std::vector<std::uint32_t>& w) { w.back() = offramp::crc32(w.data(), w.size() - 1); }

inline offramp::status try_bind(const std::vector<std::uint32_t>& w, bound& b) {
  return offramp::bind_weights(w.data(), 4 * w.size(), b);
}

}  // namespace tiny

#endif
