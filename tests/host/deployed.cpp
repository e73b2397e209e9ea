// A packed model on this machine: refused with a reason, or run; inputs known at run time only are checked.
#include <offramp/host/deployed.hpp>

#include <algorithm>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

using offramp_test::message_of;

namespace {

using net = network<image<4, 4, 1>, stage<conv2d<8, 3>, batch_norm, sign>, exit_head<3>>;
using real_net = network<image<4, 4, 1, f32>, stage<conv2d<8, 3>, batch_norm, relu>, exit_head<3>>;

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({4, 4, 1}, 3, 5, 130);
  return set;
}
template <class Lowered>
std::vector<std::uint32_t> words() {
  const auto q = host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), 131), images(), 1);
  return host::pack_model<Lowered, path::portable>(q, {}, {images().image(0), 16});
}
}  // namespace

TEST_CASE("deployed: runs, and keeps its words") {
  const auto w = words<lower<net>>();
  host::deployed<lower<net>> model{w};
  CHECK(std::ranges::equal(model.words(), w));
  const prediction p = host::classify(*model, {images().image(1), 16});
  CHECK(p.exit == 0);
  const prediction same =
      model->classify(session<lower<net>>::input_view::unchecked(images().image(1)), confidence{1.0f});
  CHECK(same.probability_q16 == p.probability_q16);
  CHECK(host::classify(*model, {images().image(1), 16}, confidence{0.0f}).label == p.label);
}

TEST_CASE("deployed: a broken model is refused with its status") {
  auto w = words<lower<net>>();
  w[20] ^= 4u;
  CHECK(message_of([&] { host::deployed<lower<net>> model{w}; }) ==
        "deployed model: refused: bad checksum: the bytes were changed after writing");
  w = words<lower<net>>();
  CHECK(message_of([&] { host::bind_or_throw<lower<net, f32>>(w, "garment.bin"); }) ==
        "garment.bin: refused: wrong network: the structure hash belongs to another network");
  CHECK(message_of([&] {
          host::bind_or_throw<lower<net>>({w.data(), 5}, "garment.bin");
        }) == "garment.bin: refused: too short: fewer bytes than the header needs or promises");
}

TEST_CASE("deployed: an input of the wrong size") {
  host::deployed<lower<net>> model{words<lower<net>>()};
  const std::vector<std::uint8_t> pixels(17);
  CHECK(message_of([&] { host::classify(*model, pixels); }) == "classify: the input has 17 elements, expected 16");
  CHECK(message_of([&] {
          host::classify(*model, {pixels.data(), 0});
        }) == "classify: the input has 0 elements, expected 16");
}

TEST_CASE("deployed: a float input that is no number") {
  host::deployed<lower<real_net, f32>> model{words<lower<real_net, f32>>()};
  std::vector<float> x(16, 0.5f);
  CHECK(message_of([&] { host::classify(*model, x); }).empty());
  x[9] = std::numeric_limits<float>::quiet_NaN();
  CHECK(message_of([&] { host::classify(*model, x); }) == "classify: input element 9 is NaN, expected a number");
}
