// What a model promises about its thresholds (model/guarantee.hpp), as one line of English: for a header's comment, a
// report, a safety case.
#ifndef OFFRAMP_HOST_GUARANTEE_TEXT_HPP
#define OFFRAMP_HOST_GUARANTEE_TEXT_HPP

#include <array>
#include <cstdio>
#include <string>

#include <offramp/host/table.hpp>
#include <offramp/model/guarantee.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline std::string promise_number(double v) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", v);
  return text.data();
}

}  // namespace detail

inline const char* name_of(risk_loss loss) {
  switch (loss) {
    case risk_loss::accuracy_gap: return "accuracy gap";
    case risk_loss::disagreement: return "disagreement";
    case risk_loss::brier_gap: return "Brier gap";
    case risk_loss::brier_consistency: return "Brier consistency";
    default: return "nothing";
  }
}

inline const char* name_of(risk_test test) {
  switch (test) {
    case risk_test::binomial: return "exact binomial test";
    case risk_test::hoeffding_bentkus: return "Hoeffding-Bentkus test";
    case risk_test::betting: return "betting test";
    case risk_test::in_expectation: return "conformal risk control";
    default: return "no test";
  }
}

// "With probability at least 90 % over the calibration set, answering early costs at most 0.5 points of accuracy
// against the full network (exact binomial test on 5,000 images)"; where nothing is promised, it says so.
inline std::string statement_of(const guarantee& g) {
  if (!g.promised()) return "Nothing is promised about the thresholds";
  const double epsilon = static_cast<double>(g.epsilon);
  const double delta = static_cast<double>(g.delta);
  std::string text =
      g.test == risk_test::in_expectation
          ? "On average over calibration sets, "
          : "With probability at least " + detail::promise_number(100 * (1 - delta)) + " % over the calibration set, ";
  switch (g.loss) {
    case risk_loss::accuracy_gap:
      text += "answering early costs at most " + detail::promise_number(100 * epsilon) + " points of accuracy against";
      break;
    case risk_loss::disagreement:
      text +=
          "answering early changes the class of at most " + detail::promise_number(100 * epsilon) + " % of inputs from";
      break;
    case risk_loss::brier_gap:
      text += "answering early costs at most " + detail::promise_number(epsilon) + " of Brier score (0 to 1) against";
      break;
    default:
      text += "early probabilities are at most " + detail::promise_number(epsilon) +
              " in mean Brier distance (0 to 1) from";
      break;
  }
  text += g.loss == risk_loss::disagreement ? " that of the full network (" : " the full network (";
  return text + name_of(g.test) + " on " + grouped(static_cast<long long>(g.n)) + " images)";
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
