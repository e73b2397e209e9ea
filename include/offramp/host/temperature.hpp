// Temperature scaling (Guo et al. 2017, arXiv 1706.04599): one number for each exit, the T that minimises the negative
// log-likelihood (NLL) of softmax(z / T) on validation outputs. It changes no answer; it makes confidences mean what
// they say, and one threshold mean the same at every exit. The NLL is convex in b = 1/T with the derivative
// mean(E_p[z] - z_truth), p = softmax(b z), which rises with b: its root is found by bisection over log b.
#ifndef OFFRAMP_HOST_TEMPERATURE_HPP
#define OFFRAMP_HOST_TEMPERATURE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <offramp/core/fixed_point.hpp>
#include <offramp/exits/criteria.hpp>
#include <offramp/host/calibration_error.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_outputs.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// NLL in nats per image; calibration error with 15 bins.
struct temperature_fit {
  double temperature = 1;
  double nll_before = 0;
  double nll_after = 0;
  double ece_before = 0;
  double ece_after = 0;
};

// Temperatures stay within these: an exit that is right about every image would ask for 0.
inline constexpr double lowest_temperature = 1.0 / 64;
inline constexpr double highest_temperature = 64;

namespace detail {

inline void expect_temperatures(std::span<const double> t, std::size_t exits, const char* who) {
  if (t.size() != exits)
    throw error(std::string{who} + ": found " + std::to_string(t.size()) + " temperatures, expected " +
                std::to_string(exits));
  for (const double v : t)
    if (!(v > 0) || !std::isfinite(v))
      throw error(std::string{who} + ": found a temperature of " + std::to_string(v) + ", expected a number above 0");
}

// Real logits of one exit, [image][class], each image's largest taken away.
inline std::vector<double> centred_logits(const exit_outputs& o, std::size_t k) {
  const auto classes = static_cast<std::size_t>(o.classes);
  const double unit = logit_unit(o, k);
  std::vector<double> z(o.truth.size() * classes);
  with_logits(o, "fit_temperature", [&]<class T>(T) {
    for (std::size_t i = 0; i < o.truth.size(); ++i) {
      const T* from = o.logits<T>(k, i);
      const double largest = static_cast<double>(*std::max_element(from, from + classes));
      for (std::size_t c = 0; c < classes; ++c) z[i * classes + c] = unit * (static_cast<double>(from[c]) - largest);
    }
  });
  return z;
}

struct likelihood {
  double nll = 0;
  double slope = 0;  // in b = 1/T
};

inline likelihood likelihood_at(const std::vector<double>& z, const exit_outputs& o, double b) {
  const auto classes = static_cast<std::size_t>(o.classes);
  likelihood l;
  for (std::size_t i = 0; i < o.truth.size(); ++i) {
    const double* const at = z.data() + i * classes;
    const double truth = at[static_cast<std::size_t>(o.truth[i])];
    double sum = 0;
    double weighted = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double e = std::exp(b * at[c]);
      sum += e;
      weighted += e * at[c];
    }
    l.nll += std::log(sum) - b * truth;
    l.slope += weighted / sum - truth;
  }
  return {l.nll / o.count(), l.slope / o.count()};
}

}  // namespace detail

// Outputs with logits divided by the temperature of their exit, as a network does into which it was folded
// (host/fold_temperature.hpp), and the scores of `Criterion` on them. `parameters` as for `rescore`.
template <class Criterion = max_softmax>
void apply_temperatures(exit_outputs& o, std::span<const double> temperature,
                        std::span<const std::uint32_t> parameters = {}) {
  detail::expect_temperatures(temperature, o.label.size(), "apply_temperatures");
  detail::with_logits(o, "apply_temperatures", [](auto) {});  // throws where there are none
  for (std::size_t k = 0; k < temperature.size(); ++k) {
    if (o.integer_logits.empty()) {
      for (float& z : o.real_logits[k]) z = static_cast<float>(static_cast<double>(z) / temperature[k]);
    } else {
      o.scale[k] /= temperature[k];
      o.unit[k] = make_fixed_factor(o.scale[k] * 65536.0);
    }
  }
  rescore<Criterion>(o, parameters);
}

// Throws on outputs without images or logits. Cost: some 50 passes over the exit's logits.
inline temperature_fit fit_temperature(const exit_outputs& o, int exit) {
  detail::expect_exit(o, exit, "fit_temperature");
  const std::vector<double> z = detail::centred_logits(o, static_cast<std::size_t>(exit));
  double low = std::log(1 / highest_temperature);
  double high = std::log(1 / lowest_temperature);
  for (int step = 0; step < 48; ++step) {
    const double middle = (low + high) / 2;
    (detail::likelihood_at(z, o, std::exp(middle)).slope > 0 ? high : low) = middle;
  }
  const double b = std::exp((low + high) / 2);
  temperature_fit fit;
  fit.temperature = 1 / b;
  fit.nll_before = detail::likelihood_at(z, o, 1).nll;
  fit.nll_after = detail::likelihood_at(z, o, b).nll;
  fit.ece_before = reliability_of(o, exit).ece;
  fit.ece_after = detail::reliability_at(o, exit, 15, fit.temperature).ece;
  return fit;
}

inline std::vector<temperature_fit> fit_temperatures(const exit_outputs& o) {
  std::vector<temperature_fit> fits;
  for (int k = 0; k < o.exits(); ++k) fits.push_back(fit_temperature(o, k));
  return fits;
}

// Of each exit.
inline std::vector<double> temperatures_of(const std::vector<temperature_fit>& fits) {
  std::vector<double> t;
  for (const temperature_fit& f : fits) t.push_back(f.temperature);
  return t;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
