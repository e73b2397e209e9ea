// Times single images as they come: the counter is read before and behind classify, and the control behind each, which
// tells the clock and whether the core was alone (profile_cpu/watched_core.hpp).
#ifndef BENCHMARKS_STREAM_TIMED_STREAM_HPP
#define BENCHMARKS_STREAM_TIMED_STREAM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/deployed.hpp>

#include "benchmarks/profile_cpu/stopwatch.hpp"
#include "benchmarks/profile_cpu/watched_core.hpp"

namespace stream {

namespace host = offramp::host;

// Cycles of some images, each of them run several times.
class series {
 public:
  series(int images, profile_cpu::watched_core& core) : core_{&core}, runs_(static_cast<std::size_t>(images)) {}

  // Times image i once more, right behind another one or `core.before()`.
  template <class Session>
  void time(Session& net, const host::labelled_images& images, int i,
            const typename Session::thresholds_type& thresholds) {
    const auto x = Session::input_view::unchecked(images.image(i));
    const std::uint64_t from = profile_cpu::start_ticks();
    volatile std::int16_t label = net.classify(x, thresholds).label;
    const std::uint64_t to = profile_cpu::settled_ticks();
    static_cast<void>(label);
    const auto state = core_->behind();
    runs_[static_cast<std::size_t>(i)].push_back(
        {static_cast<float>((static_cast<double>(to - from) - profile_cpu::settled_reading_cost()) *
                            state.cycles_per_tick),
         static_cast<float>(state.ratio)});
  }
  // All of them once.
  template <class Session>
  void pass(Session& net, const host::labelled_images& images, const typename Session::thresholds_type& thresholds) {
    core_->before();
    for (int i = 0; i < static_cast<int>(runs_.size()); ++i) time(net, images, i, thresholds);
  }

  // Cycles of runs with the core alone.
  [[nodiscard]] std::vector<double> counted() const {
    std::vector<double> cycles;
    for (const auto& of : runs_) put_counted(of, cycles);
    return cycles;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t n = 0;
    for (const auto& of : runs_) n += of.size();
    return n;
  }
  // Images with enough counted runs.
  [[nodiscard]] int images_counted() const {
    int images = 0;
    for (const auto& of : runs_) {
      std::vector<double> cycles;
      put_counted(of, cycles);
      images += cycles.size() >= least_runs ? 1 : 0;
    }
    return images;
  }
  // The mean over these images of the median of each one's counted runs.
  [[nodiscard]] double mean() const {
    double sum = 0;
    int images = 0;
    for (const auto& of : runs_) {
      std::vector<double> cycles;
      put_counted(of, cycles);
      if (cycles.size() < least_runs) continue;
      sum += profile_cpu::quantile(cycles, 0.5);
      ++images;
    }
    return images > 0 ? sum / images : 0;
  }

 private:
  static constexpr std::size_t least_runs = 3;
  struct reading {
    float cycles = 0, ratio = 0;
  };
  void put_counted(const std::vector<reading>& of, std::vector<double>& cycles) const {
    for (const reading& r : of)
      if (core_->is_alone({0, static_cast<double>(r.ratio)})) cycles.push_back(static_cast<double>(r.cycles));
  }

  profile_cpu::watched_core* core_;
  std::vector<std::vector<reading>> runs_;
};

}  // namespace stream

#endif
