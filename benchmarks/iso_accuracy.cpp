// what: a ladder of widths in float, int8 and binary, with and without exits: accuracy against time, M4 instructions, flash, RAM
// The steps of the comparison, each resumable: train, judge, time, headers (for the device build), collect, show.
// benchmarks/iso_accuracy.sh runs them in order and builds and emulates the firmware between the last three.
#include <algorithm>
#include <bit>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <offramp/host/checkpoint.hpp>
#include <offramp/host/cifar10.hpp>
#include <offramp/host/fashion_mnist.hpp>
#include <offramp/host/recipes/joint.hpp>
#include <offramp/host/recipes/zero_time_waste.hpp>
#include <offramp/host/statistics.hpp>
#include <offramp/host/table.hpp>
#include <offramp/host/train.hpp>
#include <offramp/paths/native.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/iso_accuracy/contender.hpp"
#include "benchmarks/iso_accuracy/results.hpp"
#include "benchmarks/iso_accuracy/show.hpp"

using namespace offramp;
namespace fs = std::filesystem;

namespace {

struct settings {
  fs::path out = "build/iso_accuracy";
  fs::path show_in;          // default: out
  std::string only;          // networks whose name has this
  int epochs[2] = {15, 20};  // Fashion-MNIST, CIFAR-10
  int images = 0;            // of the training part; 0: all
  int timed = 500, rounds = 11, on_device = 4;
  int threads = 0;
  double drop = 0.005;
  bool predict = false, bf16 = false;
};

// Data sets that are at hand, read when first asked for. CIFAR-10 has no slice in the repository.
class data_sets {
 public:
  explicit data_sets(int images) : images_{images} {}

  const host::dataset* of(iso::data d) {
    auto& set = sets_[d];
    if (!set.tried) {
      set.tried = true;
      try {
        set.parts = std::make_unique<host::dataset>(d == iso::data::cifar10
                                                        ? host::cifar10(host::find_data("cifar10"))
                                                        : host::fashion_mnist(host::find_data("fashion-mnist")));
        if (images_ > 0) {
          auto& p = *set.parts;
          p.train = p.train.slice(0, std::min(images_, p.train.count()));
          p.validation = p.validation.slice(0, std::min(images_, p.validation.count()));
          p.test = p.test.slice(0, std::min(images_, p.test.count()));
        }
      } catch (const host::error& e) { std::cerr << iso::name_of(d) << " is left out: " << e.what() << '\n'; }
    }
    return set.parts.get();
  }

