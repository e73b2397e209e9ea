// One network on every path of this CPU: the same answers, bit for bit; paths are listed, described and forced.
#include <offramp/host/dispatched.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/paths/x86.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

// What runs by itself on the paths of x86: first layers, chains of signs, a residual stream, a dense head.
using net =
    network<image<12, 12, 3>, stage<conv2d<16, 3>, batch_norm, sign>, exit_head<4>,
            stage<conv2d<32, 3, binary>, batch_norm, sign, conv2d<32, 3, binary>, batch_norm, sign, max_pool<2>>,
            exit_head<4>, stage<residual<conv2d<32, 3, binary>, batch_norm>, sign>, exit_head<4>>;
using lowered = lower<net>;
using one = host::dispatched<lowered, path::x86>;

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({12, 12, 3}, 4, 40, 530);
  return set;
}
const std::vector<std::uint32_t>& canonical() {
  static const std::vector<std::uint32_t> words = [] {
    const auto q = host::quantize<lowered>(offramp_test::random_model(net::view(), 531), images(), 1);
    return host::pack_model<lowered, path::reference>(q, {}, {images().image(0), images().image_size()});
  }();
  return words;
}

}  // namespace

TEST_CASE("dispatched: every path gives the same logits at every exit") {
  host::deployed<lowered, path::reference> expected{canonical()};
  int ran = 0;
  for (const host::path_entry& p : host::paths_here<path::x86>()) {
    CAPTURE(std::string{p.name});
    if (!p.runs_here) {
      MESSAGE("this CPU does not run path " << p.name);
      continue;
    }
    ++ran;
    one model{canonical(), p.name};
    CHECK(model.path() == p.name);
    for (int i = 0; i < 20; ++i) {
      const auto x = one::input_view::unchecked(images().image(i));
      model.begin(x);
      expected->begin(x);
      for (int k = 0; k < 3; ++k) {
        CHECK(model.step() == expected->step());
        for (int c = 0; c < 4; ++c) CHECK(model.logits()[c] == expected->logits()[c]);
        CHECK(model.best().probability_q16 == expected->best().probability_q16);
      }
      CHECK(model.classify(x, confidence{0.0f}).exit == 0);
      CHECK(model.classify(x, confidence{2.0f}).exit == 2);
    }
  }
  CHECK(ran >= 1);
}

TEST_CASE("dispatched: the best path is taken, and listed as such") {
  const auto all = host::paths_here<path::x86>();
  CHECK(all.size() == path::x86::size);
  CHECK(all.back().name == "portable");
  CHECK(all.back().runs_here);
  int best = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].best) {
      ++best;
      CHECK(one{canonical()}.path() == all[i].name);
      for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(all[j].runs_here);
    }
  CHECK(best == 1);
  CHECK(host::describe_paths<path::x86>().find(" (best here)") != std::string::npos);
}

TEST_CASE("dispatched: a path that is not there, a model that is refused, an input of the wrong size") {
  CHECK(message_of([] {
          one{canonical(), "avx1024"};
        }) == "path 'avx1024' cannot be had; there are: " + host::describe_paths<path::x86>());
  auto broken = canonical();
  broken[30] ^= 1u;
  CHECK(message_of([&] {
          one{broken, "portable", "garment.bin"};
        }) == "garment.bin: refused: bad checksum: the bytes were changed after writing");
  one model{canonical()};
  const std::vector<std::uint8_t> pixels(5);
  CHECK(message_of([&] { model.classify(std::span<const std::uint8_t>{pixels}); }) ==
        "classify: the input has 5 elements, expected 432");
}

TEST_CASE("dispatched: from a file") {
  const auto file = std::filesystem::temp_directory_path() / "offramp_dispatched.model";
  host::save_model(canonical(), file);
  one model{file, "portable"};
  CHECK(model.path() == "portable");
  std::filesystem::remove(file);
}
