// The comparison behind lowering_equality*.cpp: every op of a network on a path against the fake-quantized network, on
// identical inputs, and the logits of whole runs. A difference prints network, path, step, channel, position and both
// values.
#ifndef OFFRAMP_TESTS_NET_LOWERING_EQUALITY_HPP
#define OFFRAMP_TESTS_NET_LOWERING_EQUALITY_HPP

#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/exits/session.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/device_tensor.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/net/plan.hpp>

#include "tests/support/fake_path.hpp"
#include "tests/support/random_model.hpp"

namespace offramp_test {

// What one run of a program (a sequence of tensors, in lowered order) gives, and its codes before and after every step.
struct recorded_step {
  offramp::host::tensor_values in, before, after;
};

inline std::vector<recorded_step> record(const offramp::host::quantized_model& q, const std::uint8_t* pixels) {
  std::vector<recorded_step> steps;
  std::vector<offramp::host::tensor_values> t(q.program.tensors.size());
  t[0] = offramp::host::run_program(q, pixels, true)[0];
  for (std::size_t s = 0; s < q.program.steps.size(); ++s) {
    const auto in = static_cast<std::size_t>(q.program.steps[s].in);
    const auto out = static_cast<std::size_t>(q.program.steps[s].out);
    recorded_step r{t[in], t[out], {}};
    offramp::host::run_quantized_step(q, s, t[in], t[out]);
    r.after = t[out];
    steps.push_back(r);
  }
  return steps;
}

// Float results: the device sums in float, in its own order. Everything else is equal to the last unit, but for numbers
// quantized from floats, where such a sum may fall on the other side of a rounding.
inline double allowed(const offramp::op_signature& s, double size) {
  if (!s.float_accumulator()) return s.out == offramp::f32 ? 1e-5 * size : 0.0;
  if (s.out == offramp::f32) return 1e-4 * size;
  return s.out == offramp::bits ? 0.0 : 1.0;
}

// Compares a device tensor with host values. Returns the number of differences, the first of them printed.
inline int differences(const std::string& where, const offramp::step_desc& step,
                       const offramp::host::tensor_values& got, const offramp::host::tensor_values& expected) {
  double size = 1;
  for (const double v : expected) size = std::max(size, std::abs(v));
  int different = 0;
  const int channels = step.op.geometry.out.c;
  // Behind the channels of a copy stands what the next ones will write.
  const bool copy = step.op.signature.what == offramp::op_kind::copy;
  const int written = copy ? step.op.geometry.out_first + step.op.geometry.in.c : channels;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (static_cast<int>(i) % channels >= written) continue;
    if (std::abs(got[i] - expected[i]) <= allowed(step.op.signature, size)) continue;
    if (different++ == 0)
      MESSAGE(where << ": " << std::string{offramp::to_string(step.op.signature.what)} << " channel "
                    << static_cast<int>(i) % channels << " position " << static_cast<int>(i) / channels << ": got "
                    << got[i] << ", expected " << expected[i]);
  }
  return different;
}

// One op of the plan, from host values to host values.
template <class Path, class Lowered, int I>
offramp::host::tensor_values run_device_step(const offramp::host::tensor_values& in,
                                             const offramp::host::tensor_values& before,
                                             const std::vector<std::uint32_t>& packed) {
  using planned_t = offramp::planned<Lowered, Path>;
  constexpr offramp::step_desc s = planned_t::program.steps[I];
  constexpr offramp::tensor_desc from = planned_t::program.tensors[s.in];
  constexpr offramp::tensor_desc to = planned_t::program.tensors[s.out];
  static_assert(s.op.signature.in_layout == from.arrangement && s.op.signature.out_layout == to.arrangement);
  const offramp::host::device_tensor input = offramp::host::to_device(from, in);
  offramp::host::device_tensor output = s.op.signature.add || s.op.geometry.out_first > 0
                                            ? offramp::host::to_device(to, before)
                                            : offramp::host::device_tensor{to};
  offramp::host::device_tensor scratch{
      offramp::tensor_desc{{1, 1, static_cast<int>(offramp::kernels::scratch_bytes<Path>(s.op))},
                           offramp::i8,
                           offramp::layout::nhwc,
                           -1,
                           0}};
  offramp::kernels::arguments a;
  a.in = input.data();
  a.out = output.data();
  a.weights = packed.data();
  a.scratch = scratch.data();
  // The portable path as sessions run it; the others by signature alone, which is much less to compile.
  if constexpr (std::is_same_v<Path, offramp::path::portable>)
    offramp::kernels::run<Path, s.op.signature>(offramp::static_geometry<s.op.geometry>{}, a);
  else
    offramp::kernels::run<Path, s.op.signature>(offramp::dynamic_geometry{s.op.geometry}, a);
  return offramp::host::from_device(to, output.data());
}

