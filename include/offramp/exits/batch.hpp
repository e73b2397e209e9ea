// A batch of samples in fixed memory, stage by stage: the weights of a stage serve all samples that are still there
// before the next stage's are touched. Behind each exit the survivors close ranks: an index map lists them, from
// compacted row to sample. Every sample has an arena of its own, weights are shared; predictions are those of one by
// one.
#ifndef OFFRAMP_EXITS_BATCH_HPP
#define OFFRAMP_EXITS_BATCH_HPP

#include <cstddef>
#include <utility>

#include <offramp/exits/session.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Room for `Capacity` samples: arena<Lowered> memory[8]; batch<8, Lowered> b{weights, memory};
template <int Capacity, class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax,
          reuse_policy Reuse = no_reuse>
class batch {
  static_assert(Capacity >= 1, "offramp: a batch holds one sample or more");

 public:
  using session_type = session<Lowered, Path, Criterion, Reuse>;
  using input_element = typename session_type::input_element;
  using weights_type = typename session_type::weights_type;
  using thresholds_type = typename session_type::thresholds_type;
  using arena_type = typename session_type::arena_type;
  static constexpr int capacity = Capacity;

  constexpr batch(const weights_type& weights, arena_type (&memory)[Capacity])
      : batch{weights, memory, std::make_integer_sequence<int, Capacity>{}} {}

  // `inputs` [count][input_size], `predictions` [count]; more than `Capacity` samples go in several rounds.
  void classify(const input_element* inputs, int count, prediction* predictions) {
    run(inputs, count, predictions, [](const session_type& s) { return s.sure(); });
  }
  void classify(const input_element* inputs, int count, prediction* predictions, confidence c) {
    run(inputs, count, predictions, [c](const session_type& s) { return s.sure(c); });
  }
  void classify(const input_element* inputs, int count, prediction* predictions, const thresholds_type& thresholds) {
    run(inputs, count, predictions, [&](const session_type& s) { return s.sure(thresholds); });
  }

 private:
  template <int... I>
  constexpr batch(const weights_type& weights, arena_type (&memory)[Capacity], std::integer_sequence<int, I...>)
      : sessions_{session_type{weights, memory[I]}...} {}

  template <class Sure>
  void run(const input_element* inputs, int count, prediction* predictions, Sure sure) {
    for (int first = 0; first < count; first += Capacity) {
      const int left = count - first;
      round(inputs + static_cast<std::size_t>(first) * session_type::input_size, left < Capacity ? left : Capacity,
            predictions + first, sure);
    }
  }

  template <class Sure>
  void round(const input_element* inputs, int count, prediction* predictions, Sure sure) {
    for (int i = 0; i < count; ++i) {
      sessions_[i].begin(
          session_type::input_view::unchecked(inputs + static_cast<std::size_t>(i) * session_type::input_size));
      sample_[i] = i;
    }
    for (int alive = count; alive > 0;) {
      int kept = 0;
      for (int row = 0; row < alive; ++row) {
        session_type& s = sessions_[sample_[row]];
        const bool more = s.step();
        if (more && !sure(s))
          sample_[kept++] = sample_[row];
        else
          predictions[sample_[row]] = s.best(more ? stop_reason::confident : stop_reason::last_exit);
      }
      alive = kept;
    }
  }

  session_type sessions_[Capacity];
  int sample_[Capacity]{};  // of each row still there
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
