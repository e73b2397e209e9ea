// What the latency model sees of an op on a path: regressors, of which a leaf's predicted time is a sum, and
// conditions, by which the tree finds the leaf (FastDeepIoT, Yao et al. 2018, arXiv 1809.06970). All follow from the
// plan.
#ifndef OFFRAMP_LATENCY_FEATURES_HPP
#define OFFRAMP_LATENCY_FEATURES_HPP

#include <cstdint>

#include <offramp/kernels/dispatch.hpp>
#include <offramp/kernels/reckoning.hpp>
#include <offramp/net/program.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Changes whenever a regressor or a condition does: a profile fitted with others is refused.
inline constexpr std::uint16_t features_version = 5;

// One tree each. `grouped_conv` holds depthwise and all other grouped convolutions.
enum class op_class : std::uint8_t {
  binary_conv,   // bits by bits
  mixed_conv,    // numbers by bits
  integer_conv,  // numbers by i8
  float_conv,
  grouped_conv,
  pool,
  pointwise,
  rearrange,  // conversions of layout, copies
  user,
};
inline constexpr int op_classes = 9;

constexpr op_class class_of(const op_signature& s) {
  switch (s.what) {
    case op_kind::conv:
      if (s.grouped) return op_class::grouped_conv;
      if (s.float_accumulator()) return op_class::float_conv;
      if (s.weights == kind::bits) return s.in == kind::bits ? op_class::binary_conv : op_class::mixed_conv;
      return op_class::integer_conv;
    case op_kind::avg_pool:
    case op_kind::max_pool:
    case op_kind::mixed_pool: return op_class::pool;
    case op_kind::pointwise: return op_class::pointwise;
    case op_kind::convert:
    case op_kind::copy: return op_class::rearrange;
    case op_kind::user: break;
  }
  return op_class::user;
}

constexpr const char* to_string(op_class c) {
  constexpr const char* names[op_classes] = {"binary_conv", "mixed_conv", "integer_conv", "float_conv", "grouped_conv",
                                             "pool",        "pointwise",  "rearrange",    "user"};
  return static_cast<int>(c) < op_classes ? names[static_cast<int>(c)] : "unknown";
}

// Work is counted in OPs: products, or 1/64 of products of bits; compares and additions where there are none.
enum class regressor : std::uint8_t {
  fixed,           // 1: the call
  rows,            // rows of the output
  positions,       // of the output
  outputs,         // numbers of the output
  work,            // OPs
  work_out_8,      // OPs with output channels rounded up to 8
  work_out_16,     // to 16
  work_out_64,     // to 64
  work_in_32,      // OPs with input channels rounded up to 32
  work_in_64,      // to 64
  gathered_bytes,  // what all windows read, byte by byte
  in_bytes,
  out_bytes,
  weight_bytes,
  scratch_bytes,
  reckoned,     // kernels::reckoned: innermost loops
  work_inside,  // OPs without those on padding
  to_bits,      // outputs by what the output stage makes of them: signs, with channels rounded up to 32,
  to_bytes,     // i8, u8, with channels rounded up to 16, as below,
  to_words,     // i16, i32,
  to_floats,
  added,      // those that are added to what lies there,
  bent,       // those with a second slope, or a rectifier in front
  far_bytes,  // of input, output, weights and scratch, beyond 32 KiB
  turns,      // kernels::reckoned: tiles,
  moved,      // the input made ready,
  uneven,     // and outputs that do not fill vectors
};
inline constexpr int regressors = 27;

constexpr const char* to_string(regressor r) {
  constexpr const char* names[regressors] = {
      "fixed",         "rows",       "positions",   "outputs",        "work",     "work_out_8", "work_out_16",
      "work_out_64",   "work_in_32", "work_in_64",  "gathered_bytes", "in_bytes", "out_bytes",  "weight_bytes",
      "scratch_bytes", "reckoned",   "work_inside", "to_bits",        "to_bytes", "to_words",   "to_floats",
      "added",         "bent",       "far_bytes",   "turns",          "moved",    "uneven"};
  return static_cast<int>(r) < regressors ? names[static_cast<int>(r)] : "unknown";
}

enum class condition : std::uint8_t {
  variant,  // kernels::variant: which kernel, and which form of it
  in_channels,
  out_channels,
  positions,
  out_width,
  taps,
  stride,
  depth,  // products of one output
  weight_bytes,
  scratch_bytes,
  work,  // OPs
  in_kind,
  out_kind,
  adds,
  two_slopes,
  what,  // op_kind
  in_layout,
  out_layout,
};
inline constexpr int conditions = 18;

constexpr const char* to_string(condition c) {
  constexpr const char* names[conditions] = {"variant", "in_channels", "out_channels", "positions",    "out_width",
                                             "taps",    "stride",      "depth",        "weight_bytes", "scratch_bytes",
                                             "work",    "in_kind",     "out_kind",     "adds",         "two_slopes",
                                             "what",    "in_layout",   "out_layout"};
  return static_cast<int>(c) < conditions ? names[static_cast<int>(c)] : "unknown";
}

struct op_features {
  op_class what{};
  double x[regressors]{};
  std::int32_t is[conditions]{};

  [[nodiscard]] constexpr double get(regressor r) const { return x[static_cast<int>(r)]; }
  [[nodiscard]] constexpr std::int32_t get(condition c) const { return is[static_cast<int>(c)]; }
};

