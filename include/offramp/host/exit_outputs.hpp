// What every exit says about every image of a set, stored once: thresholds, curves and
// histograms are all computed from it.
#ifndef OFFRAMP_HOST_EXIT_OUTPUTS_HPP
#define OFFRAMP_HOST_EXIT_OUTPUTS_HPP

#include <cstdint>
#include <vector>

#include <offramp/exits/session.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/parallel.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct exit_outputs {
  std::vector<std::vector<std::int32_t>> score_q16;  // [exit][image]
  std::vector<std::vector<int>> label;               // [exit][image], the class each exit answers
  std::vector<int> truth;                            // [image]
  std::vector<std::int64_t> ops;                     // [exit], OPs up to and including it
  std::int64_t full_ops = 0;                         // backbone and last head alone

  [[nodiscard]] int exits() const { return static_cast<int>(label.size()); }
  [[nodiscard]] int count() const { return static_cast<int>(truth.size()); }
};

// Runs all exits of the model on all images, under the policies it was bound for.
template <class Lowered, class Path, class Criterion, class Reuse>
exit_outputs run_all_exits(const bound_weights<Lowered, Path, Criterion, Reuse>& weights, const labelled_images& images,
                           thread_pool& pool) {
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  const auto n = static_cast<std::size_t>(images.count());
  exit_outputs out;
  out.score_q16.assign(session_t::exits, std::vector<std::int32_t>(n));
  out.label.assign(session_t::exits, std::vector<int>(n));
  out.truth.assign(images.labels.begin(), images.labels.end());
  for (int k = 0; k < session_t::exits; ++k) out.ops.push_back(session_t::ops_to_exit(k));
  out.full_ops = planned<Lowered, Path>::cost_without_exits().ops();
  constexpr int piece_size = 64;
  pool.parallel_for(ceil_div(images.count(), piece_size), [&](int piece, int) {
    const auto memory = std::make_unique<arena<Lowered, Path>>();
    session_t s{weights, *memory};
    for (int i = piece * piece_size; i < std::min((piece + 1) * piece_size, images.count()); ++i) {
      s.begin(checked_input<session_t>({images.image(i), images.image_size()}));
      for (std::size_t k = 0; k < static_cast<std::size_t>(session_t::exits); ++k) {
        s.step();
        out.score_q16[k][static_cast<std::size_t>(i)] = s.score();
        out.label[k][static_cast<std::size_t>(i)] = argmax(s.logits(), session_t::classes);
      }
    }
  });
  return out;
}

// Accuracy, cost and exits of the whole set under given thresholds (the last exit's is not asked).
struct operating_point {
  std::vector<std::int32_t> thresholds_q16;
  double accuracy = 0;
  double mean_ops = 0;
  std::vector<int> left;     // images answered by each exit
  std::vector<int> correct;  // of those, right answers
};

// The exit that answers image i.
inline std::size_t exit_of(const exit_outputs& o, std::size_t i, const std::vector<std::int32_t>& thresholds_q16) {
  std::size_t k = 0;
  while (k + 1 < o.label.size() && o.score_q16[k][i] < thresholds_q16[k]) ++k;
  return k;
}

inline operating_point evaluate_thresholds(const exit_outputs& o, const std::vector<std::int32_t>& thresholds_q16) {
  operating_point p{thresholds_q16, 0, 0, std::vector<int>(o.label.size()), std::vector<int>(o.label.size())};
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const std::size_t k = exit_of(o, i, thresholds_q16);
    ++p.left[k];
    p.correct[k] += o.label[k][i] == o.truth[i] ? 1 : 0;
    p.mean_ops += static_cast<double>(o.ops[k]);
  }
  for (const int c : p.correct) p.accuracy += c;
  p.accuracy /= static_cast<double>(o.truth.size());
  p.mean_ops /= static_cast<double>(o.truth.size());
  return p;
}

// Share of images exit k has right when all are asked there.
inline double exit_accuracy(const exit_outputs& o, int k) {
  int right = 0;
  for (std::size_t i = 0; i < o.truth.size(); ++i)
    right += o.label[static_cast<std::size_t>(k)][i] == o.truth[i] ? 1 : 0;
  return right / static_cast<double>(o.truth.size());
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
