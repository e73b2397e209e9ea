// what: int8 after training, every option of quantize: accuracy per exit, labels kept, divergence from the float network
// Fashion-MNIST, the main job's network (--network binary) or its float twin (--network float). --model names a
// checkpoint of it, as train_fashion_mnist leaves them; without, it is trained here first (--epochs). Judged on the
// validation part; --test reads the test part instead. OFFRAMP_DATA_DIR names the folder with fashion-mnist.
#include <cmath>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <offramp/host.hpp>

#include "benchmarks/goals.hpp"
#include "fashion_mnist/network.hpp"

using namespace offramp;

namespace {

struct settings {
  std::string network = "float";
  std::string model;
  int epochs = 5;
  int images = 5000;
  bool test = false;
  bool bf16 = false;
};

struct option {
  const char* name;
  host::quantize_options how;
};
const option options[] = {
    {"smallest and largest value (default)", {}},
    {"correct_bias", {.correct_bias = true}},
    {"weights least_error", {.weights = host::weight_rule::least_error}},
    {"weights least_output", {.weights = host::weight_rule::least_output}},
    {"weights least_output, correct_bias", {.weights = host::weight_rule::least_output, .correct_bias = true}},
    {"activations percentile 99.9", {.activations = host::range_rule::percentile}},
    {"activations least_error", {.activations = host::range_rule::least_error}},
};

// Mean over samples of KL(float || integer) between the softmaxes of the last exit.
double divergence(const host::exit_logits& real, const host::exit_outputs& integer) {
  const int last = real.exits - 1;
  double sum = 0;
  for (int i = 0; i < integer.count(); ++i) {
    const auto* a = integer.logits<std::int32_t>(static_cast<std::size_t>(last), static_cast<std::size_t>(i));
    const float* b = real.at(last, i);
    const double scale = integer.scale[static_cast<std::size_t>(last)];
    double most_a = -1e300, most_b = -1e300, sum_a = 0, sum_b = 0;
    for (int c = 0; c < real.classes; ++c)
      most_a = std::max(most_a, a[c] * scale), most_b = std::max(most_b, static_cast<double>(b[c]));
    for (int c = 0; c < real.classes; ++c) sum_a += std::exp(a[c] * scale - most_a), sum_b += std::exp(b[c] - most_b);
    for (int c = 0; c < real.classes; ++c) {
      const double log_b = b[c] - most_b - std::log(sum_b);
      sum += std::exp(log_b) * (log_b - (a[c] * scale - most_a - std::log(sum_a)));
    }
  }
  return sum / integer.count();
}

template <class Network>
int compare(const settings& s) {
  using device = lower<Network, i8>;
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const host::model model = [&] {
    if (!s.model.empty()) return host::read_model(s.model, Network::view());
    host::train_options options;
    options.graph.products = s.bf16 ? host::product_precision::bf16 : options.graph.products;
    options.progress = &std::cerr;
    return host::train<Network>(data.train, recipes::joint{.epochs = s.epochs}, options);
  }();
  host::thread_pool pool;
  const host::labelled_images& judged = s.test ? data.test : data.validation;
  const auto real = host::evaluate(model, judged, pool);
  const int last = real.exits - 1;
  const double best = 100 * host::accuracy(real, judged, last);
  host::table t(
      {"last exit, " + std::to_string(judged.count()) + " images", "accuracy %", "difference", "labels kept %", "KL"});
  t.add({"float", host::fixed(best, 2), "", "", ""});
  double plain = 0;
  for (const option& o : options) {
    const auto q = host::quantize(model, host::program_of<device>(), data.train.slice(0, s.images), pool, o.how);
    const std::span<const std::uint8_t> known{judged.image(0), judged.image_size()};
    const host::deployed<device> net{host::pack_model<device, path::portable>(q, {}, known)};
    const auto integer = host::run_all_exits(host::bind_or_throw<device>(net.words(), "packed model"), judged, pool);
    int kept = 0;
    for (int i = 0; i < integer.count(); ++i)
      kept += real.label(last, i) == integer.label[static_cast<std::size_t>(last)][static_cast<std::size_t>(i)] ? 1 : 0;
    const double accuracy = 100 * host::exit_accuracy(integer, last);
    if (&o == options) plain = accuracy;
    t.add({o.name, host::fixed(accuracy, 2), host::fixed(accuracy - best, 2),
           host::fixed(100.0 * kept / integer.count(), 2), host::fixed(divergence(real, integer), 5)});
    std::cerr << o.name << ": " << host::fixed(accuracy, 2) << " %\n";
  }
  std::cout << t << '\n';
  bench::goals reached;
  reached.at_most("int8_loss", best - plain, 0.5, "points");
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  CLI::App app{"What rounding to int8 after training costs, option by option."};
  app.add_option("--network", s.network, "binary: the main job's; float: its twin")
      ->check(CLI::IsMember({"binary", "float"}))
      ->capture_default_str();
  app.add_option("--model", s.model, "a checkpoint of that network; else it is trained here")->check(CLI::ExistingFile);
  app.add_option("--epochs", s.epochs, "of that training")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--images", s.images, "training images that ranges are measured on")->capture_default_str();
  app.add_flag("--test", s.test, "judge on the test part");
  app.add_flag("--bf16", s.bf16, "train with products of bfloat16: faster on CPUs with AMX, slower elsewhere");
  CLI11_PARSE(app, argc, argv);
  return s.network == "binary" ? compare<fashion::garment_net>(s) : compare<fashion::float_garment_net>(s);
} catch (const std::exception& e) {
  std::cerr << "quantization: " << e.what() << '\n';
  return 1;
}
