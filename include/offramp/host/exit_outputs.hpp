// What every exit says about every input of a set, stored once: its judged logits, from which the scores of any
// criterion, other ways of reuse, thresholds, curves and histograms are all computed.
#ifndef OFFRAMP_HOST_EXIT_OUTPUTS_HPP
#define OFFRAMP_HOST_EXIT_OUTPUTS_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <offramp/exits/session.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/parallel.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct exit_outputs {
  std::vector<std::vector<std::int32_t>> score_q16;  // [exit][image]; empty where the criterion has no single score
  std::vector<std::vector<int>> label;               // [exit][image], the class each exit answers
  std::vector<int> truth;                            // [image]
  std::vector<std::int64_t> ops;                     // [exit], OPs up to and including it
  std::int64_t full_ops = 0;                         // backbone and last head alone

  // Judged logits, [exit][image * classes]; one of the two is empty.
  int classes = 0;
  std::vector<std::vector<std::int32_t>> integer_logits{};
  std::vector<std::vector<float>> real_logits{};
  std::vector<double> scale{};       // [exit], real value of a unit of the logits
  std::vector<fixed_factor> unit{};  // [exit], scale * 65536

  [[nodiscard]] int exits() const { return static_cast<int>(label.size()); }
  [[nodiscard]] int count() const { return static_cast<int>(truth.size()); }

  template <class T>
  [[nodiscard]] const T* logits(std::size_t exit, std::size_t image) const {
    const std::size_t at = image * static_cast<std::size_t>(classes);
    if constexpr (std::is_same_v<T, float>)
      return real_logits[exit].data() + at;
    else
      return integer_logits[exit].data() + at;
  }
};

namespace detail {

// Calls f(std::int32_t{}) or f(float{}): the kind of the stored logits. Throws where none are stored.
template <class F>
auto with_logits(const exit_outputs& o, const char* who, F f) {
  if (o.integer_logits.empty() && o.real_logits.empty())
    throw error(std::string{who} + ": these outputs hold no logits; run_all_exits stores them");
  return o.integer_logits.empty() ? f(float{}) : f(std::int32_t{});
}

// Parameters of a criterion, [exit][words]; each exit's first.
inline const std::uint32_t* words_of_exit(std::span<const std::uint32_t> words, std::size_t exits, std::size_t each,
                                          std::size_t exit, const char* who) {
  if (words.size() != exits * each)
    throw error(std::string{who} + ": found " + std::to_string(words.size()) + " words of the criterion, expected " +
                std::to_string(each) + " for each of " + std::to_string(exits) + " exits");
  return words.data() + exit * each;
}

}  // namespace detail

// Runs all exits of the model on all inputs, [count][input_size] as the network takes them (pixels or floats), under
// the policies it was bound for. Throws where the numbers of inputs and labels differ, and on NaN.
template <class Lowered, class Path, class Criterion, class Reuse>
exit_outputs run_all_exits(const bound_weights<Lowered, Path, Criterion, Reuse>& weights,
                           std::span<const typename session<Lowered, Path, Criterion, Reuse>::input_element> inputs,
                           std::span<const std::uint8_t> labels, thread_pool& pool) {
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  constexpr bool real = session_t::logit_kind == kind::f32;
  constexpr auto exits = static_cast<std::size_t>(session_t::exits);
  constexpr auto classes = static_cast<std::size_t>(session_t::classes);
  const std::size_t n = labels.size();
  if (inputs.size() != n * session_t::input_size)
    throw error("run_all_exits: found " + std::to_string(inputs.size()) + " input elements, expected " +
                std::to_string(session_t::input_size) + " for each of " + std::to_string(n) + " labels");
  exit_outputs out;
  if constexpr (offramp::detail::has_score<Criterion>) out.score_q16.assign(exits, std::vector<std::int32_t>(n));
  out.label.assign(exits, std::vector<int>(n));
  out.truth.assign(labels.begin(), labels.end());
  out.classes = session_t::classes;
  if constexpr (real)
    out.real_logits.assign(exits, std::vector<float>(n * classes));
  else
    out.integer_logits.assign(exits, std::vector<std::int32_t>(n * classes));
  for (int k = 0; k < session_t::exits; ++k) {
    out.ops.push_back(session_t::ops_to_exit(k));
    out.scale.push_back(static_cast<double>(weights.record(k).logit_scale()));
    out.unit.push_back(weights.record(k).unit());
  }
  out.full_ops = planned<Lowered, Path>::cost_without_exits().ops();
  pool.parallel_ranges(static_cast<int>(n), 64, [&](int first, int last) {
    const auto memory = std::make_unique<arena<Lowered, Path>>();
    session_t s{weights, *memory};
    for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
      s.begin(checked_input<session_t>(inputs.subspan(i * session_t::input_size, session_t::input_size)));
      for (std::size_t k = 0; k < exits; ++k) {
        s.step();
        if constexpr (offramp::detail::has_score<Criterion>) out.score_q16[k][i] = s.score();
        out.label[k][i] = argmax(s.logits(), session_t::classes);
        if constexpr (real)
          std::copy_n(s.logits(), classes, out.real_logits[k].data() + i * classes);
        else
          std::copy_n(s.logits(), classes, out.integer_logits[k].data() + i * classes);
      }
    }
  });
  return out;
}

