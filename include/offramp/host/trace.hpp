// An observer that keeps when every op of a session ran, and writes it as trace events (JSON in the form of Chrome's
// tracing), which Perfetto and chrome://tracing open: ops in exits in samples. Memory is bounded: so many samples, then
// no more. Needs nlohmann-json, so it is not part of offramp/host.hpp.
#ifndef OFFRAMP_HOST_TRACE_HPP
#define OFFRAMP_HOST_TRACE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/core/config.hpp>
#include <offramp/host/cost_table.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/write_file.hpp>
#include <offramp/net/plan.hpp>
#include <offramp/timing/clock.hpp>
#include <offramp/timing/clocks/steady.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// auto seen = host::trace<>::of<device_net, here>(100);
// session<device_net, here, max_softmax, no_reuse, host::trace<>> net{weights, memory, seen}; ...; seen.save("t.json");
// A clock that wraps is followed as long as less than one wrap lies between two readings.
template <clock_source Clock = steady_clock>
class trace {
 public:
  // Of a network with these steps, the first of which begins a sample; `track` names the line they stand on. Keeps
  // `samples` samples. Throws where the clock does not advance.
  trace(std::vector<step_desc> steps, std::string track, std::size_t samples)
      : steps_{std::move(steps)}, track_{std::move(track)}, capacity_{samples} {
    if (!start_clock<Clock>())
      throw error("trace: the clock does not advance: it is off, missing on this machine or used by something else");
    int exits = 0;
    for (const step_desc& s : steps_) exits = std::max(exits, s.exit + 1);
    judged_capacity_ = capacity_ * static_cast<std::size_t>(exits);
    samples_.reserve(capacity_);
    judged_.reserve(judged_capacity_);
    ops_.reserve(capacity_ * steps_.size());
    last_ = Clock::now();
  }
  template <class Lowered, class Path>
  static trace of(std::size_t samples) {
    using p = planned<Lowered, Path>;
    return {std::vector<step_desc>(p::program.steps, p::program.steps + p::steps), Path::name, samples};
  }

  void enter(int step) {
    opened_ = now();
    if (step != 0) return;
    recording_ = samples_.size() < capacity_;
    if (recording_)
      samples_.push_back({ops_.size(), judged_.size()});
    else
      ++dropped_;
  }
  void leave(int step) {
    const std::uint64_t end = now();
    if (recording_ && ops_.size() < capacity_ * steps_.size()) ops_.push_back({step, opened_, end});
  }
  void exit_judged(int exit, bool taken) {
    const std::uint64_t at = now();
    if (recording_ && judged_.size() < judged_capacity_) judged_.push_back({exit, taken, at});
  }

  // Samples kept, and those that came when there was no more room.
  [[nodiscard]] std::size_t samples() const { return samples_.size(); }
  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  void clear() {
    samples_.clear();
    ops_.clear();
    judged_.clear();
    dropped_ = 0;
    recording_ = false;
  }

