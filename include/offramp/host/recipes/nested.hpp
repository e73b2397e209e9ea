// Joint fine-tuning of all levels of a nested network (REDS, Corti et al. 2023): every step runs every level on the
// batch, the loss is the sum of theirs, weighted by the square root of the share of parameters that a level uses.
// Shared weights get the sum of the gradients; biases and batch norms, statistics included, are each level's own.
//
// Levels are trained as networks of their own whose weights are copied from the whole network's before a step and whose
// gradients are added to its afterwards: copies take as many moves as there are weights, products far more. Memory is
// that of all levels together; a step takes as long as one of each.
#ifndef OFFRAMP_HOST_RECIPES_NESTED_HPP
#define OFFRAMP_HOST_RECIPES_NESTED_HPP

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/nested_levels.hpp>
#include <offramp/host/recipes/joint.hpp>
#include <offramp/host/training.hpp>

namespace offramp::inline OFFRAMP_ABI::recipes {

struct nested_levels {
  joint how{};                         // everything of a level's step: epochs, rates, augmentation, weights of exits
  std::vector<float> level_weights{};  // narrowest first; empty: square roots of the shares of parameters
};

}  // namespace offramp::inline OFFRAMP_ABI::recipes

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline std::int64_t parameter_count(const network_view& net) {
  std::int64_t n = 0;
  for (int i = 0; i < net.layer_count; ++i) {
    const layer_desc& d = net.layers[i];
    n += weight_count(d) + bias_count(d) + (d.what == layer_kind::batch_norm ? 2 * d.in.c : 0);
  }
  return n;
}

// Weights of the levels' losses, adding up to 1.
inline std::vector<float> level_loss_weights(const recipes::nested_levels& r, const std::vector<network_view>& views) {
  if (!r.level_weights.empty() && r.level_weights.size() != views.size())
    throw error("train_nested: recipe has " + std::to_string(r.level_weights.size()) + " level_weights, expected " +
                std::to_string(views.size()));
  std::vector<float> weights = r.level_weights;
  if (weights.empty())
    for (const network_view& v : views)
      weights.push_back(static_cast<float>(
          std::sqrt(static_cast<double>(parameter_count(v)) / static_cast<double>(parameter_count(views.back())))));
  float sum = 0;
  for (const float w : weights) sum += w;
  if (!(sum > 0)) throw error("train_nested: level_weights add up to " + std::to_string(sum) + ", expected above 0");
  for (float& w : weights) w /= sum;
  return weights;
}

class nested_run {
 public:
  nested_run(const std::vector<network_view>& views, const labelled_images& set, const recipes::nested_levels& how,
             const train_options& options)
      : set_{set}, options_{options}, seed_{how.how.first_seed()}, pool_{options.threads},
        stage_{std::move(how.how.stages(views.back(), options.start != nullptr).front())},
        batch_{std::min(stage_.batch, set.count())}, weights_{level_loss_weights(how, views)} {
    check_images(views.back(), set, "train_nested: training set");
    if (options.validation) check_images(views.back(), *options.validation, "train_nested: validation set");
    if (!options.checkpoint.empty())
      throw error("train_nested: options.checkpoint is " + options.checkpoint + ", expected none: it writes none");
    if (stage_.epochs < 1 || batch_ < 2)
      throw error("train_nested: recipe has epochs = " + std::to_string(stage_.epochs) +
                  " and batch = " + std::to_string(batch_) + ", expected at least 1 and 2");
    model start = options.start ? *options.start : make_model(views.back(), seed_);
    if (options.start && network_hash(start.view()) != network_hash(views.back()))
      throw error("train_nested: options.start is a model of another network than the last level");
    if (!options.start) set_input_scale(start, set);
    models_ = cut_levels(start, views);
    graph_options g = options.graph;
    g.plan = stage_.flow;
    g.activation_gradient = stage_.activation_gradient;
    g.weight_gradient = stage_.weight_gradient;
    g.clip = stage_.optimizer.binary_clip;
    for (const model& m : models_) levels_.push_back(std::make_unique<level>(m.view(), m, pool_, batch_, g, stage_));
    for (std::size_t s = 0; s + 1 < levels_.size(); ++s) find_slices(*levels_[s]);
  }

