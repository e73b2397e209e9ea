// covers: host/export.hpp
// The generated header holds the words of the model and their identity; what cannot be exported says why.
#include <offramp/host/export.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include <offramp/host/quantize.hpp>
#include <offramp/model/self_test.hpp>

#include "tests/support/fake_path.hpp"
#include "tests/support/host_test.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
namespace fs = std::filesystem;

using offramp_test::message_of;

namespace {

using net = network<image<4, 4, 1>, stage<conv2d<33, 3>, sign, max_pool<2>>, exit_head<3>,
                    stage<conv2d<5, 3, binary>, batch_norm, sign>, exit_head<3>>;
using device = lower<net>;

const host::labelled_images& images() {
  static const host::labelled_images set = offramp_test::random_images({4, 4, 1}, 3, 4, 100);
  return set;
}
const host::quantized_model& quantized() {
  static const host::quantized_model q =
      host::quantize<device>(offramp_test::random_model(net::view(), 101), images(), 1);
  return q;
}
std::span<const std::uint8_t> answer() { return {images().image(2), 16}; }

// All numbers between the braces.
std::vector<std::uint32_t> parse_words(const std::string& text) {
  std::vector<std::uint32_t> words;
  const char* at = text.c_str() + text.find("{{") + 2;
  while (true) {
    while (*at == '\n' || *at == ' ' || *at == ',') ++at;
    if (*at == '}' || *at == '\0') return words;
    char* end = nullptr;
    words.push_back(static_cast<std::uint32_t>(std::strtoul(at, &end, 0)));
    REQUIRE(end != at);
    at = end;
  }
}

template <class Path>
status bind_and_run(const std::vector<std::uint32_t>& words) {
  bound_weights<device, Path> b;
  const status s = bind_weights(words.data(), 4 * words.size(), b);
  if (s != status::ok) return s;
  arena<device, Path> ram;
  session<device, Path> on{b, ram};
  return self_test<device, Path>(on, words.data());
}

struct weighted : max_softmax {
  static constexpr std::uint32_t id = 1001;
  template <int Classes>
  static constexpr int words = 1 + Classes;
};
struct mixing : no_reuse {
  static constexpr std::uint32_t id = 1002;
  template <int Exits, int Classes>
  static constexpr int words = Exits;
};

}  // namespace

TEST_CASE("export: a model packed for a path runs there, and gives the answer it carries") {
  CHECK(bind_and_run<path::portable>(host::pack_model<device, path::portable>(quantized(), {}, answer())) ==
        status::ok);
  CHECK(bind_and_run<path::reference>(host::pack_model<device, path::reference>(quantized(), {}, answer())) ==
        status::ok);
  CHECK(bind_and_run<path::fake>(host::pack_model<device, path::fake>(quantized(), {}, answer())) == status::ok);
}

TEST_CASE("export: thresholds and their criterion are stored") {
  const host::deployment<2, entropy> d{{{11, 22}}, {}, {}};
  const auto words = host::pack_model<device, path::portable>(quantized(), d, answer());
  CHECK(words[format::word::criterion] == entropy::id);
  CHECK(words[format::word::reuse] == no_reuse::id);
  bound_weights<device, path::portable, entropy> b;
  REQUIRE(bind_weights(words.data(), 4 * words.size(), b) == status::ok);
  CHECK(b.thresholds_stored);
  CHECK(b.record(0).threshold_q16() == 11);
  CHECK(b.record(1).threshold_q16() == 22);
  for (int k = 0; k < 2; ++k)
    CHECK(b.record(k).logit_scale() == static_cast<float>(quantized().logit_scale(static_cast<std::size_t>(k))));
}