  // The trace. Its times are microseconds: `counts_per_us` says how many counts that is, where the clock does not count
  // nanoseconds; 0: not known, a count is shown as a nanosecond.
  [[nodiscard]] nlohmann::ordered_json json(double counts_per_us = 0) const {
    if (!std::isfinite(counts_per_us) || counts_per_us < 0)
      throw error("trace: found counts_per_us = " + std::to_string(counts_per_us) + ", expected a positive number");
    const bool known = Clock::unit == time_unit::nanoseconds || counts_per_us > 0;
    const double per_us = counts_per_us > 0 ? counts_per_us : 1000;
    nlohmann::ordered_json events = nlohmann::ordered_json::array();
    const auto named = [&](const char* what, const std::string& name) {
      events.push_back({{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", {{"name", name}}}});
    };
    named("process_name", "offramp");
    named("thread_name", track_);
    const auto slice = [&](const std::string& name, const char* category, std::uint64_t from, std::uint64_t to,
                           nlohmann::ordered_json args) {
      const double at = static_cast<double>(from) / per_us;
      events.push_back({{"name", name},
                        {"cat", category},
                        {"ph", "X"},
                        {"ts", at},
                        {"dur", static_cast<double>(to - from) / per_us},
                        {"pid", 1},
                        {"tid", 1},
                        {"args", std::move(args)}});
    };
    // Outer slices first: among those that begin together, readers take the earlier as the outer one.
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      const bool newest = s + 1 == samples_.size();
      const std::size_t first = samples_[s].first_op, last = newest ? ops_.size() : samples_[s + 1].first_op;
      if (first == last) continue;
      std::vector<exit_slice> exits;
      for (std::size_t i = first; i < last; ++i) {
        const int exit = step(ops_[i]).exit;
        if (exits.empty() || exits.back().exit != exit) exits.push_back({exit, i, i, ops_[i].from, 0, nullptr});
        exits.back().last_op = i + 1;
        exits.back().to = ops_[i].to;
      }
      nlohmann::ordered_json whole = {{"exits", exits.size()}};
      for (exit_slice& e : exits)
        for (std::size_t i = samples_[s].first_judged; i < (newest ? judged_.size() : samples_[s + 1].first_judged);
             ++i)
          if (judged_[i].exit == e.exit) {
            e.judged = &judged_[i];
            e.to = judged_[i].at;
            if (judged_[i].taken) whole["left at"] = "exit " + std::to_string(e.exit + 1);
          }
      slice("sample " + std::to_string(s + 1), "sample", exits.front().from, exits.back().to, std::move(whole));
      for (const exit_slice& e : exits) {
        nlohmann::ordered_json judgement = nlohmann::ordered_json::object();
        if (e.judged != nullptr) judgement["judged"] = e.judged->taken ? "left" : "went on";
        slice("exit " + std::to_string(e.exit + 1), "exit", e.from, e.to, std::move(judgement));
        for (std::size_t i = e.first_op; i < e.last_op; ++i) {
          const step_desc& d = step(ops_[i]);
          slice(op_name(d), d.head ? "head" : "op", ops_[i].from, ops_[i].to,
                {{"step", ops_[i].step},
                 {"output", shape_name(d.op.geometry.out)},
                 {"OPs", d.cost.ops()},
                 {"weight bytes", d.cost.weight_bytes}});
        }
      }
    }
    return {
        {"traceEvents", std::move(events)},
        {"displayTimeUnit", "ns"},
        {"otherData",
         {{"clock", known ? to_string(Clock::unit) : std::string{to_string(Clock::unit)} + ", shown as nanoseconds"},
          {"samples", samples_.size()},
          {"samples dropped", dropped_}}}};
  }

  // Throws where the file cannot be written.
  void save(const std::filesystem::path& path, double counts_per_us = 0) const {
    write_file(path, json(counts_per_us).dump() + '\n');
  }

 private:
  // Times are counts since the trace began, in 64 bits whatever the clock's width.
  struct op_run {
    int step;
    std::uint64_t from, to;
  };
  struct judged_at {
    int exit;
    bool taken;
    std::uint64_t at;
  };
  struct sample {
    std::size_t first_op;
    std::size_t first_judged;
  };
  struct exit_slice {
    int exit;
    std::size_t first_op, last_op;
    std::uint64_t from, to;
    const judged_at* judged;
  };

  std::uint64_t now() {
    const count_of<Clock> reading = Clock::now();
    time_ += elapsed<Clock>(last_, reading);
    last_ = reading;
    return time_;
  }
  [[nodiscard]] const step_desc& step(const op_run& r) const { return steps_.at(static_cast<std::size_t>(r.step)); }

  std::vector<step_desc> steps_;
  std::string track_;
  std::size_t capacity_, judged_capacity_ = 0;
  std::vector<sample> samples_;
  std::vector<op_run> ops_;
  std::vector<judged_at> judged_;
  std::size_t dropped_ = 0;
  bool recording_ = false;
  count_of<Clock> last_{};
  std::uint64_t time_ = 0, opened_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
