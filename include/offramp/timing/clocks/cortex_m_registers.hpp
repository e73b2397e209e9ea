// How clocks of a Cortex-M reach its registers: a type with read and write, so that tests put another in its place.
#ifndef OFFRAMP_TIMING_CLOCKS_CORTEX_M_REGISTERS_HPP
#define OFFRAMP_TIMING_CLOCKS_CORTEX_M_REGISTERS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace detail {
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
inline constexpr bool is_cortex_m = true;
#else
inline constexpr bool is_cortex_m = false;
#endif
}  // namespace detail

struct cortex_m_registers {
  template <bool Here = detail::is_cortex_m>
  static std::uint32_t read(std::uint32_t address) {
    static_assert(Here, "offramp: this clock is a register of Cortex-M; this machine has another clock");
    return *at(address);
  }
  template <bool Here = detail::is_cortex_m>
  static void write(std::uint32_t address, std::uint32_t value) {
    static_assert(Here, "offramp: this clock is a register of Cortex-M; this machine has another clock");
    *at(address) = value;
  }

 private:
  static volatile std::uint32_t* at(std::uint32_t address) {
    return reinterpret_cast<volatile std::uint32_t*>(static_cast<std::uintptr_t>(address));
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
