// covers: host/model_file.hpp model/bind.hpp model/self_test.hpp
// Models written by earlier versions (tests/data): those of this format still bind and give their known answer, on
// every path; those of another are refused with the reason.
#include <algorithm>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/model_file.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/model/self_test.hpp>

#include "tests/model/tiny_model.hpp"
#include "tests/support/fake_path.hpp"
#include "tests/support/host_test.hpp"

#ifndef OFFRAMP_SOURCE_DIR
#define OFFRAMP_SOURCE_DIR "."
#endif

using namespace offramp;
namespace fs = std::filesystem;

using offramp_test::message_of;

namespace {

// The networks of the files. They stay as they are: another hash is another network.
using signs =
    network<image<6, 6, 2>, stage<conv2d<33, 3>, batch_norm, sign, max_pool<2>>, exit_head<3>,
            stage<conv2d<36, 3, binary>, batch_norm, residual<sign, conv2d<36, 3, binary>, batch_norm>>, exit_head<3>>;
using integers = network<image<6, 6, 1>, stage<conv2d<6, 3>, batch_norm, relu, max_pool<2>>, exit_head<4>,
                         stage<conv2d<9, 3>, batch_norm, relu>, exit_head<4, avg_pool<3>>>;
using floats = integers;

fs::path data(const char* name) { return fs::path{OFFRAMP_SOURCE_DIR} / "tests" / "data" / name; }

template <class Lowered, class Path>
void check_path(const char* name) {
  auto net = host::load<Lowered, Path>(data(name));
  CHECK_MESSAGE(self_test(*net, net.words().data()) == status::ok, (std::string{name} + " on " + Path::name));
}
template <class Lowered>
void check_golden(const char* name) {
  check_path<Lowered, path::reference>(name);
  check_path<Lowered, path::portable>(name);
  check_path<Lowered, path::fake>(name);
  check_path<lower<cut<typename Lowered::network, 1>, Lowered::rest>, path::portable>(name);
  const auto words = host::load_model(data(name));
  CHECK(host::is_canonical(words));
  CHECK(words[format::word::version] == 2);
  bound_weights<Lowered, path::reference> b;
  REQUIRE(tiny::try_bind(words, b) == status::ok);
  CHECK(b.thresholds_stored);
  CHECK(b.record(0).threshold_q16() == 52000);
  CHECK(b.record(1).threshold_q16() == 53000);
}

// What the file with a guarantee promises.
constexpr guarantee promise{risk_loss::accuracy_gap, risk_test::binomial, 0.005f, 0.1f, 5000};

template <class Lowered>
void write_golden(const char* name, std::uint64_t stream, guarantee promised = {}) {
  if (fs::exists(data(name))) return;  // golden files are written once
  const auto images = offramp_test::random_images(Lowered::input.extent, Lowered::classes, 8, stream);
  const auto q = host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), stream), images, 1);
  host::export_model<Lowered>(q, {{{52000, 53000}}, {}, {}, {}, promised}, {images.image(0), images.image_size()},
                              data(name));
}

}  // namespace

TEST_CASE("golden: models of format 2") {
  check_golden<lower<signs>>("format2_signs.ofrm");
  check_golden<lower<integers>>("format2_integers.ofrm");
  check_golden<lower<floats, f32>>("format2_floats.ofrm");
}

TEST_CASE("golden: a model of format 2 with a guarantee, which is the same model") {
  check_golden<lower<integers>>("format2_guarantee.ofrm");
  const auto words = host::load_model(data("format2_guarantee.ofrm"));
  CHECK(guarantee_in(words.data()) == promise);
  const auto without = host::load_model(data("format2_integers.ofrm"));
  CHECK(guarantee_in(without.data()) == guarantee{});
  const auto same = format::sections_in(without.data()).answer_input - format::header_words;
  CHECK(std::equal(without.begin() + 12, without.begin() + 12 + static_cast<std::ptrdiff_t>(same), words.begin() + 12));
}

TEST_CASE("golden: a model of format 1 is refused with the reason") {
  CHECK(message_of([] { host::load<tiny::device>(data("format1.ofrm")); }) ==
        data("format1.ofrm").string() +
            ": refused: old version: written in a format that is no longer read, export it again; found 1, expected 2");
}

// For a new format or a new kind of model: name it here, then run test_host -tc="golden: write*" --no-skip.
TEST_CASE("golden: write what is missing" * doctest::skip()) {
  write_golden<lower<signs>>("format2_signs.ofrm", 301);
  write_golden<lower<integers>>("format2_integers.ofrm", 302);
  write_golden<lower<floats, f32>>("format2_floats.ofrm", 303);
  write_golden<lower<integers>>("format2_guarantee.ofrm", 302, promise);
  CHECK(fs::exists(data("format2_floats.ofrm")));
}
