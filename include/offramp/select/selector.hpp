// The choice: of all points of a frontier that keep the constraints the most accurate, or the cheapest; where none
// does, which one comes nearest, what it misses and by how much. One walk over the points; a constant expression if
// wished.
#ifndef OFFRAMP_SELECT_SELECTOR_HPP
#define OFFRAMP_SELECT_SELECTOR_HPP

#include <cstdint>

#include <offramp/select/constraints.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class objective : std::uint8_t { most_accurate, cheapest };

struct selection {
  int index = -1;    // the point chosen; -1: none keeps all constraints,
  int nearest = -1;  // and this one misses its worst limit by the least share; of a choice: the same; -1: no points
  excess misses{};   // what `nearest` misses: limits wider by this would admit it

  explicit constexpr operator bool() const { return index >= 0; }
  // The limit that binds where nothing was found.
  [[nodiscard]] constexpr limit binds() const { return misses.worst(); }
  [[nodiscard]] constexpr std::uint32_t by() const { return misses.worst_by(); }
};

// Is `a` to be preferred? Among equals the cheaper one, then the earlier one.
constexpr bool preferred(const frontier_point& a, const frontier_point& b, objective wish) {
  if (wish == objective::most_accurate && a.accuracy_e4 != b.accuracy_e4) return a.accuracy_e4 > b.accuracy_e4;
  if (a.mean_cost != b.mean_cost) return a.mean_cost < b.mean_cost;
  if (a.accuracy_e4 != b.accuracy_e4) return a.accuracy_e4 > b.accuracy_e4;
  return a.longest_path < b.longest_path;
}

// The frontier need not be sorted. `factor_q16`: what the profile's times are to be multiplied by.
[[nodiscard]] constexpr selection select(const frontier_view& f, const constraints& c,
                                         objective wish = objective::most_accurate, std::uint32_t factor_q16 = 65536) {
  selection s;
  for (int i = 0; i < f.count; ++i) {
    const excess e = missed(f[i], c, factor_q16);
    if (e.none()) {
      if (s.index < 0 || preferred(f[i], f[s.index], wish)) s = {i, i, {}};
    } else if (s.index < 0 && (s.nearest < 0 || e < s.misses)) {
      s.nearest = i;
      s.misses = e;
    }
  }
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
