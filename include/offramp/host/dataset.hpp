// Labelled images as plain memory: 8-bit NHWC pixels and one label each, in three parts. The thresholds of a network
// are chosen on `validation`, figures are quoted on `test`, and neither is ever trained on.
// Readers of formats (IDX and the like) fill these structs; everything after them sees only these.
#ifndef OFFRAMP_HOST_DATASET_HPP
#define OFFRAMP_HOST_DATASET_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct labelled_images {
  int height = 0, width = 0, channels = 0, classes = 0;
  std::vector<std::uint8_t> pixels;      // NHWC, count * height * width * channels
  std::vector<std::uint8_t> labels;      // 0 .. classes - 1
  std::vector<std::string> class_names;  // one per class, or none

  int count() const { return static_cast<int>(labels.size()); }

  // Bytes of one image.
  std::size_t image_size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }

  // The first pixel of image i (0 <= i < count(), unchecked: this stands in inner loops).
  const std::uint8_t* image(int i) const { return pixels.data() + static_cast<std::size_t>(i) * image_size(); }

  // The name of a class, or its number where the set has no names.
  std::string class_name(int label) const {
    const auto at = static_cast<std::size_t>(label);
    return label >= 0 && at < class_names.size() ? class_names[at] : std::to_string(label);
  }

  // A copy of images first .. first + count - 1. Throws where they do not all exist.
  labelled_images slice(int first, int count) const {
    if (first < 0 || count < 0 || first > this->count() || count > this->count() - first) {
      throw error("slice: asked for images " + std::to_string(first) + " to " +
                  std::to_string(static_cast<long long>(first) + count - 1) + ", but the set holds " +
                  std::to_string(this->count()));
    }
    labelled_images part{height, width, channels, classes, {}, {}, class_names};
    const auto begin = static_cast<std::ptrdiff_t>(first), end = begin + count;
    const auto stride = static_cast<std::ptrdiff_t>(image_size());
    part.pixels.assign(pixels.begin() + begin * stride, pixels.begin() + end * stride);
    part.labels.assign(labels.begin() + begin, labels.begin() + end);
    return part;
  }
};

struct dataset {
  labelled_images train, validation, test;
};

// Throws unless the set can be trained on or measured with: not empty, sizes that agree, every label below `classes`.
// `name` is what the message calls the set.
inline void validate(const labelled_images& set, const std::string& name) {
  if (set.height <= 0 || set.width <= 0 || set.channels <= 0) {
    throw error(name + ": image shape is " + std::to_string(set.height) + " x " + std::to_string(set.width) + " x " +
                std::to_string(set.channels) + ", expected every side above 0");
  }
  if (set.classes < 2 || set.classes > 256) {
    throw error(name + ": found " + std::to_string(set.classes) + " classes, expected 2 to 256");
  }
  if (set.labels.empty()) throw error(name + ": the data set is empty, expected at least one labelled image");
  const std::size_t expected = set.labels.size() * set.image_size();
  if (set.pixels.size() != expected) {
    throw error(name + ": found " + std::to_string(set.pixels.size()) + " pixel bytes, expected " +
                std::to_string(expected) + " (" + std::to_string(set.labels.size()) + " labels x " +
                std::to_string(set.image_size()) + " bytes per image)");
  }
  if (!set.class_names.empty() && set.class_names.size() != static_cast<std::size_t>(set.classes)) {
    throw error(name + ": found " + std::to_string(set.class_names.size()) + " class names, expected " +
                std::to_string(set.classes) + " or none");
  }
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    if (set.labels[i] >= set.classes) {
      throw error(name + ": label of image " + std::to_string(i) + " is " + std::to_string(set.labels[i]) +
                  ", expected 0 to " + std::to_string(set.classes - 1));
    }
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
