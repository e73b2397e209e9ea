// The shipped slice is what its README says, and folders that do not fit are refused by name.
#include <offramp/host/fashion_mnist.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
namespace fs = std::filesystem;

using offramp_test::folder;
using offramp_test::message_of;

namespace {

// OFFRAMP_DATA_DIR for one test, as it was afterwards.
struct data_dir {
  std::optional<std::string> before;
  explicit data_dir(const char* value) {
    if (const char* old = std::getenv("OFFRAMP_DATA_DIR")) before = old;
    if (value != nullptr)
      setenv("OFFRAMP_DATA_DIR", value, 1);
    else
      unsetenv("OFFRAMP_DATA_DIR");
  }
  ~data_dir() {
    if (before)
      setenv("OFFRAMP_DATA_DIR", before->c_str(), 1);
    else
      unsetenv("OFFRAMP_DATA_DIR");
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void put(const fs::path& dir, const std::string& stem, std::vector<std::uint8_t> labels) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  const std::vector<std::uint8_t> pixels(labels.size() * 784, 3);
  host::write_idx(dir / (stem + "-images-idx3-ubyte.gz"), {count, 28, 28}, pixels);
  host::write_idx(dir / (stem + "-labels-idx1-ubyte.gz"), {count}, labels);
}

}  // namespace

#ifdef OFFRAMP_SOURCE_DIR
TEST_CASE("fashion_mnist: the slice in the repository") {
  const data_dir unset(nullptr);
  const auto dir = host::find_data("fashion-mnist");
  CHECK(dir == fs::path(OFFRAMP_SOURCE_DIR) / "examples" / "data" / "fashion-mnist");
  const auto data = host::fashion_mnist(dir);
  CHECK(data.train.count() == 834);
  CHECK(data.validation.count() == 166);
  CHECK(data.test.count() == 1000);
  std::array<int, 10> train{}, test{};
  for (const auto label : data.train.labels) ++train[label];
  for (const auto label : data.validation.labels) ++train[label];
  for (const auto label : data.test.labels) ++test[label];
  for (std::size_t c = 0; c < 10; ++c) {
    CHECK(train[c] == 100);
    CHECK(test[c] == 100);
  }
  // The official train part begins with an ankle boot, a T-shirt, another T-shirt, a dress.
  CHECK(std::vector<std::uint8_t>(data.train.labels.begin(), data.train.labels.begin() + 4) ==
        std::vector<std::uint8_t>{9, 0, 0, 3});
  CHECK(data.train.class_name(9) == "Ankle boot");
  std::size_t lit = 0;
  for (const auto p : data.test.pixels) lit += p > 0;
  CHECK(lit > data.test.pixels.size() / 4);
}
#endif

TEST_CASE("fashion_mnist: the last sixth of a small train part is for validation; t10k- and test- are both read") {
  for (const char* stem : {"t10k", "test"}) {
    const folder at;
    put(at.path, "train", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2});
    put(at.path, stem, {4, 5});
    const auto data = host::fashion_mnist(at.path);
    CHECK(data.train.count() == 11);
    CHECK(data.validation.labels == std::vector<std::uint8_t>{1, 2});
    CHECK(data.test.labels == std::vector<std::uint8_t>{4, 5});
  }
}

TEST_CASE("fashion_mnist: folders that do not fit") {
  const folder at;
  const auto read = [&] { return message_of([&] { host::fashion_mnist(at.path); }); };
  CHECK(has(message_of([&] { host::fashion_mnist(at.path / "absent"); }), "absent: no such folder"));
  CHECK(has(read(), "found none of train-images-idx3-ubyte.gz, train-images-idx3-ubyte, expected one of them"));
  put(at.path, "train", {0, 1, 2, 3, 4, 5});
  CHECK(has(read(), "t10k-images-idx3-ubyte.gz, t10k-images-idx3-ubyte, test-images-idx3-ubyte.gz"));
  put(at.path, "test", {0, 10});
  CHECK(has(read(), "test-labels-idx1-ubyte.gz: label of image 1 is 10, expected 0 to 9"));
  put(at.path, "test", {0, 1});
  const std::vector<std::uint8_t> three{0, 1, 2};
  host::write_idx(at.path / "test-labels-idx1-ubyte.gz", {3}, three);
  CHECK(has(read(), "found 3 labels, expected 2, one per image of"));
  const std::vector<std::uint8_t> tiny(2 * 4 * 4);
  host::write_idx(at.path / "test-images-idx3-ubyte.gz", {2, 4, 4}, tiny);
  CHECK(has(read(), "images are 4 x 4, expected 28 x 28"));
  put(at.path, "test", {});
  CHECK(has(read(), "the data set is empty"));
  put(at.path, "test", {1});
  put(at.path, "train", {0, 1, 2});
  CHECK(has(read(), "the train part holds 3 images, expected at least 6"));
}

TEST_CASE("find_data: the variable wins, and points somewhere or is an error") {
  const folder at;
  fs::create_directories(at.path / "full" / "garments");
  fs::create_directories(at.path / "tree" / "examples" / "data" / "garments");
  {
    const data_dir set((at.path / "full").string().c_str());
    CHECK(host::find_data("garments", at.path / "tree") == at.path / "full" / "garments");
  }
  {
    const data_dir set((at.path / "tree").string().c_str());
    const auto text = message_of([&] { host::find_data("garments", at.path / "tree"); });
    CHECK(has(text, "there is no folder " + (at.path / "tree" / "garments").string()));
    CHECK(has(text, "unset the variable"));
  }
  const data_dir unset(nullptr);
  CHECK(host::find_data("garments", at.path / "tree") == at.path / "tree" / "examples" / "data" / "garments");
  const auto text = message_of([&] { host::find_data("hats", at.path / "tree"); });
  CHECK(has(text, "found no data set hats at "));
  CHECK(has(text, "set OFFRAMP_DATA_DIR"));
  CHECK(has(text, "OFFRAMP_SOURCE_DIR"));
}
