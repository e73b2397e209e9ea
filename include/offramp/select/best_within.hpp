// The best network for a deadline on a CPU, chosen in the compiler: best_within<cpu, 250'000, small, medium, large> is
// the last of these types that the profile `cpu` predicts to meet it. Nothing of the others is in the program.
#ifndef OFFRAMP_SELECT_BEST_WITHIN_HPP
#define OFFRAMP_SELECT_BEST_WITHIN_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/latency/predict.hpp>
#include <offramp/latency/profile.hpp>

namespace offramp::inline OFFRAMP_ABI {

// A lowered network whose mean is to meet the deadline: share Leaving[k] of the inputs leaves at exit k.
//   inline constexpr double leaving[] = {0.6, 0.3, 0.1};
//   best_within<cpu, 250'000, small, on_average<medium, leaving>>
template <class Lowered, const auto& Leaving>
struct on_average;

namespace detail {

// One mistake, one error: its values stand in the type that fails.
template <int Shares, int Exits>
struct shares_of_exits {
  static_assert(Shares == Exits, "offramp: on_average<Net, Leaving> takes one share for every exit");
  static constexpr bool checked = true;
};

template <class Lowered>
struct timed_network {
  using type = Lowered;
  template <class Path>
  static constexpr double takes(const cpu_profile<Path>& cpu) {
    return latency<Lowered>(cpu).longest_path;
  }
};

template <class Lowered, const auto& Leaving>
struct timed_network<on_average<Lowered, Leaving>> {
  using type = Lowered;
  static constexpr int shares = static_cast<int>(sizeof(Leaving) / sizeof(Leaving[0]));
  static_assert(shares_of_exits<shares, Lowered::exits>::checked);
  template <class Path>
  static constexpr double takes(const cpu_profile<Path>& cpu) {
    if constexpr (shares == Lowered::exits)
      return latency<Lowered>(cpu).mean(Leaving);
    else
      return 0;  // said already
  }
};

struct within_result {
  int best = -1;            // the last that meets the deadline
  std::int64_t least = -1;  // of all, counts, rounded up; -1: none is known
};

template <const auto& Cpu, class... Nets>
constexpr within_result find_within(std::int64_t deadline) {
  const double takes[] = {timed_network<Nets>::takes(Cpu)...};
  within_result r;
  double least = 9e18;  // what an int64 holds
  for (int i = 0; i < static_cast<int>(sizeof...(Nets)); ++i) {
    if (takes[i] <= static_cast<double>(deadline)) r.best = i;
    if (takes[i] >= least) continue;  // infinite where the profile has not measured what the network needs
    least = takes[i];
    r.least =
        static_cast<std::int64_t>(least) + (static_cast<double>(static_cast<std::int64_t>(least)) < least ? 1 : 0);
  }
  return r;
}

template <profile_status Status>
struct profile_for_this_path {
  static_assert(Status == profile_status::ok,
                "offramp: this profile is of another path or version, or malformed: measure this CPU again");
  static constexpr bool checked = true;
};

template <std::int64_t Deadline, std::int64_t Least>
struct least_latency {
  static_assert(Least >= 0, "offramp: the profile has not measured the kinds of ops that these networks need");
  static_assert(Least < 0 || Least <= Deadline,
                "offramp: none of these networks meets the deadline: least_latency<deadline, the least of theirs>, in "
                "counts of the profile's unit");
  static constexpr bool checked = true;
};

template <int I, class First, class... Rest>
struct nth_network : nth_network<I - 1, Rest...> {};
template <class First, class... Rest>
struct nth_network<0, First, Rest...> : timed_network<First> {};

template <const auto& Cpu, std::int64_t Deadline, class... Nets>
struct best_within {
  static_assert(sizeof...(Nets) > 0, "offramp: best_within<cpu, deadline, Nets...> chooses among networks");
  using path = typename std::remove_cvref_t<decltype(Cpu)>::path;
  static constexpr profile_status profile = check_profile<path>(Cpu.data);
  static_assert(profile_for_this_path<profile>::checked);
  static constexpr within_result found =
      profile == profile_status::ok ? find_within<Cpu, Nets...>(Deadline) : within_result{0, Deadline};
  static_assert(least_latency<Deadline, found.least>::checked);
  using type = typename nth_network<(found.best < 0 ? 0 : found.best), Nets...>::type;
};

}  // namespace detail

// `Cpu`: a constant cpu_profile with a name. `Deadline`: counts of its unit. `Nets`: lowered networks, the best one
// last; their longest path counts, or their mean where wrapped in on_average.
template <const auto& Cpu, std::int64_t Deadline, class... Nets>
using best_within = typename detail::best_within<Cpu, Deadline, Nets...>::type;

// Its place among them, counted from 0: for tables of weights in the same order.
template <const auto& Cpu, std::int64_t Deadline, class... Nets>
inline constexpr int best_within_index = detail::best_within<Cpu, Deadline, Nets...>::found.best;

}  // namespace offramp::inline OFFRAMP_ABI

#endif
