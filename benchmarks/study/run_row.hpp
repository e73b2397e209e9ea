// One row from beginning to end: train by its recipe, judge every exit on the validation and the test part, write down
// all that tables and plots need. An interrupted training goes on from its checkpoint; a finished one is only read.
#ifndef BENCHMARKS_STUDY_RUN_ROW_HPP
#define BENCHMARKS_STUDY_RUN_ROW_HPP

#include <chrono>
#include <cmath>
#include <filesystem>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/host/train.hpp>
#include <offramp/host/write_file.hpp>

#include "benchmarks/study/ensembles.hpp"
#include "benchmarks/study/operating_points.hpp"
#include "benchmarks/study/rows.hpp"

namespace study {

struct settings {
  std::filesystem::path out = "build/study";
  double epoch_scale = 1;
  int images = 0;  // of the train part; 0: all
  int threads = 0;
  bool bf16 = false;  // products of training

  [[nodiscard]] host::train_options training() const {
    host::train_options options;
    options.threads = threads;
    if (bf16) options.graph.products = host::product_precision::bf16;
    return options;
  }
};

inline std::filesystem::path checkpoint_of(const std::string& name, const settings& s) {
  return s.out / "checkpoints" / (name + ".checkpoint");
}
inline std::filesystem::path result_of(const row& r, const settings& s) {
  return s.out / "rows" / (r.name() + ".json");
}

inline offramp::recipes::joint joint_recipe(const row& r, const settings& s) {
  offramp::recipes::joint how;
  how.epochs = scaled(r.on->epochs, s.epoch_scale);
  how.seed = r.seed;
  how.flip = true;
  how.shift = r.on->shift;
  if (r.by->sdn_schedule) how.schedule = offramp::recipes::exit_schedule::sdn;
  return how;
}

inline offramp::recipes::zero_time_waste frozen_recipe(const row& r, const settings& s) {
  offramp::recipes::zero_time_waste how;
  how.base = joint_recipe(r, s);
  how.epochs = epochs_of(r, s.epoch_scale);
  how.detach = r.by->detach;
  return how;
}

inline host::model train_row(const row& r, const host::dataset& data, const settings& s, std::ostream* progress) {
  host::train_options options = s.training();
  options.progress = progress;
  options.checkpoint = checkpoint_of(r.name(), s).string();
  const offramp::network_view net = r.net().net;
  if (r.by->how == training::joint) return host::train(net, data.train, joint_recipe(r, s), options);
  if (r.by->how == training::boosted) {
    offramp::recipes::boosted how{.how = joint_recipe(r, s), .lambda = r.by->lambda};
    how.how.rescale_gradients = true;
    return host::train(net, data.train, how, options);
  }
  const row backbone{r.on, &all_recipes()[0], r.seed};
  const host::model trained = train_row(backbone, data, s, progress);
  host::model start = host::make_model(net, r.seed);
  host::copy_backbone(trained, start);
  options.start = &start;
  return host::train(net, data.train, frozen_recipe(r, s), options);
}

// Five decimals are a hundredth of what one test image weighs. JSON has no word for what is not a number: null.
inline nlohmann::json numbers(const std::vector<double>& values) {
  nlohmann::json all = nlohmann::json::array();
  for (const double v : values) {
    if (std::isfinite(v))
      all.push_back(std::round(v * 1e5) / 1e5);
    else
      all.push_back(nullptr);
  }
  return all;
}

inline nlohmann::json policy_results(const std::string& name, const host::exit_outputs& validation,
                                     const host::exit_outputs& test) {
  std::vector<double> accuracy;
  for (int k = 0; k < test.exits(); ++k) accuracy.push_back(host::exit_accuracy(test, k));
  const budget_curve c = curve_under_budgets(validation, test);
  return {{"policy", name},
          {"exit_accuracy", numbers(accuracy)},
          {"exit_ops", test.ops},
          {"curve",
           {{"budget", numbers(c.budget)},
            {"share", numbers(c.share)},
            {"accuracy", numbers(c.accuracy)},
            {"validation_accuracy", numbers(c.validation)}}}};
}

// Every way of reuse that the row's training is meant for.
inline nlohmann::json all_policies(const row& r, const judged& o) {
  nlohmann::json all = nlohmann::json::array();
  const auto add = [&](const std::string& name, const auto& change) {
    all.push_back(policy_results(name, change(o.validation), change(o.test)));
  };
  if (r.by->how == training::boosted) {
    add("summed", [&](const host::exit_outputs& x) { return summed(x, r.by->lambda); });
    return all;
  }
  add("alone", [](const host::exit_outputs& x) { return x; });
  if (r.by->net == heads::last) return all;
  const host::ensemble_parameters fitted = host::fit_ensemble(o.validation, {.last_alone = r.uses_backbone()});
  add("geometric", [&](const host::exit_outputs& x) { return geometric(x, fitted); });
  if (!r.uses_backbone() || !r.by->detach) return all;
  const probability_ensemble mean = plain_mean();
  const probability_ensemble sum = fit_additive(o.validation);
  add("additive", [&](const host::exit_outputs& x) { return averaged(x, sum); });
  add("mean", [&](const host::exit_outputs& x) { return averaged(x, mean); });
  return all;
}

// Trains, judges, writes <out>/rows/<name>.json; returns the seconds it took.
inline double run_row(const row& r, const host::dataset& data, const settings& s, std::ostream* progress) {
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  const host::model m = train_row(r, data, s, progress);
  const double trained = seconds();
  host::thread_pool pool{s.threads};
  const contender& c = r.net();
  judged o{host::evaluated_outputs(m, data.validation, c.costs, pool),
           host::evaluated_outputs(m, data.test, c.costs, pool)};
  std::vector<double> as_trained;
  for (int k = 0; k < o.test.exits(); ++k) as_trained.push_back(host::exit_accuracy(o.test, k));
  if (c.integers) {
    const judged integers = c.integers(m, data, pool);
    o = {host::in_real_units(integers.validation), host::in_real_units(integers.test)};
  }
  std::size_t parameters = 0;
  for (const host::layer_parameters& p : m.parameters)
    for (const auto* const v : {&p.weights, &p.bias, &p.gamma, &p.beta}) parameters += v->size();
  nlohmann::json j{{"row", r.name()},
                   {"data", r.on->data},
                   {"arithmetic", r.on->arithmetic},
                   {"recipe", r.by->name},
                   {"seed", r.seed},
                   {"epochs", epochs_of(r, s.epoch_scale)},
                   {"train_images", data.train.count()},
                   {"test_images", data.test.count()},
                   {"parameters", parameters},
                   {"full_ops", c.costs.full_ops},
                   {"exit_accuracy_as_trained", numbers(as_trained)},
                   {"command", "benchmarks/run.sh study --rows '^" + r.name() + "$' --seeds " + std::to_string(r.seed) +
                                   " --epochs-scale " + nlohmann::json(s.epoch_scale).dump() +
                                   (s.images > 0 ? " --images " + std::to_string(s.images) : "") +
                                   (s.bf16 ? " --bf16" : "")},
                   {"build", OFFRAMP_COMPILER " " OFFRAMP_FLAGS}};
  j["policies"] = all_policies(r, o);
  j["seconds"] = {{"training", trained}, {"all", seconds()}};  // of training: the part that this call did
  host::write_file(result_of(r, s), j.dump(1) + "\n");
  return seconds();
}

}  // namespace study

#endif
