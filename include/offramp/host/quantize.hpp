// Post-training quantization: scales of all tensors from calibration images, then integer weights, thresholds and
// requantization factors of every device op. int8 follows the TFLite convention (per-channel symmetric weights,
// asymmetric activations, i32 accumulators); heads have one weight scale, so that their logits share one.
#ifndef OFFRAMP_HOST_QUANTIZE_HPP
#define OFFRAMP_HOST_QUANTIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host/activation_ranges.hpp>
#include <offramp/host/bias_correction.hpp>
#include <offramp/host/canonical_words.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/fake_quantized.hpp>
#include <offramp/host/parallel.hpp>
#include <offramp/host/quantize_options.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/host/weight_codes.hpp>
#include <offramp/host/weight_rounding.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// A trained model must be finite before it becomes integers.
inline void require_finite(const model& m) {
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const layer_parameters& p = m.parameters[i];
    const std::pair<const char*, const std::vector<float>*> parts[] = {
        {"weights", &p.weights}, {"bias", &p.bias}, {"gamma", &p.gamma},
        {"beta", &p.beta},       {"mean", &p.mean}, {"variance", &p.variance}};
    for (const auto& [name, values] : parts)
      for (std::size_t j = 0; j < values->size(); ++j)
        if (!std::isfinite((*values)[j]))
          throw error("model: layer " + std::to_string(i) + " (" + to_string(m.layers[i].what) + "): " + name + "[" +
                      std::to_string(j) + "] is " + std::to_string((*values)[j]) + ", expected a finite number");
  }
}

// The given scales must be of tensors like these.
inline void require_same_tensors(const lowered_program& program, const quantized_model& given) {
  const auto same = [](const tensor_desc& a, const tensor_desc& b) {
    return a.extent == b.extent && a.element == b.element && a.group == b.group;
  };
  const std::vector<tensor_desc>& others = given.program.tensors;
  if (!std::equal(program.tensors.begin(), program.tensors.end(), others.begin(), others.end(), same) ||
      given.tensors.size() != others.size())
    throw error("quantize: the given scales are of a program of " + std::to_string(others.size()) +
                " tensors, expected the " + std::to_string(program.tensors.size()) + " of this network and lowering");
}

// What is known of a step once its weight codes and all scales are: the unit of logits, the words.
inline void finish_step(quantized_model& q, std::size_t s) {
  const step_desc& step = q.program.steps[s];
  if (one_weight_scale(step.op.signature)) q.tensors[static_cast<std::size_t>(step.out)] = {q.unit(s, 0), 0};
  write_words(q, s);
}

// Finishes the steps one by one, each as suits what it reads in the quantized network: calibration images go through
// both networks together, op by op.
class op_by_op {
 public:
  op_by_op(const model& trained, quantized_model& q, const labelled_images& calibration, thread_pool& pool,
           const quantize_options& options)
      : trained_{trained}, q_{q}, pool_{pool}, options_{options} {
    const auto images = static_cast<std::size_t>(calibration.count());
    const auto tensors = q.program.tensors.size();
    real_.assign(images, std::vector<tensor_values>(tensors));
    codes_ = real_;
    for (std::size_t i = 0; i < images; ++i) {
      input_values(q, calibration.image(static_cast<int>(i)), false, real_[i][0]);
      input_values(q, calibration.image(static_cast<int>(i)), true, codes_[i][0]);
    }
    last_use_.resize(tensors);
    for (std::size_t s = 0; s < q.program.steps.size(); ++s)
      for (const int t : {q.program.steps[s].in, q.program.steps[s].out}) last_use_[static_cast<std::size_t>(t)] = s;
  }

  void run() {
    for (std::size_t s = 0; s < q_.program.steps.size(); ++s) {
      const op_signature& sig = q_.program.steps[s].op.signature;
      const auto layer = static_cast<std::size_t>(q_.program.steps[s].layer_first);
      if (options_.weights == weight_rule::least_output && sig.what == op_kind::conv && sig.weights == kind::i8 &&
          q_.source.layers[layer].has_weights())
        fit_codes(s);
      if (options_.correct_bias && takes_bias(trained_, q_.program.steps[s])) correct(s);
      finish_step(q_, s);
      advance(s);
    }
  }

 private:
  std::size_t images() const { return codes_.size(); }
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  double zero(std::size_t s) const { return q_.tensors[at(q_.program.steps[s].in)].zero; }

  // Calls f(piece, image) for the first `count` images, a piece's in order.
  template <class F>
  void for_each_image(int pieces, std::size_t count, F f) {
    pool_.parallel_for(pieces, [&](int piece, int) {
      for (std::size_t i = at(piece); i < count; i += at(pieces)) f(at(piece), i);
    });
  }

