// Times networks end to end through their sessions, in rounds and in drawn places as ops are timed; and every op inside
// them, by an observer, for a look at where a prediction errs.
#ifndef BENCHMARKS_LATENCY_MEASURE_NETWORKS_HPP
#define BENCHMARKS_LATENCY_MEASURE_NETWORKS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "benchmarks/latency/network_subject.hpp"

namespace latency_check {

using profile_cpu::quantile;

struct network_time {
  double cycles = 0;
  double difference = 0;            // relative, of two disjoint halves of the visits
  double gigahertz = 0;             // meanwhile
  bool alone = false;               // was the core?
  std::vector<double> step_cycles;  // inside the network
  std::vector<double> runs;         // cycles of single runs with the core alone, in order
  std::size_t set_aside = 0;        // runs in company
};

class network_timer {
 public:
  network_timer(const std::vector<network_subject>& networks, profile_cpu::watched_core& core) : core_{core} {
    for (const network_subject& n : networks) {
      entry e;
      e.net = n.make();
      e.steps.resize(n.steps.size());
      entries_.push_back(std::move(e));
    }
  }

  // All networks once more, some runs each.
  void round() {
    const double overhead = profile_cpu::settled_reading_cost(), within = profile_cpu::reading_cost();
    for (entry& e : entries_) {
      const auto whole = [&] {
        const std::uint64_t from = profile_cpu::start_ticks();
        e.net->run();
        return static_cast<double>(profile_cpu::settled_ticks() - from) - overhead;
      };
      e.net->place(places_);
      whole();
      for (int i = 0; i < runs; ++i) {
        if (core_.wait(patience_s)) whole();
        whole();
        core_.before();
        const double took = whole();
        const auto state = core_.behind();
        e.runs.add(round_, took, state, core_.is_alone(state));
      }
      e.net->run_with_stamps();
      for (int i = 0; i < runs; ++i) {
        if (core_.wait(patience_s)) e.net->run_with_stamps();
        core_.before();
        e.net->run_with_stamps();
        const auto state = core_.behind();
        for (std::size_t k = 0; k < e.steps.size(); ++k)
          e.steps[k].add(round_, static_cast<double>(e.net->stamps().took[k]) - within, state, core_.is_alone(state));
      }
    }
    ++round_;
  }
  [[nodiscard]] int rounds_done() const { return round_; }

  [[nodiscard]] std::vector<network_time> times() const {
    const double alone = core_.alone();
    std::vector<network_time> all;
    for (const entry& e : entries_) {
      network_time t;
      const auto v = e.runs.of(alone);
      t.cycles = v.cycles;
      t.difference = v.difference;
      t.gigahertz = v.gigahertz;
      t.alone = v.alone;
      t.runs = e.runs.single(alone);
      t.set_aside = e.runs.size() - t.runs.size();
      for (const auto& s : e.steps) t.step_cycles.push_back(s.of(alone).cycles);
      all.push_back(std::move(t));
    }
    return all;
  }

 private:
  struct entry {
    std::unique_ptr<any_network> net;
    profile_cpu::watched_readings runs;
    std::vector<profile_cpu::watched_readings> steps;
  };

  static constexpr int runs = 6;               // a round
  static constexpr double patience_s = 0.003;  // before each
  profile_cpu::watched_core& core_;
  std::vector<entry> entries_;
  profile_cpu::drawn_places places_;
  int round_ = 0;
};

}  // namespace latency_check

#endif
