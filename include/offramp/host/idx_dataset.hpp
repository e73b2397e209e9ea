// Data sets as MNIST and its kin ship them: a train and a test part, each a file of images and one of labels in IDX.
// Also how images are held out of a train part for validation.
#ifndef OFFRAMP_HOST_IDX_DATASET_HPP
#define OFFRAMP_HOST_IDX_DATASET_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/idx.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What is expected of every image.
struct idx_dataset_form {
  std::string name;  // in messages
  int height = 28, width = 28, classes = 10;
  std::vector<std::string> class_names{};
};

namespace detail {

// The first of `stems` that exists in dir with `ending`, gzip'ed or plain.
inline std::filesystem::path find_part(const std::filesystem::path& dir, const std::vector<std::string>& stems,
                                       const std::string& ending) {
  std::string tried;
  for (const auto& stem : stems) {
    for (const char* packed : {".gz", ""}) {
      const auto name = stem + ending + packed;
      if (std::filesystem::is_regular_file(dir / name)) return dir / name;
      tried += (tried.empty() ? "" : ", ") + name;
    }
  }
  throw error(dir.string() + ": found none of " + tried + ", expected one of them");
}

inline labelled_images read_idx_part(const std::filesystem::path& dir, const std::vector<std::string>& stems,
                                     const idx_dataset_form& form) {
  const auto image_file = find_part(dir, stems, "-images-idx3-ubyte");
  const auto label_file = find_part(dir, stems, "-labels-idx1-ubyte");
  auto images = read_idx_images(image_file);
  auto labels = read_idx_labels(label_file);
  if (images.height != form.height || images.width != form.width) {
    throw error(image_file.string() + ": images are " + std::to_string(images.height) + " x " +
                std::to_string(images.width) + ", expected " + std::to_string(form.height) + " x " +
                std::to_string(form.width));
  }
  if (static_cast<std::size_t>(images.count) != labels.size()) {
    throw error(label_file.string() + ": found " + std::to_string(labels.size()) + " labels, expected " +
                std::to_string(images.count) + ", one per image of " + image_file.string());
  }
  labelled_images set{form.height,       form.width,      1, form.classes, std::move(images.pixels),
                      std::move(labels), form.class_names};
  validate(set, label_file.string());
  return set;
}

// How many of so many images of a train part are kept for validation: 5,000, of small parts a sixth. Throws on none.
inline int held_out(int count, const std::string& where) {
  const int held = count < 30000 ? count / 6 : 5000;
  if (held == 0)
    throw error(where + ": the train part holds " + std::to_string(count) +
                " images, expected at least 6, of which a sixth is kept for validation");
  return held;
}

}  // namespace detail

// Reads train-* and t10k-* (or test-*) image and label files from dir. Validation is the end of the official train
// part: its last 5000 images, or its last sixth where the part holds fewer than 30000. Throws `error` naming the file.
inline dataset idx_dataset(const std::filesystem::path& dir, const idx_dataset_form& form) {
  if (!std::filesystem::is_directory(dir)) {
    throw error(dir.string() + ": no such folder, expected one with the " + form.name + " files");
  }
  const auto all = detail::read_idx_part(dir, {"train"}, form);
  auto test = detail::read_idx_part(dir, {"t10k", "test"}, form);
  const int held = detail::held_out(all.count(), dir.string());
  return {all.slice(0, all.count() - held), all.slice(all.count() - held, held), std::move(test)};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
