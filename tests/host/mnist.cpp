// MNIST is read as Fashion-MNIST is (tests/host/fashion_mnist.cpp): here only what differs.
// covers: host/mnist.hpp host/idx_dataset.hpp
#include <offramp/host/mnist.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;

using offramp_test::folder;
using offramp_test::message_of;

namespace {

void put(const folder& at, const std::string& stem, std::vector<std::uint8_t> labels, std::uint32_t side) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  const std::vector<std::uint8_t> pixels(labels.size() * side * side, 3);
  host::write_idx(at.path / (stem + "-images-idx3-ubyte.gz"), {count, side, side}, pixels);
  host::write_idx(at.path / (stem + "-labels-idx1-ubyte.gz"), {count}, labels);
}

}  // namespace

TEST_CASE("mnist: the last sixth of the train part is for validation; a class is a digit") {
  const folder at;
  put(at, "train", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, 28);
  put(at, "t10k", {4, 5}, 28);
  const auto data = host::mnist(at.path);
  CHECK(data.train.count() == 10);
  CHECK(data.validation.labels == std::vector<std::uint8_t>{0, 1});
  CHECK(data.test.labels == std::vector<std::uint8_t>{4, 5});
  CHECK(data.test.class_name(7) == "7");
}

TEST_CASE("idx_dataset: images of another size, and a folder that is not there, say what was expected") {
  const folder at;
  put(at, "train", {0, 1, 2, 3, 4, 5}, 8);
  put(at, "test", {1}, 8);
  CHECK(message_of([&] { host::mnist(at.path); }).find("images are 8 x 8, expected 28 x 28") != std::string::npos);
  CHECK(message_of([&] { host::mnist(at.path / "x"); }).find("expected one with the MNIST files") != std::string::npos);
  const auto data = host::idx_dataset(at.path, {.name = "small", .height = 8, .width = 8});
  CHECK(data.train.count() == 5);
  CHECK(message_of([&] {
          host::idx_dataset(at.path, {.name = "small", .height = 8, .width = 8, .classes = 5});
        }).find("label of image 5 is 5, expected 0 to 4") != std::string::npos);
}
