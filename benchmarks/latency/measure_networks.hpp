// Times networks end to end through their sessions, in turns and in passes as ops are timed; and every op inside them,
// by an observer, for a look at where a prediction errs.
#ifndef BENCHMARKS_LATENCY_MEASURE_NETWORKS_HPP
#define BENCHMARKS_LATENCY_MEASURE_NETWORKS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "benchmarks/latency/network_subject.hpp"
#include "benchmarks/peers/measure.hpp"

namespace latency_check {

using profile_cpu::quantile;

struct network_time {
  double ns = 0;
  double difference = 0;        // relative, of two disjoint halves of the passes
  std::vector<double> step_ns;  // inside the network
  std::vector<double> runs;     // ns of single runs, in order
  int set_aside = 0;            // runs beside which a loop of additions was slow, too: not the network's doing
};

class network_timer {
 public:
  explicit network_timer(const std::vector<network_subject>& networks) {
    for (const network_subject& n : networks) {
      entry e;
      e.subject = &n;
      e.net = n.make();
      e.by_pass.resize(n.steps.size() + 1);
      entries_.push_back(std::move(e));
    }
  }

  // One pass over all, of about so many seconds.
  void pass(double seconds) {
    const double share = seconds / static_cast<double>(entries_.size());
    const double overhead = profile_cpu::reading_ticks(), ns = profile_cpu::tick_ns();
    for (entry& e : entries_) {
      for (int i = 0; i < 3; ++i) e.net->run();
      std::vector<double> took, control;
      const double start = profile_cpu::now_s();
      while ((profile_cpu::now_s() - start < 0.6 * share && took.size() < 4000) || took.size() < 5) {
        const std::uint64_t from = profile_cpu::ticks();
        e.net->run();
        const std::uint64_t to = profile_cpu::ticks();
        took.push_back((static_cast<double>(to - from) - overhead) * ns);
        control.push_back(control_ns());
      }
      std::vector<double> sorted = control;
      const double usual = quantile(sorted, 0.25);
      for (std::size_t i = 1; i < took.size(); ++i) {
        if (control[i] > 1.1 * usual || control[i - 1] > 1.1 * usual)
          ++e.time.set_aside;
        else if (e.time.runs.size() < 20000)
          e.time.runs.push_back(took[i]);
      }
      e.by_pass[0].push_back(quantile(took, 0.25));

      std::vector<std::vector<double>> steps(e.subject->steps.size());
      const double again = profile_cpu::now_s();
      for (int i = -2; i < 4 || (profile_cpu::now_s() - again < 0.3 * share && i < 2000); ++i) {
        e.net->run_with_stamps();
        for (std::size_t k = 0; i >= 0 && k < steps.size(); ++k)
          steps[k].push_back((static_cast<double>(e.net->stamps().took[k]) - overhead) * ns);
      }
      for (std::size_t k = 0; k < steps.size(); ++k) e.by_pass[k + 1].push_back(quantile(steps[k], 0.25));
    }
  }

  [[nodiscard]] std::vector<network_time> times() const {
    std::vector<network_time> all;
    for (const entry& e : entries_) {
      network_time t = e.time;
      std::vector<double> even, odd;
      for (std::size_t i = 0; i < e.by_pass[0].size(); ++i) (i % 2 == 0 ? even : odd).push_back(e.by_pass[0][i]);
      const double a = profile_cpu::from_passes(even), b = profile_cpu::from_passes(odd);
      t.difference = std::fabs(a - b) / ((a + b) / 2);
      t.ns = profile_cpu::from_passes(e.by_pass[0]);
      for (std::size_t k = 1; k < e.by_pass.size(); ++k) t.step_ns.push_back(profile_cpu::from_passes(e.by_pass[k]));
      all.push_back(std::move(t));
    }
    return all;
  }

 private:
  struct entry {
    const network_subject* subject = nullptr;
    std::unique_ptr<any_network> net;
    std::vector<std::vector<double>> by_pass;  // the network, then its steps
    network_time time;
  };

  static double control_ns() {
    const std::uint64_t from = profile_cpu::ticks();
    for (int i = 0; i < 20; ++i) peers::detail::addition_chain();
    return static_cast<double>(profile_cpu::ticks() - from) * profile_cpu::tick_ns();
  }

  std::vector<entry> entries_;
};

}  // namespace latency_check

#endif
