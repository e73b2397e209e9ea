// Where counting begins and ends (plugin.cpp): instructions that do nothing and that compilers do not make.
#ifndef TESTS_EMBEDDED_COUNT_MARKERS_HPP
#define TESTS_EMBEDDED_COUNT_MARKERS_HPP

namespace board {

[[gnu::always_inline]] inline void count_begin() {
#if defined(__arm__)
  __asm__ volatile("mov r10, r10" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("mov x27, x27" ::: "memory");
#elif defined(__riscv)
  __asm__ volatile(".option push\n.option norvc\naddi x0, x0, 0x511\n.option pop" ::: "memory");
#elif defined(__x86_64__)
  __asm__ volatile("xchg %%bx, %%bx" ::: "memory");
#endif
}
[[gnu::always_inline]] inline void count_end() {
#if defined(__arm__)
  __asm__ volatile("mov r11, r11" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("mov x28, x28" ::: "memory");
#elif defined(__riscv)
  __asm__ volatile(".option push\n.option norvc\naddi x0, x0, 0x512\n.option pop" ::: "memory");
#elif defined(__x86_64__)
  __asm__ volatile("xchg %%cx, %%cx" ::: "memory");
#endif
}

}  // namespace board

#endif
