// The rows of the study: data set x arithmetic x recipe x seed. A row has a name, by which it is chosen, stored and run
// again; rows that share a frozen backbone form a group, which stays in one shard: no backbone is trained twice.
#ifndef BENCHMARKS_STUDY_ROWS_HPP
#define BENCHMARKS_STUDY_ROWS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>

#include "benchmarks/study/subject.hpp"

namespace study {

enum class training { joint, frozen_backbone, boosted };

struct study_recipe {
  std::string name;
  heads net;
  training how;
  bool ablation;  // one seed is enough
  bool sdn_schedule = false, detach = true;
  float lambda = 0;
};

inline const std::vector<study_recipe>& all_recipes() {
  using enum training;
  static const std::vector<study_recipe> all{{"base", heads::last, joint, false},
                                             {"joint", heads::alone, joint, false},
                                             {"scheduled", heads::alone, joint, true, true},
                                             {"sdn", heads::alone, frozen_backbone, false},
                                             {"ztw", heads::cascade, frozen_backbone, false},
                                             {"ztw_no_detach", heads::cascade, frozen_backbone, true, false, false},
                                             {"boosted_0", heads::alone, boosted, true, false, true, 0.0f},
                                             {"boosted_0.5", heads::alone, boosted, false, false, true, 0.5f},
                                             {"boosted_1", heads::alone, boosted, true, false, true, 1.0f}};
  return all;
}

struct row {
  const subject* on = nullptr;
  const study_recipe* by = nullptr;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string name() const { return on->name() + "." + by->name + ".seed" + std::to_string(seed); }
  [[nodiscard]] std::string backbone_name() const { return on->name() + ".base.seed" + std::to_string(seed); }
  [[nodiscard]] bool uses_backbone() const { return by->how == training::frozen_backbone; }
  [[nodiscard]] std::string group() const { return uses_backbone() || by->name == "base" ? backbone_name() : name(); }
  [[nodiscard]] const contender& net() const { return on->with(by->net); }
};

// Scales epochs, at least one stays.
inline int scaled(int epochs, double scale) { return std::max(1, static_cast<int>(std::lround(epochs * scale))); }

inline int epochs_of(const row& r, double scale) {
  return scaled(r.uses_backbone() ? r.on->head_epochs : r.on->epochs, scale);
}

// All rows whose name `pattern` (a regular expression) is found in, in order. Ablations take the first seed only.
inline std::vector<row> rows_of(const std::vector<subject>& on, const std::string& pattern,
                                const std::vector<std::uint64_t>& seeds) {
  std::regex wanted;
  try {
    wanted = std::regex{pattern};
  } catch (const std::regex_error&) {
    throw host::error("--rows is " + pattern + ", expected a regular expression such as 'fashion_mnist.*ztw'");
  }
  if (seeds.empty()) throw host::error("--seeds is empty, expected numbers such as 1,2,3");
  std::vector<row> rows;
  for (const subject& s : on)
    for (const std::uint64_t seed : seeds)
      for (const study_recipe& r : all_recipes())
        if (const row one{&s, &r, seed}; (!r.ablation || seed == seeds[0]) && std::regex_search(one.name(), wanted))
          rows.push_back(one);
  return rows;
}

// The part `index` (from 1) of `count`: groups go one after another, the largest first, to the shard with least to do.
// `work` [row] is any measure that is the same in all shards.
inline std::vector<row> shard_of(const std::vector<row>& rows, const std::vector<double>& work, int index, int count) {
  if (count < 1 || index < 1 || index > count)
    throw host::error("--shard is " + std::to_string(index) + "/" + std::to_string(count) +
                      ", expected i/n with i from 1 to n");
  struct load {
    std::string group;
    double work = 0;
    int shard = 0;
  };
  std::vector<load> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto at = std::find_if(groups.begin(), groups.end(), [&](const load& g) { return g.group == rows[i].group(); });
    if (at == groups.end()) at = groups.insert(at, {rows[i].group(), 0, 0});
    at->work += work[i];
  }
  std::stable_sort(groups.begin(), groups.end(), [](const load& a, const load& b) { return a.work > b.work; });
  std::vector<double> busy(static_cast<std::size_t>(count));
  for (load& g : groups) {
    const auto least = std::min_element(busy.begin(), busy.end());
    *least += g.work;
    g.shard = static_cast<int>(least - busy.begin()) + 1;
  }
  std::vector<row> mine;
  for (const row& r : rows)
    for (const load& g : groups)
      if (g.group == r.group() && g.shard == index) mine.push_back(r);
  return mine;
}

// Products of one image in training, in units of a forward pass; heads alone pay for the pass, not for the way back.
inline double work_of(const row& r, double epoch_scale) {
  double products = 0;
  const offramp::network_view net = r.net().net;
  for (int i = 0; i < net.layer_count; ++i)
    if (const offramp::layer_desc& d = net.layers[i]; d.has_weights())
      products += static_cast<double>(d.out.size()) * d.geometry().depth();
  return products * epochs_of(r, epoch_scale) * (r.uses_backbone() ? 1.2 : 3.0);
}

}  // namespace study

#endif
