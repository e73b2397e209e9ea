// Rows of contenders, read back: the fastest minimum and the median of medians over all rounds. And goal lines.
#ifndef BENCHMARKS_PEERS_ROWS_HPP
#define BENCHMARKS_PEERS_ROWS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/table.hpp>

namespace peers {

struct figure {
  double macs = 0, min_us = 0, ghz = 0;
  std::vector<double> medians;

  [[nodiscard]] double median_us() const {
    std::vector<double> sorted = medians;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  [[nodiscard]] double gmacs() const { return macs / min_us * 1e-3; }
  [[nodiscard]] double macs_per_cycle() const { return macs / (min_us * ghz * 1e3); }
};

class rows {
 public:
  explicit rows(const std::string& file) {
    std::ifstream in{file};
    if (!in) throw offramp::host::error(file + ": cannot be read");
    for (std::string line; std::getline(in, line);) {
      std::vector<std::string> cells;
      std::istringstream text{line};
      for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
      if (cells.size() != 8)
        throw offramp::host::error(file + ": found " + std::to_string(cells.size()) + " cells in '" + line +
                                   "', expected 8");
      const std::string &peer = cells[0], &subject = cells[1];
      if (std::find(subjects_.begin(), subjects_.end(), subject) == subjects_.end()) subjects_.push_back(subject);
      if (std::find(peers_.begin(), peers_.end(), peer) == peers_.end()) peers_.push_back(peer);
      figure& f = all_[{peer, subject}];
      const double min_us = std::stod(cells[3]);
      if (f.medians.empty() || min_us < f.min_us) f.min_us = min_us, f.ghz = std::stod(cells[5]);
      f.macs = std::stod(cells[2]);
      f.medians.push_back(std::stod(cells[4]));
    }
    if (all_.empty()) throw offramp::host::error(file + ": found no rows");
  }

  [[nodiscard]] const std::vector<std::string>& subjects() const { return subjects_; }
  [[nodiscard]] const std::vector<std::string>& peers() const { return peers_; }
  // Null: this peer was not run on this subject.
  [[nodiscard]] const figure* find(const std::string& peer, const std::string& subject) const {
    const auto at = all_.find({peer, subject});
    return at == all_.end() ? nullptr : &at->second;
  }
  // Name of the fastest of those that were run on the subject; empty: none was.
  [[nodiscard]] std::string fastest(const std::vector<std::string>& candidates, const std::string& subject) const {
    std::string best;
    for (const auto& c : candidates) {
      const figure* f = find(c, subject);
      if (f != nullptr && (best.empty() || f->min_us < find(best, subject)->min_us)) best = c;
    }
    return best;
  }

  void print_csv(std::ostream& out) const {
    out << "peer,shape,MACs,min_us,median_us,GHz,GMAC/s,MAC/cycle\n";
    using offramp::host::fixed;
    for (const auto& s : subjects_)
      for (const auto& p : peers_)
        if (const figure* f = find(p, s); f != nullptr)
          out << p << ',' << s << ',' << fixed(f->macs, 0) << ',' << fixed(f->min_us, 3) << ','
              << fixed(f->median_us(), 3) << ',' << fixed(f->ghz, 3) << ',' << fixed(f->gmacs(), 2) << ','
              << fixed(f->macs_per_cycle(), 2) << '\n';
  }

 private:
  std::map<std::pair<std::string, std::string>, figure> all_;
  std::vector<std::string> subjects_, peers_;
};

// How many times as long as `us`, in minima and in medians; not a number where one of them is missing.
struct ratio {
  double of_minima = NAN, of_medians = NAN;
};
inline ratio compare(const figure* other, const figure* us) {
  if (other == nullptr || us == nullptr) return {};
  return {other->min_us / us->min_us, other->median_us() / us->median_us()};
}

inline double least(const std::vector<double>& values) {
  return values.empty() ? NAN : *std::min_element(values.begin(), values.end());
}
inline double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += std::log(v);
  return values.empty() ? NAN : std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace peers

#endif