 private:
  struct entry {
    std::unique_ptr<host::dataset> parts;
    bool tried = false;
  };
  std::map<iso::data, entry> sets_;
  int images_;
};

// The network without exits is trained from scratch; the one with exits begins with its backbone and its last head, and
// all exits are trained together for a third of the epochs.
recipes::joint recipe_of(const iso::contender& c, const settings& s) {
  recipes::joint r;
  r.epochs = s.epochs[c.set == iso::data::cifar10 ? 1 : 0];
  r.learning_rate = 2e-3f;
  r.warm_up_epochs = 1;
  r.flip = true;
  r.shift = c.set == iso::data::cifar10 ? 2 : 1;
  if (!c.adaptive) return r;
  r.epochs = (r.epochs + 2) / 3;
  r.learning_rate = 1e-3f;
  r.exit_weights = {0.5f, 0.7f, 1.0f};
  return r;
}

fs::path checkpoint_of(const iso::contender& c, const settings& s) { return s.out / (c.trained_name() + ".ckpt"); }

int epochs_done(const iso::contender& c, const settings& s) {
  const fs::path file = checkpoint_of(c, s);
  return fs::exists(file) ? host::read_checkpoint(file.string(), c.view()).epochs_done : 0;
}
bool trained(const iso::contender& c, const settings& s) { return epochs_done(c, s) >= recipe_of(c, s).epochs; }

// Identity of the parameters, so that a new training is measured anew.
std::uint32_t identity(const host::model& m) {
  std::vector<std::uint32_t> words;
  for (const auto& p : m.parameters)
    for (const auto* v : {&p.weights, &p.bias, &p.gamma, &p.beta, &p.mean, &p.variance})
      for (const float f : *v) words.push_back(std::bit_cast<std::uint32_t>(f));
  return crc32(words.data(), words.size());
}

host::train_options options_of(const settings& s) {
  host::train_options options;
  options.threads = s.threads;
  if (s.bf16) options.graph.products = host::product_precision::bf16;
  return options;
}

struct epoch_time {
  double seconds = 0, cpu_seconds = 0;  // as busy as the machine is now; of all threads together
};

// One epoch, from a few batches.
epoch_time time_of_epoch(const iso::contender& c, const host::labelled_images& set, const settings& s) {
  recipes::joint r = recipe_of(c, s);
  r.epochs = 2;
  r.warm_up_epochs = 0;
  epoch_time t;
  std::clock_t last = 0;
  host::train_options options = options_of(s);
  options.after_epoch = [&](const host::epoch_report& report) {  // the second one counts
    t = {report.seconds, static_cast<double>(std::clock() - last) / CLOCKS_PER_SEC};
    last = std::clock();
    return true;
  };
  const host::labelled_images some = set.slice(0, std::min(5 * r.batch, set.count()));
  host::train(c.view(), some, r, options);
  const double share = static_cast<double>(set.count()) / some.count();
  return {t.seconds * share, t.cpu_seconds * share};
}

std::string duration(double seconds) {
  return seconds < 90 ? host::fixed(seconds, 0) + " s" : host::fixed(seconds / 60, 1) + " min";
}

host::model model_of(const iso::contender& c, const settings& s) {
  return host::read_model(checkpoint_of(c, s).string(), c.view());
}

// Trains what is missing, the cheapest widths first. The prediction comes first; others at work on this machine prolong
// it.
void train(const iso::contenders& all, data_sets& data, const settings& s) {
  struct job {
    const iso::contender *net, *plain;
    double seconds, epoch_cpu_seconds;
  };
  std::vector<job> jobs;
  std::map<std::string, epoch_time> measured;
  host::table t({"training", "MMACs", "of them binary", "epochs to go", "s per epoch", "CPU s per epoch", "predicted"});
  double total = 0, cpu_total = 0;
  for (const auto& c : all) {
    if (c->kind == iso::arithmetic::i8 || data.of(c->set) == nullptr) continue;
    const int missing = recipe_of(*c, s).epochs - epochs_done(*c, s);
    if (missing <= 0) continue;
    const auto plain = std::find_if(all.begin(), all.end(), [&](const auto& other) {
      return other->set == c->set && other->kind == c->kind && other->width == c->width && !other->adaptive;
    });
    if (plain == all.end())
      throw host::error(c->name() + " begins with the network without exits; --only leaves it out");
    epoch_time& epoch = measured[(*plain)->name()];
    if (epoch.seconds == 0) epoch = time_of_epoch(**plain, data.of(c->set)->train, s);
    jobs.push_back({c.get(), plain->get(), epoch.seconds * missing, epoch.cpu_seconds});
    total += epoch.seconds * missing;
    cpu_total += epoch.cpu_seconds * missing;
    const op_cost cost = c->cost();
    t.add({c->trained_name(), host::fixed(static_cast<double>(cost.macs + cost.binary_macs) / 1e6, 2),
           host::fixed(static_cast<double>(cost.binary_macs) / 1e6, 2), std::to_string(missing),
           host::fixed(epoch.seconds, 1), host::fixed(epoch.cpu_seconds, 1), duration(epoch.seconds * missing)});
  }
  std::cout << t << "\npredicted total: " << duration(total) << " for " << jobs.size()
            << " trainings, as busy as the machine is now; CPU time: " << duration(cpu_total) << '\n'
            << std::endl;
  if (s.predict) return;
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const job& a, const job& b) { return a.epoch_cpu_seconds < b.epoch_cpu_seconds; });
  for (const job& j : jobs) {
    std::cout << j.net->trained_name() << ": " << duration(j.seconds) << " predicted" << std::endl;
    const recipes::joint r = recipe_of(*j.net, s);
    host::train_options options = options_of(s);
    options.checkpoint = checkpoint_of(*j.net, s).string();
    options.validation = &data.of(j.net->set)->validation;
    options.progress = &std::cout;
    host::model start;
    if (j.net->adaptive) {
      start = host::make_model(j.net->view(), r.seed);
      host::copy_backbone(model_of(*j.plain, s), start);
      options.start = &start;
    }
    host::train(j.net->view(), data.of(j.net->set)->train, r, options);
  }
}

