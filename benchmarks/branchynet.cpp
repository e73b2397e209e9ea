// what: B-LeNet of BranchyNet on MNIST against LeNet alone: share that leaves first, time, accuracy (trains first)
// LeNet as in the authors' code (Teerapittayanon, McDanel and Kung 2016, arXiv 1709.01686), with channels in multiples
// of eight, as many as the path computes at a time: 8, 16, 48 instead of 5, 10, 20. The branch behind the first
// convolution is one 3x3 convolution (stride 2 instead of another pooling) and a dense layer; entropy decides; loss
// weights 1.0 and 0.3; joint training goes on from the trained LeNet. Needs OFFRAMP_DATA_DIR with mnist. Arguments:
// epochs of LeNet (3), further ones (5), threads (all).
#include <filesystem>
#include <fstream>
#include <iostream>

#include <offramp/host.hpp>

#include "benchmarks/goals.hpp"

using namespace offramp;
using here = path::portable;

namespace {

using digits = image<28, 28, 1, u8>;
using first_stage = stage<conv2d<8, 5, padding{3}>, relu, max_pool<2>>;
using branch_exit = exit_head<10, conv2d<8, 3, stride{2}>, relu>;
template <class... More>
using rest = stage<More..., conv2d<16, 5, padding{3}>, relu, max_pool<2>, conv2d<48, 5, padding{3}>, relu, max_pool<2>>;
using last_exit = exit_head<10, dense<84>>;  // without a rectifier between the two, as theirs

using b_lenet = network<digits, first_stage, branch_exit, rest<>, last_exit>;
using lenet = network<digits, rest<conv2d<8, 5, padding{3}>, relu, max_pool<2>>, last_exit>;

#ifdef OFFRAMP_HOST_TILES
constexpr auto products = host::product_precision::bf16;  // faster there
#else
constexpr auto products = host::product_precision::f32;
#endif
constexpr double given_up = 0.001;  // accuracy on the validation images, against the last exit

std::string percent(double share, int decimals = 2) { return host::fixed(100 * share, decimals) + " %"; }
std::string microseconds(double nanoseconds) { return host::fixed(nanoseconds / 1000, 2); }

bench::goals reached;

struct models {
  host::model alone, branched;
};

struct settings {
  int first_epochs = 3;  // of LeNet, from which both networks go on
  int more_epochs = 5;
  int threads = 0;
};

models train(const host::dataset& data, const std::filesystem::path& out, const settings& s) {
  const std::string epochs_text = '-' + std::to_string(s.first_epochs) + '-' + std::to_string(s.more_epochs);
  const auto run = [&]<class Net>(const char* name, int epochs, const host::model* start, std::vector<float> weights) {
    std::cout << name << '\n';
    const recipes::joint recipe{.epochs = epochs, .learning_rate = 1e-3f, .exit_weights = std::move(weights)};
    return host::train<Net>(data.train, recipe,
                            {.threads = s.threads,
                             .checkpoint = (out / (name + epochs_text + ".checkpoint")).string(),
                             .progress = &std::cout,
                             .validation = &data.validation,
                             .start = start,
                             .graph = {.products = products}});
  };
  const host::model first = run.operator()<lenet>("lenet", s.first_epochs, nullptr, {});
  host::model start = host::make_model(b_lenet::view(), 1);
  host::copy_backbone(first, start);
  models m{run.operator()<lenet>("lenet_further", s.more_epochs, &first, {}),
           run.operator()<b_lenet>("b_lenet", s.more_epochs, &start, {1.0f, 0.3f})};
  std::cout << '\n';
  return m;
}

// A network on the device path, entropy its criterion.
template <class Net, kind Rest>
struct on_device {
  using lowered = lower<Net, Rest>;
  static constexpr int exits = lowered::exits;
  host::exit_outputs validation, test;
  std::vector<std::int32_t> thresholds = std::vector<std::int32_t>(exits);
  std::unique_ptr<host::deployed<lowered, here, entropy>> net;
  std::vector<std::vector<std::uint64_t>> times;  // [image][repeat]

  on_device(const host::model& m, const host::dataset& data, host::thread_pool& pool) {
    const host::quantized_model q = host::quantize<lowered>(m, data.train.slice(0, 512));
    const std::span<const std::uint8_t> known{data.test.image(0), data.test.image_size()};
    host::deployment<exits, entropy> plan;
    const auto draft = host::pack_model<lowered, here>(q, plan, known);
    const auto weights = host::bind_or_throw<lowered, here, entropy>(draft, "packed model");
    validation = host::run_all_exits(weights, data.validation, pool);
    test = host::run_all_exits(weights, data.test, pool);
    if constexpr (exits > 1) thresholds = host::calibrate(validation, host::accuracy_drop{given_up}).thresholds_q16;
    std::copy(thresholds.begin(), thresholds.end(), plan.thresholds.q16);
    net = std::make_unique<host::deployed<lowered, here, entropy>>(host::pack_model<lowered, here>(q, plan, known));
    for (int i = 0; i < data.test.count(); ++i) {
      const prediction p = (**net).classify(input(data.test, i));
      const auto at = static_cast<std::size_t>(i), k = host::exit_of(test, at, thresholds);
      if (p.exit != static_cast<int>(k) || p.label != test.label[k][at])
        throw host::error("image " + std::to_string(i) + " leaves elsewhere or with another label than was stored");
    }
  }

