// A network trained in PyTorch (import_pytorch/train.py): read its weights, compare with the answers PyTorch gave,
// lower it to integers, see what that changes. The weights that ship are those of a binary network as .npz and of its
// float twin as .safetensors. --names prints the name map for modules that name their parts otherwise.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>

#include <CLI/CLI.hpp>

#include <offramp/host.hpp>
#include <offramp/host/import.hpp>

#include "import_pytorch/network.hpp"

using namespace offramp;

namespace {

// What PyTorch said: labels [exit][image] and the first images' logits [exit][image][class].
struct known_answers {
  host::named_tensor labels, logits;

  explicit known_answers(const std::filesystem::path& file, int exits, int classes) {
    host::state_dict dict = host::read_state_dict(file);
    labels = std::move(dict.tensors["labels"]);
    logits = std::move(dict.tensors["logits"]);
    if (labels.shape.size() != 2 || labels.shape[0] != exits || logits.shape.size() != 3 || logits.shape[0] != exits ||
        logits.shape[2] != classes || logits.shape[1] > labels.shape[1])
      throw host::error(file.string() + ": labels " + host::to_text(labels.shape) + " and logits " +
                        host::to_text(logits.shape) + ", expected [" + std::to_string(exits) + ", images] and [" +
                        std::to_string(exits) + ", images, " + std::to_string(classes) + "]");
  }
  [[nodiscard]] int images() const { return static_cast<int>(labels.shape[1]); }
  [[nodiscard]] int label(int exit, int image) const {
    return static_cast<int>(labels.values[static_cast<std::size_t>(exit * images() + image)]);
  }
};

std::string share(int part, int all) { return host::fixed(100.0 * part / all, 2) + " %"; }

template <class Net, class Device>
void compare(const std::string& name, const std::filesystem::path& weights, const std::filesystem::path& answers,
             const host::dataset& data, host::table& shown) {
  const known_answers known{answers, Net::exits, Net::classes};
  const host::model model = host::import_model<Net>(weights);
  const host::labelled_images images = data.test.slice(0, known.images());
  const host::exit_logits ours = host::evaluate(model, images);

  const host::quantized_model quantized = host::quantize<Device>(model, data.train.slice(0, 300));
  const std::span<const std::uint8_t> known_answer{images.image(0), images.image_size()};
  const host::deployed<Device> net{host::pack_model<Device, path::portable>(quantized, {}, known_answer)};
  host::thread_pool pool;
  const auto bound = host::bind_or_throw<Device>(net.words(), weights.string());
  const host::exit_outputs lowered = host::run_all_exits(bound, images, pool);

  const int compared = static_cast<int>(known.logits.shape[1]);
  for (int k = 0; k < Net::exits; ++k) {
    float largest = 0, difference = 0;
    for (int i = 0; i < compared * Net::classes; ++i) {
      const float theirs = known.logits.values[static_cast<std::size_t>(k * compared * Net::classes + i)];
      largest = std::max(largest, std::abs(theirs));
      difference = std::max(difference, std::abs(ours.at(k, 0)[i] - theirs));
    }
    int same = 0, same_lowered = 0, right = 0;
    for (int i = 0; i < images.count(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      const int integer = lowered.label[static_cast<std::size_t>(k)][at];
      same += ours.label(k, i) == known.label(k, i) ? 1 : 0;
      same_lowered += integer == known.label(k, i) ? 1 : 0;
      right += integer == images.labels[at] ? 1 : 0;
    }
    char error[32];
    std::snprintf(error, sizeof error, "%.1e", static_cast<double>(difference / largest));
    shown.add({name, std::to_string(k + 1), std::to_string(images.count()), error, share(same, images.count()),
               share(same_lowered, images.count()), share(right, images.count())});
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path shipped = std::filesystem::path{OFFRAMP_SOURCE_DIR} / "examples";
  std::string weights = (shipped / "import_pytorch").string(), data = (shipped / "data/fashion-mnist").string();
  bool names = false;
  CLI::App app{"Imports networks trained in PyTorch and compares them with PyTorch's answers."};
  app.add_option("--weights", weights, "folder of binary.npz, float.safetensors and their answers")
      ->capture_default_str();
  app.add_option("--data", data, "folder of the images the answers are for")->capture_default_str();
  app.add_flag("--names", names, "only print the name map of the network, to be edited for other modules");
  CLI11_PARSE(app, argc, argv);
  try {
    if (names) {
      std::cout << host::name_map_text<imported::binary_net>();
      return 0;
    }
    const std::filesystem::path from = weights;
    const host::dataset images = host::fashion_mnist(data);
    host::table shown(
        {"network", "exit", "images", "logits off by", "labels equal", "lowered: labels equal", "lowered: right"});
    compare<imported::binary_net, lower<imported::binary_net, i8>>("binary", from / "binary.npz",
                                                                   from / "binary_answers.npz", images, shown);
    compare<imported::float_net, lower<imported::float_net, i8>>("float", from / "float.safetensors",
                                                                 from / "float_answers.npz", images, shown);
    std::cout << shown << "\nlogits: largest difference to PyTorch's, of the largest logit of the exit; lowered: int8 "
              << "where not binary\n";
    return 0;
  } catch (const host::error& e) {
    std::cerr << "08_import_pytorch: " << e.what() << '\n';
    return 1;
  }
}
