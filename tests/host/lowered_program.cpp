// A program without its type holds what the type held.
#include <offramp/host/lowered_program.hpp>

#include <doctest/doctest.h>

using namespace offramp;

TEST_CASE("lowered_program: a copy of the constants") {
  using net = network<image<6, 6, 2>, stage<conv2d<4, 3>, relu>, exit_head<3>, stage<conv2d<4, 3>, sign>, exit_head<3>>;
  using device = lower<net>;
  const host::lowered_program p = host::program_of<device>();
  const auto& q = device::program;
  REQUIRE(p.steps.size() == 6);
  REQUIRE(p.tensors.size() == 7);
  CHECK(p.groups == q.groups);
  CHECK(p.logits == std::vector<int>{q.logits[0], q.logits[1]});
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    CHECK(p.steps[i].op.signature == q.steps[i].op.signature);
    CHECK(p.steps[i].out == q.steps[i].out);
    CHECK(p.steps[i].layer_last == q.steps[i].layer_last);
  }
  for (std::size_t t = 0; t < p.tensors.size(); ++t) CHECK(p.tensors[t].extent == q.tensors[t].extent);
}
