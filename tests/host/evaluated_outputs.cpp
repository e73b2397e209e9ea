// Outputs of a float model are those of its float lowered form, and cost what the plan says.
#include <offramp/host/evaluated_outputs.hpp>

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

template <int... Binary>
using block = residual<sign, conv2d<8, 3, binary>, batch_norm>;
using net = network<image<8, 8, 1>, stage<conv2d<4, 3, stride{2}>, batch_norm, block<>>, exit_head<3>, stage<block<>>,
                    cascade_head<3, avg_pool<2>>>;

host::labelled_images some_images(int count) {
  host::labelled_images set{8, 8, 1, 3, {}, {}, {}};
  host::random_source random{7, 1, 2};
  for (int i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 3));
    for (int p = 0; p < 64; ++p) set.pixels.push_back(static_cast<std::uint8_t>(random.next() % 200));
  }
  return set;
}

}  // namespace

TEST_CASE("evaluated_outputs: costs are those of the plan, whatever the path") {
  using device = lower<net, i8>;
  const host::exit_costs costs = host::costs_of<device>();
  CHECK(costs.full_ops == planned<device, path::portable>::cost_without_exits().ops());
  for (int k = 0; k < 2; ++k)
    CHECK(costs.ops[static_cast<std::size_t>(k)] == planned<device, path::portable>::cost_to_exit(k).ops());
  CHECK(host::costs_of<lower<net, f32>>().full_ops > 0);
}

TEST_CASE("evaluated_outputs: the same answers as the network lowered to floats") {
  const host::labelled_images set = some_images(30);
  const host::model m = host::make_model(net::view(), 5);
  host::thread_pool pool{2};
  using device = lower<net, f32>;
  const host::exit_outputs seen = host::evaluated_outputs(m, set, host::costs_of<device>(), pool);
  const host::quantized_model q = host::quantize<device>(m, set, 1);
  const host::deployed<device> ready{
      host::pack_model<device, path::portable>(q, host::deployment<2>{}, {set.image(0), set.image_size()})};
  const auto weights = host::bind_or_throw<device>(ready.words(), "test");
  const host::exit_outputs expected = host::run_all_exits(weights, set, pool);
  REQUIRE(seen.exits() == 2);
  CHECK(seen.count() == 30);
  CHECK(seen.truth == expected.truth);
  CHECK(seen.ops == expected.ops);
  CHECK(seen.full_ops == expected.full_ops);
  CHECK(seen.classes == 3);
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < 30; ++i) {
      for (int c = 0; c < 3; ++c)
        CHECK(std::abs(seen.logits<float>(k, i)[c] - expected.logits<float>(k, i)[c]) < 1e-3f);
      CHECK(std::abs(seen.score_q16[k][i] - expected.score_q16[k][i]) < 66);
    }
}

TEST_CASE("in_real_units: integer logits times their scale; floats stay") {
  host::exit_outputs o;
  o.classes = 2;
  o.truth = {1};
  o.label = {{0}};
  o.integer_logits = {{6, -3}};
  o.scale = {0.5};
  o.unit = {make_fixed_factor(0.5 * 65536)};
  const host::exit_outputs r = host::in_real_units(o);
  CHECK(r.integer_logits.empty());
  CHECK(r.real_logits[0] == std::vector<float>{3.0f, -1.5f});
  CHECK(r.scale[0] == 1);
  CHECK(host::in_real_units(r).real_logits == r.real_logits);
}

TEST_CASE("evaluated_outputs: costs of another network are refused") {
  const host::labelled_images set = some_images(3);
  host::thread_pool pool{1};
  const std::string text = message_of([&] {
    host::evaluated_outputs(host::make_model(net::view(), 5), set, host::exit_costs{{1, 2, 3}, 3}, pool);
  });
  CHECK(text.find("3 images and 2 exits, expected 3 and 3") != std::string::npos);
}
