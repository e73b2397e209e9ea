// A run op by op is the run a session makes: same tensors, same logits, on every path; and single ops fit to it.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/exits/session.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/planned_run.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/fake_path.hpp"
#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;

namespace {

using net = network<image<6, 6, 1, u8>,
                    stage<conv2d<8, 3, stride{2}>, batch_norm, residual<sign, conv2d<8, 3, binary>, batch_norm>>,
                    exit_head<3>, stage<sign, conv2d<12, 3, binary>, batch_norm, sign, max_pool<2>>, exit_head<3>>;
using device = lower<net, i8>;

host::quantized_model quantized() {
  return host::quantize<device>(offramp_test::random_model(net::view(), 900),
                                offramp_test::random_images({6, 6, 1}, 3, 8, 901), 1);
}

template <class Path>
void same_as_session() {
  const host::quantized_model q = quantized();
  const host::planned_run run = host::planned_run::of<device, Path>();
  const std::vector<std::uint32_t> ops = run.pack(q);
  CHECK(run.path() == Path::name);
  CHECK(run.steps().size() == static_cast<std::size_t>(planned<device, Path>::steps));
  const auto images = offramp_test::random_images({6, 6, 1}, 3, 3, 902);
  for (int image = 0; image < images.count(); ++image) {
    const std::vector<std::uint8_t> pixels(images.image(image), images.image(image) + images.image_size());
    std::vector<host::tensor_values> alone(run.tensors().size()), ran = alone;
    alone[0].assign(pixels.begin(), pixels.end());
    int ops_seen = 0;
    run.run(ops.data(), alone[0], [&](int i, const host::tensor_values&, const host::tensor_values& after) {
      CHECK(i == ops_seen++);
      const step_desc& s = run.steps()[static_cast<std::size_t>(i)];
      const auto in = static_cast<std::size_t>(s.in), out = static_cast<std::size_t>(s.out);
      alone[out] = run.run_op(ops.data(), i, alone[in], alone[out]);
      ran[out] = after;
      CHECK(alone[out] == after);
    });
    CHECK(ops_seen == static_cast<int>(run.steps().size()));

    host::deployed<device, Path> session{host::pack_model<device, Path>(q, {}, pixels)};
    using session_t = typename host::deployed<device, Path>::session_type;
    session->begin(host::checked_input<session_t>(pixels));
    for (int k = 0; k < device::exits; ++k) {
      session->step();
      const auto logits = static_cast<std::size_t>(planned<device, Path>::program.logits[k]);
      for (int c = 0; c < device::classes; ++c)
        CHECK(static_cast<double>(session->logits()[c]) == ran[logits][static_cast<std::size_t>(c)]);
    }
  }
}

}  // namespace

TEST_CASE("a run op by op gives the logits of a session, and ops alone give the same tensors") {
  same_as_session<path::reference>();
  same_as_session<path::portable>();
  same_as_session<path::fake>();
}

TEST_CASE("an op that adds finds what was there before") {
  const host::quantized_model q = quantized();
  const host::planned_run run = host::planned_run::of<device, path::portable>();
  const std::vector<std::uint32_t> ops = run.pack(q);
  int adds = 0;
  for (std::size_t i = 0; i < run.steps().size(); ++i) {
    const step_desc& s = run.steps()[i];
    if (!s.op.signature.add) continue;
    ++adds;
    const host::tensor_values in(static_cast<std::size_t>(s.op.geometry.in.size()), 1.0);
    const auto size = static_cast<std::size_t>(s.op.geometry.out.size());
    const auto from_zero = run.run_op(ops.data(), static_cast<int>(i), in);
    const auto from_seven = run.run_op(ops.data(), static_cast<int>(i), in, host::tensor_values(size, 7.0));
    // Equal but for saturation at the ends of i16.
    for (std::size_t j = 0; j < size; ++j) {
      const double sum = from_zero[j] + 7;
      CHECK((from_seven[j] == sum || from_seven[j] == 32767));
    }
  }
  CHECK(adds == 1);
}

TEST_CASE("wrong sizes and a model of another network are refused with both numbers") {
  const host::planned_run run = host::planned_run::of<device, path::portable>();
  host::quantized_model q = quantized();
  const std::vector<std::uint32_t> ops = run.pack(q);
  const auto nothing = [](int, const host::tensor_values&, const host::tensor_values&) {};
  CHECK(offramp_test::message_of([&] { run.run(ops.data(), host::tensor_values(35), nothing); }) ==
        "planned_run: the input has 35 elements, expected 36");
  CHECK(offramp_test::message_of([&] { static_cast<void>(run.run_op(ops.data(), 0, host::tensor_values(1))); }) ==
        "planned_run: the input of op 0 has 1 elements, expected 36");
  CHECK(offramp_test::message_of([&] {
          static_cast<void>(run.run_op(ops.data(), 0, host::tensor_values(36), host::tensor_values(5)));
        }) == "planned_run: the output of op 0 has 5 elements, expected 72");
  q.words.pop_back();
  CHECK(offramp_test::message_of([&] { static_cast<void>(run.pack(q)); }) ==
        "planned_run: the quantized model has " + std::to_string(q.words.size()) + " ops, expected " +
            std::to_string(q.words.size() + 1) + ": quantize it for the same lowered network");
}
