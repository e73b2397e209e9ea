// Times single images as they come: the counter is read before and behind classify, and a chain of additions, which no
// network can disturb, runs behind each. Where the chain is slow, too, something else held the core.
#ifndef BENCHMARKS_STREAM_TIMED_STREAM_HPP
#define BENCHMARKS_STREAM_TIMED_STREAM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/deployed.hpp>

#include "benchmarks/peers/measure.hpp"
#include "benchmarks/profile_cpu/stopwatch.hpp"

namespace stream {

namespace host = offramp::host;

// What two readings with nothing between them differ by, in ticks.
inline double reading_ticks() {
  static const double value = [] {
    std::vector<double> found;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t from = profile_cpu::ticks();
      asm volatile("" ::: "memory");
      found.push_back(static_cast<double>(profile_cpu::ticks() - from));
    }
    return profile_cpu::quantile(found, 0.5);
  }();
  return value;
}

inline double control_ns() {
  const std::uint64_t from = profile_cpu::ticks();
  for (int i = 0; i < 20; ++i) peers::detail::addition_chain();
  return static_cast<double>(profile_cpu::ticks() - from) * profile_cpu::tick_ns();
}

// One run of one image; `control`: the slower one of those right before and right behind it.
struct reading {
  double ns = 0, control = 0;
};

// What was read of each of some images.
class series {
 public:
  explicit series(int images) : runs_(static_cast<std::size_t>(images)) {}

  // Times image i once more.
  template <class Session>
  void time(Session& net, const host::labelled_images& images, int i,
            const typename Session::thresholds_type& thresholds) {
    const auto x = Session::input_view::unchecked(images.image(i));
    const double before = control_ns();
    asm volatile("" ::: "memory");
    const std::uint64_t from = profile_cpu::ticks();
    volatile std::int16_t label = net.classify(x, thresholds).label;
    const std::uint64_t to = profile_cpu::ticks();
    static_cast<void>(label);
    const double behind = control_ns();
    runs_[static_cast<std::size_t>(i)].push_back(
        {(static_cast<double>(to - from) - reading_ticks()) * profile_cpu::tick_ns(), std::max(before, behind)});
  }
  // All of them once.
  template <class Session>
  void pass(Session& net, const host::labelled_images& images, const typename Session::thresholds_type& thresholds) {
    for (int i = 0; i < static_cast<int>(runs_.size()); ++i) time(net, images, i, thresholds);
  }

  // What the control takes undisturbed, most of the time.
  [[nodiscard]] double usual_control() const {
    std::vector<double> all;
    for (const auto& of : runs_)
      for (const reading& r : of) all.push_back(r.control);
    return profile_cpu::quantile(all, 0.25);
  }
  // Runs beside which the control took at most so long.
  [[nodiscard]] std::vector<double> counted(double control) const {
    std::vector<double> ns;
    for (const auto& of : runs_)
      for (const reading& r : of)
        if (r.control <= control) ns.push_back(r.ns);
    return ns;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t n = 0;
    for (const auto& of : runs_) n += of.size();
    return n;
  }
  // The mean over images of the median of each one's counted runs; images with fewer than three are left out.
  [[nodiscard]] double mean(double control) const {
    double sum = 0;
    int images = 0;
    for (const auto& of : runs_) {
      std::vector<double> ns;
      for (const reading& r : of)
        if (r.control <= control) ns.push_back(r.ns);
      if (ns.size() < 3) continue;
      sum += profile_cpu::quantile(ns, 0.5);
      ++images;
    }
    return images > 0 ? sum / images : 0;
  }

 private:
  std::vector<std::vector<reading>> runs_;
};

}  // namespace stream

#endif
