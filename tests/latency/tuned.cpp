// Paths tuned by a profile: layouts follow what it predicts and nothing else changes; models packed for other layouts
// are refused. Profiles are made up: one finds planes dear, one cheap, one does not know convolutions of signs.
// covers: paths/tuned.hpp kernels/dispatch.hpp kernels/x86/cpu.hpp net/plan.hpp
#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/dispatched.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/model/self_test.hpp>
#include <offramp/paths/tuned.hpp>
#include <offramp/paths/x86.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"
#include "tests/support/small_profile.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

// Signs in chains of stride 1, which planes can take, and one of stride 2, which they cannot.
using net = network<image<12, 12, 3>, stage<conv2d<16, 3>, batch_norm, sign, conv2d<16, 3, binary>, batch_norm, sign>,
                    exit_head<4>,
                    stage<conv2d<32, 3, binary, stride{2}>, batch_norm, sign, conv2d<128, 3, binary>, batch_norm, sign,
                          conv2d<128, 3, binary>, batch_norm, sign, max_pool<2>>,
                    exit_head<4>, stage<residual<conv2d<128, 3, binary>, batch_norm>, sign>, exit_head<4>>;
using lowered = lower<net>;

// Convolutions of signs take `rows` in layout bit_rows and `words` in others; every other class 1.
template <class Base>
constexpr cpu_profile<Base> weighing(float rows, float words) {
  using offramp_test::costs;
  cpu_profile<Base> cpu;
  profile_data& p = cpu.data;
  p.path_id = Base::id;
  p.path_version = Base::version;
  p.nodes[0] = {tree_test::leaf, {}, 0, 0, 0};
  p.nodes[1] = {tree_test::equals, condition::in_layout, static_cast<int>(layout::bit_rows), 2, 3};
  p.nodes[2] = {tree_test::leaf, {}, 1, 0, 0};
  p.nodes[3] = {tree_test::leaf, {}, 2, 0, 0};
  p.node_count = 4;
  p.leaves[0] = costs({{regressor::fixed, 1.0f}});
  p.leaves[1] = costs({{regressor::fixed, rows}});
  p.leaves[2] = costs({{regressor::fixed, words}});
  p.leaf_count = 3;
  for (class_profile& c : p.classes) c.root = 0;
  p.classes[static_cast<int>(op_class::binary_conv)].root = 1;
  return cpu;
}
template <class Base>
constexpr cpu_profile<Base> rows_dear = weighing<Base>(1000, 10);
template <class Base>
constexpr cpu_profile<Base> rows_cheap = weighing<Base>(10, 1000);
template <class Base>
constexpr cpu_profile<Base> rows_unknown = [] {
  cpu_profile<Base> cpu = weighing<Base>(10, 1000);
  cpu.data.classes[static_cast<int>(op_class::binary_conv)].root = class_profile::not_measured;
  return cpu;
}();
template <class Base>
using by_words = path::tuned<rows_dear<Base>>;
template <class Base>
using by_rows = path::tuned<rows_cheap<Base>>;
template <class Base>
using by_rule = path::tuned<rows_unknown<Base>>;

using offered = path::list<by_rows<path::avx512_popcnt>, by_words<path::avx512_popcnt>, by_rows<path::avx2>,
                           by_words<path::avx2>, path::portable>;

// What a user writes.
using mine = by_rows<path::avx512_popcnt>;
static_assert(latency<lowered>(mine::profile).longest_path <
              latency<lowered>(rows_cheap<path::avx512_popcnt>).longest_path);
static_assert(alignment_of<mine> == alignment_of<path::avx512_popcnt>);
static_assert(
    std::is_same_v<kernels::running_path<mine, op_signature{op_kind::conv, kind::bits, kind::bits, kind::bits}>,
                   path::avx512_popcnt>);

struct layouts {
  int rows = 0, words = 0, converts = 0;  // convolutions of signs by layout, other ops
};
template <class Path>
layouts layouts_of() {
  layouts n;
  for (int i = 0; i < planned<lowered, Path>::steps; ++i) {
    const op_signature& s = planned<lowered, Path>::program.steps[i].op.signature;
    if (s.what == op_kind::convert) ++n.converts;
    if (class_of(s) == op_class::binary_conv) ++(s.in_layout == layout::bit_rows ? n.rows : n.words);
  }
  return n;
}

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({12, 12, 3}, 4, 24, 730);
  return set;
}
const host::quantized_model& quantized() {
  static const host::quantized_model q =
      host::quantize<lowered>(offramp_test::random_model(net::view(), 731), images(), 1);
  return q;
}
template <class Path>
std::vector<std::uint32_t> packed() {
  return host::pack_model<lowered, Path>(quantized(), {}, {images().image(0), images().image_size()});
}

