// Thresholds that `calibrate` found, into what will be exported; with them goes what was promised about them, and thus
// into the model (model/guarantee.hpp).
#ifndef OFFRAMP_HOST_DEPLOY_THRESHOLDS_HPP
#define OFFRAMP_HOST_DEPLOY_THRESHOLDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <offramp/exits/criterion.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/risk_control.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// A promise made about other thresholds is taken back. Throws where the numbers of exits differ.
template <int Exits, class Criterion, class Reuse>
void set_thresholds(deployment<Exits, Criterion, Reuse>& d, const operating_point& p) {
  static_assert(offramp::detail::thresholds_of<Criterion, 2>() == 1,
                "offramp: this criterion has several thresholds for each exit: write its words (criterion_words)");
  constexpr auto exits = static_cast<std::size_t>(Exits);
  if (p.thresholds_q16.size() != exits || d.criterion_words.size() % exits != 0)
    throw error("set_thresholds: found " + std::to_string(p.thresholds_q16.size()) + " thresholds and " +
                std::to_string(d.criterion_words.size()) +
                " words of the criterion, expected one and equally many for "
                "each of " +
                std::to_string(Exits) + " exits");
  std::copy_n(p.thresholds_q16.begin(), exits, d.thresholds.q16);
  const std::size_t each = d.criterion_words.size() / exits;
  for (std::size_t k = 0; each > 0 && k < exits; ++k)
    d.criterion_words[k * each] = static_cast<std::uint32_t>(p.thresholds_q16[k]);
  d.guarantee = {};
}

template <int Exits, class Criterion, class Reuse>
void set_thresholds(deployment<Exits, Criterion, Reuse>& d, const calibrated& p) {
  set_thresholds(d, static_cast<const operating_point&>(p));
  d.guarantee = p.promise;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
