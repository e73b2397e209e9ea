// All results of a folder as tables, pictures and goals. Differences are between runs of the same seed; one below two
// standard errors is a tie. Nothing here is a time: the same rows give the same pages, however they were spread.
#ifndef BENCHMARKS_STUDY_MERGE_HPP
#define BENCHMARKS_STUDY_MERGE_HPP

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/host/error.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>
#include <offramp/host/write_file.hpp>

namespace study {

namespace host = offramp::host;

// One row under one policy, accuracies in %.
struct judged_run {
  std::vector<double> exit_accuracy, exit_share;  // [exit]; shares of the backbone with its last head alone, in %
  std::map<int, double> at_budget, share_at;      // budget in % -> test accuracy, and what it really cost
  int test_images = 0;
};

// A mean over seeds; not a number without runs, and as the error of one run.
struct estimate {
  double mean = std::nan(""), error = std::nan("");
  int runs = 0;
};

inline estimate estimate_of(const std::vector<double>& values) {
  estimate e;
  e.runs = static_cast<int>(values.size());
  if (values.empty()) return e;
  const double n = e.runs;
  double sum = 0;
  double squares = 0;
  for (const double v : values) sum += v;
  e.mean = sum / n;
  for (const double v : values) squares += (v - e.mean) * (v - e.mean);
  if (e.runs > 1) e.error = std::sqrt(squares / (n - 1) / n);
  return e;
}

// "91.20 +- 0.11", of one seed "91.20", of none "-"
inline std::string shown(const estimate& e, bool sign = false) {
  if (!std::isfinite(e.mean)) return "-";
  const std::string mean = (sign && e.mean >= 0 ? "+" : "") + host::fixed(e.mean, 2);
  return std::isfinite(e.error) ? mean + " +- " + host::fixed(e.error, 2) : mean;
}

class results {
 public:
  using key = std::string;  // "ztw geometric"

  explicit results(const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder))
      throw host::error(folder.string() + ": no such folder, expected one with the rows of a study");
    std::vector<std::filesystem::path> files;
    for (const auto& f : std::filesystem::directory_iterator(folder))
      if (f.path().extension() == ".json") files.push_back(f.path());
    std::sort(files.begin(), files.end());
    if (files.empty()) throw host::error(folder.string() + ": found no *.json, expected rows of a study");
    for (const auto& f : files) {
      try {
        add(nlohmann::json::parse(std::ifstream{f}));
      } catch (const nlohmann::json::exception& e) {
        throw host::error(f.string() + ": " + e.what() + "; expected a row of a study");
      }
    }
  }

  [[nodiscard]] std::vector<std::string> subjects() const {
    std::vector<std::string> names;
    for (const auto& [name, runs] : all_) names.push_back(name);
    return names;
  }
  [[nodiscard]] std::vector<key> keys(const std::string& subject) const {
    std::vector<key> names;
    for (const auto& [name, runs] : all_.at(subject)) names.push_back(name);
    return names;
  }
  [[nodiscard]] const std::string& lines() const { return lines_; }

  // By seed.
  [[nodiscard]] const std::map<int, judged_run>& runs(const std::string& subject, const key& k) const {
    static const std::map<int, judged_run> none;
    const auto at = all_.at(subject).find(k);
    return at == all_.at(subject).end() ? none : at->second;
  }

  template <class Value>  // double(const judged_run&)
  [[nodiscard]] estimate mean(const std::string& subject, const key& k, Value value) const {
    std::vector<double> values;
    for (const auto& [seed, run] : runs(subject, k)) values.push_back(value(run));
    return estimate_of(values);
  }

  // a - b over the seeds that both have. Of one seed the error is that of two independent samples of the test part.
  template <class Value>
  [[nodiscard]] estimate difference(const std::string& subject, const key& a, const key& b, Value value) const {
    std::vector<double> values;
    double sampling = std::nan("");
    const auto& other = runs(subject, b);
    for (const auto& [seed, run] : runs(subject, a)) {
      const auto at = other.find(seed);
      if (at == other.end()) continue;
      const double x = value(run);
      const double y = value(at->second);
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      values.push_back(x - y);
      sampling = std::sqrt((x * (100 - x) + y * (100 - y)) / run.test_images);
    }
    estimate e = estimate_of(values);
    if (e.runs == 1) e.error = sampling;
    return e;
  }

 private:
  void add(nlohmann::json j) {
    const double full = j.at("full_ops").get<double>();
    const std::string subject = j.at("data").get<std::string>() + "." + j.at("arithmetic").get<std::string>();
    for (const auto& p : j.at("policies")) {
      judged_run run;
      run.test_images = j.at("test_images");
      for (const double a : p.at("exit_accuracy")) run.exit_accuracy.push_back(100 * a);
      for (const double o : p.at("exit_ops")) run.exit_share.push_back(100 * o / full);
      const auto& c = p.at("curve");
      for (std::size_t i = 0; i < c.at("budget").size(); ++i) {
        if (c.at("accuracy")[i].is_null()) continue;
        const int budget = static_cast<int>(std::lround(100 * c.at("budget")[i].get<double>()));
        run.at_budget[budget] = 100 * c.at("accuracy")[i].get<double>();
        run.share_at[budget] = 100 * c.at("share")[i].get<double>();
      }
      all_[subject][j.at("recipe").get<std::string>() + " " + p.at("policy").get<std::string>()]
          [j.at("seed").get<int>()] = std::move(run);
    }
    j.erase("seconds");
    lines_ += j.dump() + "\n";
  }

  std::map<std::string, std::map<key, std::map<int, judged_run>>> all_;
  std::string lines_;
};