// Called through a pointer that the compiler does not look behind.
template <class Base>
layout asked_at_run_time(const profile_data& p, const kernel_op& op) {
  layout (*volatile ask)(const profile_data&, const kernel_op&) = detail::layout_by_profile<Base>;
  return ask(p, op);
}
constexpr kernel_op signs(window w, kind out = kind::bits) { return {{op_kind::conv, kind::bits, kind::bits, out}, w}; }

}  // namespace

TEST_CASE_TEMPLATE("tuned: layouts flip as the profile says, and conversions come and go", Base, path::avx2,
                   path::avx512_popcnt) {
  const layouts words = layouts_of<by_words<Base>>(), rows = layouts_of<by_rows<Base>>();
  CHECK(words.rows == 0);
  CHECK(words.words == 4);
  CHECK(words.converts == 0);
  CHECK(rows.rows == 3);
  CHECK(rows.words == 1);  // the one of stride 2
  CHECK(rows.converts > 0);
  CHECK(layouts_of<Base>().rows < 3);  // the rule
  // A profile that knows nothing of them leaves the rule.
  using rule = planned<lowered, by_rule<Base>>;
  REQUIRE(rule::steps == planned<lowered, Base>::steps);
  for (int i = 0; i < rule::steps; ++i)
    CHECK(rule::program.steps[i].op.signature == planned<lowered, Base>::program.steps[i].op.signature);
  CHECK(memory<lowered, by_rule<Base>>.arena_bytes == memory<lowered, Base>.arena_bytes);
  CHECK(memory<lowered, by_rows<Base>>.weight_bytes != memory<lowered, by_words<Base>>.weight_bytes);
}

TEST_CASE_TEMPLATE("tuned: the profile decides between layouts that kernels are reckoned for, and only there", Base,
                   path::avx2, path::avx512, path::avx512_popcnt) {
  const auto both = [](const kernel_op& op) {
    return std::array{asked_at_run_time<Base>(rows_dear<Base>.data, op),
                      asked_at_run_time<Base>(rows_cheap<Base>.data, op),
                      asked_at_run_time<Base>(rows_unknown<Base>.data, op)};
  };
  using wishes = std::array<layout, 3>;
  const window square = make_window({14, 14, 64}, 64, 3, 3, 1, 1, 1);
  CHECK(both(signs(square)) == wishes{layout::nhwc, layout::bit_rows, kernels::reads<Base>(signs(square))});
  kernel_op settled = signs(square);  // the layouts that stand in a signature are not what is asked
  settled.signature.in_layout = settled.signature.out_layout = layout::bit_rows;
  CHECK(both(settled)[0] == layout::nhwc);
  CHECK(both(settled)[1] == layout::bit_rows);
  layout (*volatile reads)(kernel_op) = kernels::reads<by_rows<Base>>;
  CHECK(reads(signs(square)) == layout::bit_rows);
  const wishes plain{layout::nhwc, layout::nhwc, layout::nhwc};
  CHECK(both(signs(make_window({14, 14, 64}, 64, 3, 3, 1, 1, 1, 2))) == plain);  // stride
  CHECK(both(signs(make_window({14, 100, 64}, 64, 3, 3, 1, 1, 1))) == plain);    // width
  CHECK(both(signs(square, kind::i16)) == plain);                                // numbers
  kernel_op pool{{op_kind::max_pool, kind::bits, kind::none, kind::bits}, make_window({14, 14, 64}, 64, 2, 2, 2, 0, 0)};
  CHECK(both(pool)[1] == kernels::reads<Base>(pool));
  // A narrower level of a nested network reads what the whole does.
  kernel_op narrow = signs(square);
  narrow.geometry.in.c = narrow.geometry.out.c = 8;
  CHECK(both(narrow) == both(signs(square)));
  profile_data by_outputs = weighing<Base>(40, 0).data;
  by_outputs.leaves[2] = offramp_test::costs({{regressor::outputs, 60.0f / (14 * 14 * 64)}});
  CHECK(asked_at_run_time<Base>(by_outputs, signs(square)) == layout::bit_rows);
  CHECK(asked_at_run_time<Base>(by_outputs, narrow) == layout::bit_rows);
  // A change has to pay for a conversion before and one behind the op, and for that they must be known.
  const kernel_op few = signs(make_window({14, 14, 512}, 512, 3, 3, 1, 1, 1));
  REQUIRE(kernels::reads<Base>(few) == layout::nhwc);
  profile_data p = weighing<Base>(8.5f, 10).data;
  CHECK(asked_at_run_time<Base>(p, few) == layout::nhwc);
  p.leaves[1].cost[0] = 7.5f;
  CHECK(asked_at_run_time<Base>(p, few) == layout::bit_rows);
  // Nor does one that gains less than what both predictions may be off by: here 0.5 of 10.
  p.classes[static_cast<int>(op_class::binary_conv)].error = 0.02f;
  CHECK(asked_at_run_time<Base>(p, few) == layout::bit_rows);
  p.classes[static_cast<int>(op_class::binary_conv)].error = 0.03f;
  CHECK(asked_at_run_time<Base>(p, few) == layout::nhwc);
  p.classes[static_cast<int>(op_class::binary_conv)].error = 0;
  p.classes[static_cast<int>(op_class::rearrange)].root = class_profile::not_measured;
  CHECK(asked_at_run_time<Base>(p, few) == layout::nhwc);
  // Equal predictions leave the rule.
  const cpu_profile<Base> same = weighing<Base>(7, 7);
  for (const int c : {16, 512}) {
    const kernel_op op = signs(make_window({14, 14, c}, c, 3, 3, 1, 1, 1));
    CHECK(asked_at_run_time<Base>(same.data, op) == kernels::reads<Base>(op));
  }
}

