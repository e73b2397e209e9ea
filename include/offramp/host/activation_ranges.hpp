// Scales of activations: which range of the values seen on calibration images the codes of a tensor reach. All of it,
// all but a share at either end, or the range with the least mean square error.
#ifndef OFFRAMP_HOST_ACTIVATION_RANGES_HPP
#define OFFRAMP_HOST_ACTIVATION_RANGES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <offramp/host/dataset.hpp>
#include <offramp/host/fake_quantized.hpp>
#include <offramp/host/parallel.hpp>
#include <offramp/host/quantize_options.hpp>
#include <offramp/host/quantized_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct value_range {
  double low = 0;
  double high = 0;
};

// Streams are symmetric, so that adding needs no zero point; other activations use the whole range.
inline quantization from_range(kind k, bool stream, value_range r) {
  const double most = std::max({-r.low, r.high, 1e-6});
  if (k == kind::i16 || stream) return {most / (k == kind::i16 ? 32767 : 127), 0};
  const double low = std::min(r.low, 0.0);
  const double high = std::max({r.high, 0.0, low + 1e-6});
  const double scale = (high - low) / 255;
  return {scale, static_cast<int>(std::clamp(std::round(-128 - low / scale), -128.0, 127.0))};
}

// Values in bins of equal width, with the mean of each bin: zeros, which are many behind a relu, stay zeros as long as
// their neighbours are small.
class value_histogram {
 public:
  static constexpr int bins = 4096;

  value_histogram() = default;
  explicit value_histogram(value_range r)
      : range_{r}, per_unit_{r.high > r.low ? bins / (r.high - r.low) : 0.0}, counts_(bins), sums_(bins) {}

  // `v` within the range, give or take rounding.
  void add(double v) {
    const auto bin = static_cast<std::size_t>(std::clamp((v - range_.low) * per_unit_, 0.0, bins - 1.0));
    ++counts_[bin];
    sums_[bin] += v;
  }
  void add(const value_histogram& other) {
    for (std::size_t b = 0; b < counts_.size(); ++b) counts_[b] += other.counts_[b], sums_[b] += other.sums_[b];
  }

  [[nodiscard]] const value_range& range() const { return range_; }

  // The range without (100 - percent) per cent of the values at either end, to a bin.
  [[nodiscard]] value_range without_tails(double percent) const {
    std::int64_t total = 0;
    for (const std::int64_t n : counts_) total += n;
    const double cut = std::floor(static_cast<double>(total) * (100 - percent) / 100 + 1e-6);
    value_range r = range_;
    double below = 0, above = 0;
    for (std::size_t b = 0; b < counts_.size(); ++b) {
      below += static_cast<double>(counts_[b]);
      if (below > cut) break;
      r.low = edge(b + 1);
    }
    for (std::size_t b = counts_.size(); b-- > 0;) {
      above += static_cast<double>(counts_[b]);
      if (above > cut) break;
      r.high = edge(b);
    }
    return r;
  }

  // Mean square of what a quantization to 8 bits changes.
  [[nodiscard]] double error(const quantization& q) const {
    double sum = 0;
    for (std::size_t b = 0; b < counts_.size(); ++b) {
      if (counts_[b] == 0) continue;
      const double v = sums_[b] / static_cast<double>(counts_[b]);
      const double code = std::clamp(std::round(v / q.scale), -128.0 - q.zero, 127.0 - q.zero);
      sum += static_cast<double>(counts_[b]) * (v - code * q.scale) * (v - code * q.scale);
    }
    return sum;
  }

  // The range for 8 bits with the least error: both ends of what was seen drawn in, in turn, by 1/64 of their distance
  // from 0 at a time. An end below a sixth of where it began has left too much outside to be looked for.
  [[nodiscard]] value_range least_error(bool stream) const {
    value_range r = range_;
    double least = error(from_range(kind::i8, stream, r));
    const auto draw = [&](bool both, double value_range::*end) {
      const value_range start = r;
      for (int k = 10; k < 64; ++k) {
        value_range trial = start;
        trial.*end = range_.*end * k / 64;
        if (both) trial.low = range_.low * k / 64;
        if (const double e = error(from_range(kind::i8, stream, trial)); e < least) least = e, r = trial;
      }
    };
    if (stream) {
      draw(true, &value_range::high);
    } else {
      for (int turn = 0; turn < 2; ++turn) draw(false, &value_range::high), draw(false, &value_range::low);
    }
    return r;
  }

 private:
  [[nodiscard]] double edge(std::size_t b) const { return range_.low + static_cast<double>(b) / per_unit_; }