  void fit_codes(std::size_t s) {
    const step_desc& step = q_.program.steps[s];
    const window& w = step.op.geometry;
    // As many images as some seconds allow: large moments are known well enough from few.
    constexpr int pieces = 4;
    constexpr double products = 4e9;
    const double each = static_cast<double>(w.out.positions()) * w.depth() * w.depth() * w.groups;
    const std::size_t used = std::min(images(), static_cast<std::size_t>(std::max(32.0, products / each)));
    std::vector<std::vector<row_major<double>>> sums(pieces);
    for_each_image(pieces, used, [&](std::size_t piece, std::size_t i) {
      add_second_moments(step.op, codes_[i][at(step.in)], zero(s), sums[piece]);
    });
    std::vector<row_major<double>>& moments = sums[0];
    for (std::size_t p = 1; p < sums.size(); ++p)
      for (std::size_t g = 0; g < sums[p].size(); ++g) moments[g] += sums[p][g];
    for (row_major<double>& m : moments) m.diagonal().array() += 1e-4 * m.trace() / static_cast<double>(m.rows());
    const std::size_t channels = at(w.out.c), in_group = channels / at(w.groups), depth = at(w.depth());
    const bool one_scale = one_weight_scale(step.op.signature);
    pool_.parallel_for(w.out.c, [&](int channel, int) {
      const std::size_t c = at(channel);
      double& scale = q_.weight_scale[s][c];
      scale = least_output_codes({q_.real_kernels[s].data() + c * depth, depth}, scale, one_scale,
                                 moments[c / in_group], {q_.kernels[s].data() + c * depth, depth});
    });
  }

  void correct(std::size_t s) {
    const step_desc& step = q_.program.steps[s];
    std::vector<std::vector<double>> real(calibration_pieces), quantized(calibration_pieces);
    for_each_image(calibration_pieces, images(), [&](std::size_t piece, std::size_t i) {
      add_channel_sums(step.op, real_[i][at(step.in)], 0.0, q_.real_kernels[s], real[piece]);
      add_channel_sums(step.op, codes_[i][at(step.in)], zero(s), q_.kernels[s], quantized[piece]);
    });
    const double count = static_cast<double>(images()) * step.op.geometry.out.positions();
    for (std::size_t c = 0; c < at(step.op.geometry.out.c); ++c) {
      double difference = 0;
      for (std::size_t p = 0; p < at(calibration_pieces); ++p)
        if (!real[p].empty()) difference += real[p][c] - quantized[p][c] * q_.unit(s, static_cast<int>(c));
      add_to_sums(q_.source, step, c, difference / count);
    }
  }

  void advance(std::size_t s) {
    const step_desc& step = q_.program.steps[s];
    for_each_image(calibration_pieces, images(), [&](std::size_t, std::size_t i) {
      run_quantized_step(q_, s, codes_[i][at(step.in)], codes_[i][at(step.out)]);
      if (options_.correct_bias)
        run_real_step(trained_, step, q_.real_kernels[s], real_[i][at(step.in)], real_[i][at(step.out)]);
      for (const int t : {step.in, step.out})
        if (last_use_[at(t)] == s) codes_[i][at(t)] = tensor_values(), real_[i][at(t)] = tensor_values();  // free
    });
  }

  const model& trained_;
  quantized_model& q_;
  thread_pool& pool_;
  const quantize_options& options_;
  std::vector<std::vector<tensor_values>> real_, codes_;  // per image and tensor, while somebody reads it
  std::vector<std::size_t> last_use_;                     // per tensor: step
};

}  // namespace detail

// Quantizes `m` for a lowered program. `calibration` gives the ranges of activations (its labels are not
// used); a few hundred images of the training set do. Corrected biases stand in the result's `source`. Throws on
// parameters that are not finite, an empty set, images of another size, or options that cannot be.
inline quantized_model quantize(const model& m, const lowered_program& program, const labelled_images& calibration,
                                thread_pool& pool, const quantize_options& options = {}) {
  detail::require_finite(m);
  const shape in = m.input.extent;
  if (calibration.count() == 0) throw error("quantize: the calibration set is empty, expected at least one image");
  if (calibration.height != in.h || calibration.width != in.w || calibration.channels != in.c)
    throw error("quantize: calibration images are " + std::to_string(calibration.height) + "x" +
                std::to_string(calibration.width) + "x" + std::to_string(calibration.channels) + ", expected " +
                std::to_string(in.h) + "x" + std::to_string(in.w) + "x" + std::to_string(in.c));
  if (!(options.percentile > 50 && options.percentile <= 100))
    throw error("quantize: percentile is " + std::to_string(options.percentile) + ", expected above 50, at most 100");
  if (options.given) detail::require_same_tensors(program, *options.given);
  quantized_model q;
  q.source = m;
  q.program = program;
  const std::size_t steps = program.steps.size();
  q.tensors.resize(program.tensors.size());
  q.kernels.resize(steps);
  q.real_kernels.resize(steps);
  q.weight_scale.resize(steps);
  q.words.resize(steps);
  q.flipped.resize(steps);
  for (std::size_t s = 0; s < steps; ++s) detail::quantize_kernel(q, s, options.weights);
  detail::quantize_tensors(q, calibration, pool, options);
  if (options.correct_bias || options.weights == weight_rule::least_output)
    detail::op_by_op{m, q, calibration, pool, options}.run();
  else
    for (std::size_t s = 0; s < steps; ++s) detail::finish_step(q, s);
  return q;
}

template <class Lowered>
quantized_model quantize(const model& m, const labelled_images& calibration, const quantize_options& options,
                         int threads = 0) {
  thread_pool pool{threads};
  return quantize(m, program_of<Lowered>(), calibration, pool, options);
}
template <class Lowered>
quantized_model quantize(const model& m, const labelled_images& calibration, int threads = 0) {
  return quantize<Lowered>(m, calibration, quantize_options{}, threads);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
