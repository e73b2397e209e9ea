// Measured ops as a table of comma-separated values, one op a line: what it is, its features, its time. For looking at,
// and for fitting again without measuring again.
#ifndef BENCHMARKS_PROFILE_CPU_SAMPLES_FILE_HPP
#define BENCHMARKS_PROFILE_CPU_SAMPLES_FILE_HPP

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <offramp/host/error.hpp>
#include <offramp/host/fit_latency.hpp>
#include <offramp/host/write_file.hpp>

#include "benchmarks/profile_cpu/subject.hpp"

namespace profile_cpu {

inline std::string op_text(const kernel_op& op) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  std::ostringstream o;
  o << to_string(s.what) << ' ' << to_string(s.in) << ' ' << to_string(s.weights) << ' ' << to_string(s.out)
    << (s.add ? " add" : "") << (s.two_slopes ? " two_slopes" : "") << (s.rectified ? " rectified" : "") << ' '
    << to_string(s.in_layout) << ' ' << to_string(s.out_layout) << ' ' << w.in.h << 'x' << w.in.w << 'x' << w.in.c
    << " to " << w.out.h << 'x' << w.out.w << 'x' << w.out.c << " by " << w.kernel_h << 'x' << w.kernel_w << '/'
    << w.stride_h;
  return o.str();
}

inline std::string samples_head() {
  std::string head = "class,op";
  for (int r = 0; r < offramp::regressors; ++r)
    head += std::string{","} + to_string(static_cast<offramp::regressor>(r));
  for (int c = 0; c < offramp::conditions; ++c)
    head += std::string{",is_"} + to_string(static_cast<offramp::condition>(c));
  return head + ",ns,difference";
}

inline std::string sample_text(const kernel_op& op, const op_features& f) {
  std::ostringstream o;
  o.precision(10);
  o << to_string(f.what) << ',' << op_text(op);
  for (const double x : f.x) o << ',' << x;
  for (const auto v : f.is) o << ',' << v;
  return o.str();
}

inline void save_samples(const std::filesystem::path& path, const std::vector<op_subject>& ops,
                         const std::vector<double>& ns, const std::vector<double>& difference) {
  std::ostringstream o;
  o.precision(10);
  o << samples_head() << '\n';
  for (std::size_t i = 0; i < ns.size(); ++i) {
    o << sample_text(ops[i].op, ops[i].features) << ',' << ns[i] << ',' << difference[i] << '\n';
  }
  offramp::host::write_file(path, o.str());
}

inline std::vector<offramp::host::latency_sample> load_samples(const std::filesystem::path& path) {
  std::ifstream in{path};
  std::string line;
  if (!in || !std::getline(in, line))
    throw offramp::host::error(path.string() + ": cannot be read, expected the samples that profile_cpu leaves");
  if (line != samples_head())
    throw offramp::host::error(path.string() + ": these samples have other features, expected: " + samples_head());
  std::vector<offramp::host::latency_sample> all;
  while (std::getline(in, line)) {
    std::istringstream cells{line};
    std::string cell;
    std::vector<std::string> row;
    while (std::getline(cells, cell, ',')) row.push_back(cell);
    if (row.size() != 2 + offramp::regressors + offramp::conditions + 2)
      throw offramp::host::error(path.string() + ": line " + std::to_string(all.size() + 2) + " has " +
                                 std::to_string(row.size()) + " cells");
    offramp::host::latency_sample s;
    for (int c = 0; c < offramp::op_classes; ++c)
      if (row[0] == to_string(static_cast<op_class>(c))) s.features.what = static_cast<op_class>(c);
    std::size_t at = 2;
    for (double& x : s.features.x) x = std::stod(row[at++]);
    for (auto& v : s.features.is) v = static_cast<std::int32_t>(std::stol(row[at++]));
    s.time = std::stod(row[at]);
    all.push_back(s);
  }
  return all;
}

}  // namespace profile_cpu

#endif
