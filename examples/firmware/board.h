/* What the firmware examples need from a board, in C and C++: a place for text. Here that is semihosting: a breakpoint
 * that the emulator, or a debug probe on a real board, turns into output. Elsewhere (a PC) it is stdout. To use a
 * serial port, change print_text. */
#ifndef EXAMPLES_FIRMWARE_BOARD_H
#define EXAMPLES_FIRMWARE_BOARD_H

#include <stdint.h>

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
static inline void print_text(const char *text) {
  register int operation __asm__("r0") = 0x04; /* SYS_WRITE0 */
  register const char *block __asm__("r1") = text;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(block) : "memory");
}
#else
#include <stdio.h>
static inline void print_text(const char *text) { fputs(text, stdout); }
#endif

/* Right-aligned in `width` characters, at most 11. */
static inline void print_number(int32_t number, int width) {
  char digits[12];
  char *at = digits + sizeof digits - 1;
  uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
  *at = '\0';
  do {
    *--at = (char)('0' + rest % 10u);
    rest /= 10u;
  } while (rest != 0);
  if (number < 0) *--at = '-';
  while (at > digits && digits + sizeof digits - 1 - at < width) *--at = ' ';
  print_text(at);
}

#endif
