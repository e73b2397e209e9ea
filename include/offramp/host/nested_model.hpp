// The levels of a nested network as quantized models and packed words. Codes of a narrower level's weights are the
// first channels of the whole network's. Activations have one scale in all levels, which holds the ranges of them all:
// packed kernels may hold sums made with a zero point. Thresholds of exits are each level's own.
#ifndef OFFRAMP_HOST_NESTED_MODEL_HPP
#define OFFRAMP_HOST_NESTED_MODEL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <offramp/elastic/bind_nested.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/nested_levels.hpp>
#include <offramp/host/quantize.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline void expect_levels(const char* who, std::size_t found, int expected) {
  if (found != static_cast<std::size_t>(expected))
    throw error(std::string{who} + ": found " + std::to_string(found) + " levels, the nested network has " +
                std::to_string(expected));
}

// Codes and scales of step s of a level from those of the whole network.
inline void take_codes(quantized_model& q, const quantized_model& full, std::size_t s) {
  const window &f = full.program.steps[s].op.geometry, &w = q.program.steps[s].op.geometry;
  if (q.program.steps[s].op.signature.what != op_kind::conv)
    return quantize_kernel(q, s, weight_rule::min_max);  // a mixed pooling's is its own
  q.kernels[s] = first_channels(full.kernels[s], w.taps(), f.group_in_c(), w.out.c, w.group_in_c());
  q.real_kernels[s] = first_channels(full.real_kernels[s], w.taps(), f.group_in_c(), w.out.c, w.group_in_c());
  q.weight_scale[s].assign(full.weight_scale[s].begin(),
                           full.weight_scale[s].begin() +
                               std::min(static_cast<std::ptrdiff_t>(w.out.c), std::ssize(full.weight_scale[s])));
}

// A scale whose codes reach as far as those of both.
inline quantization join_scales(kind k, const quantization& a, const quantization& b) {
  if (a.zero == b.zero) return a.scale > b.scale ? a : b;
  const double most = k == kind::i16 ? 32767 : 127, least = -most - 1;
  const double low = std::min((least - a.zero) * a.scale, (least - b.zero) * b.scale);
  const double high = std::max((most - a.zero) * a.scale, (most - b.zero) * b.scale);
  const double scale = (high - low) / (most - least);
  return {scale, static_cast<int>(std::lround(std::clamp(least - low / scale, least, most)))};
}

}  // namespace detail

// Quantizes all levels: one quantized_model for each, sharing codes of weights and scales of activations. Throws as
// quantize() does, where levels do not share their weights, and on weight_rule::least_output, which fits codes to the
// sums of one network.
template <class Family>
std::vector<quantized_model> quantize_nested(const nested_models& levels, const labelled_images& calibration,
                                             const quantize_options& options = {}, int threads = 0) {
  detail::expect_levels("quantize_nested", levels.size(), Family::levels);
  if (options.weights == weight_rule::least_output || options.given)
    throw error("quantize_nested: found weight_rule::least_output or given scales, expected codes and scales that all "
                "levels can share");
  nested_models shared = levels;
  share_weights(shared);
  for (std::size_t s = 0; s < levels.size(); ++s)
    if (!(shared[s].parameters == levels[s].parameters))
      throw error("quantize_nested: level " + std::to_string(s) + " has weights of its own, expected the first " +
                  "channels of the last level's (share_weights)");
  thread_pool pool{threads};
  std::vector<quantized_model> q;
  const std::vector<lowered_program> programs = []<int... I>(std::integer_sequence<int, I...>) {
    return std::vector<lowered_program>{program_of<typename Family::template alone<I>>()...};
  }
  (std::make_integer_sequence<int, Family::levels>{});
  for (std::size_t s = 0; s < levels.size(); ++s)  // for the ranges of activations
    q.push_back(
        quantize(levels[s], programs[s], calibration, pool,
                 {.activations = options.activations, .percentile = options.percentile, .weights = options.weights}));
  for (std::size_t t = 0; t < q[0].tensors.size(); ++t) {
    const tensor_desc& d = q[0].program.tensors[t];
    if (t == 0 || d.group < 0 || (d.element != kind::i8 && d.element != kind::i16)) continue;
    quantization joint = q[0].tensors[t];
    for (const quantized_model& level : q) joint = detail::join_scales(d.element, joint, level.tensors[t]);
    for (quantized_model& level : q) level.tensors[t] = joint;
  }
  for (std::size_t s = 0; s < levels.size(); ++s) {
    for (std::size_t i = 0; i < q[s].program.steps.size(); ++i)
      if (s + 1 < levels.size()) detail::take_codes(q[s], q.back(), i);
    if (options.correct_bias)
      detail::op_by_op{levels[s], q[s], calibration, pool, {.correct_bias = true}}.run();
    else
      for (std::size_t i = 0; i < q[s].program.steps.size(); ++i) detail::finish_step(q[s], i);
  }
  return q;
}

