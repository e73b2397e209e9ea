// Slices copy the right images, and a set that cannot be used says why.
#include <offramp/host/dataset.hpp>

#include <string>

#include <doctest/doctest.h>

namespace host = offramp::host;

namespace {

host::labelled_images three() { return {1, 2, 1, 3, {10, 11, 20, 21, 30, 31}, {0, 1, 2}, {"a", "b", "c"}}; }

std::string complaint(const host::labelled_images& set) {
  try {
    host::validate(set, "train");
  } catch (const host::error& problem) { return problem.what(); }
  return "";
}

}  // namespace

TEST_CASE("dataset: images by index and by slice") {
  const auto set = three();
  CHECK(complaint(set).empty());
  CHECK(set.count() == 3);
  CHECK(set.image_size() == 2);
  CHECK(set.image(2)[1] == 31);
  CHECK(set.class_name(1) == "b");
  CHECK(set.class_name(7) == "7");

  const auto part = set.slice(1, 2);
  CHECK(part.count() == 2);
  CHECK(part.pixels == std::vector<std::uint8_t>{20, 21, 30, 31});
  CHECK(part.labels == std::vector<std::uint8_t>{1, 2});
  CHECK(part.class_names == set.class_names);
  CHECK(complaint(part).empty());
  CHECK(set.slice(3, 0).count() == 0);
}

TEST_CASE("dataset: a slice outside the set is refused") {
  const auto set = three();
  CHECK_THROWS_WITH_AS(set.slice(2, 2), "slice: asked for images 2 to 3, but the set holds 3", host::error);
  CHECK_THROWS_AS(set.slice(-1, 1), host::error);
  CHECK_THROWS_AS(set.slice(0, -1), host::error);
  CHECK_THROWS_AS(set.slice(1, 2147483647), host::error);  // the sum would wrap
}

TEST_CASE("dataset: each defect has its message") {
  auto set = three();
  set.labels[1] = 3;
  CHECK(complaint(set) == "train: label of image 1 is 3, expected 0 to 2");
  set = three();
  set.pixels.pop_back();
  CHECK(complaint(set) == "train: found 5 pixel bytes, expected 6 (3 labels x 2 bytes per image)");
  set = three();
  set.pixels.clear();
  set.labels.clear();
  CHECK(complaint(set) == "train: the data set is empty, expected at least one labelled image");
  set = three();
  set.width = 0;
  CHECK(complaint(set) == "train: image shape is 1 x 0 x 1, expected every side above 0");
  set = three();
  set.classes = 1;
  CHECK(complaint(set) == "train: found 1 classes, expected 2 to 256");
  set = three();
  set.class_names.pop_back();
  CHECK(complaint(set) == "train: found 2 class names, expected 3 or none");
}
