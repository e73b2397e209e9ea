// Copying and filling runs of numbers. Compilers turn such loops into calls of memcpy and memset, which bare metal need
// not have; there an empty asm statement in the loop, which compilers do not look into, keeps it a loop.
#ifndef OFFRAMP_KERNELS_RUNS_HPP
#define OFFRAMP_KERNELS_RUNS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::kernels {

#if defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
[[gnu::always_inline]] inline void keep_loop() {}  // an operating system brings a C library
#else
[[gnu::always_inline]] inline void keep_loop() { asm volatile(""); }
#endif

template <class T>
[[gnu::always_inline]] inline void copy_run(T* to, const T* from, int n) {
  for (int i = 0; i < n; ++i) {
    to[i] = from[i];
    keep_loop();
  }
}

template <class T>
[[gnu::always_inline]] inline void fill_run(T* to, T value, int n) {
  for (int i = 0; i < n; ++i) {
    to[i] = value;
    keep_loop();
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::kernels

#endif
