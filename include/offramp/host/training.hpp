// The engine of training: runs the stages that a recipe wants, epoch by epoch, with checkpoints and progress. What a
// stage trains, at which rate and for which loss is data; a recipe is one file that says so. The same seed gives the
// same model bit for bit, on any number of threads, interrupted or not.
#ifndef OFFRAMP_HOST_TRAINING_HPP
#define OFFRAMP_HOST_TRAINING_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/augment.hpp>
#include <offramp/host/checkpoint.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/graph.hpp>
#include <offramp/host/optimizer.hpp>
#include <offramp/host/progress.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// A batch as a loss sees it.
struct batch_view {
  int size = 0;
  const std::uint8_t* labels = nullptr;
  const int* images = nullptr;            // their numbers in the training set
  const std::uint8_t* flipped = nullptr;  // 1: augmentation flipped it
  const float* weights = nullptr;         // of the samples, each 1 / size in the plain case
  int epoch = 0, epochs = 0;              // of this stage, counted from 0
};

// A stretch of training.
struct training_stage {
  std::string name = "train";
  int epochs = 1;
  int batch = 128;  // the rest of an epoch that fills no batch is left out, another one each time
  float learning_rate = 2e-3f;
  float warm_up_epochs = 0;
  rate_rule rate{};
  bool flip = false;
  int shift = 0;
  optimizer_options optimizer{};
  sign_gradient activation_gradient = sign_gradient::approx_sign;
  sign_gradient weight_gradient = sign_gradient::approx_sign;
  plan_options flow{};  // what is frozen, and which gradients are scaled or cut
  // Reads the logits of all exits, writes all their gradients, returns the loss.
  std::function<double(const batch_view&, basic_graph<float>&)> loss{};
};

struct epoch_report {
  int epoch = 0;                   // counted from 1, over all stages
  double loss = 0;                 // mean over the epoch's batches
  std::vector<double> validation;  // accuracy per exit; empty without a validation set
  double seconds = 0;
};

struct train_options {
  int threads = 0;                              // 0: all
  std::string checkpoint{};                     // a file: resumed from if it exists, written as the run goes on
  int checkpoint_every = 1;                     // epochs
  std::ostream* progress = nullptr;             // progress, and one line per epoch
  const labelled_images* validation = nullptr;  // measured after every epoch, never trained on
  std::function<bool(const epoch_report&)> after_epoch{};  // false: stop here (the checkpoint has been written)
  const model* start = nullptr;  // parameters and input scale to begin with, of the same network; none: fresh ones
  std::span<const float> sample_weights{};  // one per training image; none: all 1
  graph_options graph{};                    // how products are computed; a stage sets the rest
};

namespace detail {

// Mean pixel (rounded: padding is exactly that pixel) and 1 / standard deviation, over all channels.
inline void set_input_scale(model& m, const labelled_images& set) {
  std::uint64_t sum = 0, squares = 0;
  for (const std::uint8_t p : set.pixels) sum += p, squares += static_cast<std::uint64_t>(p) * p;
  const auto n = static_cast<double>(set.pixels.size());
  const double mean = static_cast<double>(sum) / n, variance = static_cast<double>(squares) / n - mean * mean;
  m.input_zero = static_cast<int>(mean + 0.5);
  m.input_scale = static_cast<float>(1.0 / std::sqrt(std::max(variance, 1.0)));
}

class training_run {
 public:
  // `run` identifies recipe and seed: a checkpoint of another one is not resumed.
  training_run(const network_view& net, const labelled_images& set, std::vector<training_stage> stages,
               std::uint64_t seed, std::uint64_t run, const train_options& options)
      : set_{set}, stages_{std::move(stages)}, options_{options}, seed_{seed} {
    check(net);
    for (const training_stage& s : stages_) epochs_ += s.epochs;
    model_ = make_model(net, seed);
    set_input_scale(model_, set);
    run_ = hash_mix(run, set.count());
    for (const std::uint8_t v : {set.pixels.front(), set.pixels.back(), set.labels.front(), set.labels.back()})
      run_ = hash_mix(run_, int{v});
    if (options.start) begin_with(*options.start);
    if (options.graph.products != product_precision::f32)
      run_ = hash_mix(run_, static_cast<int>(options.graph.products));
    if (!options.graph.quantization.empty()) run_ = hash_mix(run_, 0x716174);
    for (const float w : options.sample_weights) run_ = hash_mix(run_, std::bit_cast<std::uint32_t>(w));
  }

  model run() {
    thread_pool pool{options_.threads};
    const checkpoint saved = resume();
    done_ = saved.epochs_done;
    std::unique_ptr<progress> bar;
    if (options_.progress) {
      bar = std::make_unique<progress>(*options_.progress, "train", steps_until(epochs_));
      bar->resume_from(steps_until(done_));
    }
    int end = 0;
    for (const training_stage& s : stages_) {
      first_ = std::exchange(end, end + s.epochs);
      // Where a stage ends its checkpoint does: the next one begins with an optimizer without memory.
      const bool resumed = first_ < saved.epochs_done && saved.epochs_done <= end;
      if ((done_ < end || resumed) && !run_stage(s, end, resumed ? &saved : nullptr, pool, bar.get())) break;
    }
    return std::move(model_);
  }

