// Output and exit status through the debugger (Arm semihosting 2.0): all that a test program needs from a board. The
// emulator, or a probe on a real one, serves the breakpoint.
#ifndef TESTS_EMBEDDED_BOARD_SEMIHOSTING_HPP
#define TESTS_EMBEDDED_BOARD_SEMIHOSTING_HPP

#include <cstdint>

namespace board {

inline void semihost(int operation, const void* block) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

inline void print(const char* text) { semihost(0x04, text); }  // SYS_WRITE0

inline void print(std::int32_t number) {
  char digits[12];  // sign, ten digits, end
  char* at = digits + sizeof digits - 1;
  *at = '\0';
  std::uint32_t rest = number < 0 ? 0u - static_cast<std::uint32_t>(number) : static_cast<std::uint32_t>(number);
  do {
    *--at = static_cast<char>('0' + rest % 10u);
    rest /= 10u;
  } while (rest != 0);
  if (number < 0) *--at = '-';
  print(at);
}

[[noreturn]] inline void exit(int code) {
  // SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit: the emulator ends with `code` as its exit status.
  const std::uint32_t block[2] = {0x20026u, static_cast<std::uint32_t>(code)};
  semihost(0x20, block);
  for (;;) {}
}

}  // namespace board

#endif
