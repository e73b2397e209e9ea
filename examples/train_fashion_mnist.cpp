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
  int epochs = 60;
  int teacher_epochs = 10;
  int fine_tuning = 0;
  std::uint64_t seed = 1;
  float learning_rate = 2e-3f;
  int threads = 0;
  bool bf16 = false;
  bool float_network = false;
  std::string data;
  std::string out;
  std::string checkpoint;

  // As on the command line.
  std::string text() const {
    return "--epochs " + std::to_string(epochs) + " --teacher-epochs " + std::to_string(teacher_epochs) +
           " --fine-tuning " + std::to_string(fine_tuning) + " --seed " + std::to_string(seed) + " --learning-rate " +
           host::fixed(static_cast<double>(learning_rate), 5) + (bf16 ? " --bf16" : "");
  }
};

recipes::joint recipe_of(const settings& s) {
  recipes::joint recipe;
  recipe.epochs = s.epochs;
  recipe.seed = s.seed;
  recipe.learning_rate = s.learning_rate;
  recipe.flip = true;
  recipe.shift = 1;
  return recipe;
}

host::train_options options_of(const host::dataset& data, const settings& s, const std::string& stage) {
  host::train_options options;
  options.threads = s.threads;
  options.checkpoint = s.checkpoint.empty() ? "" : s.checkpoint + stage;
  options.progress = &std::cout;
  options.validation = &data.validation;
  if (s.bf16) options.graph.products = host::product_precision::bf16;
  return options;
}

void print_accuracy(const char* name, const host::model& m, const host::labelled_images& images) {
  std::cout << name;
  for (const double a : host::accuracies(host::evaluate(m, images), images))
    std::cout << "  " << host::fixed(100 * a, 2) << " %";
  std::cout << '\n';
}

// What a larger float network says about the training images.
host::teacher_logits teach(const host::dataset& data, const settings& s) {
  recipes::joint recipe = recipe_of(s);
  recipe.epochs = s.teacher_epochs;
  recipe.learning_rate = 2e-3f;
  recipe.shift = 2;
  recipe.optimizer.weight_decay = 0.05f;
  std::cout << "teacher\n";
  const host::model m = host::train<fashion::teacher_net>(data.train, recipe, options_of(data, s, ".teacher"));
  print_accuracy("teacher, validation accuracy: ", m, data.validation);
  host::thread_pool pool{s.threads};
  return host::ask_teacher(m, data.train, true, pool);
}

template <class Net>
host::model train(const host::dataset& data, const settings& s) {
  host::teacher_logits told;
  recipes::joint recipe = recipe_of(s);
  recipe.exit_weights = {0.5f, 0.6f, 0.8f, 1.0f};
  if (s.teacher_epochs > 0) {
    told = teach(data, s);
    recipe.distill = {&told, 0.7f, 3.0f};
  }
  return host::train<Net>(data.train, recipe, options_of(data, s, ""));
}

// The integers of a trained network, after some epochs in which it learns around their roundings.
host::quantized_model quantize(const host::model& m, const host::dataset& data, const settings& s) {
  using fashion::device_net;
  const host::labelled_images some = data.train.slice(0, 512);
  host::quantized_model q = host::quantize<device_net>(m, some, s.threads);
  if (s.fine_tuning == 0) return q;
  recipes::joint recipe = recipe_of(s);
  recipe.epochs = s.fine_tuning;
  recipe.learning_rate = s.learning_rate / 10;
  host::train_options options = options_of(data, s, ".quantized");
  options.start = &m;
  options.graph.quantization = host::quantization_points(q);
  const host::model better = host::train<fashion::garment_net>(data.train, recipe, options);
  return host::quantize<device_net>(better, some, host::quantize_options{.given = &q}, s.threads);
}

void export_weights(const host::quantized_model& q, const host::dataset& data, const settings& s) {
  using fashion::device_net;
  host::thread_pool pool{s.threads};
  host::deployment<device_net::exits> plan;
  const std::span<const std::uint8_t> known{data.validation.image(0), data.validation.image_size()};
  const host::deployed<device_net> net{host::pack_model<device_net, path::portable>(q, plan, known)};
  const auto weights = host::bind_or_throw<device_net>(net.words(), "packed model");

  const host::exit_outputs validation = host::run_all_exits(weights, data.validation, pool);
  const bool enough = validation.count() >= 1000;  // for a promise worth having; the slice has fewer
  const host::calibrated chosen = host::calibrate(validation, host::accuracy_drop{0.005, enough ? 0.1 : 0.0});
  host::set_thresholds(plan, chosen);
  std::cout << "thresholds: " << (enough ? chosen.statement : "chosen on few images, nothing is promised") << '\n';
  const host::exit_outputs test = host::run_all_exits(weights, data.test, pool);
  const host::operating_point result = host::evaluate_thresholds(test, chosen.thresholds_q16);
  std::cout << "lowered to integers, test: exits";
  for (int k = 0; k < test.exits(); ++k)
    std::cout << "  " << host::fixed(100 * host::exit_accuracy(test, k), 2) << " %";
  std::cout << ", with early exits " << host::fixed(100 * result.accuracy, 2) << " % at "
            << host::fixed(100 * result.mean_ops / static_cast<double>(test.full_ops), 1) << " % of the operations\n";
  host::export_header<device_net>(q, plan, known, s.out, "garment_weights",
                                  "Fashion-MNIST, " + host::grouped(data.train.count()) +
                                      " training images; thresholds from " + host::grouped(data.validation.count()) +
                                      " validation images.\nMade by: build/native/examples/train_fashion_mnist " +
                                      s.text());
  std::cout << "wrote " << s.out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"Trains the four-exit network on Fashion-MNIST and exports its weights as a header."};
  app.add_option("--epochs", s.epochs, "passes over the training set")->capture_default_str();
  app.add_option("--teacher-epochs", s.teacher_epochs, "of the float network that teaches; 0: none")
      ->capture_default_str();
  app.add_option("--fine-tuning", s.fine_tuning, "epochs with roundings as on the device; 0: none")
      ->capture_default_str();
  app.add_flag("--bf16", s.bf16, "products of bfloat16: several times faster on CPUs with AMX, slower elsewhere");
  app.add_option("--seed", s.seed, "of weights, order and augmentation")->capture_default_str();
  app.add_option("--learning-rate", s.learning_rate, "of the first step")->capture_default_str();
  app.add_option("--threads", s.threads, "0: all")->capture_default_str();
  app.add_option("--data", s.data,
                 "folder with the IDX files; default: OFFRAMP_DATA_DIR, else the slice in the repository");
  app.add_option("--out", s.out, "header to write; none: only train and measure");
  app.add_option("--checkpoint", s.checkpoint,
                 "file to resume from and to save to after every epoch; names of further stages are appended");
  app.add_flag("--float", s.float_network, "train the float network of the same shape instead (no header)");
  CLI11_PARSE(app, argc, argv);
  try {
    const host::dataset data =
        host::fashion_mnist(s.data.empty() ? host::find_data("fashion-mnist") : std::filesystem::path{s.data});
    std::cout << data.train.count() << " training, " << data.validation.count() << " validation, " << data.test.count()
              << " test images\n";
    if (s.float_network) {
      print_accuracy("test accuracy per exit, as trained: ", train<fashion::float_garment_net>(data, s), data.test);
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
    print_accuracy("test accuracy per exit, as trained: ", m, data.test);
    if (!s.out.empty()) export_weights(quantize(m, data, s), data, s);
    return 0;
  } catch (const host::error& e) {
    std::cerr << "train_fashion_mnist: " << e.what() << '\n';
    return 1;
  }
}