  value_range range_{};
  double per_unit_ = 0;
  std::vector<std::int64_t> counts_;
  std::vector<double> sums_;
};

namespace detail {

// Calls f(piece, group, values) for every output of every op of the network in real numbers, images in 16 pieces: each
// piece in order, pieces at the same time.
inline constexpr int calibration_pieces = 16;
template <class F>
void for_each_real_output(const quantized_model& q, const labelled_images& calibration, thread_pool& pool, F f) {
  pool.parallel_for(calibration_pieces, [&](int piece, int) {
    for (int i = piece; i < calibration.count(); i += calibration_pieces)
      run_program(q, calibration.image(i), false, [&](const step_desc& step, const tensor_values& out) {
        const int group = q.program.tensors[static_cast<std::size_t>(step.out)].group;
        if (group >= 0) f(static_cast<std::size_t>(piece), static_cast<std::size_t>(group), out);
      });
  });
}

// Of each quantization group, with 0 always inside.
inline std::vector<value_range> ranges_seen(const quantized_model& q, const labelled_images& calibration,
                                            thread_pool& pool) {
  const auto groups = static_cast<std::size_t>(q.program.groups);
  std::vector<std::vector<value_range>> seen(calibration_pieces, std::vector<value_range>(groups));
  for_each_real_output(q, calibration, pool, [&](std::size_t piece, std::size_t group, const tensor_values& out) {
    auto& [low, high] = seen[piece][group];
    const auto [a, b] = std::minmax_element(out.begin(), out.end());
    low = std::min(low, *a), high = std::max(high, *b);
  });
  std::vector<value_range> all(groups);
  for (const auto& piece : seen)
    for (std::size_t g = 0; g < groups; ++g)
      all[g].low = std::min(all[g].low, piece[g].low), all[g].high = std::max(all[g].high, piece[g].high);
  return all;
}

// Ranges drawn in by the rule, where a group has 8 bits.
inline void clip_ranges(const quantized_model& q, const labelled_images& calibration, thread_pool& pool,
                        const quantize_options& options, const std::vector<bool>& streams,
                        std::vector<value_range>& ranges) {
  if (options.activations == range_rule::min_max) return;
  std::vector<bool> eight_bits(ranges.size());
  for (const tensor_desc& t : q.program.tensors)
    if (t.group >= 0 && t.element == kind::i8) eight_bits[static_cast<std::size_t>(t.group)] = true;
  std::vector<std::vector<value_histogram>> seen(calibration_pieces, std::vector<value_histogram>(ranges.size()));
  for (auto& piece : seen)
    for (std::size_t g = 0; g < ranges.size(); ++g)
      if (eight_bits[g]) piece[g] = value_histogram{ranges[g]};
  for_each_real_output(q, calibration, pool, [&](std::size_t piece, std::size_t group, const tensor_values& out) {
    if (eight_bits[group])
      for (const double v : out) seen[piece][group].add(v);
  });
  pool.parallel_for(static_cast<int>(ranges.size()), [&](int i, int) {
    const auto g = static_cast<std::size_t>(i);
    if (!eight_bits[g]) return;
    value_histogram all = seen[0][g];
    for (std::size_t p = 1; p < seen.size(); ++p) all.add(seen[p][g]);
    ranges[g] = options.activations == range_rule::percentile ? all.without_tails(options.percentile)
                                                              : all.least_error(streams[g]);
  });
}

// Scales and zeros of all tensors but logits.
inline void quantize_tensors(quantized_model& q, const labelled_images& calibration, thread_pool& pool,
                             const quantize_options& options) {
  const lowered_program& program = q.program;
  if (options.given) {
    q.tensors = options.given->tensors;
    return;
  }
  std::vector<value_range> ranges = ranges_seen(q, calibration, pool);
  std::vector<bool> streams(ranges.size());
  for (const step_desc& s : program.steps)
    if (const int group = program.tensors[static_cast<std::size_t>(s.out)].group; s.op.signature.add && group >= 0)
      streams[static_cast<std::size_t>(group)] = true;
  clip_ranges(q, calibration, pool, options, streams, ranges);
  for (std::size_t t = 0; t < q.tensors.size(); ++t) {
    const tensor_desc& d = program.tensors[t];
    if (t == 0 && d.element == kind::u8)
      q.tensors[t] = {static_cast<double>(q.source.input_scale), q.source.input_zero};
    if (t == 0 || d.group < 0) continue;
    const auto group = static_cast<std::size_t>(d.group);
    q.tensors[t] = d.group == program.tensors[0].group  // the largest pixels are still pixels
                       ? q.tensors[0]
                       : from_range(d.element, streams[group], ranges[group]);
  }
}

}  // namespace detail
}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
