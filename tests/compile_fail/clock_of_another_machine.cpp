// A clock that this machine does not have is refused where it is read, not where its header is included.
// expect: offramp: this clock is a register of Cortex-M; this machine has another clock

#include <offramp/timing/clocks/aarch64.hpp>
#include <offramp/timing/clocks/cortex_m_dwt.hpp>
#include <offramp/timing/clocks/cortex_m_systick.hpp>
#include <offramp/timing/clocks/riscv_cycle.hpp>
#include <offramp/timing/clocks/tsc.hpp>
#include <offramp/timing/recorder.hpp>

using namespace offramp;

recorder<cortex_m_dwt_clock, 3, 2, 8> unused{};
#ifdef FAULTY
std::uint32_t reading = cortex_m_dwt_clock::now();
#endif