namespace detail {

// Canonical words of a level's op with room for all stored channels: parameters of its own, the kernel of all.
inline std::vector<std::uint32_t> widened_words(const kernel_op& op, const std::vector<std::uint32_t>& words,
                                                const kernel_op& full, const std::vector<std::uint32_t>& full_words) {
  const kernels::weight_layout from = kernels::canonical_layout(for_active_channels(op));
  const kernels::weight_layout to = kernels::canonical_layout(full);
  std::vector<std::uint32_t> wide = full_words;
  std::copy_n(words.begin(), kernels::weight_layout::header_words, wide.begin());
  for (std::size_t a = 0; a < from.arrays; ++a)
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(from.array(a)), from.channels,
                wide.begin() + static_cast<std::ptrdiff_t>(to.array(a)));
  std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(from.flips()), from.flip_words,
              wide.begin() + static_cast<std::ptrdiff_t>(to.flips()));
  return wide;
}

template <class Family, class Path, int S>
void pack_level(const std::vector<quantized_model>& q, std::uint32_t* ops) {
  using tables = offramp::detail::nested_layout<Family, Path>;
  const auto& level = offramp::detail::agreed_level<Path, nested_level<Family, S>>;
  std::size_t next = 0;
  for (int i = 0; i < tables::steps; ++i) {
    const kernel_op &full = tables::full.steps[i].op, &op = level.steps[i].op;
    if (op.signature.what == op_kind::convert) continue;
    const std::vector<std::uint32_t>&own = q[S].words[next], &all = q.back().words[next];
    ++next;
    std::uint32_t* const to = ops + tables::at.offset[S][i];
    if (!tables::at.shared[i]) {
      kernels::pack<Path>(for_active_channels(op), own.data(), to);
      continue;
    }
    std::vector<std::uint32_t> packed(kernels::weight_words<Path>(full)), same = packed;
    kernels::pack<Path>(full, widened_words(op, own, full, all).data(), packed.data());
    if (S + 1 == Family::levels) {
      std::copy(packed.begin(), packed.end(), to);
      continue;
    }
    kernels::pack<Path>(full, all.data(), same.data());
    const auto parameters = static_cast<std::ptrdiff_t>(kernels::canonical_layout(full).kernel());
    // Behind the kernel of 16-bit streams a path may keep what it has made of the last level's parameters; streams of
    // bytes have none of that.
    kernel_op bare = full;
    if (bare.signature.out == kind::i16) bare.signature.out = kind::i8;
    const auto end = static_cast<std::ptrdiff_t>(kernels::weight_words<Path>(bare));
    if (!std::equal(packed.begin() + parameters, packed.begin() + end, same.begin() + parameters))
      throw error("pack_nested: op " + std::to_string(i) + " on path " + Path::name + ": the packed kernel of level " +
                  std::to_string(S) + " is not that of the whole network");
    std::copy_n(packed.begin(), parameters, to);
  }
}

}  // namespace detail

