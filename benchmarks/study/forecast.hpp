// How long a set of rows will take: each kind of network is trained for some steps on this machine, and its seconds per
// image count for all epochs of its rows. Corrected as rows end.
#ifndef BENCHMARKS_STUDY_FORECAST_HPP
#define BENCHMARKS_STUDY_FORECAST_HPP

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/table.hpp>
#include <offramp/host/train.hpp>

#include "benchmarks/study/run_row.hpp"

namespace study {

class forecast {
 public:
  explicit forecast(const settings& s) : settings_{s} {}

  // Seconds of one row. Measures for a second or two where its kind of network was not seen yet.
  double seconds_of(const row& r, const host::dataset& data) {
    const std::string kind = r.on->name() + (r.uses_backbone()          ? ".heads"
                                             : r.by->net == heads::last ? ".last"
                                                                        : ".all");
    auto at = per_image_.find(kind);
    if (at == per_image_.end()) at = per_image_.emplace(kind, measure(r, data)).first;
    return at->second * data.train.count() * epochs_of(r, settings_.epoch_scale) + judging;
  }

  static std::string in_words(double seconds) {
    return seconds < 120    ? host::fixed(seconds, 0) + " s"
           : seconds < 7200 ? host::fixed(seconds / 60, 0) + " min"
                            : host::fixed(seconds / 3600, 1) + " h";
  }

 private:
  static constexpr double judging = 4;  // outputs, ensembles and thresholds of a row

  // The difference of two short runs leaves out what a run costs once.
  double measure(const row& r, const host::dataset& data) const {
    const int batch = offramp::recipes::joint{}.batch;
    const int few = std::min(batch, data.train.count());
    const int more = std::min(5 * batch, data.train.count());
    const double first = time(r, data.train.slice(0, few));
    if (more < 2 * few) return first / few;
    return std::max(1e-7, time(r, data.train.slice(0, more)) - first) / (more - few);
  }

  double time(const row& r, const host::labelled_images& some) const {
    const auto begin = std::chrono::steady_clock::now();
    host::train_options options = settings_.training();
    const offramp::network_view net = r.net().net;
    const host::model start = host::make_model(net, 1);
    offramp::recipes::joint how = joint_recipe(r, settings_);
    how.epochs = 1;
    if (r.uses_backbone()) {
      options.start = &start;
      host::train(net, some, offramp::recipes::zero_time_waste{.base = how, .epochs = 1}, options);
    } else {
      host::train(net, some, how, options);
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  const settings& settings_;
  std::map<std::string, double> per_image_;
};

}  // namespace study

#endif