TEST_CASE("tuned: a path without a choice keeps what it has") {
  const kernel_op op = signs(make_window({14, 14, 64}, 64, 3, 3, 1, 1, 1));
  CHECK(asked_at_run_time<path::portable>(weighing<path::portable>(10, 1000).data, op) == layout::nhwc);
  CHECK(asked_at_run_time<path::reference>(weighing<path::reference>(10, 1000).data, op) == layout::nhwc);
  CHECK(kernels::runs_here<path::tuned<rows_cheap<path::portable>>>());
  CHECK(kernels::runs_here<by_rows<path::avx2>>() == kernels::runs_here<path::avx2>());
  CHECK(kernels::runs_here<mine>() == kernels::runs_here<path::avx512_popcnt>());
}

TEST_CASE("tuned: results are the reference's at every exit, on every path of a list") {
  const std::vector<std::uint32_t> canonical = packed<path::reference>();
  host::deployed<lowered, path::reference> expected{canonical};
  std::size_t at = 0;
  int ran = 0;
  offered::for_each([&]<class Path>() {
    CAPTURE(at++);
    if (!kernels::runs_here<Path>()) {
      MESSAGE("this CPU does not run path " << std::string{Path::name});
      return;
    }
    ++ran;
    host::deployed<lowered, Path> model{packed<Path>()};
    for (int i = 0; i < 12; ++i) {
      const auto x = session<lowered, Path>::input_view::unchecked(images().image(i));
      model->begin(x);
      expected->begin(x);
      for (int k = 0; k < lowered::exits; ++k) {
        CHECK(model->step() == expected->step());
        for (int c = 0; c < lowered::classes; ++c) CHECK(model->logits()[c] == expected->logits()[c]);
      }
    }
    CHECK(self_test(*model, model.words().data()) == status::ok);
  });
  CHECK(ran > 0);
  // The same from a canonical model, by name.
  const std::size_t place = kernels::runs_here<path::avx512_popcnt>() ? 0 : kernels::runs_here<path::avx2>() ? 2 : 4;
  host::dispatched<lowered, offered> best{canonical};
  CHECK(best.path() == host::paths_here<offered>()[place].name);
  const auto x = host::dispatched<lowered, offered>::input_view::unchecked(images().image(5));
  CHECK(best.classify(x).label == expected->classify(session<lowered, path::reference>::input_view{x}).label);
}

