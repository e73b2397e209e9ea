// How one network of a family is run, as plain data: what a search on the host finds and a device acts on. It names
// things by number, as networks, paths and thresholds are types and constants of the program that runs them.
#ifndef OFFRAMP_SELECT_CONFIGURATION_HPP
#define OFFRAMP_SELECT_CONFIGURATION_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/core/config.hpp>
#include <offramp/core/kind.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct configuration {
  static constexpr std::uint16_t stored_thresholds = 0xffff;
  static constexpr std::uint32_t all_exits = 0xffffffff;

  std::uint16_t network = 0;                     // which of the program's networks
  std::uint16_t path = 1;                        // id of the path it is planned for (kernels/path.hpp)
  std::uint16_t thresholds = stored_thresholds;  // which set of that network's; or those stored with the weights
  std::uint8_t level = 0;                        // of a nested network, the narrowest first
  std::uint8_t cut = 0;                          // exits that are run at most, counted from the first; 0: all
  kind precision = kind::i8;                     // of what is not binary
  std::uint32_t exits = all_exits;               // bit k: samples may leave early at exit k

  [[nodiscard]] constexpr bool may_leave_at(int k) const { return k < 32 && ((exits >> k) & 1u) != 0; }
  // The exit that answers in any case, of a network with `count` exits.
  [[nodiscard]] constexpr int last_exit(int count) const { return cut > 0 && cut < count ? cut - 1 : count - 1; }

  friend constexpr bool operator==(const configuration&, const configuration&) = default;
};
static_assert(sizeof(configuration) <= 32 && std::is_trivially_copyable_v<configuration>);

}  // namespace offramp::inline OFFRAMP_ABI

#endif
