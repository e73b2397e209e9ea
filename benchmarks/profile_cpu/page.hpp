// The report of a profile: predicted against measured, residuals of every class, a roofline, the trees in words.
#ifndef BENCHMARKS_PROFILE_CPU_PAGE_HPP
#define BENCHMARKS_PROFILE_CPU_PAGE_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <offramp/host/fit_latency.hpp>
#include <offramp/host/html.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/profile_text.hpp>
#include <offramp/host/table.hpp>

namespace profile_cpu {

namespace host = offramp::host;

struct page_data {
  offramp::profile_data profile;
  std::vector<host::latency_sample> samples;
  std::vector<double> held_out;  // what trees predict that did not see the sample
  std::vector<double> difference;
  std::string machine, build;
};

inline host::curve points_of(const std::string& name) {
  host::curve c;
  c.name = name;
  c.line = false;
  return c;
}

inline std::vector<offramp::op_class> classes_of(const page_data& d) {
  std::vector<offramp::op_class> all;
  for (int c = 0; c < offramp::op_classes; ++c)
    if (d.profile.classes[c].root != offramp::class_profile::not_measured)
      all.push_back(static_cast<offramp::op_class>(c));
  return all;
}

inline host::table class_table(const page_data& d) {
  host::table t{{"class", "ops", "mean error", "median", "95 % within", "within 10 %", "bias", "repeatability"}};
  for (const auto c : classes_of(d)) {
    std::vector<double> errors, differences;
    double sum = 0, bias = 0;
    int close = 0;
    for (std::size_t i = 0; i < d.samples.size(); ++i) {
      if (d.samples[i].features.what != c) continue;
      const double e = d.held_out[i] / d.samples[i].time - 1;
      errors.push_back(std::fabs(e));
      differences.push_back(d.difference[i]);
      sum += std::fabs(e);
      bias += e;
      close += std::fabs(e) <= 0.1 ? 1 : 0;
    }
    const auto n = static_cast<double>(errors.size());
    const auto at = [](std::vector<double> v, double share) {
      std::sort(v.begin(), v.end());
      return v[static_cast<std::size_t>(share * static_cast<double>(v.size() - 1))];
    };
    const auto percent = [](double v) { return host::fixed(100 * v, 1) + " %"; };
    t.add({to_string(c), std::to_string(errors.size()), percent(sum / n), percent(at(errors, 0.5)),
           percent(at(errors, 0.95)), percent(close / n), percent(bias / n), percent(at(differences, 0.5))});
  }
  return t;
}

inline std::string html_report(const page_data& d) {
  const auto classes = classes_of(d);
  host::curve_plot scatter{"", {"measured, us"}, {"predicted by trees that did not see the op, us"}, {}};
  host::curve_plot residuals{"", {"measured, us"}, {"predicted / measured"}, {}};
  host::curve_plot roof{"", {"OPs per byte read and written"}, {"OPs per ns"}, {}};
  for (host::curve_plot* p : {&scatter, &residuals, &roof}) {
    p->x.logarithmic = p->y.logarithmic = true;
    p->width = 900;
    p->height = 560;
    for (const auto c : classes) p->curves.push_back(points_of(to_string(c)));
  }
  double least = 1e300, most = 0;
  for (std::size_t i = 0; i < d.samples.size(); ++i) {
    const auto& f = d.samples[i].features;
    const auto at = static_cast<std::size_t>(std::find(classes.begin(), classes.end(), f.what) - classes.begin());
    const double us = d.samples[i].time / 1000, guess = std::max(d.held_out[i] / 1000, 1e-6);
    scatter.curves[at].x.push_back(us);
    scatter.curves[at].y.push_back(guess);
    residuals.curves[at].x.push_back(us);
    residuals.curves[at].y.push_back(guess / us);
    using offramp::regressor;
    const double bytes = f.get(regressor::in_bytes) + f.get(regressor::out_bytes) + f.get(regressor::weight_bytes);
    roof.curves[at].x.push_back(std::max(1e-3, f.get(regressor::work) / std::max(1.0, bytes)));
    roof.curves[at].y.push_back(std::max(1e-6, f.get(regressor::work) / d.samples[i].time));
    least = std::min(least, us);
    most = std::max(most, us);
  }
  host::curve line{"equal", {least, most}, {least, most}};
  line.points = false;
  line.drawn = host::curve_look::reference;
  scatter.curves.push_back(line);
  line.y = {1, 1};
  residuals.curves.push_back(line);
  residuals.y.low = 0.5;
  residuals.y.high = 2;
  const auto figure = [](const host::curve_plot& p, const std::string& what) {
    return host::detail::html_figure(host::render(p), what, what);
  };
  std::string body = "<h2>How good it is</h2>\n" + host::detail::html_table(class_table(d));
  body += figure(scatter, "Every op: predicted by trees fitted without it, against measured.");
  body += figure(residuals, "Residuals of the same.");
  body += "<h2>How fast it is</h2>\n" +
          figure(roof, "Work done per time against work per byte of operands (products of bits count 1/64).");
  body +=
      "<h2>The profile in words</h2>\n<pre>" + host::detail::html_escaped(host::profile_text(d.profile)) + "</pre>\n";
  return host::detail::html_page(d.profile.name, d.machine + "; " + d.build, body);
}

}  // namespace profile_cpu

#endif