  nested_models run() {
    for (int epoch = 0; epoch < stage_.epochs; ++epoch) {
      const auto start = std::chrono::steady_clock::now();
      epoch_report report;
      report.epoch = epoch + 1;
      report.loss = one_epoch(epoch);
      for (std::size_t s = 0; s < levels_.size(); ++s) levels_[s]->parameters.copy_to(models_[s]);
      share_weights(models_);
      if (options_.validation)
        for (const model& m : models_)
          for (const double a : accuracies(evaluate(m, *options_.validation, pool_), *options_.validation))
            report.validation.push_back(a);  // [level][exit]
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (options_.progress) print(report);
      if (options_.after_epoch && !options_.after_epoch(report)) break;
    }
    return std::move(models_);
  }

 private:
  // A run of numbers in a level's parameters and its place in the whole network's.
  struct slice {
    int own, whole, count;
  };
  struct level {
    level(const network_view& v, const model& m, thread_pool& pool, int batch, const graph_options& how,
          const training_stage& stage)
        : view{v}, parameters{m}, g{view, parameters, pool, batch, how}, update{view, parameters.layout,
                                                                                stage.optimizer, stage.flow.frozen} {}
    network_view view;
    parameter_store<float> parameters;
    graph g;
    optimizer update;
    std::vector<slice> slices;
  };
  level& whole() { return *levels_.back(); }

  void find_slices(level& l) {
    for (int i = 0; i < l.view.layer_count; ++i) {
      const layer_desc &d = l.view.layers[i], &f = whole().view.layers[i];
      if (!d.has_weights()) continue;
      const int own = l.parameters.layout[i].weights.first, all = whole().parameters.layout[i].weights.first;
      const int in = d.geometry().group_in_c(), full_in = f.geometry().group_in_c();
      const int rows = weight_count(d) / in;
      if (in == full_in)
        l.slices.push_back({own, all, rows * in});
      else
        for (int row = 0; row < rows; ++row) l.slices.push_back({own + row * in, all + row * full_in, in});
    }
  }

  double one_epoch(int epoch) {
    const std::vector<int> order =
        random_order(set_.count(), random_source{seed_, 0x6f72646572, static_cast<std::uint64_t>(epoch)});
    const int steps = set_.count() / batch_;
    const auto warm_up = static_cast<std::int64_t>(stage_.warm_up_epochs * static_cast<float>(steps));
    double sum = 0;
    for (int step = 0; step < steps; ++step) {
      const int* const images = order.data() + static_cast<std::ptrdiff_t>(step) * batch_;
      fill(epoch, images);
      const float rate =
          learning_rate(stage_.rate, stage_.learning_rate, static_cast<std::int64_t>(epoch) * steps + step,
                        static_cast<std::int64_t>(stage_.epochs) * steps, warm_up);
      const double loss =
          one_step({batch_, labels_.data(), images, flipped_.data(), sample_weights_.data(), epoch, stage_.epochs});
      if (!std::isfinite(loss))
        throw error("train_nested: epoch " + std::to_string(epoch + 1) + ", step " + std::to_string(step + 1) +
                    ": the loss is not finite; a smaller learning_rate may help");
      sum += loss;
      for (const auto& l : levels_) l->update.step(l->parameters.values, l->g.gradient(), rate, pool_);
    }
    return sum / steps;
  }