// The same for a set of images; the network takes pixels.
template <class Lowered, class Path, class Criterion, class Reuse>
exit_outputs run_all_exits(const bound_weights<Lowered, Path, Criterion, Reuse>& weights, const labelled_images& images,
                           thread_pool& pool) {
  return run_all_exits(weights, std::span<const std::uint8_t>{images.pixels},
                       std::span<const std::uint8_t>{images.labels}, pool);
}

// The scores of another criterion on the same judged logits. `parameters`: [exit][what it stores behind its
// thresholds].
template <class Criterion>
  requires offramp::detail::has_score<Criterion>
void rescore(exit_outputs& o, std::span<const std::uint32_t> parameters = {}) {
  const auto exits = static_cast<std::size_t>(o.exits());
  constexpr auto words = static_cast<std::size_t>(offramp::detail::words_of<Criterion, 2>() -
                                                  offramp::detail::thresholds_of<Criterion, 2>());
  detail::with_logits(o, "rescore", [&]<class T>(T) {
    o.score_q16.assign(exits, std::vector<std::int32_t>(o.truth.size()));
    for (std::size_t i = 0; i < o.truth.size(); ++i) {
      offramp::detail::state_of<Criterion> seen;
      seen.begin();
      for (std::size_t k = 0; k < exits; ++k) {
        const T* z = o.logits<T>(k, i);
        seen.look(z, o.classes);
        o.score_q16[k][i] = offramp::detail::score_q16<Criterion>(
            seen,
            judged_exit<T>{z, o.classes, o.unit[k], detail::words_of_exit(parameters, exits, words, k, "rescore")});
      }
    }
  });
}

// The outputs under a reuse policy, from those of the heads by themselves (run with no_reuse): `words` [exit][...] and
// the scales of the judged logits as in a deployment. Scores are those of max_softmax; `rescore` gives others.
template <class Reuse, int Exits, int Classes>
exit_outputs with_reuse(const exit_outputs& heads, std::span<const std::uint32_t> words,
                        const std::vector<double>& scale) {
  constexpr auto exits = static_cast<std::size_t>(Exits);
  constexpr auto classes = static_cast<std::size_t>(Classes);
  constexpr std::size_t each = format::reuse_words<Reuse, Exits, Classes>();
  if (heads.label.size() != exits || heads.classes != Classes)
    throw error("with_reuse: the outputs have " + std::to_string(heads.exits()) + " exits of " +
                std::to_string(heads.classes) + " classes, expected " + std::to_string(Exits) + " of " +
                std::to_string(Classes));
  if (words.size() != exits * each || scale.size() != exits)
    throw error("with_reuse: found " + std::to_string(words.size()) + " words and " + std::to_string(scale.size()) +
                " scales, expected " + std::to_string(each) + " words and one scale for each of " +
                std::to_string(Exits) + " exits");
  exit_outputs out = heads;
  out.scale = scale;
  for (std::size_t k = 0; k < exits; ++k) out.unit[k] = make_fixed_factor(scale[k] * 65536.0);
  detail::with_logits(heads, "with_reuse", [&]<class T>(T) {
    for (std::size_t i = 0; i < heads.truth.size(); ++i) {
      typename Reuse::template state<T, Exits, Classes> state;
      state.begin();
      for (std::size_t k = 0; k < exits; ++k) {
        const T* judged = state.combine(static_cast<int>(k), heads.logits<T>(k, i), words.data() + k * each);
        out.label[k][i] = argmax(judged, Classes);
        std::copy_n(judged, classes, const_cast<T*>(out.logits<T>(k, i)));
      }
    }
  });
  rescore<max_softmax>(out);
  return out;
}