 private:
  void check(const network_view& net) const {
    check_images(net, set_, "train: training set");
    if (options_.validation) check_images(net, *options_.validation, "train: validation set");
    for (const training_stage& s : stages_) {
      if (s.epochs < 1 || s.batch < 2)
        throw error("train: recipe has epochs = " + std::to_string(s.epochs) +
                    " and batch = " + std::to_string(s.batch) + ", expected at least 1 and 2");
      if (s.shift < 0) throw error("train: recipe has shift = " + std::to_string(s.shift) + ", expected 0 or more");
    }
    if (!options_.sample_weights.empty() && options_.sample_weights.size() != set_.labels.size())
      throw error("train: found " + std::to_string(options_.sample_weights.size()) + " sample_weights, expected " +
                  std::to_string(set_.labels.size()) + ", one for each image");
  }

  void begin_with(const model& start) {
    if (network_hash(start.view()) != network_hash(model_.view()) || start.layers.size() != model_.layers.size())
      throw error("train: options.start is a model of another network; copy_backbone carries parameters over");
    model_.parameters = start.parameters;
    model_.input_zero = start.input_zero;
    model_.input_scale = start.input_scale;
    for (const layer_parameters& p : start.parameters)
      for (const float w : p.weights) run_ = hash_mix(run_, std::bit_cast<std::uint32_t>(w));
  }

  int steps_of(const training_stage& s) const { return set_.count() / std::min(s.batch, set_.count()); }

  // Steps of all stages in the first `epochs` epochs.
  long long steps_until(int epochs) const {
    long long steps = 0;
    for (const training_stage& s : stages_) {
      steps += static_cast<long long>(std::clamp(epochs, 0, s.epochs)) * steps_of(s);
      epochs -= s.epochs;
    }
    return steps;
  }

  checkpoint resume() {
    if (options_.checkpoint.empty() || !std::filesystem::exists(options_.checkpoint)) return {};
    checkpoint c = read_checkpoint(options_.checkpoint, model_.view());
    if (c.run != run_)
      throw error(options_.checkpoint + ": was made by another recipe, seed or training set; remove it to start anew");
    model_.parameters = c.model.parameters;  // views of the model stay valid
    model_.input_zero = c.model.input_zero;
    model_.input_scale = c.model.input_scale;
    return c;
  }

  void restore(const checkpoint& c, optimizer_state& s) const {
    if (c.first.size() != s.first.size() || c.second.size() != s.second.size())
      throw error(options_.checkpoint + ": holds " + std::to_string(c.first.size()) + " and " +
                  std::to_string(c.second.size()) + " numbers of optimizer memory, expected " +
                  std::to_string(s.first.size()) + " and " + std::to_string(s.second.size()));
    std::copy(c.first.begin(), c.first.end(), s.first.data());
    std::copy(c.second.begin(), c.second.end(), s.second.data());
    s.step = c.step;
  }

  void save(const optimizer& update) const {
    const optimizer_state& s = update.state();
    write_checkpoint(options_.checkpoint, {model_,
                                           done_,
                                           seed_,
                                           run_,
                                           s.step,
                                           {s.first.data(), s.first.data() + s.first.size()},
                                           {s.second.data(), s.second.data() + s.second.size()}});
  }

  // Epochs done_ .. end - 1; false if somebody asked to stop.
  bool run_stage(const training_stage& stage, int end, const checkpoint* saved, thread_pool& pool, progress* bar) {
    const network_view net = model_.view();
    optimizer update{net, parameter_layout{net}, stage.optimizer, stage.flow.frozen};
    if (saved) restore(*saved, update.state());
    parameter_store<float> parameters{model_};
    graph_options how = options_.graph;
    how.plan = stage.flow;
    how.activation_gradient = stage.activation_gradient;
    how.weight_gradient = stage.weight_gradient;
    how.clip = stage.optimizer.binary_clip;
    batch_ = std::min(stage.batch, set_.count());
    graph g{net, parameters, pool, batch_, how};
    while (done_ < end) {
      const auto start = std::chrono::steady_clock::now();
      epoch_report report;
      report.loss = epoch(stage, g, parameters, update, pool, bar);
      report.epoch = ++done_;
      parameters.copy_to(model_);
      check_finite(report.epoch);
      if (options_.validation)
        report.validation = accuracies(evaluate(model_, *options_.validation, pool), *options_.validation);
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (options_.progress) print(stage, report);
      if (!options_.checkpoint.empty() && (done_ == end || done_ % std::max(1, options_.checkpoint_every) == 0))
        save(update);
      if (options_.after_epoch && !options_.after_epoch(report)) return false;
    }
    return true;
  }

