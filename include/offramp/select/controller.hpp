// Follows limits that change (frequency scaling, other tasks, a battery) along a frontier. It gives way at once when
// the point that runs breaks a limit, and goes up only when a better one has kept tighter limits for a while: with
// limits that stay, or times that vary by less than the margin, no point is ever come back to.
//
// Why: a point gone up to took at most 1 - m of its deadline; it is left when it takes more than all of it, which is a
// change by more than 1 / (1 - m). A point given way to is the best within the limits of that moment; a better one that
// later takes at most 1 - m of them would have kept them then, had times changed by less.
#ifndef OFFRAMP_SELECT_CONTROLLER_HPP
#define OFFRAMP_SELECT_CONTROLLER_HPP

#include <cstdint>

#include <offramp/select/cost_factor.hpp>
#include <offramp/select/selector.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct controller_options {
  objective wish = objective::most_accurate;
  std::uint8_t margin_q8 = 26;  // of deadline and energy, in 1/256: what a better point must leave free
  std::uint8_t hold = 8;        // updates in a row that it must do so
  std::uint8_t learning = 3;    // a measured time counts for 1 / 2^learning
};

class controller {
 public:
  // The points must outlive it. Runs the cheapest (the first one of a sorted frontier) until the first update.
  explicit constexpr controller(const frontier_view& f, const controller_options& options = {})
      : frontier_{f}, options_{options}, factor_{options.learning} {}

  // What one input was predicted to take up to the exit it left at, by the profile, and what it took.
  constexpr void observe(std::uint32_t predicted, std::uint32_t measured) { factor_.observe(predicted, measured); }

  // Asks for the point to run under limits as they are now; call it for every input, or every so often. Where no point
  // keeps them, the answer says so, and the nearest one runs.
  constexpr selection update(const constraints& now) {
    const std::uint32_t f = factor_.q16();
    const selection best = select(frontier_, now, options_.wish, f);
    if (frontier_.count <= 0) return best;
    const bool started = running_ >= 0;
    const excess mine = started ? missed(frontier_[running_], now, f) : excess{};
    if (!started || (best && !mine.none())) return run(best);
    if (!best) {
      if (clearly_less(best.misses, mine)) return run(best);
      waited_ = 0;
      return {-1, running_, mine};
    }
    const selection up = select(frontier_, tightened(now), options_.wish, f);
    if (!up || !preferred(frontier_[up.index], frontier_[running_], options_.wish)) {
      waited_ = 0;
    } else if (++waited_ >= options_.hold) {
      return run(up);
    }
    return {running_, running_, {}};
  }

  // The point that runs.
  [[nodiscard]] constexpr int running() const { return running_ < 0 ? 0 : running_; }
  [[nodiscard]] constexpr const configuration& choice() const { return frontier_[running()].choice; }

  [[nodiscard]] constexpr const cost_factor& factor() const { return factor_; }
  // Of a clock that is known to have changed.
  constexpr void set_factor_q16(std::uint32_t factor_q16) { factor_.set_q16(factor_q16); }

 private:
  constexpr selection run(const selection& s) {
    running_ = s.nearest;
    waited_ = 0;
    return s;
  }
  [[nodiscard]] constexpr std::uint32_t less_margin(std::uint32_t v) const {
    if (v == no_limit) return v;
    return static_cast<std::uint32_t>((std::uint64_t{v} * (256u - options_.margin_q8)) >> 8);
  }
  [[nodiscard]] constexpr constraints tightened(constraints c) const {
    c.deadline = less_margin(c.deadline);
    c.energy_nj = less_margin(c.energy_nj);
    return c;
  }
  // Of two that both break limits: does `a`, after the margin, still break its worst by less than `b` does?
  [[nodiscard]] constexpr bool clearly_less(excess a, const excess& b) const {
    for (int l = 0; l < limits; ++l) {
      const std::uint64_t more = std::uint64_t{a.by[l]} + ((std::uint64_t{a.allowed[l]} * options_.margin_q8) >> 8);
      if (a.by[l] > 0) a.by[l] = more < no_limit ? static_cast<std::uint32_t>(more) : no_limit;
    }
    return a < b;
  }

  frontier_view frontier_;
  controller_options options_;
  cost_factor factor_;
  int running_ = -1;
  int waited_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