inline double at_budget(const judged_run& r, int budget) {
  const auto at = r.at_budget.find(budget);
  return at == r.at_budget.end() ? std::nan("") : at->second;
}

inline const char* verdict(const estimate& d) {
  if (!std::isfinite(d.mean)) return "-";
  if (std::abs(d.mean) < 2 * d.error || d.mean == 0) return "tie";
  return d.mean > 0 ? "better" : "worse";
}

inline constexpr int named_budgets[] = {25, 50, 75, 100};

class pages {
 public:
  explicit pages(const results& r) : results_{r} {}

  // Tables of one subject, and its curves.
  void describe(const std::string& subject, const std::filesystem::path& out) {
    const auto keys = results_.keys(subject);
    std::size_t exits = 0;
    for (const auto& k : keys)
      for (const auto& [seed, run] : results_.runs(subject, k)) exits = std::max(exits, run.exit_accuracy.size());
    std::vector<std::string> names{"recipe, outputs", "seeds"};
    for (std::size_t k = 0; k < exits; ++k) names.push_back("exit " + std::to_string(k + 1));
    host::table by_exit(names);
    std::vector<std::string> budgets{"recipe, outputs", "seeds"};
    for (const int b : named_budgets) budgets.push_back(std::to_string(b) + " %");
    host::table by_budget(budgets);
    bool shares = false;
    for (const auto& k : keys) {
      const auto& runs = results_.runs(subject, k);
      const std::size_t own = runs.begin()->second.exit_accuracy.size();
      if (!shares && own == exits) {
        std::vector<std::string> cost{"OPs of the backbone and its last head", "-"};
        for (const double s : runs.begin()->second.exit_share) cost.push_back(host::fixed(s, 1) + " %");
        by_exit.add(cost);
        shares = true;
      }
      std::vector<std::string> line{k, std::to_string(runs.size())};
      for (std::size_t e = 0; e + own < exits; ++e) line.emplace_back("-");  // a network with its last exit alone
      for (std::size_t e = 0; e < own; ++e)
        line.push_back(shown(results_.mean(subject, k, [&](const judged_run& r) { return r.exit_accuracy[e]; })));
      by_exit.add(line);
      std::vector<std::string> at{k, std::to_string(runs.size())};
      for (const int b : named_budgets)
        at.push_back(shown(results_.mean(subject, k, [&](const judged_run& r) { return at_budget(r, b); })));
      by_budget.add(at);
    }
    put("## " + subject + "\n");
    put("Accuracy of every exit on the test part, %; mean over seeds +- its standard error; no error: one seed.\n",
        by_exit);
    put("Accuracy under a budget of operations, %; the setting is chosen on the validation part, every head that ran "
        "is "
        "paid for, and 100 % is the backbone with its last head alone.\n",
        by_budget);
    curves(subject, out);
  }

