// covers: timing/clocks/cortex_m_dwt.hpp timing/clocks/cortex_m_systick.hpp timing/clocks/cortex_m_registers.hpp
// The counters of Cortex-M on registers played by a map: what is written to switch them on, what is refused, wraps.
#include <offramp/timing/clocks/cortex_m_dwt.hpp>
#include <offramp/timing/clocks/cortex_m_systick.hpp>

#include <cstdint>
#include <map>

#include <doctest/doctest.h>

#include <offramp/timing/recorder.hpp>

using namespace offramp;

namespace {

constexpr std::uint32_t demcr = 0xe000edfc, dwt_ctrl = 0xe0001000, cyccnt = 0xe0001004, lar = 0xe0001fb0;
constexpr std::uint32_t syst_csr = 0xe000e010, syst_rvr = 0xe000e014, syst_cvr = 0xe000e018;

// A core whose counters move by `cost` with every access, where they are there and switched on.
struct registers {
  static inline std::map<std::uint32_t, std::uint32_t> memory;
  static inline bool has_dwt = true, locked = false;
  static inline std::uint32_t cost = 3;

  static void reset() { memory.clear(), has_dwt = true, locked = false; }
  static void pass(std::uint32_t cycles) {
    const bool traced = (memory[demcr] & (1u << 24)) != 0;
    if (has_dwt && traced && (memory[dwt_ctrl] & 1u) != 0) memory[cyccnt] += cycles;
    if ((memory[syst_csr] & 1u) == 0) return;
    const std::uint64_t period = std::uint64_t{memory[syst_rvr] & 0xffffffu} + 1;
    const std::uint64_t left = memory[syst_cvr];
    memory[syst_cvr] = static_cast<std::uint32_t>((left + period * 1000 - cycles) % period);
  }
  static std::uint32_t read(std::uint32_t address) {
    pass(cost);
    return memory[address];
  }
  static void write(std::uint32_t address, std::uint32_t value) {
    if (address == lar) locked = locked && value != 0xc5acce55u;
    if (address == dwt_ctrl && locked) return;
    memory[address] = value;
  }
};
using dwt = dwt_counter<registers>;
using systick = systick_counter<registers>;

static_assert(clock_source<cortex_m_dwt_clock>);
static_assert(clock_source<cortex_m_systick_clock>);
static_assert(cortex_m_dwt_clock::unit == time_unit::cycles);
static_assert(clock_bits<cortex_m_dwt_clock>() == 32);
static_assert(clock_bits<cortex_m_systick_clock>() == 24);

template <class Clock>
std::uint32_t measured(std::uint32_t cycles) {
  const auto start = Clock::now();
  registers::pass(cycles);
  return elapsed<Clock>(start, Clock::now());
}

}  // namespace

TEST_CASE("cortex_m_dwt: is switched on, and other bits stay") {
  registers::reset();
  registers::memory[demcr] = 0x1;
  registers::memory[dwt_ctrl] = 0x40000000;
  CHECK_FALSE(advances<dwt>(100));
  CHECK(start_clock<dwt>());
  CHECK(registers::memory[demcr] == 0x01000001u);
  CHECK(registers::memory[dwt_ctrl] == 0x40000001u);
  CHECK(measured<dwt>(500) == 500 + registers::cost);
}

TEST_CASE("cortex_m_dwt: a Cortex-M7 wants to be unlocked") {
  registers::reset();
  registers::locked = true;
  CHECK(dwt::start());
}

TEST_CASE("cortex_m_dwt: a chip without one is told") {
  registers::reset();
  registers::has_dwt = false;
  CHECK_FALSE(dwt::start());
  recorder<dwt, 1, 1, 3> r;
  CHECK(r.start() == clock_status::not_advancing);
}

TEST_CASE("cortex_m_dwt: across the wrap of 32 bits") {
  registers::reset();
  REQUIRE(dwt::start());
  registers::memory[cyccnt] = 0xffffff00u;
  CHECK(measured<dwt>(1000) == 1000 + registers::cost);
  CHECK(registers::memory[cyccnt] < 0xffffff00u);
}

TEST_CASE("cortex_m_systick: counts up although the register counts down, across its wrap of 24 bits") {
  registers::reset();
  REQUIRE(start_clock<systick>());
  CHECK(registers::memory[syst_rvr] == 0xffffffu);
  CHECK(registers::memory[syst_csr] == 0x5u);  // on, processor clock, no interrupt
  CHECK(measured<systick>(500) == 500 + registers::cost);
  for (const std::uint32_t left : {0u, 1u, 2u, 5u, 300u}) {
    registers::memory[syst_cvr] = left;
    CHECK(measured<systick>(1000) == 1000 + registers::cost);
  }
  CHECK(measured<systick>(0xffff00u) == 0xffff00u + registers::cost);
  recorder<systick, 1, 1, 3> r;
  REQUIRE(r.start() == clock_status::ok);
  CHECK(r.overhead() == registers::cost);
  for (int i = 0; i < 3; ++i) {
    registers::memory[syst_cvr] = 10;
    r.enter(0);
    registers::pass(100);
    r.leave(0);
  }
  CHECK(r.times(0).median == 100);
}

TEST_CASE("cortex_m_systick: the tick of an operating system is left alone and refused") {
  registers::reset();
  registers::memory[syst_rvr] = 167999;
  registers::memory[syst_csr] = 0x7;
  CHECK_FALSE(systick::start());
  CHECK(registers::memory[syst_rvr] == 167999u);
  CHECK(registers::memory[syst_csr] == 0x7u);
}

TEST_CASE("cortex_m_systick: one that already runs over its whole range is used as it is") {
  registers::reset();
  registers::memory[syst_rvr] = 0xffffff;
  registers::memory[syst_csr] = 0x7;
  registers::memory[syst_cvr] = 1234;
  CHECK(systick::start());
  CHECK(registers::memory[syst_csr] == 0x7u);
}
