// Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747): 28 x 28 grey images of clothing, ten classes, IDX files.
// Where it comes from: the full set through OFFRAMP_DATA_DIR, otherwise the small slice that ships in examples/data.
#ifndef OFFRAMP_HOST_FASHION_MNIST_HPP
#define OFFRAMP_HOST_FASHION_MNIST_HPP

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/idx.hpp>

// Where this source tree lies, from the build; without it only OFFRAMP_DATA_DIR is looked at.
#ifdef OFFRAMP_SOURCE_DIR
#define OFFRAMP_HOST_SOURCE_DIR OFFRAMP_SOURCE_DIR
#else
#define OFFRAMP_HOST_SOURCE_DIR ""
#endif

namespace offramp::inline OFFRAMP_ABI::host {

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

inline labelled_images read_fashion_part(const std::filesystem::path& dir, const std::vector<std::string>& stems) {
  const auto image_file = find_part(dir, stems, "-images-idx3-ubyte");
  const auto label_file = find_part(dir, stems, "-labels-idx1-ubyte");
  auto images = read_idx_images(image_file);
  auto labels = read_idx_labels(label_file);
  if (images.height != 28 || images.width != 28) {
    throw error(image_file.string() + ": images are " + std::to_string(images.height) + " x " +
                std::to_string(images.width) + ", expected 28 x 28");
  }
  if (static_cast<std::size_t>(images.count) != labels.size()) {
    throw error(label_file.string() + ": found " + std::to_string(labels.size()) + " labels, expected " +
                std::to_string(images.count) + ", one per image of " + image_file.string());
  }
  labelled_images set{
      28,
      28,
      1,
      10,
      std::move(images.pixels),
      std::move(labels),
      {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}};
  validate(set, label_file.string());
  return set;
}

}  // namespace detail

// Reads train-* and t10k-* (or test-*) image and label files from dir. Validation is the end of the official train
// part: its last 5000 images, or its last sixth where the part holds fewer than 30000. Throws `error` naming the file.
inline dataset fashion_mnist(const std::filesystem::path& dir) {
  if (!std::filesystem::is_directory(dir)) {
    throw error(dir.string() + ": no such folder, expected one with the Fashion-MNIST files");
  }
  const auto all = detail::read_fashion_part(dir, {"train"});
  auto test = detail::read_fashion_part(dir, {"t10k", "test"});
  const int held = all.count() < 30000 ? all.count() / 6 : 5000;
  if (held == 0) {
    throw error(dir.string() + ": the train part holds " + std::to_string(all.count()) +
                " images, expected at least 6, of which a sixth is kept for validation");
  }
  return {all.slice(0, all.count() - held), all.slice(all.count() - held, held), std::move(test)};
}

// The folder of a data set: $OFFRAMP_DATA_DIR/<name> where that variable is set, otherwise the slice of it under
// <source_dir>/examples/data. A variable that points nowhere is an error, never a silent fall back to the slice.
inline std::filesystem::path find_data(const std::string& name,
                                       const std::filesystem::path& source_dir = OFFRAMP_HOST_SOURCE_DIR) {
  if (const char* root = std::getenv("OFFRAMP_DATA_DIR"); root != nullptr && *root != '\0') {
    const auto dir = std::filesystem::path(root) / name;
    if (std::filesystem::is_directory(dir)) return dir;
    throw error("OFFRAMP_DATA_DIR is " + std::string(root) + ", but there is no folder " + dir.string() +
                "; create it (examples/fetch_data.sh downloads the full set), or unset the variable to use the slice "
                "in examples/data");
  }
  const auto slice = source_dir / "examples" / "data" / name;
  if (!source_dir.empty() && std::filesystem::is_directory(slice)) return slice;
  throw error("found no data set " + name + (source_dir.empty() ? "" : " at " + slice.string()) +
              "; set OFFRAMP_DATA_DIR to a folder that holds " + name +
              "/ (examples/fetch_data.sh downloads the full set), or give the path of the offramp source tree, whose "
              "examples/data holds a slice (compile definition OFFRAMP_SOURCE_DIR, or the second argument)");
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#undef OFFRAMP_HOST_SOURCE_DIR

#endif