  // One pass over the training set; returns the mean loss.
  double epoch(const training_stage& stage, graph& g, parameter_store<float>& parameters, optimizer& update,
               thread_pool& pool, progress* bar) {
    const std::vector<int> order =
        random_order(set_.count(), random_source{seed_, 0x6f72646572, static_cast<std::uint64_t>(done_)});
    const int steps = steps_of(stage);
    const auto warm_up = static_cast<std::int64_t>(stage.warm_up_epochs * static_cast<float>(steps));
    const auto before = static_cast<std::int64_t>(done_ - first_) * steps;
    double sum = 0;
    for (int step = 0; step < steps; ++step) {
      const int* const images = order.data() + static_cast<std::ptrdiff_t>(step) * batch_;
      fill(stage, g, images, pool);
      g.forward(batch_);
      const double loss = stage.loss(
          {batch_, labels_.data(), images, flipped_.data(), weights_.data(), done_ - first_, stage.epochs}, g);
      if (!std::isfinite(loss)) {
        parameters.copy_to(model_);
        throw_diverged(done_ + 1, "step " + std::to_string(step + 1) + ": the loss is not finite");
      }
      sum += loss;
      g.backward(batch_);
      update.step(parameters.values, g.gradient(),
                  learning_rate(stage.rate, stage.learning_rate, before + step,
                                static_cast<std::int64_t>(stage.epochs) * steps, warm_up),
                  pool);
      if (bar) {
        char text[80];
        std::snprintf(text, sizeof text, "epoch %d/%d, loss %.4f", done_ + 1, epochs_, sum / (step + 1));
        bar->update(steps_until(done_) + step + 1, text);
      }
    }
    return sum / steps;
  }

  // Images, labels and weights of one batch, augmented.
  void fill(const training_stage& stage, graph& g, const int* order, thread_pool& pool) {
    const shape s = model_.input.extent;
    const auto n = static_cast<std::size_t>(batch_);
    labels_.resize(n);
    weights_.resize(n);
    flipped_.resize(n);
    pool.parallel_ranges(batch_, 16, [&](int first, int last) {
      std::vector<std::uint8_t> changed(set_.image_size());
      for (int i = first; i < last; ++i) {
        const int image = order[i];
        const auto at = static_cast<std::size_t>(i), number = static_cast<std::size_t>(image);
        const augmentation a = draw_augmentation(stage.flip, stage.shift, seed_, done_, image);
        labels_[at] = set_.labels[number];
        weights_[at] =
            (options_.sample_weights.empty() ? 1.0f : options_.sample_weights[number]) / static_cast<float>(n);
        flipped_[at] = a.flip ? 1 : 0;
        augment(a, s, static_cast<std::uint8_t>(model_.input_zero), set_.image(image), changed.data());
        to_real(model_, changed.data(), g.input(i));
      }
    });
  }

  // Throws if a parameter is not a finite number, naming its layer.
  void check_finite(int epoch) const {
    for (const layer_parameters& p : model_.parameters)
      if (!finite(p)) throw_diverged(epoch, "a parameter is not finite");
  }

  static bool finite(const layer_parameters& p) {
    const auto good = [](const std::vector<float>& v) {
      return std::all_of(v.begin(), v.end(), [](float f) { return std::isfinite(f); });
    };
    return good(p.weights) && good(p.bias) && good(p.gamma) && good(p.beta) && good(p.mean) && good(p.variance);
  }

  [[noreturn]] void throw_diverged(int epoch, const std::string& what) const {
    std::string where = "all parameters are finite: the values between the layers grew too large";
    for (std::size_t i = 0; i < model_.parameters.size(); ++i)
      if (!finite(model_.parameters[i])) {
        where = "layer " + std::to_string(i) + " (" + to_string(model_.layers[i].what) +
                ") is the first with such parameters";
        break;
      }
    throw error("train: epoch " + std::to_string(epoch) + ", " + what + "; " + where +
                "; a smaller learning_rate may help");
  }

  void print(const training_stage& stage, const epoch_report& r) const {
    std::ostream& out = *options_.progress;
    char text[160];
    std::snprintf(text, sizeof text, "epoch %d/%d: loss %.4f, %.1f s", r.epoch, epochs_, r.loss, r.seconds);
    out << (is_terminal(out) ? "\r\x1b[K" : "") << (stages_.size() > 1 ? stage.name + ", " : "") << text;
    for (std::size_t k = 0; k < r.validation.size(); ++k) {
      std::snprintf(text, sizeof text, "%s%.2f", k == 0 ? ", validation accuracy % per exit: " : " / ",
                    100 * r.validation[k]);
      out << text;
    }
    out << std::endl;
  }

  const labelled_images& set_;
  const std::vector<training_stage> stages_;
  const train_options& options_;
  model model_;
  std::uint64_t seed_ = 0, run_ = 0;
  int epochs_ = 0;            // of all stages
  int first_ = 0, done_ = 0;  // epochs before this stage, and in all
  int batch_ = 0;
  std::vector<std::uint8_t> labels_, flipped_;
  std::vector<float> weights_;
};

}  // namespace detail

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
