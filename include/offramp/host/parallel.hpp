// Work on all cores, with results that do not depend on their number: work is cut into pieces by the
// caller, by sizes that know nothing of threads; each piece writes places of its own, and sums over pieces
// are taken in their order afterwards.
#ifndef OFFRAMP_HOST_PARALLEL_HPP
#define OFFRAMP_HOST_PARALLEL_HPP

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/core/shape.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Threads that wait for work. One caller at a time; f must not call parallel_for of the same pool.
class thread_pool {
 public:
  // 0: as many threads as the machine runs at once. The caller of parallel_for is one of them.
  explicit thread_pool(int threads = 0) {
    if (threads <= 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    threads_ = threads;
    for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { serve(t); });
  }

  ~thread_pool() {
    {
      const std::lock_guard lock{mutex_};
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& w : workers_) w.join();
  }

  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] int threads() const { return threads_; }

  // Calls f(piece, thread) once for every piece in [0, pieces), each on some thread in [0, threads()). The first
  // exception (by piece number among those thrown) reaches the caller; pieces not yet begun are then left out.
  template <class F>
  void parallel_for(int pieces, F&& f) {
    if (pieces <= 0) return;
    using function = std::remove_reference_t<F>;
    call_ = [](void* context, int piece, int thread) { (*static_cast<function*>(context))(piece, thread); };
    context_ = const_cast<void*>(static_cast<const void*>(&f));
    pieces_ = pieces;
    failure_ = nullptr;
    failed_piece_ = pieces;
    next_.store(0);
    if (!workers_.empty() && pieces > 1) {
      {
        const std::lock_guard lock{mutex_};
        busy_ = static_cast<int>(workers_.size());
        ++round_;
      }
      wake_.notify_all();
      work(0);
      std::unique_lock lock{mutex_};
      done_.wait(lock, [this] { return busy_ == 0; });
    } else {
      work(0);
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  // Calls f(first, last) for the parts [first, last) of [0, count), each of `size` elements but for the last.
  template <class F>
  void parallel_ranges(int count, int size, F&& f) {
    parallel_for(ceil_div(count, size),
                 [&](int piece, int) { f(piece * size, std::min(count - piece * size, size) + piece * size); });
  }

 private:
  void work(int thread) {
    for (int piece = next_.fetch_add(1); piece < pieces_; piece = next_.fetch_add(1)) {
      try {
        call_(context_, piece, thread);
      } catch (...) {
        const std::lock_guard lock{mutex_};
        next_.store(pieces_);
        if (piece < failed_piece_) failed_piece_ = piece, failure_ = std::current_exception();
      }
    }
  }

  void serve(int thread) {
    unsigned seen = 0;
    for (;;) {
      {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [&] { return stop_ || round_ != seen; });
        if (stop_) return;
        seen = round_;
      }
      work(thread);
      const std::lock_guard lock{mutex_};
      if (--busy_ == 0) done_.notify_one();
    }
  }

  int threads_ = 1;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  void (*call_)(void*, int, int) = nullptr;
  void* context_ = nullptr;
  int pieces_ = 0;
  std::atomic<int> next_{0};
  int busy_ = 0, failed_piece_ = 0;
  unsigned round_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