void judge(const iso::contenders& all, data_sets& data, iso::results& r, const settings& s) {
  host::thread_pool pool{s.threads};
  for (const auto& c : all) {
    if (data.of(c->set) == nullptr || !trained(*c, s)) continue;
    const host::model m = model_of(*c, s);
    const auto crc = identity(m);
    iso::json& row = r.row(c->name());
    if (row.contains("judged") && row.at("judged").value("model", 0u) == crc) continue;
    const iso::outcome o = c->judge(m, *data.of(c->set), s.drop, pool);
    const op_cost cost = c->cost();
    row = {{"data", iso::name_of(c->set)},
           {"arithmetic", iso::name_of(c->kind)},
           {"width", c->width},
           {"exits", c->adaptive},
           {"macs", cost.macs},
           {"binary_macs", cost.binary_macs},
           {"epochs", recipe_of(*c, s).epochs},
           {"judged",
            {{"model", crc},
             {"thresholds_q16", o.thresholds_q16},
             {"exit_accuracy", o.exit_accuracy},
             {"left", o.left},
             {"validation_accuracy", o.validation_accuracy},
             {"images", o.right.size()},
             {"right", iso::packed_bits(o.right)}}}};
    r.save();
    std::cout << c->name() << ": test "
              << host::fixed(100.0 * static_cast<double>(std::count(o.right.begin(), o.right.end(), true)) /
                                 static_cast<double>(o.right.size()),
                             2)
              << " %, last exit " << host::fixed(100 * o.exit_accuracy.back(), 2) << " %" << std::endl;
  }
}

// The networks of a data set that are judged, with weights and thresholds in place.
std::vector<iso::contender*> ready(const iso::contenders& all, iso::data d, data_sets& data, iso::results& r,
                                   const settings& s, host::thread_pool& pool) {
  std::vector<iso::contender*> nets;
  for (const auto& c : all) {
    if (c->set != d || data.of(d) == nullptr || !trained(*c, s) || !r.row(c->name()).contains("judged")) continue;
    c->deploy(model_of(*c, s), *data.of(d), r.row(c->name()).at("judged").at("thresholds_q16"), pool);
    nets.push_back(c.get());
  }
  return nets;
}

// All networks take turns on every image, so that a slow moment of the machine meets all of them.
void time(const iso::contenders& all, data_sets& data, iso::results& r, const settings& s) {
  host::thread_pool pool{s.threads};
  for (const iso::data d : {iso::data::fashion_mnist, iso::data::cifar10}) {
    const std::vector<iso::contender*> nets = ready(all, d, data, r, s, pool);
    if (nets.empty()) continue;
    const host::labelled_images& test = data.of(d)->test;
    const int images = std::min(s.timed, test.count());
    std::vector<std::vector<std::vector<std::uint64_t>>> ns(
        nets.size(), std::vector<std::vector<std::uint64_t>>(static_cast<std::size_t>(images)));
    for (int round = -1; round < s.rounds; ++round)
      for (int i = 0; i < images; ++i)
        for (std::size_t n = 0; n < nets.size(); ++n) {
          const std::uint64_t t = nets[n]->time(test.image(i));
          if (round >= 0) ns[n][static_cast<std::size_t>(i)].push_back(t);
        }
    for (std::size_t n = 0; n < nets.size(); ++n) {
      std::vector<double> medians;
      for (const auto& of_image : ns[n]) medians.push_back(static_cast<double>(host::median(of_image)) / 1000);
      const host::stream_time t = host::summarize(medians);
      r.row(nets[n]->name())["time"] = {
          {"mean_us", t.mean}, {"p95_us", t.p95}, {"maximum_us", t.maximum}, {"images", images}, {"rounds", s.rounds}};
      std::cout << nets[n]->name() << ": " << host::fixed(t.mean, 1) << " us" << std::endl;
    }
    r.about()["CPU"] = bench::cpu_name();
    r.about()["compiler"] =
        std::string{OFFRAMP_COMPILER} + "; " + OFFRAMP_FLAGS + "; path " + offramp::path::native::name;
    r.save();
  }
}

// device/NAME/weights.hpp for every network, and device/list: "name|template arguments".
void headers(const iso::contenders& all, data_sets& data, iso::results& r, const settings& s) {
  host::thread_pool pool{s.threads};
  std::string list;
  for (const iso::data d : {iso::data::fashion_mnist, iso::data::cifar10})
    for (iso::contender* const c : ready(all, d, data, r, s, pool)) {
      const fs::path folder = s.out / "device" / c->name();
      fs::create_directories(folder);
      const std::string text = c->device_header(data.of(d)->test, s.on_device);
      std::ifstream old{folder / "weights.hpp"};
      std::stringstream was;
      was << old.rdbuf();
      if (was.str() != text) host::write_file(folder / "weights.hpp", text);  // unchanged: nothing to build again
      list += c->name() + "|" + c->arguments() + "\n";
    }
  fs::create_directories(s.out / "device");
  host::write_file(s.out / "device" / "list", list);
}

