// What stored outputs say about the exits beyond accuracy and cost: which classes leave where, how often thinking on
// spoils a right answer (overthinking: Kaya et al., Shallow-Deep Networks, ICML 2019), how many of an exit's errors an
// earlier exit had right (hindsight improvability: Wolczyk et al., Zero Time Waste, NeurIPS 2021), where exits agree.
#ifndef OFFRAMP_HOST_EXIT_ANALYSIS_HPP
#define OFFRAMP_HOST_EXIT_ANALYSIS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/table.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Labels of every exit for every image, and at least one of both; throws otherwise.
inline void check_labels(const exit_outputs& o, const char* who) {
  if (o.label.empty() || o.truth.empty())
    throw error(std::string{who} + ": found " + std::to_string(o.label.size()) + " exits and " +
                std::to_string(o.truth.size()) + " images, expected at least one of each");
  for (std::size_t k = 0; k < o.label.size(); ++k)
    if (o.label[k].size() != o.truth.size())
      throw error(std::string{who} + ": exit " + std::to_string(k) + " has " + std::to_string(o.label[k].size()) +
                  " labels, expected " + std::to_string(o.truth.size()) + ", one for each image");
}

inline void check_exits_taken(const exit_outputs& o, const std::vector<std::size_t>& taken, const char* who) {
  check_labels(o, who);
  if (taken.size() != o.truth.size())
    throw error(std::string{who} + ": found the exits of " + std::to_string(taken.size()) + " images, expected " +
                std::to_string(o.truth.size()));
  const auto beyond = std::find_if(taken.begin(), taken.end(), [&](std::size_t k) { return k >= o.label.size(); });
  if (beyond != taken.end())
    throw error(std::string{who} + ": image " + std::to_string(beyond - taken.begin()) + " leaves at exit " +
                std::to_string(*beyond) + ", expected 0 to " + std::to_string(o.label.size() - 1));
}

inline double share_of(int part, int whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / whole;
}

}  // namespace detail

// Images of each class by the exit at which they leave, [class][exit].
struct class_exits {
  std::vector<std::vector<int>> left, right;  // right: of those, with the right answer
};

// Of the images that leave at exit taken[i] (from `exits_taken`, by thresholds or any criterion). Throws where sizes
// differ or a class is not one of the outputs'.
inline class_exits exits_of_classes(const exit_outputs& o, const std::vector<std::size_t>& taken) {
  detail::check_exits_taken(o, taken, "exits_of_classes");
  const std::vector<int> none(o.label.size());
  class_exits out;
  out.left.assign(static_cast<std::size_t>(std::max(0, o.classes)), none);
  out.right = out.left;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const int truth = o.truth[i];
    if (truth < 0 || truth >= o.classes)
      throw error("exits_of_classes: image " + std::to_string(i) + " is of class " + std::to_string(truth) +
                  ", expected 0 to " + std::to_string(o.classes - 1));
    ++out.left[static_cast<std::size_t>(truth)][taken[i]];
    out.right[static_cast<std::size_t>(truth)][taken[i]] += o.label[taken[i]][i] == truth ? 1 : 0;
  }
  return out;
}

// One exit, when every image is asked there.
struct exit_thoughts {
  int right = 0, wrong = 0;
  int spoilt = 0;     // right here, wrong at the last exit: going on was destructive
  int wasted = 0;     // right here and at the last exit: going on was wasteful
  int mended = 0;     // wrong here, right at the last exit: going on was needed
  int hindsight = 0;  // wrong here, right at some earlier exit

  // Among the errors of this exit, the share that some earlier exit had right; not a number where it makes none.
  [[nodiscard]] double hindsight_improvability() const { return detail::share_of(hindsight, wrong); }
};

struct overthinking {
  int images = 0;
  std::vector<exit_thoughts> exits;
  int destructive = 0;  // wrong at the last exit, right at an earlier one
  int wasteful = 0;     // right at the last exit and at an earlier one
  int unreached = 0;    // wrong at every exit

  [[nodiscard]] double destructive_share() const { return detail::share_of(destructive, images); }
  [[nodiscard]] double wasteful_share() const { return detail::share_of(wasteful, images); }
  // Of the errors of the last exit: what an exit policy could win at best.
  [[nodiscard]] double destructive_share_of_errors() const { return detail::share_of(destructive, exits.back().wrong); }
};

inline overthinking overthinking_of(const exit_outputs& o) {
  detail::check_labels(o, "overthinking_of");
  const std::size_t exits = o.label.size();
  overthinking out;
  out.images = o.count();
  out.exits.resize(exits);
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const bool right_at_last = o.label.back()[i] == o.truth[i];
    bool right_before = false;
    for (std::size_t k = 0; k < exits; ++k) {
      exit_thoughts& here = out.exits[k];
      const bool right = o.label[k][i] == o.truth[i], last = k + 1 == exits;
      ++(right ? here.right : here.wrong);
      if (!last && right) ++(right_at_last ? here.wasted : here.spoilt);
      if (!last && !right && right_at_last) ++here.mended;
      if (!right && right_before) ++here.hindsight;
      if (last && right_before) ++(right ? out.wasteful : out.destructive);
      right_before = right_before || right;
    }
    if (!right_before) ++out.unreached;
  }
  return out;
}

// The first exit that is right about each image, the last one where none is: what no policy can beat, as exits taken.
inline std::vector<std::size_t> first_right_exits(const exit_outputs& o) {
  detail::check_labels(o, "first_right_exits");
  std::vector<std::size_t> taken(o.truth.size(), o.label.size() - 1);
  for (std::size_t i = 0; i < taken.size(); ++i)
    for (std::size_t k = 0; k < taken[i]; ++k)
      if (o.label[k][i] == o.truth[i]) taken[i] = k;
  return taken;
}

// Share of images that two exits answer alike, [exit][exit].
inline std::vector<std::vector<double>> exit_agreement(const exit_outputs& o) {
  detail::check_labels(o, "exit_agreement");
  std::vector<std::vector<double>> out(o.label.size(), std::vector<double>(o.label.size()));
  for (std::size_t a = 0; a < o.label.size(); ++a)
    for (std::size_t b = 0; b < o.label.size(); ++b) {
      int alike = 0;
      for (std::size_t i = 0; i < o.truth.size(); ++i) alike += o.label[a][i] == o.label[b][i] ? 1 : 0;
      out[a][b] = detail::share_of(alike, o.count());
    }
  return out;
}

// One row per exit, in shares of all images; hindsight improvability in shares of the exit's errors.
inline table overthinking_table(const overthinking& seen) {
  const auto percent = [](double share) { return std::isfinite(share) ? fixed(100 * share, 2) + " %" : "-"; };
  table out({"exit", "right", "spoilt later", "right to the end", "mended later", "hindsight improvability"});
  for (std::size_t k = 0; k < seen.exits.size(); ++k) {
    const exit_thoughts& e = seen.exits[k];
    const bool last = k + 1 == seen.exits.size();
    const auto of_all = [&](int part) { return last ? "-" : percent(detail::share_of(part, seen.images)); };
    out.add({std::to_string(k + 1), percent(detail::share_of(e.right, seen.images)), of_all(e.spoilt), of_all(e.wasted),
             of_all(e.mended), k == 0 ? "-" : percent(e.hindsight_improvability())});
  }
  return out;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
