// How long every image takes to every exit on this CPU: batch 1, one thread, warmed up, the median of repeated runs.
#ifndef OFFRAMP_HOST_EXIT_TIMES_HPP
#define OFFRAMP_HOST_EXIT_TIMES_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/progress.hpp>
#include <offramp/host/statistics.hpp>
#include <offramp/timing/clocks/steady.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// Nanoseconds between two readings of the clock with nothing between them: the mean of many, without the slowest tenth.
// Clocks advance in steps, 10 ns on some machines, and a median would be one of these.
inline double reading_cost() {
  std::vector<std::uint64_t> empty;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t start = steady_clock::now();
    empty.push_back(steady_clock::now() - start);
  }
  std::sort(empty.begin(), empty.end());
  empty.resize(empty.size() - empty.size() / 10);
  return mean(empty);
}

}  // namespace detail

// Nanoseconds from begin(x) until exit k is judged, [exit][image], without what reading the clock takes. The images are
// run in order, `repeats` rounds over all of them, so that a slow moment of the machine meets different images.
// `progress_out` may be null.
template <class Session>
std::vector<std::vector<double>> time_exits(Session& session, const labelled_images& images, int repeats,
                                            std::ostream* progress_out) {
  const auto n = static_cast<std::size_t>(images.count());
  constexpr auto exits = static_cast<std::size_t>(Session::exits);
  std::vector<std::vector<std::vector<double>>> samples(exits, std::vector<std::vector<double>>(n));
  const double reading = detail::reading_cost();
  const auto run = [&](int i, bool keep) {
    const auto x = checked_input<Session>({images.image(i), images.image_size()});
    std::uint64_t judged_at[exits];
    const auto start = steady_clock::now();
    session.begin(x);
    for (std::size_t k = 0; k < exits; ++k) {
      session.step();
      volatile std::int32_t judged = session.score();  // volatile: the score is part of what is timed
      static_cast<void>(judged);
      judged_at[k] = steady_clock::now();
    }
    for (std::size_t k = 0; keep && k < exits; ++k) {
      const double took = static_cast<double>(judged_at[k] - start) - static_cast<double>(k + 1) * reading;
      samples[k][static_cast<std::size_t>(i)].push_back(std::max(took, 0.0));
    }
  };
  for (int i = 0; i < std::min(50, images.count()); ++i) run(i, false);
  std::unique_ptr<progress> bar;
  if (progress_out != nullptr)
    bar = std::make_unique<progress>(*progress_out, "timing", static_cast<long long>(repeats) * images.count());
  for (int r = 0; r < repeats; ++r)
    for (int i = 0; i < images.count(); ++i) {
      run(i, true);
      if (bar && i % 16 == 15) bar->update(static_cast<long long>(r) * images.count() + i + 1, "");
    }
  if (bar) bar->update(static_cast<long long>(repeats) * images.count(), "");
  std::vector<std::vector<double>> medians(exits, std::vector<double>(n));
  for (std::size_t k = 0; k < exits; ++k)
    for (std::size_t i = 0; i < n; ++i) medians[k][i] = median(samples[k][i]);
  return medians;
}

// Each image's time when it leaves at the exit the thresholds choose.
inline std::vector<double> stream_times(const exit_outputs& o, const std::vector<std::vector<double>>& times,
                                        const std::vector<std::int32_t>& thresholds_q16) {
  std::vector<double> t(o.truth.size());
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = times[exit_of(o, i, thresholds_q16)][i];
  return t;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