  // Forward and backward of all levels; leaves every level's weighted gradient, and in the last one's the sum for what
  // is shared.
  double one_step(const batch_view& batch) {
    double sum = 0;
    for (std::size_t s = levels_.size(); s-- > 0;) {
      level& l = *levels_[s];
      float* const values = l.parameters.values.data();
      const float* const shared = whole().parameters.values.data();
      for (const slice& r : l.slices) std::copy_n(shared + r.whole, r.count, values + r.own);
      l.g.forward(batch.size);
      sum += static_cast<double>(weights_[s]) * stage_.loss(batch, l.g);
      l.g.backward(batch.size);
      buffer<float>& g = l.g.gradient();
      for (std::size_t i = 0; i < g.size(); ++i) g.data()[i] *= weights_[s];
      float* const all = whole().g.gradient().data();
      for (const slice& r : l.slices)
        for (int i = 0; i < r.count; ++i) all[r.whole + i] += g.data()[r.own + i];
    }
    return sum;
  }

  // Images, labels and weights of one batch, augmented, for all levels.
  void fill(int epoch, const int* images) {
    const model& m = models_.back();
    const auto n = static_cast<std::size_t>(batch_);
    const auto size = static_cast<std::size_t>(m.input.extent.size());
    labels_.resize(n);
    flipped_.resize(n);
    sample_weights_.resize(n);
    pool_.parallel_ranges(batch_, 16, [&](int first, int last) {
      std::vector<std::uint8_t> changed(set_.image_size());
      for (int i = first; i < last; ++i) {
        const auto at = static_cast<std::size_t>(i), number = static_cast<std::size_t>(images[i]);
        const augmentation a = draw_augmentation(stage_.flip, stage_.shift, seed_, epoch, images[i]);
        labels_[at] = set_.labels[number];
        sample_weights_[at] =
            (options_.sample_weights.empty() ? 1.0f : options_.sample_weights[number]) / static_cast<float>(batch_);
        flipped_[at] = a.flip ? 1 : 0;
        augment(a, m.input.extent, static_cast<std::uint8_t>(m.input_zero), set_.image(images[i]), changed.data());
        to_real(m, changed.data(), whole().g.input(i));
        for (std::size_t s = 0; s + 1 < levels_.size(); ++s)
          std::copy_n(whole().g.input(i), size, levels_[s]->g.input(i));
      }
    });
  }

  void print(const epoch_report& r) const {
    char text[96];
    std::snprintf(text, sizeof text, "nested, epoch %d/%d: loss %.4f, %.1f s", r.epoch, stage_.epochs, r.loss,
                  r.seconds);
    std::ostream& out = *options_.progress;
    out << text;
    const std::size_t exits = r.validation.size() / levels_.size();
    for (std::size_t i = 0; i < r.validation.size(); ++i) {
      std::snprintf(text, sizeof text, "%s%.2f",
                    i == 0           ? ", validation accuracy % per level and exit: "
                    : i % exits == 0 ? " | "
                                     : " / ",
                    100 * r.validation[i]);
      out << text;
    }
    out << std::endl;
  }

  const labelled_images& set_;
  const train_options& options_;
  std::uint64_t seed_;
  thread_pool pool_;
  training_stage stage_;
  int batch_;
  std::vector<float> weights_;  // of levels
  nested_models models_;
  std::vector<std::unique_ptr<level>> levels_;
  std::vector<std::uint8_t> labels_, flipped_;
  std::vector<float> sample_weights_;
};

}  // namespace detail

// Trains all levels at once; `options.start`, a model of the whole network with its units sorted by importance, is
// where it begins. The same seed gives the same models. Throws as train() does, and where a checkpoint is asked for.
// options.validation is measured after every epoch: epoch_report::validation is then [level][exit].
inline nested_models train_nested(const std::vector<network_view>& levels, const labelled_images& set,
                                  const recipes::nested_levels& how = {}, const train_options& options = {}) {
  if (levels.empty()) throw error("train_nested: there are no levels");
  return detail::nested_run{levels, set, how, options}.run();
}
template <class Nested>
nested_models train_nested(const labelled_images& set, const recipes::nested_levels& how = {},
                           const train_options& options = {}) {
  return train_nested(level_views<Nested>(), set, how, options);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
