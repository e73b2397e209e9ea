// How deep the stack went: the unused part is painted, and what is no longer painted afterwards was used.
#ifndef TESTS_EMBEDDED_BOARD_STACK_HPP
#define TESTS_EMBEDDED_BOARD_STACK_HPP

#include <cstdint>

#if defined(__arm__) && !defined(__linux__)

extern "C" std::uint32_t stack_limit;  // lowest word, from the linker script

namespace board {

inline constexpr std::uint32_t paint = 0xa5c3a5c3u;

inline std::uint32_t* stack_pointer() {
  std::uint32_t* sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

// Bytes of stack that `work` takes below this frame. `work` must not be inlined here, or its frame would count as ours.
template <class Work>
[[gnu::noinline]] std::int32_t stack_of(Work work) {
  std::uint32_t* const top = stack_pointer();
  for (volatile std::uint32_t* p = &stack_limit; p < top; ++p) *p = paint;
  work();
  const volatile std::uint32_t* p = &stack_limit;
  while (p < top && *p == paint) ++p;
  return static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(top) - reinterpret_cast<std::uintptr_t>(p));
}

}  // namespace board

#else

namespace board {
// Only a bare board has a stack to paint.
template <class Work>
[[gnu::noinline]] std::int32_t stack_of(Work work) {
  work();
  return 0;
}
}  // namespace board

#endif

#endif
