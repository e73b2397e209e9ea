// Training on the host: runs a network type as written, in float, by a recipe. The same seed gives the same model bit
// for bit, on any number of threads, interrupted or not.
#ifndef OFFRAMP_HOST_TRAIN_HPP
#define OFFRAMP_HOST_TRAIN_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <offramp/host/augment.hpp>
#include <offramp/host/checkpoint.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/graph.hpp>
#include <offramp/host/loss.hpp>
#include <offramp/host/optimizer.hpp>
#include <offramp/host/progress.hpp>
#include <offramp/host/recipes/joint.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct epoch_report {
  int epoch = 0;                   // counted from 1
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

class joint_run {
 public:
  joint_run(const network_view& net, const labelled_images& set, const recipes::joint& recipe,
            const train_options& options)
      : set_{set}, recipe_{recipe}, options_{options} {
    check(net);
    model_ = make_model(net, recipe.seed);
    set_input_scale(model_, set);
    batch_ = std::min(recipe.batch, set.count());
    steps_ = set.count() / batch_;
    run_ = hash_mix(recipe.hash(), set.count());
    for (const std::uint8_t v : {set.pixels.front(), set.pixels.back(), set.labels.front(), set.labels.back()})
      run_ = hash_mix(run_, int{v});
  }

  model run() {
    thread_pool pool{options_.threads};
    const network_view net = model_.view();
    const parameter_layout layout{net};
    optimizer update{net, layout, recipe_.optimizer};
    resume(update);
    parameter_store<float> parameters{model_};
    graph_options how;
    how.activation_gradient = recipe_.activation_gradient;
    how.weight_gradient = recipe_.weight_gradient;
    how.clip = recipe_.optimizer.binary_clip;
    graph g{net, parameters, pool, batch_, how};
    std::unique_ptr<progress> bar;
    if (options_.progress) {
      bar = std::make_unique<progress>(*options_.progress, "train", static_cast<long long>(recipe_.epochs) * steps_);
      bar->resume_from(static_cast<long long>(done_) * steps_);
    }
    for (; done_ < recipe_.epochs;) {
      const auto start = std::chrono::steady_clock::now();
      epoch_report report;
      report.loss = epoch(g, parameters, update, pool, bar.get());
      report.epoch = ++done_;
      parameters.copy_to(model_);
      check_finite(report.epoch);
      if (options_.validation)
        report.validation = accuracies(evaluate(model_, *options_.validation, pool), *options_.validation);
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (options_.progress) print(report);
      const bool last = done_ == recipe_.epochs;
      if (!options_.checkpoint.empty() && (last || done_ % std::max(1, options_.checkpoint_every) == 0)) save(update);
      if (options_.after_epoch && !options_.after_epoch(report)) break;
    }
    return std::move(model_);
  }

 private:
  void check(const network_view& net) const {
    check_images(net, set_, "train: training set");
    if (options_.validation) check_images(net, *options_.validation, "train: validation set");
    if (recipe_.epochs < 1 || recipe_.batch < 2)
      throw error("train: recipe has epochs = " + std::to_string(recipe_.epochs) +
                  " and batch = " + std::to_string(recipe_.batch) + ", expected at least 1 and 2");
    if (!recipe_.exit_weights.empty() && static_cast<int>(recipe_.exit_weights.size()) != net.exit_count)
      throw error("train: recipe has " + std::to_string(recipe_.exit_weights.size()) +
                  " exit_weights, the network has " + std::to_string(net.exit_count) + " exits");
    if (recipe_.shift < 0)
      throw error("train: recipe has shift = " + std::to_string(recipe_.shift) + ", expected 0 or more");
  }

  void resume(optimizer& update) {
    if (options_.checkpoint.empty() || !std::filesystem::exists(options_.checkpoint)) return;
    checkpoint c = read_checkpoint(options_.checkpoint, model_.view());
    if (c.run != run_)
      throw error(options_.checkpoint + ": was made by another recipe, seed or training set; remove it to start anew");
    optimizer_state& s = update.state();
    if (c.first.size() != s.first.size() || c.second.size() != s.second.size())
      throw error(options_.checkpoint + ": holds " + std::to_string(c.first.size()) + " and " +
                  std::to_string(c.second.size()) + " numbers of optimizer memory, expected " +
                  std::to_string(s.first.size()) + " and " + std::to_string(s.second.size()));
    std::copy(c.first.begin(), c.first.end(), s.first.data());
    std::copy(c.second.begin(), c.second.end(), s.second.data());
    s.step = c.step;
    done_ = c.epochs_done;
    model_.parameters = std::move(c.model.parameters);  // views of the model stay valid
    model_.input_zero = c.model.input_zero;
    model_.input_scale = c.model.input_scale;
  }

