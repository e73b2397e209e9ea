// Checkpoints: what is written comes back, and a file that was cut, changed or made for another network is refused.
#include <offramp/host/checkpoint.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include <offramp/net/network.hpp>

namespace {

using namespace offramp;

using small = network<image<4, 4, 1, u8>, stage<conv2d<2, 3>, batch_norm, relu>, exit_head<2>>;
using other = network<image<4, 4, 1, u8>, stage<conv2d<3, 3>, batch_norm, relu>, exit_head<2>>;

const std::string path = (std::filesystem::temp_directory_path() / "offramp_checkpoint_test").string();

host::checkpoint sample() {
  host::checkpoint c;
  c.model = host::make_model(small::view(), 3);
  c.model.input_zero = 73;
  c.model.input_scale = 0.0111f;
  c.epochs_done = 5;
  c.seed = 0x123456789abcdefu;
  c.run = 0xfedcba9876543210u;
  c.step = 0x100000001;
  c.first = {1.5f, -0.0f, 1e-40f};
  c.second = {2.5f};
  return c;
}

std::string bytes() {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

void write(const std::string& content) { std::ofstream{path, std::ios::binary | std::ios::trunc} << content; }

std::string refusal(const network_view& net = small::view()) {
  try {
    host::read_checkpoint(path, net);
  } catch (const host::error& e) { return e.what(); }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("checkpoint: comes back as it was") {
  const host::checkpoint c = sample();
  host::write_checkpoint(path, c);
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
  const host::checkpoint r = host::read_checkpoint(path, small::view());
  CHECK(r.model.parameters == c.model.parameters);
  CHECK(r.model.input_zero == 73);
  CHECK(r.model.input_scale == 0.0111f);
  CHECK(r.model.view().layer_count == small::view().layer_count);
  CHECK(r.epochs_done == 5);
  CHECK(r.seed == c.seed);
  CHECK(r.run == c.run);
  CHECK(r.step == c.step);
  CHECK(r.first == c.first);
  CHECK(std::signbit(r.first[1]));
  CHECK(r.second == c.second);
  host::write_model(path, c.model);
  CHECK(host::read_model(path, small::view()).parameters == c.model.parameters);
  std::filesystem::remove(path);
}

TEST_CASE("checkpoint: layers that came later, and old files' networks keep their identity") {
  using later =
      network<image<4, 4, 2, u8>, stage<conv2d<4, 3, groups{2}>, rprelu, concat<branch<>, branch<depthwise_conv2d<3>>>>,
              exit_head<2>, stage<relu>, cascade_head<2>>;
  host::checkpoint c;
  c.model = host::make_model(later::view(), 3);
  c.model.parameters[1].bias[2] = 7;                 // a shift
  c.model.parameters[2].weights[1] = 0.5f;           // a prelu
  c.model.parameters.back().weights = {1, 2, 3, 4};  // a cascade
  host::write_checkpoint(path, c);
  CHECK(host::read_checkpoint(path, later::view()).model.parameters == c.model.parameters);
  CHECK(contains(refusal(), "wrong network"));
  std::filesystem::remove(path);
  CHECK(structure_hash(small::view(), 0) == 0x320b1df49bd42b52u);  // as of version 1
}

TEST_CASE("checkpoint: every cut and every changed byte is refused, with a reason") {
  host::write_checkpoint(path, sample());
  const std::string good = bytes();
  for (std::size_t n = 0; n < good.size(); n += 3) {
    write(good.substr(0, n));
    REQUIRE(contains(refusal(), "truncated: found " + std::to_string(n) + " bytes"));
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << i % 8));
    write(bad);
    REQUIRE(contains(refusal(), path + ": "));
  }
  std::string bad = good;
  bad[good.size() / 2] = static_cast<char>(bad[good.size() / 2] ^ 4);
  write(bad);
  CHECK(contains(refusal(), "corrupted: the checksum does not fit"));
  bad = good;
  bad[8] = 9;
  write(bad);
  CHECK(contains(refusal(), "version is 9, expected 1"));
  bad = good;
  bad[0] = 'X';
  write(bad);
  CHECK(contains(refusal(), "not a checkpoint"));
  write(good + "tail");
  CHECK(contains(refusal(), "corrupted: found " + std::to_string(good.size() + 4) + " bytes"));
  write(good);
  CHECK(refusal() == "no error");
  CHECK(contains(refusal(other::view()), "wrong network"));
  std::filesystem::remove(path);
  CHECK(contains(refusal(), "cannot open"));
}

TEST_CASE("checkpoint: a failed write leaves the old file") {
  host::write_checkpoint(path, sample());
  const std::string before = bytes();
  std::filesystem::create_directory(path + ".part");  // stands where the new file would be written
  CHECK_THROWS_AS(host::write_checkpoint(path, sample()), host::error);
  CHECK(bytes() == before);
  std::filesystem::remove(path + ".part");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(host::write_checkpoint("no/such/folder/file", sample()),
                       doctest::Contains("no/such/folder/file: cannot write"), host::error);
}

}  // namespace