TEST_CASE("export: policies store words of their own") {
  const host::deployment<2, weighted, mixing> d{{}, {1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11, 12}};
  const auto words = host::pack_model<device, path::portable>(quantized(), d, answer());
  CHECK(words[format::word::criterion_words] == 4);
  CHECK(words[format::word::record_words] == 11);
  const std::uint32_t* record = words.data() + format::header_words;
  CHECK(std::vector<std::uint32_t>(record + 5, record + 11) == std::vector<std::uint32_t>{1, 2, 3, 4, 9, 10});
  record += 11;
  CHECK(std::vector<std::uint32_t>(record + 5, record + 11) == std::vector<std::uint32_t>{5, 6, 7, 8, 11, 12});
  using plan = host::deployment<2, weighted, mixing>;
  const auto pack = [](const plan& w) { host::pack_model<device, path::portable>(quantized(), w, answer()); };
  CHECK(message_of([&] {
          pack({{}, {1, 2, 3, 4}, {9, 10, 11, 12}});
        }) == "export: the deployment has 4 criterion words, expected 4 for each of 2 exits");
  CHECK(message_of([&] {
          pack({{}, {}, {9, 10, 11, 12}});
        }) == "export: the deployment has 0 criterion words, expected 4 for each of 2 exits");
  CHECK(message_of([&] {
          pack({{}, {1, 2, 3, 4, 5, 6, 7, 8}, {9}});
        }) == "export: the deployment has 1 reuse words, expected 2 for each of 2 exits");
  CHECK(message_of([&] {
          pack({{}, {1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11, 12}, {0.5}});
        }) == "export: the deployment has 1 scales of judged logits, expected 2");
  const plan right{{}, {1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11, 12}, {0.5, 0.25}};
  const auto scaled = host::pack_model<device, path::portable>(quantized(), right, answer());
  const exit_record_view second{scaled.data() + format::header_words + 11};
  CHECK(second.logit_scale() == 0.25f);
  CHECK(second.unit() == make_fixed_factor(0.25 * 65536));
}

TEST_CASE("export: the header's words are the model's, its type their identity") {
  const auto words = host::pack_model<device, path::portable>(quantized(), {}, answer());
  const std::string text = host::header_text(words, "portable", "small_weights", "made by\na test");
  CHECK(parse_words(text) == words);
  char type[200];
  std::snprintf(type, sizeof type,
                "inline constexpr offramp::packed_model<%zu, %u, %u, 1, 0,\n    0x%016llxu,\n    0x%016llxu> "
                "small_weights{{",
                words.size(), 1u, unsigned{path::portable::version}, static_cast<unsigned long long>(device::hash(0)),
                static_cast<unsigned long long>(device::hash(1)));
  CHECK(text.find(type) != std::string::npos);
  CHECK(text.find("// Generated by offramp: weights in flash, packed for path portable.\n// made by\n// a test\n") ==
        0);
  CHECK(text.find("#ifndef OFFRAMP_GENERATED_SMALL_WEIGHTS_HPP\n#define OFFRAMP_GENERATED_SMALL_WEIGHTS_HPP\n") !=
        std::string::npos);
  CHECK(text.find("#include <offramp/model/packed_model.hpp>") != std::string::npos);
  CHECK(text.substr(text.size() - 7) == "#endif\n");
}

TEST_CASE("export: what does not fit is refused") {
  CHECK(message_of([] {
          host::pack_model<device, path::portable>(quantized(), {}, {images().image(0), 15});
        }) == "export: the known answer's input has 15 elements, expected 16");
  using other = lower<cut<net, 1>>;
  CHECK(message_of([] { host::pack_model<other, path::portable>(quantized(), {}, answer()); }) ==
        "export: the quantized model has 7 ops, expected 4: quantize it for the same lowered network");
}

TEST_CASE("export: to a file, or not at all") {
  const fs::path folder = fs::temp_directory_path() / ("offramp_export_" + std::to_string(getpid()));
  fs::create_directories(folder);
  const fs::path file = folder / "w.hpp";
  const auto contents = [&] {
    std::ifstream in{file};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  host::export_header<device>(quantized(), {}, answer(), file, "w", "once");
  const std::string first = contents();
  CHECK(parse_words(first) == host::pack_model<device, path::portable>(quantized(), {}, answer()));
  // Refused before anything is written.
  CHECK(message_of([&] { host::export_header<device>(quantized(), {}, {images().image(0), 3}, file, "w"); }) != "");
  CHECK(contents() == first);
  const fs::path nowhere = folder / "missing" / "w.hpp";
  CHECK(message_of([&] {
          host::export_header<device>(quantized(), {}, answer(), nowhere, "w");
        }).find(nowhere.string() + ": cannot be written") == 0);
  CHECK_FALSE(fs::exists(folder / "missing"));
  fs::remove_all(folder);
}
