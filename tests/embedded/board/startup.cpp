// From reset to main on any Cortex-M, with no library at all: vector table, initialised and zeroed data, the
// floating-point unit where the build uses it. Constructors are not run: everything static is constinit, and the linker
// script insists.
#include <cstdint>

#include "tests/embedded/board/semihosting.hpp"

extern "C" {

extern std::uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main();

// A fault, the overflow of the stack among them, ends the run with a status of its own.
[[noreturn]] void unexpected() {
  board::print("FAIL board: fault or unexpected interrupt\n");
  board::exit(3);
}

[[noreturn]] void reset() {
#ifdef __ARM_FP
  volatile auto* const access_control = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88u);  // CPACR
  *access_control = *access_control | (0xfu << 20);  // CP10, CP11: full access
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  // Volatile, or the compiler calls memcpy and memset, which nobody provides here.
  const volatile std::uint32_t* from = &data_load;
  for (volatile std::uint32_t* to = &data_start; to < &data_end; ++to, ++from) *to = *from;
  for (volatile std::uint32_t* to = &bss_start; to < &bss_end; ++to) *to = 0;
  board::exit(main());
}

// The stack's top, reset, then the fourteen other system exceptions of Armv7-M.
using handler = void (*)();
struct vector_table {
  std::uint32_t* stack;
  handler handlers[15];
};
extern const vector_table vectors;
[[gnu::section(".vectors"), gnu::used]] constinit const vector_table vectors{
    &stack_top,
    {reset, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected,
     unexpected, unexpected, unexpected, unexpected, unexpected}};

}  // extern "C"
