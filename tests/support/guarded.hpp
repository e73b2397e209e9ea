// Memory whose end lies at a page that may not be touched: reading or writing one element too far is a crash, not a
// guess. What lies before the data is filled with a pattern that `intact` checks; `at_start` guards the other side
// instead.
#ifndef OFFRAMP_TESTS_SUPPORT_GUARDED_HPP
#define OFFRAMP_TESTS_SUPPORT_GUARDED_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace offramp_test {

enum class guard : std::uint8_t { at_end, at_start };

// Room for up to `capacity` bytes, handed out again and again by `take`.
class guarded_buffer {
 public:
  explicit guarded_buffer(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    room_ = (capacity + slack + page - 1) / page * page;
    all_ = room_ + 2 * page;
    void* at = mmap(nullptr, all_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) die("mmap");
    base_ = static_cast<unsigned char*>(at);
    first_ = base_ + page;
    if (mprotect(first_, room_, PROT_READ | PROT_WRITE) != 0) die("mprotect");
  }
  guarded_buffer(const guarded_buffer&) = delete;
  guarded_buffer& operator=(const guarded_buffer&) = delete;
  ~guarded_buffer() { munmap(base_, all_); }

  // `bytes` bytes that begin at a multiple of `alignment`; as close to the guard page as that allows.
  unsigned char* take(std::size_t bytes, std::size_t alignment, guard side = guard::at_end) {
    if (bytes + slack > room_) die("guarded_buffer::take: more than its capacity");
    const std::size_t start = side == guard::at_start ? 0 : (room_ - bytes) / alignment * alignment;
    data_ = first_ + start;
    bytes_ = bytes;
    // The pattern stands on both sides where there is writable memory, and in the data itself.
    low_ = start < slack ? first_ : data_ - slack;
    high_ = room_ - start - bytes < slack ? first_ + room_ : data_ + bytes + slack;
    for (unsigned char* p = low_; p != high_; ++p) *p = pattern;
    return data_;
  }
  [[nodiscard]] unsigned char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return bytes_; }

  // Was nothing written beside the data?
  [[nodiscard]] bool intact() const {
    for (const unsigned char* p = low_; p != data_; ++p)
      if (*p != pattern) return false;
    for (const unsigned char* p = data_ + bytes_; p != high_; ++p)
      if (*p != pattern) return false;
    return true;
  }

 private:
  static constexpr std::size_t slack = 64;
  static constexpr unsigned char pattern = 0xa5;
  [[noreturn]] static void die(const char* what) {
    std::perror(what);
    std::abort();
  }

  unsigned char* base_ = nullptr;
  unsigned char* first_ = nullptr;
  unsigned char* data_ = nullptr;
  unsigned char* low_ = nullptr;
  unsigned char* high_ = nullptr;
  std::size_t all_ = 0;
  std::size_t room_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace offramp_test

#endif