  // Zero Time Waste against Shallow-Deep Networks on the same frozen backbones: methods, section 8 (e).
  void zero_time_waste() {
    host::table t({"network", "budget", "SDN", "cascade only", "ensemble only", "both", "both - SDN", "verdict"});
    host::table rivals({"network", "budget", "geometric", "additive", "mean", "geometric - additive", "verdict"});
    host::table detached({"network", "exit", "detached", "not detached", "difference", "verdict"});
    for (const std::string& s : results_.subjects()) {
      const auto measured = [&](const char* k, int b) {
        return shown(results_.mean(s, k, [b](const judged_run& r) { return at_budget(r, b); }));
      };
      std::vector<double> over_additive;
      for (const int b : named_budgets) {
        const auto value = [b](const judged_run& r) { return at_budget(r, b); };
        const estimate d = results_.difference(s, "ztw geometric", "sdn alone", value);
        if (d.runs > 0) {
          t.add({s, std::to_string(b) + " %", measured("sdn alone", b), measured("ztw alone", b),
                 measured("sdn geometric", b), measured("ztw geometric", b), shown(d, true), verdict(d)});
          goal("ztw_over_sdn_at_" + std::to_string(b) + "_" + s, d, b == 100 ? -0.2 : 0.0);
        }
        const estimate a = results_.difference(s, "ztw geometric", "ztw additive", value);
        if (a.runs > 0) {
          over_additive.push_back(a.mean);
          rivals.add({s, std::to_string(b) + " %", measured("ztw geometric", b), measured("ztw additive", b),
                      measured("ztw mean", b), shown(a, true), verdict(a)});
        }
      }
      if (!over_additive.empty()) {
        estimate mean = estimate_of(over_additive);
        mean.error = 0;  // a mean of means: the sign counts
        goal("geometric_over_additive_on_average_" + s, mean, 0.0);
      }
      for (std::size_t e = 0; e < 2; ++e) {
        const auto value = [e](const judged_run& r) { return r.exit_accuracy.at(e); };
        const estimate d = results_.difference(s, "ztw alone", "ztw_no_detach alone", value);
        if (d.runs == 0) continue;
        detached.add({s, std::to_string(e + 1), shown(results_.mean(s, "ztw alone", value)),
                      shown(results_.mean(s, "ztw_no_detach alone", value)), shown(d, true), verdict(d)});
        if (e == 0) goal("detach_over_none_at_exit_1_" + s, d, 0.0);
      }
    }
    put("## Zero Time Waste\n");
    if (!t.rows().empty())
      put("Frozen backbones, the same for all columns. SDN: heads alone; cascade: a head reads the logits before it; "
          "ensemble: the geometric one.\n",
          t);
    if (!rivals.rows().empty()) put("Three ways to average the heads of a cascade.\n", rivals);
    if (!detached.rows().empty())
      put("Heads of a cascade by themselves. Not detached: later heads train earlier ones, too.\n", detached);
  }

  // Boosted training against plain joint training, equal epochs: methods, section 19 (e).
  void boosted() {
    host::table t(
        {"network", "measured at", "joint", "boosted, 0", "boosted, 0.5", "boosted, 1", "0.5 - joint", "verdict"});
    for (const std::string& s : results_.subjects()) {
      const auto line = [&](const std::string& what, auto value, const std::string& name, double least) {
        const estimate d = results_.difference(s, "boosted_0.5 summed", "joint alone", value);
        if (d.runs == 0) return;
        const auto measured = [&](const char* k) { return shown(results_.mean(s, k, value)); };
        t.add({s, what, measured("joint alone"), measured("boosted_0 summed"), measured("boosted_0.5 summed"),
               measured("boosted_1 summed"), shown(d, true), verdict(d)});
        goal("boosted_over_joint_" + name + "_" + s, d, least);
      };
      for (const int b : {50, 75, 100})
        line(
            std::to_string(b) + " % of the operations", [b](const judged_run& r) { return at_budget(r, b); },
            "at_" + std::to_string(b), 0.0);
      line(
          "last exit", [](const judged_run& r) { return r.exit_accuracy.back(); }, "at_last_exit",
          s.find("cifar10") == 0 ? 0.3 : 0.0);
    }
    if (t.rows().empty()) return;
    put("## Boosted training\n");
    put("The number is lambda, the weight of what earlier exits said.\n", t);
  }

