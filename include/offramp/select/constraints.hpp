// What a choice must keep: a deadline, memory, energy, a least accuracy; and by how much a point misses each. Integers
// only, so that a device without a floating-point unit asks the same questions.
#ifndef OFFRAMP_SELECT_CONSTRAINTS_HPP
#define OFFRAMP_SELECT_CONSTRAINTS_HPP

#include <cstdint>

#include <offramp/select/frontier.hpp>

namespace offramp::inline OFFRAMP_ABI {

// What a deadline is put on: every input's time, or that of a stream on average.
enum class deadline_on : std::uint8_t { longest_path, mean };

// Limits that are not given limit nothing.
struct constraints {
  std::uint32_t deadline = no_limit;  // counts of the frontier's unit
  deadline_on on = deadline_on::longest_path;
  std::uint32_t arena_bytes = no_limit;
  std::uint32_t weight_bytes = no_limit;
  std::uint32_t energy_nj = no_limit;   // mean
  std::uint16_t least_accuracy_e4 = 0;  // 1/10000
};

enum class limit : std::uint8_t { deadline, arena_bytes, weight_bytes, energy, accuracy };
inline constexpr int limits = 5;

constexpr const char* to_string(limit l) {
  constexpr const char* names[limits] = {"deadline", "arena bytes", "weight bytes", "energy", "accuracy"};
  return static_cast<int>(l) < limits ? names[static_cast<int>(l)] : "unknown";
}

// Counts at another speed, 65536 being the profile's; rounded up, at most no_limit.
constexpr std::uint32_t at_speed(std::uint32_t cost, std::uint32_t factor_q16) {
  const std::uint64_t scaled = (std::uint64_t{cost} * factor_q16 + 0xffffu) >> 16;
  return scaled < no_limit ? static_cast<std::uint32_t>(scaled) : no_limit;
}

// By how much a point misses limits; 0 for those it keeps.
struct excess {
  std::uint32_t by[limits]{};  // in each limit's own unit
  std::uint32_t allowed[limits]{};

  [[nodiscard]] constexpr bool none() const {
    std::uint32_t any = 0;
    for (const std::uint32_t e : by) any |= e;
    return any == 0;
  }
  // The one missed by the largest share of what it allows (at least 1, so that the share is finite).
  [[nodiscard]] constexpr limit worst() const {
    int w = 0;
    for (int l = 1; l < limits; ++l)
      if (share_less(w, *this, l)) w = l;
    return static_cast<limit>(w);
  }
  [[nodiscard]] constexpr std::uint32_t worst_by() const { return by[static_cast<int>(worst())]; }

  // Is share `mine` of this below share `theirs` of another? Products of 32 bits, thus no division.
  [[nodiscard]] constexpr bool share_less(int mine, const excess& other, int theirs) const {
    return std::uint64_t{by[mine]} * at_least_one(other.allowed[theirs]) <
           std::uint64_t{other.by[theirs]} * at_least_one(allowed[mine]);
  }
  // Does it miss its worst by less than another misses its own?
  friend constexpr bool operator<(const excess& a, const excess& b) {
    return a.share_less(static_cast<int>(a.worst()), b, static_cast<int>(b.worst()));
  }

 private:
  static constexpr std::uint32_t at_least_one(std::uint32_t v) { return v > 0 ? v : 1; }
};

// Costs in time at `factor_q16` of the profile's.
constexpr excess missed(const frontier_point& p, const constraints& c, std::uint32_t factor_q16 = 65536) {
  const auto over = [](std::uint32_t value, std::uint32_t allowed) { return value > allowed ? value - allowed : 0; };
  excess e;
  const auto put = [&e](limit l, std::uint32_t by, std::uint32_t allowed) {
    e.by[static_cast<int>(l)] = by;
    e.allowed[static_cast<int>(l)] = allowed;
  };
  const std::uint32_t time = at_speed(c.on == deadline_on::mean ? p.mean_cost : p.longest_path, factor_q16);
  put(limit::deadline, over(time, c.deadline), c.deadline);
  put(limit::arena_bytes, over(p.arena_bytes, c.arena_bytes), c.arena_bytes);
  put(limit::weight_bytes, over(p.weight_bytes, c.weight_bytes), c.weight_bytes);
  put(limit::energy, over(p.energy_nj, c.energy_nj), c.energy_nj);
  put(limit::accuracy, over(c.least_accuracy_e4, p.accuracy_e4), c.least_accuracy_e4);
  return e;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
