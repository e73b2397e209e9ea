// Written and read back, bit for bit; and every way in which a file can be wrong.
#include <offramp/host/profile_file.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"
#include "tests/support/small_profile.hpp"

using namespace offramp;
namespace fs = std::filesystem;
using offramp_test::folder;
using offramp_test::message_of;
using offramp_test::same_profile;
using offramp_test::small_profile;

namespace {

// What is said of the file with `from` replaced by `to`; "" where it is taken.
std::string complaint_after(const std::string& from, const std::string& to) {
  std::string text = host::profile_json_text(small_profile);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return message_of([&] { host::parse_profile(text, "cpu.json"); });
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("profile file: what is written is read back, bit for bit") {
  const folder here;
  const fs::path file = here.path / "cpu.json";
  host::save_profile(file, small_profile);
  const profile_data back = host::load_profile(file);
  CHECK(same_profile(back, small_profile));
  CHECK(host::profile_json_text(back) == host::profile_json_text(small_profile));

  // Floats that need all their digits, and the most nodes there can be.
  profile_data full = small_profile;
  full.node_count = full.leaf_count = 0;
  for (int c = 0; c < op_classes; ++c) {
    full.classes[c].root = static_cast<std::uint8_t>(full.node_count);
    full.classes[c].largest_work = 1e9f / static_cast<float>(c + 3);
    for (int i = 0; i < 13; ++i) {  // a list of tests
      full.nodes[full.node_count] = {tree_test::at_most, static_cast<condition>(i), -5 + 100 * i,
                                     static_cast<std::uint8_t>(full.node_count + 1),
                                     static_cast<std::uint8_t>(full.node_count + 2)};
      full.nodes[full.node_count + 1] = {tree_test::leaf, {}, full.leaf_count, 0, 0};
      for (int r = 0; r < regressors; r += 2)
        full.leaves[full.leaf_count].cost[r] = 1.0f / static_cast<float>(7 * full.leaf_count + r + 3);
      full.node_count += 2;
      ++full.leaf_count;
    }
    full.nodes[full.node_count++] = {tree_test::leaf, {}, full.leaf_count, 0, 0};
    full.leaves[full.leaf_count++] = {};
  }
  CHECK(full.node_count == 243);
  host::save_profile(file, full);
  CHECK(same_profile(host::load_profile(file), full));
}

TEST_CASE("profile file: a person reads costs by name, and no zeros") {
  const std::string text = host::profile_json_text(small_profile);
  CHECK(contains(text, "\"name\": \"board \\\"7\\\", C:\\\\x\""));
  CHECK(contains(text, "\"from\": \"emulated\""));
  CHECK(contains(text, "\"if\": \"out_channels\",\n        \"multiple_of\": 16,\n        \"yes\": {"));
  CHECK(contains(text, "\"work\": 0.0011"));  // and not 0.0010999999940395355
  CHECK(!contains(text, "gathered_bytes"));
  CHECK(!contains(text, "float_conv"));
}

TEST_CASE("profile file: what is there stays where nothing better can be written") {
  const folder here;
  const fs::path file = here.path / "cpu.json";
  host::save_profile(file, small_profile);
  profile_data bad = small_profile;
  bad.leaves[2].cost[3] = -1;
  CHECK(contains(message_of([&] { host::save_profile(file, bad); }), "malformed"));
  bad.leaves[2].cost[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(message_of([&] { host::save_profile(file, bad); }), "malformed"));
  bad = small_profile;
  bad.classes[0].error = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(message_of([&] { host::save_profile(file, bad); }), "malformed"));
  bad = small_profile;
  std::memset(bad.name, 'x', sizeof bad.name);
  CHECK(contains(message_of([&] { host::save_profile(file, bad); }), "name: found one without an end"));
  // Two ways to each node, twelve levels deep: sound, but 4095 nodes when written out.
  bad = small_profile;
  bad.node_count = 0;
  for (int i = 0; i < 11; ++i)
    bad.nodes[bad.node_count++] = {tree_test::at_most, condition::taps, i, static_cast<std::uint8_t>(i + 1),
                                   static_cast<std::uint8_t>(i + 1)};
  bad.nodes[bad.node_count++] = {};
  for (class_profile& c : bad.classes) c.root = class_profile::not_measured;
  bad.classes[0].root = 0;
  CHECK(is_sound(bad));
  CHECK(contains(message_of([&] { host::save_profile(file, bad); }), "trees of more than 250 nodes"));
  CHECK(same_profile(host::load_profile(file), small_profile));
  CHECK(contains(message_of([&] { host::save_profile(here.path / "none" / "cpu.json", small_profile); }),
                 "cannot be written"));
}

TEST_CASE("profile file: files that are none") {
  const folder here;
  const std::string missing = message_of([&] { host::load_profile(here.path / "none.json"); });
  CHECK(contains(missing, "none.json: cannot be read, expected the JSON file of a latency profile"));
  CHECK(contains(message_of([&] { host::load_profile(here.path); }), "cannot be read"));
  const std::string whole = host::profile_json_text(small_profile);
  for (std::size_t size = 0; size + 2 < whole.size(); size += 97) {
    const std::string text = message_of([&] { host::parse_profile(whole.substr(0, size), "half.json"); });
    CHECK(contains(text, "half.json: found text that is not JSON, expected a latency profile"));
  }
  CHECK(message_of([] { host::parse_profile("[1, 2]", "a.json"); }) == "a.json: found array, expected an object");
  CHECK(message_of([] { host::parse_profile("{}", "a.json"); }) ==
        "a.json: format: found nothing, expected it to be there");
  CHECK(complaint_after("offramp latency profile", "recipe") ==
        "cpu.json: format: found recipe, expected \"offramp latency profile\"");
}

TEST_CASE("profile file: fields that are wrong are named, with what was found and what was expected") {
  const auto says = [](const std::string& from, const std::string& to, const std::string& message) {
    const std::string found = complaint_after(from, to);
    CHECK_MESSAGE(found == "cpu.json: " + message, found);
  };
  says("\"format_version\": 1", "\"format_version\": 2", "format_version: found 2, expected 1");
  says("\"features\": 5", "\"features\": 7",
       "features: found version 7, expected 5 (fitted for another version of the library: measure again)");
  says("\"unit\": \"nanoseconds\"", "\"unit\": \"hours\"",
       "unit: found \"hours\", expected nanoseconds, cycles, instructions or ticks");
  says("\"emulated\"", "\"guessed\"", "from: found \"guessed\", expected measured, emulated or estimated");
  says("\"per_step\": 7.5", "\"per_step\": -7.5", "per_step: found -7.5, expected a number of 0 or more");
  says("\"per_step\": 7.5", "\"per_step\": null", "per_step: found null, expected a number of 0 or more");
  says("\"per_step\": 7.5", "\"per_stepp\": 7.5", "per_stepp: found it, expected no field of this name");
  says("\"quantile_ratio\": 1.07", "\"quantile_ratio\": 0.5", "quantile_ratio: found 0.500000, expected 1 or more");
  says("\"samples\": 1234", "\"samples\": 12.5", "samples: found 12.5, expected a whole number from 0 to 2147483647");
  says("\"samples\": 1234", "\"samples\": 99999999999999999999",
       "samples: found 1e+20, expected a whole number from 0 to 2147483647");
  says("\"id\": 1", "\"id\": 70000", "path.id: found 70000, expected a whole number from 0 to 65535");
  says("\"integer_conv\"", "\"quantum_conv\"", "classes: found \"quantum_conv\", expected a class of ops");
  says("\"work\": 0.0011", "\"wrok\": 0.0011",
       "classes.binary_conv.tree.yes.costs: found \"wrok\", expected a regressor such as work");
  says("\"work\": 0.0011", "\"work\": -0.0011",
       "classes.binary_conv.tree.yes.costs.work: found -0.0011, expected a number of 0 or more");
  says("\"work\": 0.0011", "\"work\": \"much\"",
       "classes.binary_conv.tree.yes.costs.work: found \"much\", expected a number of 0 or more");
  says("\"if\": \"out_channels\"", "\"if\": \"weather\"",
       "classes.binary_conv.tree.if: found \"weather\", expected a condition such as out_channels");
  says("\"multiple_of\": 16", "\"divides\": 16",
       "classes.binary_conv.tree: found no test, expected at_most, multiple_of or equals");
  says("\"multiple_of\": 16", "\"multiple_of\": 0",
       "classes.binary_conv.tree.multiple_of: found 0, expected a whole number from 1 to 2147483647");
  says("\"multiple_of\": 16", "\"multiple_of\": 16, \"at_most\": 5",
       "classes.binary_conv.tree.at_most: found it, expected no field of this name");
  says("\"board ", "\"" + std::string(70, 'x'), "name: found 79 bytes, expected at most 63");
  CHECK(contains(complaint_after("\"work\": 0.0011", "\"work\": NaN"), "not JSON"));
  CHECK(contains(complaint_after("\"work\": 0.0011", "\"work\": 1e99"), "cpu.json: "));
}

TEST_CASE("profile file: trees that are too large end in a message") {
  const auto deep = [](int levels) {
    std::string open;
    std::string close;
    for (int i = 0; i < levels; ++i) {
      open += R"({"if": "taps", "at_most": 1, "yes": {"costs": {}}, "no": )";
      close += "}";
    }
    return R"({"format": "offramp latency profile", "format_version": 1, "name": "", "unit": "cycles",
      "from": "measured", "path": {"id": 1, "version": 1}, "features": 5, "gigahertz": 0, "alone": 0, "per_sample": 0,
      "per_step": 0, "per_exit": 0, "quantile": 0, "quantile_ratio": 1, "repeatability": 0, "samples": 0,
      "classes": {"pool": {"largest_work": 1, "error": 0, "gigahertz": 0, "tree": )" +
           open + R"({"costs": {"work": 1}})" + close + "}}}";
  };
  CHECK(host::parse_profile(deep(124), "deep.json").node_count == 249);
  CHECK(contains(message_of([&] { host::parse_profile(deep(125), "deep.json"); }),
                 "found more, expected at most 250 nodes in a profile"));
  CHECK(contains(message_of([&] { host::parse_profile(deep(5000), "deep.json"); }), "at most 250 nodes"));
}

TEST_CASE("profile_for: of this path, in this version, or a message") {
  const cpu_profile<path::portable> cpu = host::profile_for<path::portable>(small_profile);
  CHECK(same_profile(cpu.data, small_profile));
  CHECK(message_of([] { host::profile_for<path::avx2>(small_profile); }) ==
        "profile 'board \"7\", C:\\x': found one of path 1, expected path 3 (avx2)");
  profile_data other = small_profile;
  other.path_version = 9;
  CHECK(message_of([&] { host::profile_for<path::portable>(other); }) ==
        "profile 'board \"7\", C:\\x': found version 9 of path portable, expected version " +
            std::to_string(path::portable::version) + " (its kernels have changed: measure again)");
  other = small_profile;
  other.features = 0;
  CHECK(
      contains(message_of([&] { host::profile_for<path::portable>(other); }), "features: found version 0, expected 5"));
  other = small_profile;
  other.nodes[0].yes = 0;
  CHECK(contains(message_of([&] { host::profile_for<path::portable>(other); }), "malformed"));
}