// What the emulated devices said, device/NAME/measured: lines "word number...".
void collect(const iso::contenders& all, iso::results& r, const settings& s) {
  for (const auto& c : all) {
    std::ifstream in{s.out / "device" / c->name() / "measured"};
    if (!in || !r.row(c->name()).contains("judged")) continue;
    iso::json device;
    std::vector<std::int64_t> instructions;
    for (std::string line; std::getline(in, line);) {
      std::istringstream words{line};
      std::string word;
      std::int64_t number = 0;
      if (!(words >> word >> number)) continue;
      if (word == "instructions")
        instructions.push_back(number);
      else
        device[word] = number;
    }
    if (device.value("mismatches", -1) != 0)
      throw host::error(c->name() + ": the device's answers differ from the host's");
    device["instructions"] = instructions;
    r.row(c->name())["device"] = device;
  }
  r.about()["device"] =
      "Cortex-M4F, emulated (mps2-an386), path cortex_m_dsp, g++ -Os, one build for size and instructions";
  r.save();
}

bench::goals reached;

// Every network measured on every axis, quantization within half a point, ladders that overlap.
void goals(const iso::results& r) {
  const std::vector<iso::point> points = iso::points_of(r);
  int complete = 0;
  double worst = -1;
  for (const iso::point& p : points) {
    complete += std::all_of(std::begin(p.cost), std::end(p.cost), [](double c) { return c > 0; }) ? 1 : 0;
    for (const iso::point& q : points)
      if (p.kind == "float" && q.kind == "int8" && p.set == q.set && p.width == q.width && p.adaptive == q.adaptive)
        worst = std::max(worst, 100 * (p.full_accuracy - q.full_accuracy));
  }
  reached.at_least("networks_measured_on_all_axes", complete, 48, "", 0);
  reached.at_most("int8_after_training_below_float_at_most", worst, 0.5, "points", 2);
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  CLI::App app{"Accuracy against time, instructions, flash and RAM of a ladder of networks. Steps, in order:"};
  app.require_subcommand(1);
  app.add_option("--out", s.out, "folder of checkpoints and results")->capture_default_str();
  app.add_option("--only", s.only, "networks whose name has this part");
  app.add_option("--threads", s.threads, "0: all")->capture_default_str();
  app.add_option("--fashion-epochs", s.epochs[0], "of networks for Fashion-MNIST")->capture_default_str();
  app.add_option("--cifar-epochs", s.epochs[1], "of networks for CIFAR-10")->capture_default_str();
  app.add_flag("--bf16", s.bf16, "products of bfloat16: several times faster on CPUs with AMX, slower elsewhere");
  app.add_option("--images", s.images, "use only so many images of every part, for a trial");
  const CLI::App* const train_step = app.add_subcommand("train", "trains what is missing; says how long it will take");
  app.get_subcommand("train")->add_flag("--predict", s.predict, "only say how long");
  CLI::App* const judge_step = app.add_subcommand("judge", "quantizes, chooses thresholds, answers the test part");
  judge_step->add_option("--drop", s.drop, "accuracy given up for exits, on validation")->capture_default_str();
  CLI::App* const time_step = app.add_subcommand("time", "times one image at a time on this CPU");
  time_step->add_option("--timed", s.timed, "images")->capture_default_str();
  time_step->add_option("--rounds", s.rounds, "runs of each image")->capture_default_str();
  CLI::App* const headers_step = app.add_subcommand("headers", "writes weights and answers for the device build");
  headers_step->add_option("--on-device", s.on_device, "test images to run there")->capture_default_str();
  const CLI::App* const collect_step = app.add_subcommand("collect", "takes up what the devices said");
  CLI::App* const show_step = app.add_subcommand("show", "draws pictures and tables from the results");
  show_step->add_option("--in", s.show_in, "folder to write to; default: --out");
  CLI11_PARSE(app, argc, argv);

  fs::create_directories(s.out);
  iso::contenders all;
  iso::append_ladder<iso::data::fashion_mnist, iso::arithmetic::f32>(all);
  iso::append_ladder<iso::data::fashion_mnist, iso::arithmetic::i8>(all);
  iso::append_ladder<iso::data::fashion_mnist, iso::arithmetic::bits>(all);
  iso::append_ladder<iso::data::cifar10, iso::arithmetic::f32>(all);
  iso::append_ladder<iso::data::cifar10, iso::arithmetic::i8>(all);
  iso::append_ladder<iso::data::cifar10, iso::arithmetic::bits>(all);
  std::erase_if(all, [&](const auto& c) {
    return c->name().find(s.only) == std::string::npos && c->trained_name().find(s.only) == std::string::npos;
  });
  data_sets data{s.images};
  iso::results r{s.out / "results.json"};
  if (*train_step) train(all, data, s);
  if (*judge_step) judge(all, data, r, s);
  if (*time_step) time(all, data, r, s);
  if (*headers_step) headers(all, data, r, s);
  if (*collect_step) collect(all, r, s);
  if (*show_step) {
    iso::show(r, s.show_in.empty() ? s.out : s.show_in);
    goals(r);
  }
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "iso_accuracy: " << e.what() << '\n';
  return 1;
}
