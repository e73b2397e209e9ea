// What the compiler works out, worked out again by the program: lowering and planning are ordinary functions, and give
// the same at run time. Sanitizers and coverage then see them, too.
// covers: net/lower.hpp net/plan.hpp net/network.hpp net/composition.hpp kernels/dispatch.hpp layers/layer.hpp
#include <doctest/doctest.h>

#include <string>

#include "tests/support/fake_path.hpp"
#include "tests/support/networks.hpp"

using namespace offramp;
namespace networks = offramp_test::networks;

namespace {

// Called through a pointer that the compiler does not look behind.
template <class F>
auto at_run_time(F* function) {
  F* volatile hidden = function;
  return hidden();
}
template <class Program>
struct to_plan {
  static inline const Program* program = nullptr;
  template <class Path>
  static auto by() {
    return detail::plan_network<Path>(*program);
  }
};

template <class Program>
void check_equal(const Program& a, const Program& b) {
  CHECK(a.step_count == b.step_count);
  CHECK(a.tensor_count == b.tensor_count);
  CHECK(a.groups == b.groups);
  CHECK(a.exit_count == b.exit_count);
  CHECK(a.classes == b.classes);
  for (int i = 0; i < a.step_count; ++i) {
    CAPTURE(i);
    const step_desc& x = a.steps[i];
    const step_desc& y = b.steps[i];
    CHECK(x.op.signature == y.op.signature);
    CHECK(x.op.geometry == y.op.geometry);
    CHECK(x.in == y.in);
    CHECK(x.out == y.out);
    CHECK(x.exit == y.exit);
    CHECK(x.head == y.head);
    CHECK(x.layer_first == y.layer_first);
    CHECK(x.layer_last == y.layer_last);
    CHECK(x.weight_offset == y.weight_offset);
    CHECK(x.weight_words == y.weight_words);
    CHECK(x.scratch_offset == y.scratch_offset);
    CHECK(x.cost.ops() == y.cost.ops());
  }
  for (int i = 0; i < a.tensor_count; ++i) {
    CAPTURE(i);
    CHECK(a.tensors[i].extent == b.tensors[i].extent);
    CHECK(a.tensors[i].element == b.tensors[i].element);
    CHECK(a.tensors[i].arrangement == b.tensors[i].arrangement);
    CHECK(a.tensors[i].group == b.tensors[i].group);
    CHECK(a.tensors[i].offset == b.tensors[i].offset);
  }
  for (int k = 0; k < a.exit_count; ++k) {
    CHECK(a.exit_first[k] == b.exit_first[k]);
    CHECK(a.head_first[k] == b.head_first[k]);
    CHECK(a.logits[k] == b.logits[k]);
  }
}

template <class Lowered, class Path>
void check_plan() {
  using planned_t = planned<Lowered, Path>;
  using program_t = std::remove_cvref_t<decltype(Lowered::program)>;
  to_plan<program_t>::program = &Lowered::program;
  const auto plan = at_run_time(&to_plan<program_t>::template by<Path>);
  check_equal(plan.program, planned_t::program);
  CHECK(plan.arena_bytes == memory<Lowered, Path>.arena_bytes);
  CHECK(plan.weight_words * 4 == memory<Lowered, Path>.weight_bytes);
  for (int k = 0; k < Lowered::exits; ++k)
    CHECK(planned_t::cost_to_exit(k).ops() <= planned_t::cost(0, planned_t::steps).ops());
  CHECK(planned_t::cost_without_exits().ops() <= planned_t::cost_to_exit(Lowered::exits - 1).ops());
}

template <class Net, kind Rest, kind Stream>
void check_lowered() {
  CAPTURE(to_string(Rest));
  CAPTURE(to_string(Stream));
  using lowered = lower<Net, Rest, Stream>;
  check_equal(at_run_time(&detail::lower_network<Net, Rest, Stream>), lowered::program);
  check_plan<lowered, path::portable>();
  check_plan<lowered, path::reference>();
  check_plan<lowered, path::fake>();  // of which some ops want other layouts than others
}

template <class Input, class... Items>
void check_network(const network<Input, Items...>&) {
  using net = network<Input, Items...>;
  const auto d = at_run_time(&detail::describe_network<Input, Items...>);
  CHECK(d.check.error == composition_error::none);
  CHECK(d.layer_count == net::description.layer_count);
  for (int k = 0; k < net::exits; ++k) CHECK(structure_hash(d.view(), k) == structure_hash(net::view(), k));
  for (int i = 0; i < d.layer_count; ++i) {
    CHECK(d.layers[i].in == net::description.layers[i].in);
    CHECK(d.layers[i].out == net::description.layers[i].out);
  }
  check_lowered<net, kind::i8, kind::i16>();
  check_lowered<net, kind::i8, kind::i8>();
  check_lowered<net, kind::f32, kind::f32>();
}

}  // namespace

