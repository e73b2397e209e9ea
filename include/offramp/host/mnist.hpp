// MNIST (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86(11), 1998): 28 x 28 grey handwritten digits, IDX files.
#ifndef OFFRAMP_HOST_MNIST_HPP
#define OFFRAMP_HOST_MNIST_HPP

#include <filesystem>

#include <offramp/core/config.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/find_data.hpp>
#include <offramp/host/idx_dataset.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// As idx_dataset reads it: validation is the last 5000 images of the train part. Throws `error` naming the file.
inline dataset mnist(const std::filesystem::path& dir) { return idx_dataset(dir, {.name = "MNIST"}); }

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
