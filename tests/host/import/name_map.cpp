#include <doctest/doctest.h>

#include <offramp/host/import/name_map.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

using net = network<image<4, 4, 1>, stage<conv2d<8, 3>, batch_norm>, exit_head<2>>;

TEST_CASE("the map printed from a type") {
  CHECK(host::name_map_text<net>() ==
        "# ours = theirs   # their shape; theirs -: stays as it is; ours -: not wanted (* at the end: any)\n"
        "layer0.conv2d.weight       = stages.0.0.weight        # [8, 1, 3, 3]\n"
        "# layer0.conv2d.bias         = stages.0.0.bias          # [8], optional: is added to the layer behind\n"
        "layer1.batch_norm.gamma    = stages.0.1.weight        # [8]\n"
        "layer1.batch_norm.beta     = stages.0.1.bias          # [8]\n"
        "layer1.batch_norm.mean     = stages.0.1.running_mean  # [8]\n"
        "layer1.batch_norm.variance = stages.0.1.running_var   # [8]\n"
        "layer3.dense.weight        = heads.0.2.weight         # [2, 8]\n"
        "layer3.dense.bias          = heads.0.2.bias           # [2]\n");
}

TEST_CASE("what is printed is read back") {
  host::name_map names = host::default_names(net::view());
  names.theirs["layer3.dense.bias"] = "-";
  names.unwanted = {"ema.*"};
  const host::name_map again = host::parse_name_map(host::to_text(net::view(), names), "names.txt");
  CHECK(again.source == "names.txt");
  names.theirs.erase("layer0.conv2d.bias");  // stands in a comment
  CHECK(again.theirs == names.theirs);
  CHECK(again.unwanted == names.unwanted);

  const offramp_test::folder folder;
  std::ofstream{folder.path / "names.txt"} << host::to_text(net::view(), names);
  CHECK(host::read_name_map(folder.path / "names.txt").theirs == names.theirs);
  CHECK(message_of([&] { (void)host::read_name_map(folder.path / "none.txt"); }).find("none.txt: cannot be opened") !=
        std::string::npos);
}

TEST_CASE("a map by a function") {
  const host::name_map names = host::names_by(net::view(), [](const host::parameter_info& p) {
    return "layer" + std::to_string(p.layer) + (p.role == host::parameter_role::weight ? ".w" : ".other");
  });
  CHECK(names.theirs.at("layer0.conv2d.weight") == "layer0.w");
  CHECK(names.theirs.at("layer1.batch_norm.mean") == "layer1.other");
}

TEST_CASE("unwanted names, whole or by their beginning") {
  const host::name_map names = host::parse_name_map("- = ema.*\r\n-=step  # a counter\n\n", "x");
  CHECK(names.is_unwanted("ema.stages.0"));
  CHECK(names.is_unwanted("step"));
  CHECK_FALSE(names.is_unwanted("steps"));
  CHECK_FALSE(names.is_unwanted("stages.ema."));
}

TEST_CASE("lines that are no map are refused by their number") {
  const auto refusal = [](const char* text) {
    return message_of([&] { (void)host::parse_name_map(text, "names.txt"); });
  };
  CHECK(refusal("# fine\n\nlayer0 stages.0\n") == "names.txt: line 3: found 'layer0 stages.0', expected OURS = THEIRS");
  CHECK(refusal("layer0 = # nothing") ==
        "names.txt: line 1: found nothing on one side of 'layer0 =', expected OURS = THEIRS");
  CHECK(refusal("a = b\na = c") == "names.txt: line 2: found 'a' a second time, expected OURS = THEIRS");
}