TEST_CASE("at run time: residuals") { check_network(networks::residuals{}); }
TEST_CASE("at run time: pools") { check_network(networks::pooled{}); }
TEST_CASE("at run time: signs") { check_network(networks::signs{}); }
TEST_CASE("at run time: blocks") { check_network(networks::blocks{}); }
TEST_CASE("at run time: groups and branches") { check_network(networks::grouped{}); }
TEST_CASE("at run time: nested blocks") { check_network(networks::nested{}); }
TEST_CASE("at run time: mixtures") { check_network(networks::mixed{}); }
TEST_CASE("at run time: sequences") { check_network(networks::one_dimensional{}); }

TEST_CASE("at run time: options of layers") {
  const layer_desc d =
      detail::convolution(24, detail::as_kernel(kernel{5, 3}), binary, stride{2, 1}, valid, groups{4}, multiplier{2});
  CHECK(d.what == layer_kind::conv2d);
  CHECK(d.weights == binary);
  CHECK(d.kernel_h == 5);
  CHECK(d.kernel_w == 3);
  CHECK(d.stride_h == 2);
  CHECK(d.stride_w == 1);
  CHECK(d.pad_h == 0);
  CHECK(d.pad_w == 0);
  CHECK(d.groups == 4);
  CHECK(d.out_c == 2);
  const layer_desc line = detail::one_dimensional(detail::convolution(8, detail::as_kernel(5), stride{3}));
  CHECK(line.kernel_h == 1);
  CHECK(line.kernel_w == 5);
  CHECK(line.stride_h == 1);
  CHECK(line.stride_w == 3);
  CHECK(line.pad_h == 0);
  CHECK(line.pad_w == 2);
}

TEST_CASE("at run time: names of what a description holds") {
  CHECK(std::string{to_string(layer_kind::conv2d)} == "conv2d");
  CHECK(std::string{to_string(static_cast<layer_kind>(99))} == "unknown");
  for (const op_kind k : {op_kind::conv, op_kind::pointwise, op_kind::avg_pool, op_kind::max_pool, op_kind::convert,
                          op_kind::copy, op_kind::user, op_kind::mixed_pool})
    CHECK(std::string{to_string(k)} != "unknown");
  CHECK(std::string{to_string(static_cast<op_kind>(99))} == "unknown");
}

TEST_CASE("at run time: the path that runs an op") {
  constexpr op_signature copies_bits{op_kind::copy, bits, kind::none, bits};
  constexpr op_signature converts{op_kind::convert, bits, kind::none, bits};
  const auto same = [](auto tag, auto path) { return std::is_same_v<typename decltype(tag)::type, decltype(path)>; };
  CHECK(same(kernels::detail::path_for<path::fake, copies_bits>(), path::fake{}));
  CHECK(same(kernels::detail::path_for<path::fake, converts>(), path::reference{}));
  CHECK(same(kernels::detail::path_for<path::reference, converts>(), path::reference{}));
}
