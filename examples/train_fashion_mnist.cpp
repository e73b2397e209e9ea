// Trains the network of the main job on Fashion-MNIST, chooses its thresholds on the validation split, quantizes and
// exports the weights that ship with the examples. Interrupted, it resumes from its checkpoint.
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <offramp/host.hpp>

#include "fashion_mnist/network.hpp"

using namespace offramp;

namespace {

struct settings {
  int epochs = 16;
  std::uint64_t seed = 1;
  float learning_rate = 2e-3f;
  int threads = 0;
  bool float_network = false;
  std::string data;
  std::string out;
  std::string checkpoint;
};

void print_accuracy(const char* name, const std::vector<double>& accuracy) {
  std::cout << name;
  for (const double a : accuracy) std::cout << "  " << host::fixed(100 * a, 2) << " %";
  std::cout << '\n';
}

template <class Net>
host::model train(const host::dataset& data, const settings& s) {
  recipes::joint recipe;
  recipe.epochs = s.epochs;
  recipe.seed = s.seed;
  recipe.learning_rate = s.learning_rate;
  recipe.flip = true;
  recipe.shift = 1;
  recipe.exit_weights = {0.5f, 0.6f, 0.8f, 1.0f};
  host::train_options options;
  options.threads = s.threads;
  options.checkpoint = s.checkpoint;
  options.progress = &std::cout;
  options.validation = &data.validation;
  host::model m = host::train<Net>(data.train, recipe, options);
  print_accuracy("test accuracy per exit, as trained: ", host::accuracies(host::evaluate(m, data.test), data.test));
  return m;
}

void export_weights(const host::model& m, const host::dataset& data, const settings& s) {
  using fashion::device_net;
  const host::quantized_model q = host::quantize<device_net>(m, data.train.slice(0, 512), s.threads);
  host::thread_pool pool{s.threads};
  host::deployment<device_net::exits> plan;
  const std::span<const std::uint8_t> known{data.validation.image(0), data.validation.image_size()};
  const host::deployed<device_net> net{host::pack_model<device_net, path::portable>(q, plan, known)};
  const auto weights = host::bind_or_throw<device_net>(net.words(), "packed model");

  const host::exit_outputs validation = host::run_all_exits(weights, data.validation, pool);
  const host::operating_point chosen = host::calibrate(validation, host::accuracy_drop{0.003});
  std::copy(chosen.thresholds_q16.begin(), chosen.thresholds_q16.end(), plan.thresholds.q16);
  const host::exit_outputs test = host::run_all_exits(weights, data.test, pool);
  const host::operating_point result = host::evaluate_thresholds(test, chosen.thresholds_q16);
  std::cout << "lowered to integers, test: last exit "
            << host::fixed(100 * host::exit_accuracy(test, test.exits() - 1), 2) << " %, with early exits "
            << host::fixed(100 * result.accuracy, 2) << " % at "
            << host::fixed(100 * result.mean_ops / static_cast<double>(test.full_ops), 1) << " % of the operations\n";

  const std::string command = "build/native/examples/train_fashion_mnist --epochs " + std::to_string(s.epochs) +
                              " --seed " + std::to_string(s.seed) + " --learning-rate " +
                              host::fixed(static_cast<double>(s.learning_rate), 5);
  host::export_header<device_net>(q, plan, known, s.out, "garment_weights",
                                  "Fashion-MNIST, " + host::grouped(data.train.count()) +
                                      " training images; thresholds from " + host::grouped(data.validation.count()) +
                                      " validation images.\nMade by: " + command);
  std::cout << "wrote " << s.out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"Trains the four-exit network on Fashion-MNIST and exports its weights as a header."};
  app.add_option("--epochs", s.epochs, "passes over the training set")->capture_default_str();
  app.add_option("--seed", s.seed, "of weights, order and augmentation")->capture_default_str();
  app.add_option("--learning-rate", s.learning_rate, "of the first step")->capture_default_str();
  app.add_option("--threads", s.threads, "0: all")->capture_default_str();
  app.add_option("--data", s.data,
                 "folder with the IDX files; default: OFFRAMP_DATA_DIR, else the slice in the repository");
  app.add_option("--out", s.out, "header to write; none: only train and measure");
  app.add_option("--checkpoint", s.checkpoint, "file to resume from and to save to after every epoch");
  app.add_flag("--float", s.float_network, "train the float network of the same shape instead (no header)");
  CLI11_PARSE(app, argc, argv);
  try {
    const host::dataset data =
        host::fashion_mnist(s.data.empty() ? host::find_data("fashion-mnist") : std::filesystem::path{s.data});
    std::cout << data.train.count() << " training, " << data.validation.count() << " validation, " << data.test.count()
              << " test images\n";
    if (s.float_network) {
      train<fashion::float_garment_net>(data, s);
      return 0;
    }
    // A long run must not end in a folder that is not there.
    if (!s.out.empty()) {
      const auto folder = std::filesystem::absolute(s.out).parent_path();
      if (!std::filesystem::is_directory(folder))
        throw host::error("--out is " + s.out + ", but found no folder " + folder.string() +
                          "; expected one that exists");
    }
    const host::model m = train<fashion::garment_net>(data, s);
    if (!s.out.empty()) export_weights(m, data, s);
    return 0;
  } catch (const host::error& e) {
    std::cerr << "train_fashion_mnist: " << e.what() << '\n';
    return 1;
  }
}
