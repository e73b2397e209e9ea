// What a stream looks like while calibration fits it: the reference that exits/drift.hpp compares with.
#ifndef OFFRAMP_HOST_DRIFT_REFERENCE_HPP
#define OFFRAMP_HOST_DRIFT_REFERENCE_HPP

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <offramp/exits/drift.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

template <int Exits>
struct drift_reference {
  exit_shares<Exits> exits;
  score_reference score;
};

// Image i leaves at exit taken[i] (`exits_taken`). Shares count one sample more at each exit (Laplace), so that an exit
// that nobody took is unlikely, not impossible; probabilities are those of the predictions, whatever the criterion.
template <int Exits>
drift_reference<Exits> make_drift_reference(exit_outputs o, const std::vector<std::size_t>& taken) {
  if (o.exits() != Exits || taken.size() != o.truth.size() || taken.empty())
    throw error("drift reference: found " + std::to_string(o.exits()) + " exits and " + std::to_string(taken.size()) +
                " exits taken, expected " + std::to_string(Exits) + " and one for each of " +
                std::to_string(o.truth.size()) + " images, at least one");
  rescore<max_softmax>(o);
  std::vector<double> count(static_cast<std::size_t>(Exits), 1.0);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const double p = clamp(o.score_q16[taken[i]][i], std::int32_t{0}, std::int32_t{65535});
    ++count[taken[i]];
    sum += p;
    squares += p * p;
  }
  const auto n = static_cast<double>(taken.size());
  drift_reference<Exits> r;
  for (std::size_t k = 0; k < static_cast<std::size_t>(Exits); ++k)
    r.exits.q16[k] = static_cast<std::uint32_t>(std::lround(65536.0 * count[k] / (n + Exits)));
  r.score.mean_q16 = static_cast<std::int32_t>(std::lround(sum / n));
  r.score.deviation_q16 =
      static_cast<std::int32_t>(std::lround(std::sqrt(std::max(0.0, squares / n - sum / n * sum / n))));
  return r;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
