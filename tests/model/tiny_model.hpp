// The smallest models with two exits, packed: what the tests of this room bind, break and run.
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

// No signs at all.
using plain_net = offramp::network<offramp::image<3, 3, 1>, offramp::stage<offramp::conv2d<3, 1>, offramp::relu>,
                                   offramp::exit_head<2>, offramp::stage<offramp::conv2d<2, 1>, offramp::relu>,
                                   offramp::exit_head<2>>;
using plain_device = offramp::lower<plain_net>;

inline const offramp::host::labelled_images& images() {
  static const auto set = offramp_test::random_images({3, 3, 1}, 2, 4, 60);
  return set;
}
template <class Lowered>
const offramp::host::quantized_model& quantized() {
  static const auto q =
      offramp::host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), 61, false), images(), 1);
  return q;
}

// Thresholds 0.75 at both exits.
template <class Lowered = device, class Path = offramp::path::portable, class Criterion = offramp::max_softmax,
          class Reuse = offramp::no_reuse>
std::vector<std::uint32_t> words(const offramp::host::deployment<Lowered::exits, Criterion, Reuse>& d = {
                                     {{49152, 49152}}, {}, {}}) {
  return offramp::host::pack_model<Lowered, Path>(quantized<Lowered>(), d, {images().image(0), 9});
}

// After a change that should be seen by something other than the checksum.
inline void mend(std::vector<std::uint32_t>& w) { w.back() = offramp::crc32(w.data(), w.size() - 1); }

template <class Bound>
offramp::status try_bind(const std::vector<std::uint32_t>& w, Bound& b) {
  return offramp::bind_weights(w.data(), 4 * w.size(), b);
}

// Policies that store words of their own: a weight for every class, and one for every exit.
struct weighted : offramp::max_softmax {
  static constexpr std::uint32_t id = 1001;
  static constexpr bool has_parameters = true;
  template <int Classes>
  static constexpr int words = 1 + Classes;
};
struct mixing : offramp::no_reuse {
  static constexpr std::uint32_t id = 1002;
  template <int Exits, int Classes>
  static constexpr int words = Classes + 2 * Exits;
};
// Plain thresholds, on a scale of their own.
struct margin : offramp::logit_margin {
  static constexpr std::uint32_t id = 1003;
};

}  // namespace tiny

#endif
