// What the compiler works out about levels and trims, worked out again by the program: sanitizers and coverage then see
// it, too.
// covers: elastic/bind_nested.hpp elastic/nested.hpp elastic/nested_session.hpp elastic/trim.hpp
#include <doctest/doctest.h>

#include <offramp/elastic/bind_nested.hpp>
#include <offramp/elastic/nested_session.hpp>
#include <offramp/elastic/trim.hpp>

#include "tests/support/nested_check.hpp"
#include "tests/support/networks.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

// Called through a pointer that the compiler does not look behind.
template <class Result, class... Arguments>
Result at_run_time(Result (*function)(Arguments...), Arguments... arguments) {
  Result (*volatile hidden)(Arguments...) = function;
  return hidden(arguments...);
}

template <class Net, class... Levels>
void check_widths() {
  CHECK(at_run_time(&detail::check_nested<Net, Levels...>).error == nested_error::none);
  CHECK(at_run_time(&detail::width_layer_count<Net>) == detail::width_layer_count<Net>());
}

template <class Family, class Path, int I>
void check_plan() {
  using level = typename Family::template level<I>;
  constexpr auto right = detail::plan_level<Path, level>();
  const auto again = at_run_time(&detail::plan_level<Path, level>);
  CHECK(again.weight_words == right.weight_words);
  CHECK(again.arena_bytes == right.arena_bytes);
  REQUIRE(again.program.step_count == right.program.step_count);
  for (int i = 0; i < right.program.step_count; ++i) {
    CHECK(again.program.steps[i].op.geometry == right.program.steps[i].op.geometry);
    CHECK(again.program.steps[i].weight_offset == right.program.steps[i].weight_offset);
  }
  using layout_type = detail::nested_layout<Family, Path>;
  CHECK(at_run_time(&layout_type::make).total == layout_type::at.total);
  const auto& full = Family::template alone<Family::levels - 1>::program;
  const auto& own = Family::template alone<I>::program;
  using program = std::remove_cvref_t<decltype(full)>;
  program (*volatile stored)(program, const program&) = &detail::on_stored_kernels<program>;
  const program on_stored = stored(own, full);
  bool (*volatile alike)(const program&, const program&) = &detail::lower_alike<program>;
  CHECK(alike(on_stored, full));
  for (int i = 0; i < full.step_count; ++i)
    CHECK(on_stored.steps[i].op.geometry == level::program.steps[i].op.geometry);
}

template <class... Layers>
void check_parts(int computing) {
  const detail::block_part parts[] = {at_run_time(&detail::part_of<Layers>)...};
  int found = 0;
  for (const auto p : parts) found += p == detail::block_part::computes ? 1 : 0;
  CHECK(found == computing);
}

template <class Net>
void check_blocks() {
  constexpr auto right = detail::backbone<Net>::parts;
  auto again = right;
  again.blocks = 0;
  for (int& t : again.types_to) t = 0;
  again.find_blocks();
  REQUIRE(again.blocks == right.blocks);
  for (int b = 0; b < right.blocks; ++b) CHECK(again.types_to[b] == right.types_to[b]);
}

}  // namespace

TEST_CASE("widths, levels and their plans") {
  check_widths<separable, widths<5, 9, 7>, widths<12, 20, 16>, widths<17, 33, 16>>();
  check_widths<residuals, widths<32, 32, 64, 32, 20>, widths<64, 64, 128, 96, 33>>();
  check_widths<mixture, widths<20, 5, 7, 3>, widths<20, 8, 16, 9>>();
  using family = lower_nested<residual_family>;
  check_plan<family, path::portable, 0>();
  check_plan<family, path::portable, 1>();
  check_plan<family, path::portable, 2>();
  constexpr auto numbers = std::make_integer_sequence<int, family::levels>{};
  CHECK(format::make_nested_hashes<family>(numbers).at[family::exits] == family::level<1>::hash(0));
}

TEST_CASE("blocks") {
  check_parts<conv2d<8, 3>, batch_norm, relu, sign, residual<conv2d<8, 3>>, concat<branch<>, branch<conv2d<8, 3>>>,
              dense<4>>(4);
  check_blocks<separable>();
  check_blocks<residuals>();
  check_blocks<mixture>();
  detail::backbone_parts<3> p;
  int next = 0, stage_number = 0;
  void (*volatile put)(detail::backbone_parts<3>&, int&, int&) =
      &detail::stage_parts<stage<conv2d<8, 3>, batch_norm, relu>>::put<detail::backbone_parts<3>>;
  put(p, next, stage_number);
  void (*volatile end)(detail::backbone_parts<3>&, int&, int&) =
      &detail::stage_parts<exit_head<4>>::put<detail::backbone_parts<3>>;
  end(p, next, stage_number);
  CHECK(next == 3);
  CHECK(stage_number == 1);
  CHECK(p.part[0] == detail::block_part::computes);
}
