// covers: elastic/nested.hpp elastic/nested_session.hpp elastic/bind_nested.hpp
// Types of levels; outputs of every level, on shared weights, are those of a small network with the copied slice, bit
// for bit; exits and thresholds of each level, switching, what levels cost, refused words.
#include <offramp/elastic/nested.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "tests/support/nested_check.hpp"

using namespace offramp;
using namespace offramp_test;

TEST_CASE("levels are networks: those that one would write") {
  using small = network<image<12, 10, 1>,
                        stage<conv2d<12, kernel{5, 3}, stride{2}>, batch_norm, relu, depthwise_conv2d<3>, batch_norm,
                              relu, conv2d<20, 1>, batch_norm, relu>,
                        exit_head<5>, stage<depthwise_conv2d<3>, batch_norm, relu, conv2d<16, 1>, batch_norm, relu>,
                        exit_head<5>>;
  static_assert(separable_family::levels == 4 && separable_family::width_layers == 3);
  using level = separable_family::level<1>;
  for (int k = 0; k < 2; ++k) CHECK(lower<level>::hash(k) == lower<small>::hash(k));
  CHECK(planned<lower<level>, path::portable>::cost_to_exit(1).macs ==
        planned<lower<small>, path::portable>::cost_to_exit(1).macs);
  CHECK(std::is_same_v<separable_family::level<3>, separable>);
  CHECK(lower<separable_family::level<0>>::hash(0) != lower<small>::hash(0));
}

TEST_CASE("int8: every level is its small network") {
  check_family<separable_family, i8, path::reference, path::portable>(10);
}
TEST_CASE("float: every level is its small network, up to the order of sums") {
  check_family<separable_family, f32, path::portable>(20);
}
TEST_CASE("binary: every level is its small network") {
  check_family<residual_family, i8, path::reference, path::portable>(30);
}
TEST_CASE("cascades, concatenations, poolings, slopes") { check_family<mixture_family, i8, path::portable>(40); }

namespace {

using family = lower_nested<residual_family>;
const host::labelled_images& images() {
  static const host::labelled_images set = random_images({12, 12, 3}, 5, 12, 60);
  return set;
}
const std::vector<host::quantized_model>& quantized() {
  static const auto q = host::quantize_nested<family>(random_levels<residual_family>(60), images(), {}, 1);
  return q;
}
using session_type = nested_session<family>;
session_type::input_view input(int i) { return session_type::input_view::unchecked(images().image(i)); }

struct counter {
  int steps = 0, exits = 0;
  void enter(int) { ++steps; }
  void leave(int) {}
  void exit_judged(int, bool) { ++exits; }
};

}  // namespace

TEST_CASE("every level has thresholds of its own") {
  // Level 0 always leaves at once, level 1 never early, level 2 at a threshold in between.
  std::vector<host::deployment<2>> d(3);
  d[0].thresholds = {{0, 0}};
  d[1].thresholds = {{never_q16, 0}};
  d[2].thresholds = {{confidence{0.5f}.q16, 0}};
  host::deployed_nested<family> nested{host::pack_nested<family, path::portable>(quantized(), d)};
  CHECK(nested->level() == 2);
  for (int s = 0; s < 3; ++s) {
    nested->set_level(s);
    int early = 0, as_given = 0;
    for (int i = 0; i < images().count(); ++i) {
      const prediction p = nested->classify(input(i));
      early += p.exit == 0 ? 1 : 0;
      CHECK(p.spent == session_type::ops_to_exit(s, p.exit));
      const prediction same = nested->classify(input(i), confidence{0.5f});
      as_given += same.exit == 0 ? 1 : 0;
      if (s == 2) CHECK(same.exit == p.exit);
    }
    if (s == 0) CHECK(early == images().count());
    if (s == 1) CHECK(early == 0);
    if (s == 2) CHECK(early == as_given);
  }
  CHECK(session_type::ops_to_exit(0, 1) < session_type::ops_to_exit(1, 1));
  CHECK(session_type::ops_to_exit(1, 1) < session_type::ops_to_exit(2, 1));
}

