// Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747): 28 x 28 grey images of clothing, ten classes, IDX files.
#ifndef OFFRAMP_HOST_FASHION_MNIST_HPP
#define OFFRAMP_HOST_FASHION_MNIST_HPP

#include <filesystem>

#include <offramp/core/config.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/find_data.hpp>
#include <offramp/host/idx_dataset.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// As idx_dataset reads it: validation is the last 5000 images of the train part. Throws `error` naming the file.
inline dataset fashion_mnist(const std::filesystem::path& dir) {
  return idx_dataset(dir, {.name = "Fashion-MNIST",
                           .class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                           "Sneaker", "Bag", "Ankle boot"}});
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