// The words of all levels, packed for Path; a deployment (thresholds) for each, or none. elastic/bind_nested.hpp binds
// them.
template <class Family, class Path, class Criterion = max_softmax, class Reuse = no_reuse>
std::vector<std::uint32_t> pack_nested(const std::vector<quantized_model>& q,
                                       const std::vector<deployment<Family::exits, Criterion, Reuse>>& d = {}) {
  using tables = offramp::detail::nested_layout<Family, Path>;
  detail::expect_levels("pack_nested", q.size(), Family::levels);
  if (!d.empty()) detail::expect_levels("pack_nested: deployments", d.size(), Family::levels);
  constexpr std::uint32_t record_words = format::record_words_of<Family, Criterion, Reuse>;
  const format::sections at = format::nested_layout_of(Family::levels, Family::exits, record_words, tables::at.total);
  std::vector<std::uint32_t> words(at.total, 0u);
  words[format::word::magic] = format::nested_magic;
  words[format::word::version] = format::nested_version;
  words[format::word::total] = static_cast<std::uint32_t>(at.total);
  words[format::word::path] = format::path_word(Path::id, Path::version);
  words[format::word::exits] = static_cast<std::uint32_t>(Family::exits);
  words[format::word::classes] = static_cast<std::uint32_t>(Family::classes);
  words[format::word::criterion] = Criterion::id;
  words[format::word::reuse] = Reuse::id;
  words[format::word::criterion_words] = format::criterion_words<Criterion, Family::classes>();
  words[format::word::record_words] = record_words;
  words[format::word::op_words] = static_cast<std::uint32_t>(tables::at.total);
  words[format::word::levels] = static_cast<std::uint32_t>(Family::levels);
  [&]<int... S>(std::integer_sequence<int, S...>) {
    (detail::write_records<nested_level<Family, S>, Criterion, Reuse>(
         q[S], d.empty() ? deployment<Family::exits, Criterion, Reuse>{} : d[S],
         words.data() + at.records + static_cast<std::size_t>(S * Family::exits) * record_words),
     ...);
    (detail::pack_level<Family, Path, S>(q, words.data() + at.ops), ...);
  }
  (std::make_integer_sequence<int, Family::levels>{});
  words[at.crc] = crc32(words.data(), at.crc);
  return words;
}

// Owns packed words and an arena, and is a nested session on them. Not movable: the session points into it.
template <class Family, class Path = path::portable, exit_criterion Criterion = max_softmax, class Reuse = no_reuse>
class deployed_nested {
 public:
  using session_type = nested_session<Family, Path, Criterion, Reuse>;

  explicit deployed_nested(std::vector<std::uint32_t> words)
      : words_{std::move(words)}, first_{detail::align_words<Path>(words_, ops)},
        arena_{std::make_unique<nested_arena<Family, Path>>()}, session_{bind(this->words()), *arena_} {}
  deployed_nested(const deployed_nested&) = delete;
  deployed_nested& operator=(const deployed_nested&) = delete;

  session_type& operator*() { return session_; }
  session_type* operator->() { return &session_; }
  [[nodiscard]] std::span<const std::uint32_t> words() const { return std::span{words_}.subspan(first_); }

 private:
  static bound_nested<Family, Path, Criterion, Reuse> bind(std::span<const std::uint32_t> words) {
    bound_nested<Family, Path, Criterion, Reuse> bound;
    const status s = bind_nested(words.data(), words.size_bytes(), bound);
    if (s != status::ok) throw error(std::string{"nested model: refused: "} + to_string(s));
    return bound;
  }
  static constexpr std::size_t ops =
      format::nested_layout_of(Family::levels, Family::exits, format::record_words_of<Family, Criterion, Reuse>, 0).ops;

  std::vector<std::uint32_t> words_;
  std::size_t first_;
  std::unique_ptr<nested_arena<Family, Path>> arena_;
  session_type session_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
