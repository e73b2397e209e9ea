#include <algorithm>
#include <cmath>
#include <filesystem>

#include <doctest/doctest.h>

#include <offramp/host/evaluate.hpp>
#include <offramp/host/fashion_mnist.hpp>
#include <offramp/host/import.hpp>

#include "examples/import_pytorch/network.hpp"
#include "tests/support/host_test.hpp"
#include "tests/support/import_files.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

const std::filesystem::path root = OFFRAMP_SOURCE_DIR;
const std::filesystem::path shipped = root / "examples/import_pytorch";

// Labels of all exits on the shipped test images against those PyTorch gave, and the logits of the first images.
template <class Net>
void compare(const std::filesystem::path& weights, const std::filesystem::path& answers) {
  const host::state_dict known = host::read_state_dict(answers);
  const host::named_tensor &labels = known.tensors.at("labels"), &logits = known.tensors.at("logits");
  const host::labelled_images images = host::fashion_mnist(root / "examples/data/fashion-mnist").test;
  REQUIRE(labels.shape == host::tensor_shape{Net::exits, images.count()});
  REQUIRE(logits.shape == host::tensor_shape{Net::exits, 32, Net::classes});
  const host::exit_logits ours = host::evaluate(host::import_model<Net>(weights), images);
  for (int k = 0; k < Net::exits; ++k) {
    CAPTURE(k);
    int same = 0;
    for (int i = 0; i < images.count(); ++i)
      same += static_cast<float>(ours.label(k, i)) == labels.values[static_cast<std::size_t>(k * images.count() + i)];
    CHECK(same >= images.count() - images.count() / 1000);
    float largest = 0, difference = 0;
    for (int i = 0; i < 32 * Net::classes; ++i) {
      const float theirs = logits.values[static_cast<std::size_t>(k * 32 * Net::classes + i)];
      largest = std::max(largest, std::abs(theirs));
      difference = std::max(difference, std::abs(ours.at(k, 0)[i] - theirs));
    }
    CHECK(largest > 1.0f);
    // Float rounding. In a binary network a sum within rounding of zero may also flip a sign: not in these images.
    CHECK(difference <= 1e-5f * largest);
  }
}

}  // namespace

TEST_CASE("a binary network from .npz answers as in PyTorch") {
  compare<imported::binary_net>(shipped / "binary.npz", shipped / "binary_answers.npz");
}

TEST_CASE("its float twin from .safetensors answers as in PyTorch") {
  compare<imported::float_net>(shipped / "float.safetensors", shipped / "float_answers.npz");
}

TEST_CASE("the weights of one network do not pass for another's") {
  using other = network<image<28, 28, 1>, stage<conv2d<16, 3>, batch_norm, relu>, exit_head<10>>;
  const std::string message = message_of([&] { (void)host::import_model<other>(shipped / "binary.npz"); });
  CHECK(message.find("binary.npz: does not fit the network, problems: ") != std::string::npos);
  CHECK(message.find("surplus") != std::string::npos);
  CHECK(message.find("misshaped") != std::string::npos);
}

TEST_CASE("files that are not there, not for us, or not intact") {
  const offramp_test::folder folder;
  const auto refusal = [&](const std::string& name) {
    return message_of([&] { (void)host::read_state_dict(folder.path / name); });
  };
  CHECK(refusal("none.npz").find("none.npz: cannot be read: ") != std::string::npos);
  CHECK(refusal("weights.pt").find("found the ending '.pt', expected .npz (numpy.savez) or .safetensors") !=
        std::string::npos);
  std::filesystem::create_directory(folder.path / "folder.npz");
  CHECK(refusal("folder.npz").find("folder.npz: cannot be read: ") != std::string::npos);
  offramp_test::write_bytes(folder.path / "text.npz", offramp_test::as_bytes("some text"));
  CHECK(refusal("text.npz").find("text.npz: not a zip archive") != std::string::npos);
  offramp_test::write_bytes(folder.path / "empty.safetensors", {});
  CHECK(refusal("empty.safetensors").find("empty.safetensors: truncated: found 0 bytes") != std::string::npos);
  offramp_test::write_bytes(folder.path / "good.npz",
                            offramp_test::zip_file_of({{"w.npy", offramp_test::npy_floats("(2,)", {1, 2})}}));
  CHECK(host::read_state_dict(folder.path / "good.npz").tensors.at("w").values == std::vector<float>{1, 2});
}