TEST_CASE("levels in turns do not disturb each other; observers see the ops of the level") {
  const auto words = host::pack_nested<family, path::portable>(quantized());
  bound_nested<family, path::portable> bound;
  REQUIRE(bind_nested(words.data(), words.size() * 4, bound) == status::ok);
  const auto memory = std::make_unique<nested_arena<family>>();
  counter seen;
  constexpr confidence never{2.0f};
  nested_session<family, path::portable, max_softmax, no_reuse, counter> s{bound, *memory, seen};
  std::vector<prediction> first;
  for (int turn = 0; turn < 2; ++turn)
    for (int i = 0; i < 12; ++i) {
      s.set_level(i % 3);
      const prediction p = s.classify(input(i), never);
      if (turn == 0)
        first.push_back(p);
      else
        CHECK(p.probability_q16 == first[static_cast<std::size_t>(i)].probability_q16);
      // The same words, by a session of that level alone.
      if (i % 3 != 1) continue;
      arena<family::level<1>> own;
      session<family::level<1>> alone{bound.level<1>(), own};
      CHECK(alone.classify(input(i), never).probability_q16 == p.probability_q16);
    }
  CHECK(seen.steps == 24 * planned<family::level<0>, path::portable>::steps);
  CHECK(seen.exits == 48);
  int visited = -1;
  s.set_level(1);
  s.visit([&]<class S>(S& current) {
    visited = current.exits;
    CHECK(std::is_same_v<S, std::remove_reference_t<decltype(s.at<1>())>>);
  });
  CHECK(visited == 2);
}

TEST_CASE("what levels cost: parameters and memory") {
  constexpr std::size_t shared = memory<family::level<0>, path::portable>.weight_bytes;
  constexpr std::size_t whole = memory<family::alone<2>, path::portable>.weight_bytes;
  constexpr std::size_t apart = whole + memory<family::alone<0>, path::portable>.weight_bytes +
                                memory<family::alone<1>, path::portable>.weight_bytes;
  CHECK(shared == memory<family::level<2>, path::portable>.weight_bytes);
  CHECK(shared > whole);
  CHECK(shared < apart);
  constexpr std::size_t largest = sizeof(arena<family::level<2>>);
  CHECK(sizeof(nested_arena<family>) == largest);
  CHECK(memory<family::level<0>, path::portable>.arena_bytes < memory<family::level<1>, path::portable>.arena_bytes);
  // In ops of one level, weights count as if it were alone.
  CHECK(planned<family::level<0>, path::portable>::cost_to_exit(1).weight_bytes <
        planned<family::level<2>, path::portable>::cost_to_exit(1).weight_bytes);
}

TEST_CASE("words of another path, network or length are refused") {
  auto words = host::pack_nested<family, path::portable>(quantized());
  const auto bound_as = [&]<class F, class Path>(F, Path) {
    bound_nested<F, Path> b;
    const status s = bind_nested(words.data(), words.size() * 4, b);
    CHECK((s == status::ok) == (b.ops != nullptr));
    return s;
  };
  CHECK(bound_as(family{}, path::portable{}) == status::ok);
  CHECK(bound_as(family{}, path::reference{}) == status::wrong_path);
  CHECK(bound_as(lower_nested<nested<residuals, widths<32, 32, 64, 32, 20>>>{}, path::portable{}) ==
        status::wrong_network);
  CHECK(bound_as(lower_nested<nested<residuals, widths<32, 32, 64, 32, 21>, widths<64, 64, 128, 96, 33>>>{},
                 path::portable{}) == status::wrong_network);
  bound_nested<family, path::portable> b;
  const auto bytes = words.size() * 4;
  CHECK(bind_nested(words.data(), bytes - 4, b) == status::too_short);
  CHECK(bind_nested(words.data(), 20, b) == status::too_short);
  words.push_back(0);
  CHECK(bind_nested(words.data(), bytes + 4, b) == status::wrong_length);
  words.pop_back();
  words[100] ^= 1;
  CHECK(bind_nested(words.data(), bytes, b) == status::bad_checksum);
  words[100] ^= 1;
  words[0] = format::magic;
  CHECK(bind_nested(words.data(), bytes, b) == status::bad_magic);
  words[0] = format::nested_magic;
  words[1] = 9;
  CHECK(bind_nested(words.data(), bytes, b) == status::unknown_version);
}