TEST_CASE("tuned: names, ids and versions tell who packed") {
  CHECK(std::string_view{mine::name} == "avx512_popcnt_tuned");
  CHECK(std::string_view{by_rows<path::avx2>::name} == "avx2_tuned");
  CHECK(host::describe_paths<path::list<mine, path::portable>>().find("avx512_popcnt_tuned") == 0);
  CHECK(int{mine::id} == 0x8000 + int{path::avx512_popcnt::id});
  CHECK(mine::version != by_words<path::avx512_popcnt>::version);
  CHECK(mine::version != by_rule<path::avx512_popcnt>::version);
  CHECK(check_profile<mine>(mine::profile.data) == profile_status::ok);
  CHECK(check_profile<path::avx512_popcnt>(mine::profile.data) == profile_status::wrong_path);

  // The version is that of the part that decides; at run time as in the compiler.
  std::uint16_t (*volatile version_of)(const profile_data&, std::uint16_t) = detail::rule_version;
  constexpr std::uint16_t kernels_version = path::avx512_popcnt::version;
  profile_data p = rows_cheap<path::avx512_popcnt>.data;
  CHECK(version_of(p, kernels_version) == mine::version);
  CHECK(version_of(p, kernels_version + 1) != mine::version);
  p.per_step = 3;
  p.classes[static_cast<int>(op_class::pool)].root = 2;
  p.leaves[5].cost[3] = 5;
  CHECK(version_of(p, kernels_version) == mine::version);
  p.leaves[0].cost[3] = 5;  // of conversions
  CHECK(version_of(p, kernels_version) != mine::version);
  p.leaves[0].cost[3] = 0;
  p.leaves[2].cost[3] = 5;
  CHECK(version_of(p, kernels_version) != mine::version);
  p = rows_cheap<path::avx512_popcnt>.data;
  p.nodes[1].value = static_cast<int>(layout::nhwc);
  CHECK(version_of(p, kernels_version) != mine::version);
  p = rows_cheap<path::avx512_popcnt>.data;
  p.classes[static_cast<int>(op_class::binary_conv)].error = 0.01f;
  CHECK(version_of(p, kernels_version) != mine::version);
  p = rows_cheap<path::avx512_popcnt>.data;
  p.nodes[1].yes = 3, p.nodes[1].no = 2;
  CHECK(version_of(p, kernels_version) != mine::version);
  p.classes[static_cast<int>(op_class::binary_conv)].root = class_profile::not_measured;
  CHECK(version_of(p, kernels_version) == by_rule<path::avx512_popcnt>::version);
  detail::path_label (*volatile name_of)(const char*) = detail::tuned_name;
  CHECK(std::string_view{name_of("neon").text} == "neon_tuned");
  CHECK(std::string_view{name_of("a_name_that_is_longer_than_forty_characters").text} ==
        "a_name_that_is_longer_than_forty_charact_tuned");
}

TEST_CASE_TEMPLATE("tuned: models packed for other layouts are refused", Base, path::avx2, path::avx512_popcnt) {
  const std::string other = "refused: wrong path: packed for another kernel path, or another version of it";
  const auto base = packed<Base>(), rows = packed<by_rows<Base>>(), words = packed<by_words<Base>>();
  CHECK(message_of([&] { host::bind_or_throw<lowered, by_rows<Base>>(base, "m"); }) == "m: " + other);
  CHECK(message_of([&] { host::bind_or_throw<lowered, by_words<Base>>(rows, "m"); }) == "m: " + other);
  CHECK(message_of([&] { host::bind_or_throw<lowered, by_rows<Base>>(words, "m"); }) == "m: " + other);
  CHECK(message_of([&] { host::bind_or_throw<lowered, Base>(rows, "m"); }) == "m: " + other);
  CHECK(host::bind_or_throw<lowered, by_rows<Base>>(rows, "m").ops != nullptr);
  // A network cut behind an earlier exit takes the model of the whole, as on any path.
  using first = lower<cut<net, 1>>;
  CHECK(host::bind_or_throw<first, by_rows<Base>>(rows, "m").ops != nullptr);
  CHECK(message_of([&] { host::bind_or_throw<first, by_words<Base>>(rows, "m"); }) == "m: " + other);
}

TEST_CASE_TEMPLATE("tuned: predictions are of what is planned", Base, path::avx2, path::avx512_popcnt) {
  using tuned = by_rows<Base>;
  const auto p = latency<lowered>(tuned::profile);
  const layouts n = layouts_of<tuned>();
  CHECK(p.known);
  CHECK(p.to_exit[2] ==
        doctest::Approx(10 * n.rows + 1000 * n.words + (planned<lowered, tuned>::steps - n.rows - n.words)));
  double sum = 0;
  for (int i = 0; i < planned<lowered, tuned>::steps; ++i) sum += step_latency<lowered>(tuned::profile, i);
  CHECK(sum == doctest::Approx(p.to_exit[2]));
  CHECK(p.to_exit[2] < latency<lowered>(rows_cheap<Base>).to_exit[2]);
}
