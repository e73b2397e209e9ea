// What there is to choose from: configurations with what each costs on one CPU and how often it is right, none of them
// worse in everything than another (Pareto). Filled by host/search_frontier.hpp; an array in flash on a device.
#ifndef OFFRAMP_SELECT_FRONTIER_HPP
#define OFFRAMP_SELECT_FRONTIER_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/select/configuration.hpp>
#include <offramp/timing/clock.hpp>

namespace offramp::inline OFFRAMP_ABI {

// A limit that limits nothing, and a figure that is not known: no limit but this one admits it.
inline constexpr std::uint32_t no_limit = 0xffffffff;

struct frontier_point {
  configuration choice{};
  std::uint32_t mean_cost = 0;         // counts of the frontier's unit, over validation inputs
  std::uint32_t longest_path = 0;      // counts, of an input that leaves nowhere early
  std::uint32_t arena_bytes = 0;       // RAM
  std::uint32_t weight_bytes = 0;      // flash, or RAM where weights are loaded
  std::uint32_t energy_nj = no_limit;  // mean
  std::uint16_t accuracy_e4 = 0;       // share of validation inputs answered rightly, in 1/10000
};

// Points ascend in mean cost, then in the other costs as they are listed.
struct frontier_view {
  const frontier_point* points = nullptr;
  int count = 0;
  time_unit unit = time_unit::nanoseconds;

  constexpr frontier_view() = default;
  constexpr frontier_view(const frontier_point* first, int n, time_unit u = time_unit::nanoseconds)
      : points{first}, count{n}, unit{u} {}
  template <std::size_t N>
  explicit constexpr frontier_view(const frontier_point (&all)[N], time_unit u = time_unit::nanoseconds)
      : points{all}, count{static_cast<int>(N)}, unit{u} {}

  constexpr const frontier_point& operator[](int i) const { return points[i]; }
};

// Is `a` as good as `b` in everything, or better?
constexpr bool covers(const frontier_point& a, const frontier_point& b) {
  return a.mean_cost <= b.mean_cost && a.longest_path <= b.longest_path && a.arena_bytes <= b.arena_bytes &&
         a.weight_bytes <= b.weight_bytes && a.energy_nj <= b.energy_nj && a.accuracy_e4 >= b.accuracy_e4;
}

// The order of a frontier.
constexpr bool stands_before(const frontier_point& a, const frontier_point& b) {
  if (a.mean_cost != b.mean_cost) return a.mean_cost < b.mean_cost;
  if (a.longest_path != b.longest_path) return a.longest_path < b.longest_path;
  if (a.arena_bytes != b.arena_bytes) return a.arena_bytes < b.arena_bytes;
  if (a.weight_bytes != b.weight_bytes) return a.weight_bytes < b.weight_bytes;
  return a.energy_nj < b.energy_nj;
}

enum class frontier_status : std::uint8_t {
  ok = 0,
  empty,
  unsorted,   // some point is cheaper than the one before it
  dominated,  // some point is nowhere better than another
  bad_point,  // an accuracy above 1, or a mean above the longest path
};

constexpr const char* to_string(frontier_status s) {
  constexpr const char* names[] = {"ok", "empty", "unsorted", "dominated", "bad_point"};
  return static_cast<int>(s) < 5 ? names[static_cast<int>(s)] : "unknown";
}

// For a static_assert behind the array: compares all pairs.
[[nodiscard]] constexpr frontier_status check_frontier(const frontier_view& f) {
  if (f.count <= 0 || f.points == nullptr) return frontier_status::empty;
  for (int i = 0; i < f.count; ++i)
    if (f[i].accuracy_e4 > 10000 || f[i].mean_cost > f[i].longest_path) return frontier_status::bad_point;
  for (int i = 1; i < f.count; ++i)
    if (stands_before(f[i], f[i - 1])) return frontier_status::unsorted;
  for (int i = 0; i < f.count; ++i)
    for (int j = 0; j < f.count; ++j)
      if (i != j && covers(f[j], f[i])) return frontier_status::dominated;
  return frontier_status::ok;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