// The outputs of some images, in this order; scores and logits go along where there are any.
inline exit_outputs images_of(const exit_outputs& o, const std::vector<int>& images) {
  exit_outputs out = o;
  const auto pick = [&images](const auto& from, std::size_t each) {
    std::remove_cvref_t<decltype(from)> to;
    to.reserve(images.size() * each);
    for (const int i : images) {
      const auto at = from.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * each);
      to.insert(to.end(), at, at + static_cast<std::ptrdiff_t>(each));
    }
    return to;
  };
  out.truth = pick(o.truth, 1);
  for (std::size_t k = 0; k < o.label.size(); ++k) {
    out.label[k] = pick(o.label[k], 1);
    if (!o.score_q16.empty()) out.score_q16[k] = pick(o.score_q16[k], 1);
    if (!o.integer_logits.empty())
      out.integer_logits[k] = pick(o.integer_logits[k], static_cast<std::size_t>(o.classes));
    if (!o.real_logits.empty()) out.real_logits[k] = pick(o.real_logits[k], static_cast<std::size_t>(o.classes));
  }
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

// The same for all images.
inline std::vector<std::size_t> exits_taken(const exit_outputs& o, const std::vector<std::int32_t>& thresholds_q16) {
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < o.truth.size(); ++i) taken.push_back(exit_of(o, i, thresholds_q16));
  return taken;
}

// And for any criterion, as sessions would ask it: `words` [exit][thresholds, then parameters], as a model stores them.
template <class Criterion, int Classes>
std::vector<std::size_t> exits_taken(const exit_outputs& o, std::span<const std::uint32_t> words) {
  constexpr auto each = static_cast<std::size_t>(offramp::detail::words_of<Criterion, Classes>());
  constexpr int thresholds = offramp::detail::thresholds_of<Criterion, Classes>();
  const auto exits = static_cast<std::size_t>(o.exits());
  if (o.classes != Classes)
    throw error("exits_taken: the outputs have " + std::to_string(o.classes) + " classes, expected " +
                std::to_string(Classes));
  return detail::with_logits(o, "exits_taken", [&]<class T>(T) {
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < o.truth.size(); ++i) {
      offramp::detail::state_of<Criterion> seen;
      seen.begin();
      for (std::size_t k = 0;; ++k) {
        const T* z = o.logits<T>(k, i);
        const std::uint32_t* const mine = detail::words_of_exit(words, exits, each, k, "exits_taken");
        seen.look(z, Classes);
        const bool leaves =
            offramp::detail::leaves<Criterion, Classes>(seen, judged_exit<T>{z, Classes, o.unit[k], mine + thresholds},
                                                        [&](int t) { return static_cast<std::int32_t>(mine[t]); });
        if (!leaves && k + 1 < exits) continue;
        taken.push_back(k);
        break;
      }
    }
    return taken;
  });
}

namespace detail {

template <class ExitOf>
operating_point operate(const exit_outputs& o, std::vector<std::int32_t> thresholds_q16, ExitOf exit_of_image) {
  operating_point p{std::move(thresholds_q16), 0, 0, std::vector<int>(o.label.size()),
                    std::vector<int>(o.label.size())};
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const std::size_t k = exit_of_image(i);
    ++p.left[k];
    p.correct[k] += o.label[k][i] == o.truth[i] ? 1 : 0;
    p.mean_ops += static_cast<double>(o.ops[k]);
  }
  for (const int c : p.correct) p.accuracy += c;
  p.accuracy /= static_cast<double>(o.truth.size());
  p.mean_ops /= static_cast<double>(o.truth.size());
  return p;
}

}  // namespace detail

// The point of operation at which image i leaves at exit taken[i].
inline operating_point evaluate_exits(const exit_outputs& o, const std::vector<std::size_t>& taken) {
  return detail::operate(o, {}, [&](std::size_t i) { return taken[i]; });
}

inline operating_point evaluate_thresholds(const exit_outputs& o, const std::vector<std::int32_t>& thresholds_q16) {
  return detail::operate(o, thresholds_q16, [&](std::size_t i) { return exit_of(o, i, thresholds_q16); });
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
