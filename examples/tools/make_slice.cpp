// Makes the slice in examples/data/fashion-mnist from the full set: the first 100 images of each class of the train
// part and of the test part, in the order of the files. The same input gives the same bytes.
//   make_slice <folder of the full set> <output folder>
#include <array>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/idx.hpp>
#include <offramp/host/idx_dataset.hpp>

namespace host = offramp::host;

static void cut(const std::filesystem::path& from, const std::vector<std::string>& stems,
                const std::filesystem::path& to, const std::string& stem) {
  constexpr int per_class = 100;
  const auto all = host::detail::read_idx_part(from, stems, {.name = "Fashion-MNIST"});
  std::array<int, 10> taken{};
  std::vector<std::uint8_t> pixels, labels;
  for (int i = 0; i < all.count(); ++i) {
    const auto label = all.labels[static_cast<std::size_t>(i)];
    if (taken[label] == per_class) continue;
    ++taken[label];
    labels.push_back(label);
    pixels.insert(pixels.end(), all.image(i), all.image(i) + all.image_size());
  }
  if (labels.size() != taken.size() * per_class) {
    throw host::error(from.string() + ": " + stems.front() + " part gives " + std::to_string(labels.size()) +
                      " images, expected 100 of each of 10 classes");
  }
  const auto count = static_cast<std::uint32_t>(labels.size());
  host::write_idx(to / (stem + "-images-idx3-ubyte.gz"), {count, 28, 28}, pixels);
  host::write_idx(to / (stem + "-labels-idx1-ubyte.gz"), {count}, labels);
  std::cout << to.string() << ": " << stem << ", " << count << " images\n";
}

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::cerr << "usage: make_slice <folder of the full set> <output folder>\n";
    return 2;
  }
  cut(argv[1], {"train"}, argv[2], "train");
  cut(argv[1], {"t10k", "test"}, argv[2], "test");
  return 0;
} catch (const std::exception& problem) {
  std::cerr << "make_slice: " << problem.what() << '\n';
  return 1;
}