  static auto input(const host::labelled_images& images, int i) {
    using session_type = typename host::deployed<lowered, here, entropy>::session_type;
    return host::checked_input<session_type>({images.image(i), images.image_size()});
  }

  void time(const host::labelled_images& images, int first, int last) {
    times.resize(static_cast<std::size_t>(images.count()));
    for (int i = first; i < last; ++i) {
      const auto x = input(images, i);
      const auto start = steady_clock::now();
      volatile std::int16_t label = (**net).classify(x).label;  // volatile: the answer is part of what is timed
      static_cast<void>(label);
      times[static_cast<std::size_t>(i)].push_back(elapsed(start, steady_clock::now()));
    }
  }

  [[nodiscard]] host::stream_time stream() const {
    std::vector<double> medians;
    for (const auto& t : times) medians.push_back(static_cast<double>(host::median(t)));
    return host::summarize(medians);
  }
};

struct result {
  double left_first = 0, times_faster = 0, above = 0;  // `above`: accuracy over that of LeNet alone
};

template <kind Rest>
result compare(const std::string& name, const models& m, const host::dataset& data, host::table& t,
               host::thread_pool& pool) {
  on_device<lenet, Rest> alone{m.alone, data, pool};
  on_device<b_lenet, Rest> branched{m.branched, data, pool};
  // Interleaved by stretches of images: within one, a network finds its own weights in the cache.
  constexpr int stretch = 100, repeats = 5;
  host::progress bar{std::cerr, "timing " + name, repeats};
  for (int r = -1; r < repeats; ++r) {
    for (int first = 0; first < data.test.count(); first += stretch) {
      const int last = std::min(first + stretch, data.test.count());
      alone.time(data.test, first, last);
      branched.time(data.test, first, last);
    }
    if (r == -1) alone.times.clear(), branched.times.clear();  // to warm up
    bar.update(std::max(r + 1, 0), "");
  }
  const host::operating_point full = host::evaluate_thresholds(alone.test, alone.thresholds);
  const host::operating_point point = host::evaluate_thresholds(branched.test, branched.thresholds);
  const host::stream_time slow = alone.stream(), fast = branched.stream();
  const auto add = [&](const std::string& network, double accuracy, double left, double ops,
                       const host::stream_time& s) {
    t.add({name, network, percent(accuracy), percent(left, 1), host::grouped(static_cast<long long>(ops)),
           microseconds(s.mean), microseconds(s.p95), microseconds(s.maximum), host::fixed(slow.mean / s.mean, 2)});
  };
  const auto n = static_cast<double>(data.test.count());
  const double left = point.left[0] / n;
  add("LeNet", full.accuracy, 0, full.mean_ops, slow);
  add("B-LeNet", point.accuracy, left, point.mean_ops, fast);
  std::cout << name << ": all at exit 1 " << percent(host::exit_accuracy(branched.test, 0)) << ", all at exit 2 "
            << percent(host::exit_accuracy(branched.test, 1)) << "; leaves at an entropy below "
            << host::fixed((1 - branched.thresholds[0] / 65536.0) * std::log(10.0), 4) << " nat\n";
  return {left, slow.mean / fast.mean, point.accuracy - full.accuracy};
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  if (argc > 1) s.first_epochs = std::atoi(argv[1]);
  if (argc > 2) s.more_epochs = std::atoi(argv[2]);
  if (argc > 3) s.threads = std::atoi(argv[3]);
  const std::filesystem::path out = "build/branchynet";
  std::filesystem::create_directories(out);
  const host::dataset data = host::mnist(host::find_data("mnist"));
  const models m = train(data, out, s);

  std::cout << bench::cpu_name() << "; " << OFFRAMP_COMPILER << "; " << OFFRAMP_FLAGS << "; path " << here::name << "; "
            << data.test.count() << " test images, thresholds from " << data.validation.count() << " others\n";
  host::table t({"", "network", "accuracy", "left first", "mean OPs", "mean us", "p95 us", "max us", "times faster"});
  host::thread_pool pool{s.threads};
  const result real = compare<f32>("float", m, data, t, pool);
  const result integers = compare<i8>("int8", m, data, t, pool);
  std::cout << '\n' << t << '\n';
  for (const auto& [name, r] : {std::pair{"float", real}, std::pair{"int8", integers}}) {
    reached.at_least(std::string{name} + "_left_at_first_exit", 100 * r.left_first, 90, "%");
    reached.at_least(std::string{name} + "_times_faster_than_lenet", r.times_faster, 3, "x");
    reached.at_least(std::string{name} + "_accuracy_above_lenet", 100 * r.above, -0.2, "points");
  }
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
} catch (const host::error& e) {
  std::cerr << "branchynet: " << e.what() << '\n';
  return 1;
}
