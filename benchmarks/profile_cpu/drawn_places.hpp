// Where what is timed lies in memory, drawn anew for every visit. Which pages arrays have changes the time of one op by
// a third on some cores, and that of a small network by a tenth, for as long as a program runs; whoever asks for a
// prediction has a place of his own.
#ifndef BENCHMARKS_PROFILE_CPU_DRAWN_PLACES_HPP
#define BENCHMARKS_PROFILE_CPU_DRAWN_PLACES_HPP

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "benchmarks/profile_cpu/geometries.hpp"

namespace profile_cpu {

struct free_memory {
  void operator()(void* p) const { std::free(p); }
};
using memory_block = std::unique_ptr<unsigned char, free_memory>;

// Zeros, at the beginning of a page.
inline memory_block make_memory(std::size_t bytes) {
  const std::size_t whole = (bytes + 64 + 4095) / 4096 * 4096;
  memory_block m{static_cast<unsigned char*>(std::aligned_alloc(4096, whole))};
  std::memset(m.get(), 0, whole);
  return m;
}
constexpr std::size_t in_lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

class drawn_places {
 public:
  // Another visit, of up to four arrays that take `bytes` together; what was taken before is not in use any more.
  void begin(std::size_t bytes) {
    if (bytes > room_) {
      block_.reset();
      block_ = make_memory(64 * (first_lines + 4 * gap_lines) + bytes);
      room_ = bytes;
    }
    at_ = 64 * static_cast<std::size_t>(draws_.below(first_lines));
  }
  // Whole cache lines, some distance behind what was taken last.
  unsigned char* take(std::size_t bytes) {
    unsigned char* const p = block_.get() + at_;
    at_ += in_lines(bytes) + 64 * static_cast<std::size_t>(draws_.below(gap_lines));
    return p;
  }
  unsigned char* take_copy(const unsigned char* from, std::size_t bytes) {
    unsigned char* const p = take(bytes);
    std::memcpy(p, from, bytes);
    return p;
  }

 private:
  static constexpr int first_lines = 1 << 17, gap_lines = 1 << 12;  // 8 MiB, 256 KiB
  memory_block block_;
  draws draws_{11};
  std::size_t room_ = 0, at_ = 0;
};

}  // namespace profile_cpu

#endif
