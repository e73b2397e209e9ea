// Text and exit status of a test program: through the debugger on a bare board, through libc where there is one.
#ifndef TESTS_EMBEDDED_CONSOLE_HPP
#define TESTS_EMBEDDED_CONSOLE_HPP

#include <cstdint>

#if defined(__arm__) && !defined(__linux__)
#include "tests/embedded/board/semihosting.hpp"
#else
#include <cstdio>
namespace board {
inline void print(const char* text) {
  std::fputs(text, stdout);
  std::fflush(stdout);  // lines of the counter come between
}
inline void print(std::int32_t number) {
  std::printf("%ld", static_cast<long>(number));
  std::fflush(stdout);
}
}  // namespace board
#endif

namespace board {

// A line at once, since every call of a debugger is slow.
class line {
 public:
  line& operator<<(const char* text) {
    while (*text != '\0') put(*text++);
    return *this;
  }
  line& operator<<(std::int32_t number) {
    std::uint32_t rest = static_cast<std::uint32_t>(number);
    if (number < 0) put('-'), rest = 0u - rest;
    std::uint32_t unit = 1;
    while (rest / unit >= 10u) unit *= 10u;
    for (; unit != 0; rest %= unit, unit /= 10u) put(static_cast<char>('0' + rest / unit));
    return *this;
  }
  line& hex(std::uint32_t word) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[word >> shift & 15u]);
    return *this;
  }
  void end() {
    put('\n');
    text_[size_] = '\0';
    print(text_);
    size_ = 0;
  }

 private:
  void put(char c) {
    if (size_ < static_cast<int>(sizeof text_) - 2 || (c == '\n' && size_ < static_cast<int>(sizeof text_) - 1))
      text_[size_++] = c;
  }
  char text_[160];
  int size_ = 0;
};

}  // namespace board

#endif