template <class Path, class Lowered>
class step_comparison {
  using planned_t = offramp::planned<Lowered, Path>;

 public:
  // `image` names the input in messages.
  static int run(const std::string& network, const offramp::host::quantized_model& q,
                 const std::vector<recorded_step>& expected, int image) {
    return all(network, q, expected, image, std::make_integer_sequence<int, planned_t::steps>{});
  }

 private:
  template <int... I>
  static int all(const std::string& network, const offramp::host::quantized_model& q,
                 const std::vector<recorded_step>& expected, int image, std::integer_sequence<int, I...>) {
    std::size_t lowered = 0;  // the step of the lowered program; conversions of layout have none
    return (one<I>(network, q, expected, image, lowered) + ... + 0);
  }

  template <int I>
  static int one(const std::string& network, const offramp::host::quantized_model& q,
                 const std::vector<recorded_step>& expected, int image, std::size_t& lowered) {
    constexpr offramp::step_desc s = planned_t::program.steps[I];
    const std::string where =
        network + " on " + Path::name + ", step " + std::to_string(I) + ", image " + std::to_string(image);
    if constexpr (s.op.signature.what == offramp::op_kind::convert) {
      // Keeps the values of the op behind it, which reads what it writes.
      const auto& in = expected[lowered].in;
      return differences(where, s, run_device_step<Path, Lowered, I>(in, {}, {}), in);
    } else {
      const recorded_step& r = expected[lowered];
      std::vector<std::uint32_t> packed(s.weight_words);
      offramp::kernels::pack<Path>(s.op, q.words[lowered].data(), packed.data());
      ++lowered;
      return differences(where, s, run_device_step<Path, Lowered, I>(r.in, r.before, packed), r.after);
    }
  }
};

// Whole runs of a session: logits of all exits.
template <class Path, class Lowered>
int session_differences(const std::string& network, const offramp::host::quantized_model& q,
                        const std::vector<std::uint8_t>& pixels, const std::vector<recorded_step>& expected,
                        int image) {
  using session_t = offramp::session<Lowered, Path>;
  const std::vector<std::uint32_t> words = offramp::host::pack_model<Lowered, Path>(q, {}, pixels);
  const auto bound = offramp::host::bind_or_throw<Lowered, Path>(words, network);
  static offramp::arena<Lowered, Path> memory;
  for (unsigned char& b : memory.bytes) b = 0xa5;  // nothing may rely on a clean arena
  session_t s{bound, memory};
  std::vector<typename session_t::input_element> input(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i)
    input[i] = static_cast<typename session_t::input_element>(expected[0].in[i]);
  s.begin(session_t::input_view::unchecked(input.data()));
  int different = 0;
  for (int k = 0; k < Lowered::exits; ++k) {
    s.step();
    // What the last op that wrote the logits left there: a cascade adds to them.
    std::size_t i = q.program.steps.size() - 1;
    while (q.program.steps[i].out != q.program.logits[static_cast<std::size_t>(k)]) --i;
    for (int c = 0; c < Lowered::classes; ++c) {
      const double e = expected[i].after[static_cast<std::size_t>(c)];
      const auto got = static_cast<double>(s.logits()[c]);
      if (std::abs(got - e) <= (session_t::logit_kind == offramp::f32 ? 1e-3 * (1 + std::abs(e)) : 0.0)) continue;
      if (different++ == 0)
        MESSAGE(network << " on " << std::string{Path::name} << ", image " << image << ", exit " << k << ", class " << c
                        << ": logit " << got << ", expected " << e);
    }
  }
  return different;
}

// Everything for one network. `ends`: compare whole runs too (not where integers depend on the order of float sums).
template <class Lowered>
void compare_lowering(const std::string& network, std::uint64_t stream, bool wild = true, bool ends = true) {
  using namespace offramp;
  const host::model m = random_model(Lowered::network::view(), stream, wild);
  const auto images = random_images(Lowered::input.extent, Lowered::classes, 6, stream);
  const host::quantized_model q = host::quantize<Lowered>(m, images.slice(2, 4), 1);
  int different = 0;
  for (int i = 0; i < 2; ++i) {
    const std::vector<std::uint8_t> pixels(images.image(i), images.image(i) + images.image_size());
    const auto expected = record(q, pixels.data());
    different += step_comparison<path::reference, Lowered>::run(network, q, expected, i);
    different += step_comparison<path::portable, Lowered>::run(network, q, expected, i);
    different += step_comparison<path::fake, Lowered>::run(network, q, expected, i);
    if (!ends) continue;
    different += session_differences<path::portable, Lowered>(network, q, pixels, expected, i);
    different += session_differences<path::fake, Lowered>(network, q, pixels, expected, i);
  }
  CHECK_MESSAGE(different == 0, network);
}

}  // namespace offramp_test

#endif