// The regressor of an output stage.
constexpr regressor made_of(kind out) {
  switch (out) {
    case kind::bits: return regressor::to_bits;
    case kind::i8:
    case kind::u8: return regressor::to_bytes;
    case kind::f32: return regressor::to_floats;
    default: return regressor::to_words;
  }
}

// The share of the windows' taps that meet the input and not its padding.
constexpr double inside_share(const window& w) {
  const auto along = [](int out, int in, int kernel, int stride, int pad) {
    std::int64_t taps = 0;
    for (int o = 0; o < out; ++o) {
      const int first = o * stride - pad;
      const int begin = first < 0 ? 0 : first, end = first + kernel < in ? first + kernel : in;
      taps += end > begin ? end - begin : 0;
    }
    return static_cast<double>(taps) / (out * kernel > 0 ? out * kernel : 1);
  };
  return along(w.out.h, w.in.h, w.kernel_h, w.stride_h, w.pad_top) *
         along(w.out.w, w.in.w, w.kernel_w, w.stride_w, w.pad_left);
}

// `weight_bytes` as packed for Path.
template <class Path>
constexpr op_features features(const kernel_op& op, std::int64_t weight_bytes) {
  const op_signature& s = op.signature;
  const window& w = op.geometry;
  const op_cost cost = kernels::cost(op, static_cast<std::size_t>(weight_bytes) / 4);
  const auto scratch = static_cast<std::int64_t>(kernels::scratch_bytes<Path>(op));
  const double work = static_cast<double>(cost.binary_macs) / 64 + static_cast<double>(cost.macs + cost.simple);
  const auto rounded = [](int n, int to) { return static_cast<double>((n + to - 1) / to * to) / (n > 0 ? n : 1); };
  const auto numbers = static_cast<double>(w.out.size());
  const double positions = double{1} * w.out.h * w.out.w;
  op_features f;
  f.what = class_of(s);
  const auto put = [&](regressor r, double value) { f.x[static_cast<int>(r)] = value; };
  put(regressor::fixed, 1);
  put(regressor::rows, w.out.h);
  put(regressor::positions, positions);
  put(regressor::outputs, numbers);
  put(regressor::work, work);
  put(regressor::work_out_8, work * rounded(w.out.c, 8));
  put(regressor::work_out_16, work * rounded(w.out.c, 16));
  put(regressor::work_out_64, work * rounded(w.out.c, 64));
  put(regressor::work_in_32, work * rounded(w.in.c, 32));
  put(regressor::work_in_64, work * rounded(w.in.c, 64));
  put(regressor::gathered_bytes, positions * w.depth() * bit_width(s.in) / 8);
  put(regressor::in_bytes, static_cast<double>(cost.in_bytes));
  put(regressor::out_bytes, static_cast<double>(cost.out_bytes));
  put(regressor::weight_bytes, static_cast<double>(weight_bytes));
  put(regressor::scratch_bytes, static_cast<double>(scratch));
  const kernels::reckoning reckoned = kernels::reckoned<Path>(op);
  put(regressor::reckoned, static_cast<double>(reckoned.loops));
  put(regressor::turns, static_cast<double>(reckoned.turns));
  put(regressor::moved, static_cast<double>(reckoned.moved));
  put(regressor::uneven, static_cast<double>(reckoned.uneven));
  put(regressor::work_inside, work * inside_share(w));
  const double stored = reckoned.stored > 0 ? static_cast<double>(reckoned.stored)
                                            : numbers * rounded(w.out.c, s.out == kind::bits ? 32 : 16);
  put(made_of(s.out), stored);
  if (s.add) put(regressor::added, stored);
  if (s.two_slopes || s.rectified) put(regressor::bent, stored);
  constexpr std::int64_t near = 32 * 1024;
  const std::int64_t touched = cost.in_bytes + cost.out_bytes + weight_bytes + scratch;
  put(regressor::far_bytes, static_cast<double>(touched > near ? touched - near : 0));
  const auto say = [&](condition c, std::int64_t value) {
    f.is[static_cast<int>(c)] = static_cast<std::int32_t>(value < 0x7fffffff ? value : 0x7fffffff);
  };
  say(condition::variant, kernels::variant<Path>(op));
  say(condition::in_channels, w.in.c);
  say(condition::out_channels, w.out.c);
  say(condition::positions, std::int64_t{w.out.h} * w.out.w);
  say(condition::out_width, w.out.w);
  say(condition::taps, w.taps());
  say(condition::stride, w.stride_h > w.stride_w ? w.stride_h : w.stride_w);
  say(condition::depth, w.depth());
  say(condition::weight_bytes, weight_bytes);
  say(condition::scratch_bytes, scratch);
  say(condition::work, static_cast<std::int64_t>(work));
  say(condition::in_kind, static_cast<int>(s.in));
  say(condition::out_kind, static_cast<int>(s.out));
  say(condition::adds, s.add ? 1 : 0);
  say(condition::two_slopes, s.two_slopes ? 1 : 0);
  say(condition::what, static_cast<int>(s.what));
  say(condition::in_layout, static_cast<int>(s.in_layout));
  say(condition::out_layout, static_cast<int>(s.out_layout));
  return f;
}

// Of a planned step.
template <class Path>
constexpr op_features features(const step_desc& s) {
  return features<Path>(s.op, s.cost.weight_bytes);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