  void save(const optimizer& update) const {
    const optimizer_state& s = update.state();
    write_checkpoint(options_.checkpoint, {model_,
                                           done_,
                                           recipe_.seed,
                                           run_,
                                           s.step,
                                           {s.first.data(), s.first.data() + s.first.size()},
                                           {s.second.data(), s.second.data() + s.second.size()}});
  }

  // One pass over the training set; returns the mean loss.
  double epoch(graph& g, parameter_store<float>& parameters, optimizer& update, thread_pool& pool, progress* bar) {
    const std::vector<int> order =
        random_order(set_.count(), random_source{recipe_.seed, 0x6f72646572, static_cast<std::uint64_t>(done_)});
    const auto total_steps = static_cast<std::int64_t>(recipe_.epochs) * steps_;
    const auto warm_up = static_cast<std::int64_t>(recipe_.warm_up_epochs * static_cast<float>(steps_));
    double sum = 0;
    for (int step = 0; step < steps_; ++step) {
      fill(g, order.data() + static_cast<std::ptrdiff_t>(step) * batch_, pool);
      g.forward(batch_);
      const double loss = losses(g);
      if (!std::isfinite(loss)) {
        parameters.copy_to(model_);
        throw_diverged(done_ + 1, "step " + std::to_string(step + 1) + ": the loss is not finite");
      }
      sum += loss;
      g.backward(batch_);
      update.step(
          parameters.values, g.gradient(),
          cosine_rate(recipe_.learning_rate, static_cast<std::int64_t>(done_) * steps_ + step, total_steps, warm_up),
          pool);
      if (bar) {
        char text[64];
        std::snprintf(text, sizeof text, "epoch %d/%d, loss %.4f", done_ + 1, recipe_.epochs, sum / (step + 1));
        bar->update(static_cast<long long>(done_) * steps_ + step + 1, text);
      }
    }
    return sum / steps_;
  }

  // Images and labels of one batch, augmented.
  void fill(graph& g, const int* order, thread_pool& pool) {
    const shape s = model_.input.extent;
    labels_.resize(static_cast<std::size_t>(batch_));
    pool.parallel_ranges(batch_, 16, [&](int first, int last) {
      std::vector<std::uint8_t> changed(set_.image_size());
      for (int i = first; i < last; ++i) {
        const int image = order[i];
        labels_[static_cast<std::size_t>(i)] = set_.labels[static_cast<std::size_t>(image)];
        augment(draw_augmentation(recipe_.flip, recipe_.shift, recipe_.seed, done_, image), s,
                static_cast<std::uint8_t>(model_.input_zero), set_.image(image), changed.data());
        to_real(model_, changed.data(), g.input(i));
      }
    });
  }

  double losses(graph& g) const {
    double sum = 0;
    for (std::size_t k = 0; k < model_.exits.size(); ++k) {
      const float weight = (recipe_.exit_weights.empty() ? 1.0f : recipe_.exit_weights[k]) / static_cast<float>(batch_);
      const int exit = static_cast<int>(k);
      sum += cross_entropy(
          g.logits(exit), labels_.data(), batch_, model_.exits[k].classes, [=](int) { return weight; },
          g.logit_gradient(exit));
    }
    return sum;
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

  void print(const epoch_report& r) const {
    std::ostream& out = *options_.progress;
    char text[160];
    std::snprintf(text, sizeof text, "epoch %d/%d: loss %.4f, %.1f s", r.epoch, recipe_.epochs, r.loss, r.seconds);
    out << (is_terminal(out) ? "\r\x1b[K" : "") << text;
    for (std::size_t k = 0; k < r.validation.size(); ++k) {
      std::snprintf(text, sizeof text, "%s%.2f", k == 0 ? ", validation accuracy % per exit: " : " / ",
                    100 * r.validation[k]);
      out << text;
    }
    out << std::endl;
  }

  const labelled_images& set_;
  const recipes::joint& recipe_;
  const train_options& options_;
  model model_;
  std::vector<std::uint8_t> labels_;
  std::uint64_t run_ = 0;
  int batch_ = 0, steps_ = 0, done_ = 0;
};

}  // namespace detail

// Throws where the training set is empty or does not fit the network, the recipe is not possible, a checkpoint is not
// of this run, or training diverges.
inline model train(const network_view& net, const labelled_images& set, const recipes::joint& recipe = {},
                   const train_options& options = {}) {
  return detail::joint_run{net, set, recipe, options}.run();
}

template <class Net>
model train(const labelled_images& set, const recipes::joint& recipe = {}, const train_options& options = {}) {
  return train(Net::view(), set, recipe, options);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