  [[nodiscard]] const std::string& markdown() const { return markdown_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& goals() const { return goals_; }
  [[nodiscard]] bool all_pass() const { return pass_; }

 private:
  void put(const std::string& words) { markdown_ += words + "\n", text_ += words + "\n"; }
  void put(const std::string& words, const host::table& t) {
    put(words);
    markdown_ += t.markdown() + "\n", text_ += t.text() + "\n";
  }

  // A difference passes if it reaches `least` points, or is a tie with it.
  void goal(const std::string& name, const estimate& d, double least) {
    const bool reached = d.mean >= least;
    const bool tie = !reached && d.mean - least > -2 * d.error;
    pass_ = pass_ && (reached || tie);
    std::string plain = name;
    for (char& c : plain)
      if (c == '.') c = '_';
    goals_ += "goal " + plain + " measured=" + (d.mean >= 0 ? "+" : "") + host::fixed(d.mean, 2) + "points" +
              (tie ? "(tie)" : "") + " target=>=" + host::fixed(least, 1) + "points" +
              (reached || tie ? " pass" : " fail") + "\n";
  }

  void curves(const std::string& subject, const std::filesystem::path& out) {
    host::curve_plot plot;
    plot.title = subject + ": accuracy under budgets";
    plot.x.label = "operations of the test part, % of the backbone with its last head";
    plot.y.label = "accuracy, %";
    for (const char* k :
         {"joint alone", "sdn alone", "ztw alone", "sdn geometric", "ztw geometric", "boosted_0.5 summed"}) {
      const auto& runs = results_.runs(subject, k);
      if (runs.empty()) continue;
      host::curve c{k, {}, {}};
      c.points = false;
      for (const auto& [budget, first] : runs.begin()->second.at_budget) {
        const int b = budget;
        const estimate y = results_.mean(subject, k, [b](const judged_run& r) { return at_budget(r, b); });
        if (!std::isfinite(y.mean)) continue;
        const estimate x = results_.mean(subject, k, [b](const judged_run& r) { return r.share_at.at(b); });
        c.x.push_back(x.mean);
        c.y.push_back(y.mean);
        if (runs.size() > 1) c.low.push_back(y.mean - y.error), c.high.push_back(y.mean + y.error);
      }
      if (!c.x.empty()) plot.curves.push_back(c);
    }
    if (plot.curves.empty()) return;
    const std::string file = "study." + subject + ".svg";
    host::save_plot(plot, out / file);
    markdown_ += "![" + plot.title + "](" + file + ")\n\n";
  }

  const results& results_;
  std::string markdown_, text_, goals_;
  bool pass_ = true;
};

// Reads <out>/rows/*.json; writes <out>/study.md, study.jsonl (one row a line) and pictures, prints tables and goals.
inline bool merge(const std::filesystem::path& out) {
  const results r{out / "rows"};
  pages p{r};
  for (const std::string& s : r.subjects()) p.describe(s, out);
  p.zero_time_waste();
  p.boosted();
  host::write_file(out / "study.md", p.markdown() + "```\n" + p.goals() + "```\n");
  host::write_file(out / "study.jsonl", r.lines());
  std::cout << p.text() << "wrote " << (out / "study.md").string() << "\n\n" << p.goals();
  if (p.goals().empty()) std::cout << "goal study_merged measured=" << r.subjects().size() << " target=>=1 pass\n";
  return p.all_pass();
}

}  // namespace study

#endif
