// How far a long job is and how long it will still take. On a terminal one line is rewritten in place; elsewhere (a log
// file, a pipe) a line appears at most every ten seconds, and one at the end.
#ifndef OFFRAMP_HOST_PROGRESS_HPP
#define OFFRAMP_HOST_PROGRESS_HPP

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <iostream>
#include <ostream>
#include <string>
#include <utility>

#if __has_include(<unistd.h>)
#include <unistd.h>
#define OFFRAMP_HOST_HAS_ISATTY 1
#else
#define OFFRAMP_HOST_HAS_ISATTY 0
#endif

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// "0.8 s", "42 s", "3 min 05 s", "2 h 07 min". Negative and non-finite durations read "?".
inline std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 3.6e9) return "?";
  char text[40];
  if (seconds < 9.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    return text;
  }
  const auto whole = std::llround(seconds);
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%lld s", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%lld min %02lld s", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld h %02lld min", whole / 3600, whole / 60 % 60);
  }
  return text;
}

// Whether a stream is a terminal. Only the standard ones can be; any other counts as a file.
inline bool is_terminal([[maybe_unused]] const std::ostream& out) {
#if OFFRAMP_HOST_HAS_ISATTY
  if (out.rdbuf() == std::cout.rdbuf()) return isatty(STDOUT_FILENO) != 0;
  if (out.rdbuf() == std::cerr.rdbuf() || out.rdbuf() == std::clog.rdbuf()) return isatty(STDERR_FILENO) != 0;
#endif
  return false;
}

class progress {
 public:
  using clock = std::function<double()>;  // seconds from any start, never going back

  // `total` is in any unit of work (batches, images). Terminal or not is found out, unless given; tests give a clock.
  progress(std::ostream& out, std::string title, long long total)
      : progress(out, std::move(title), total, is_terminal(out)) {}
  progress(std::ostream& out, std::string title, long long total, bool terminal, clock now = steady_seconds)
      : out_(out), title_(std::move(title)), total_(total), terminal_(terminal), now_(std::move(now)) {
    start_ = now_();
    shown_ = terminal_ ? start_ - terminal_interval : start_;  // a log hears nothing of jobs that end at once
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  // A job that stops early, by an exception say, leaves its last state on a line of its own.
  ~progress() {
    try {
      if (terminal_ && drawn_ && !ended_) out_ << '\n' << std::flush;
    } catch (...) {  // a stream that throws must not end the program from here
    }
  }

  // A resumed job starts with `done` behind it; that part does not count for the speed.
  void resume_from(long long done) { first_ = done; }

  // Cheap to call often: most calls only read the clock. `done` = total ends the line.
  void update(long long done, const std::string& extra = {}) {
    if (ended_) return;
    const bool last = done >= total_;
    const double now = now_();
    if (!last && now - shown_ < (terminal_ ? terminal_interval : log_interval)) return;
    shown_ = now;
    const auto text = line(done, now - start_, extra);
    if (terminal_) {
      out_ << '\r' << shortened(text) << "\x1b[K";
      if (last) out_ << '\n';
    } else {
      out_ << text << '\n';
    }
    out_ << std::flush;
    drawn_ = true;
    ended_ = last;
  }

 private:
  static constexpr double terminal_interval = 0.1, log_interval = 10;  // seconds
  static constexpr std::size_t terminal_width = 100;                   // a longer line would wrap, and pile up

  static double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  std::string line(long long done, double elapsed, const std::string& extra) const {
    const auto percent =
        total_ > 0 ? static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total_)) : 100;
    char head[8];
    std::snprintf(head, sizeof head, "%3d", percent < 0 ? 0 : percent > 100 ? 100 : percent);
    auto text = title_ + "  " + head + " %  " + duration_text(elapsed);
    if (done < total_) {
      const auto worked = static_cast<double>(done - first_);
      text += worked > 0 ? ", " + duration_text(elapsed / worked * static_cast<double>(total_ - done)) + " left"
                         : ", ? left";
    }
    return extra.empty() ? text : text + "  " + extra;
  }

  static std::string shortened(std::string text) {
    if (text.size() > terminal_width) {
      auto end = terminal_width;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;  // not inside a character
      text.resize(end);
    }
    return text;
  }

  std::ostream& out_;
  std::string title_;
  long long total_, first_ = 0;
  bool terminal_, drawn_ = false, ended_ = false;
  clock now_;
  double start_ = 0, shown_ = 0;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#undef OFFRAMP_HOST_HAS_ISATTY

#endif
