// Where does a network go wrong? One sample is run op by op four times: as trained (real numbers), fake-quantized, on
// the reference path, and on a path with its weights as packed. Every op is judged by itself, on identical inputs, so
// that one wrong kernel, packing or weight is named where it stands, and not at every op behind it.
//
//   trained   against  quantized   whole runs: what quantization costs. Reported; never a fault
//   quantized against  reference   the lowering and the canonical weights: equal, float sums within rounding
//   quantized against  the path    its kernel and its packed weights: likewise
//   the path  against  itself      a run in the arena against each op in memory of its own: the memory plan. Equal
#ifndef OFFRAMP_HOST_COMPARE_HPP
#define OFFRAMP_HOST_COMPARE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <offramp/host/cost_table.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/fake_quantized.hpp>
#include <offramp/host/graph.hpp>
#include <offramp/host/planned_run.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/host/table.hpp>
#include <offramp/net/bound_weights.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Values are codes (signs -1/+1), or reals where the tensor holds floats.
struct value_difference {
  int y = 0, x = 0, channel = 0;
  double expected = 0, found = 0;
};

// Two tensors, value by value.
struct agreement {
  int values = 0, differing = 0;  // rounding of float sums does not count as differing
  double largest = 0;             // absolute difference, rounding too
  std::optional<value_difference> first;
};

// One word of an op's weights as bound, counted from the op's first, against the model's own, packed anew.
struct word_difference {
  std::size_t word = 0;
  std::string meaning;  // "threshold of channel 5"
  std::uint32_t expected = 0, found = 0;
};

struct op_comparison {
  int op = 0;          // of the plan
  std::string name;    // "conv 3x3 bits x bits -> i16+"
  std::string layers;  // it computes; empty for a change of kind or layout
  int exit = 0;
  bool head = false;
  shape output{};
  kind element = kind::none;  // of the output

  // Trained against quantized. `scale` is the real value of one unit, 0 where there is none (signs, floats).
  double quantization_error = 0, scale = 0;
  int sign_flips = 0;

  agreement reference, path, memory;
  int differing_words = 0;
  std::optional<word_difference> weights;
  int differing_in_run = 0;  // the path's whole run against the quantized one: how far a difference spreads

  [[nodiscard]] bool agrees() const {
    return differing_words + reference.differing + path.differing + memory.differing == 0;
  }
};

struct comparison {
  std::string path;
  std::vector<op_comparison> ops;  // in the order they run
  // Per exit: the largest difference between the logits of the trainer's graph and those of the program in real
  // numbers, over the largest logit (at least 1). Rounding of floats; larger where it turns a sign over.
  std::vector<double> trainer_error;

  // The first op that something is wrong with; null: all agree.
  [[nodiscard]] const op_comparison* first() const {
    const auto found = std::find_if(ops.begin(), ops.end(), [](const op_comparison& o) { return !o.agrees(); });
    return found == ops.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool agrees() const { return first() == nullptr; }
};

namespace detail {

// What word `i` of an op's packed weights means. Paths lay out the kernel as they like, the rest stays canonical.
inline std::string word_meaning(const kernel_op& op, std::size_t i) {
  const kernels::weight_layout at = kernels::canonical_layout(op);
  const op_signature& s = op.signature;
  static constexpr const char* header[] = {"input zero", "output zero", "lower limit", "upper limit"};
  if (i < 4 && s.what != op_kind::user) return header[i];
  if (s.what == op_kind::mixed_pool && i >= at.kernel())
    return i == at.kernel() ? "weight of the maximum" : "weight of the sum";
  if (i >= at.kernel() || s.what == op_kind::user || at.channels == 0) return "kernel";
  if (i >= at.flips()) return "flip bits";
  const std::size_t channel = (i - 4) % at.channels;
  std::size_t array = (i - 4) / at.channels;
  std::string name;
  if (s.two_slopes || s.out == kind::bits) {
    name = "threshold";
    if (array > 0) {
      name = array <= at.arrays / 2 ? "above the threshold: " : "below the threshold: ";
      array = (array - 1) % (at.arrays / 2);
    }
  }
  if (name != "threshold") {
    const bool real = s.out == kind::f32 || (s.float_accumulator() && s.out != kind::i32);
    static constexpr const char* integers[] = {"bias", "multiplier", "shift"};
    static constexpr const char* reals[] = {"factor", "bias", "unused"};
    name += array < 3 ? (real ? reals : integers)[array] : "parameter";
  }
  return name + (s.shares_parameters() ? "" : " of channel " + std::to_string(channel));
}

// How far a float op may be from the exact result, where values reach `size`: it sums in its own order, and a number
// quantized from such a sum may fall on the other side of a rounding. Integers: equal.
inline double allowed_difference(const op_signature& s, double size) {
  if (!s.float_accumulator() && s.what != op_kind::user) return s.out == kind::f32 ? 1e-5 * size : 0.0;
  if (s.out == kind::f32) return 1e-4 * size;
  return s.out == kind::bits ? 0.0 : 1.0;
}

// Per value: is a float sum so close to the threshold of its sign that either sign is right? Empty: nowhere.
inline std::vector<bool> undecided_signs(const quantized_model& q, std::size_t step, const tensor_values& in) {
  const step_desc& s = q.program.steps[step];
  const op_signature& g = s.op.signature;
  if (!g.float_accumulator() || g.out != kind::bits || g.what == op_kind::max_pool) return {};
  const auto absolute = [](tensor_values v) {
    for (double& e : v) e = std::abs(e);
    return v;
  };
  const double zero = q.tensors[static_cast<std::size_t>(s.in)].zero;
  tensor_values sums, sizes;
  accumulate(s.op, in, zero, q.kernels[step], sums);
  accumulate(s.op, absolute(in), -std::abs(zero), absolute(q.kernels[step]), sizes);
  const std::uint32_t* const thresholds = q.words[step].data() + kernels::weight_layout::header_words;
  std::vector<bool> undecided(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    float t = 0;
    std::memcpy(&t, thresholds + i % static_cast<std::size_t>(s.op.geometry.out.c), sizeof t);
    undecided[i] = std::abs(sums[i] - static_cast<double>(t)) <= 1e-5 * (sizes[i] + std::abs(static_cast<double>(t)));
  }
  return undecided;
}

// The channels an op writes: all, but for a copy, whose others come later.
struct channel_range {
  int begin, end;
  [[nodiscard]] bool holds(std::size_t i, int channels) const {
    const int c = static_cast<int>(i) % channels;
    return c >= begin && c < end;
  }
};
inline channel_range written(const step_desc& s) {
  const window& w = s.op.geometry;
  if (s.op.signature.what != op_kind::copy) return {0, w.out.c};
  return {w.out_first, w.out_first + w.in.c};
}

inline agreement compare_values(const step_desc& s, const tensor_values& expected, const tensor_values& found,
                                bool exact, const std::vector<bool>& undecided = {}) {
  const shape out = s.op.geometry.out;
  const channel_range looked_at = written(s);
  double size = 1;
  for (const double v : expected) size = std::max(size, std::abs(v));
  const double most = exact ? 0.0 : allowed_difference(s.op.signature, size);
  agreement a;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!looked_at.holds(i, out.c)) continue;
    ++a.values;
    const double difference = std::abs(found[i] - expected[i]);
    if (difference == 0) continue;
    a.largest = std::max(a.largest, std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
    if (difference <= most || (!undecided.empty() && undecided[i])) continue;
    const int at = static_cast<int>(i);
    if (a.differing++ == 0) a.first = {at / out.c / out.w, at / out.c % out.w, at % out.c, expected[i], found[i]};
  }
  return a;
}

// One sample as the quantized network and the trained one read it.
struct compared_input {
  tensor_values codes, reals;
};

inline void check_input_size(const quantized_model& q, std::size_t found) {
  const auto expected = static_cast<std::size_t>(q.source.input.extent.size());
  if (found != expected)
    throw error("compare: the input has " + std::to_string(found) + " elements, expected " + std::to_string(expected));
}
inline compared_input input_of(const quantized_model& q, std::span<const std::uint8_t> pixels) {
  check_input_size(q, pixels.size());
  compared_input x;
  x.codes.assign(pixels.begin(), pixels.end());
  for (const std::uint8_t p : pixels)
    x.reals.push_back(static_cast<double>(static_cast<float>(p - q.source.input_zero) * q.source.input_scale));
  if (q.source.input.element == kind::f32) x.codes = x.reals;
  return x;
}
inline compared_input input_of(const quantized_model& q, std::span<const float> values) {
  if (q.source.input.element != kind::f32)
    throw error(std::string{"compare: the input holds f32, expected "} + to_string(q.source.input.element) +
                ", which this network reads");
  check_input_size(q, values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw error("compare: input element " + std::to_string(i) + " is " + std::to_string(values[i]) +
                  ", expected a finite number");
  compared_input x;
  x.reals.assign(values.begin(), values.end());
  x.codes = x.reals;
  return x;
}

// Throws unless `q` was quantized for the lowered network that `run` plans.
inline void check_same_program(const quantized_model& q, const planned_run& run) {
  std::size_t own = 0;
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw error("compare: op " + std::to_string(own) + " of the quantized model is " + found + ", expected " +
                expected + ": quantize it for the same lowered network");
  };
  for (const step_desc& s : run.steps()) {
    if (!planned_run::computes(s)) continue;
    if (own == q.program.steps.size()) refuse("missing", op_name(s));
    const step_desc& mine = q.program.steps[own];
    if (!(mine.op.geometry == s.op.geometry) || op_name(mine) != op_name(s))
      refuse(op_name(mine) + " to " + shape_name(mine.op.geometry.out),
             op_name(s) + " to " + shape_name(s.op.geometry.out));
    ++own;
  }
  if (own != q.program.steps.size()) refuse(op_name(q.program.steps[own]), "no more ops");
}

// Logits of the trainer's own graph for one image, per exit, against those of the program in real numbers.
inline std::vector<double> trainer_error(const quantized_model& q, const tensor_values& input,
                                         const std::vector<tensor_values>& real) {
  thread_pool pool{1};
  parameter_store<float> parameters{q.source};
  const network_view net = q.source.view();
  graph g{net, parameters, pool, 1, graph_options{.plan = {.training = false}}};
  std::transform(input.begin(), input.end(), g.input(0), [](double v) { return static_cast<float>(v); });
  g.forward(1);
  std::vector<double> errors;
  for (int k = 0; k < net.exit_count; ++k) {
    const tensor_values& z = real[static_cast<std::size_t>(q.program.logits[static_cast<std::size_t>(k)])];
    double most = 0, size = 1;
    for (std::size_t c = 0; c < z.size(); ++c) {
      most = std::max(most, std::abs(static_cast<double>(g.logits(k)[c]) - z[c]));
      size = std::max(size, std::abs(z[c]));
    }
    errors.push_back(most / size);
  }
  return errors;
}

inline void compare_words(const std::vector<std::uint32_t>& expected, const std::uint32_t* found, const step_desc& s,
                          op_comparison& o) {
  for (std::size_t i = 0; i < s.weight_words; ++i) {
    const std::uint32_t e = expected[s.weight_offset + i], f = found[s.weight_offset + i];
    if (e != f && o.differing_words++ == 0) o.weights = word_difference{i, word_meaning(s.op, i), e, f};
  }
}

// `bound`: packed weights of `path`; null: those of `q`, packed here.
inline comparison compare(const quantized_model& q, const planned_run& reference, const planned_run& path,
                          const std::uint32_t* bound, const compared_input& x) {
  check_same_program(q, path);
  const std::vector<std::uint32_t> canonical = reference.pack(q), packed = path.pack(q);
  if (bound == nullptr) bound = packed.data();

  struct snapshot {
    tensor_values before, after;
  };
  std::vector<snapshot> seen(path.steps().size());
  path.run(bound, x.codes, [&](int i, const tensor_values& before, const tensor_values& after) {
    seen[static_cast<std::size_t>(i)] = {before, after};
  });
  std::vector<int> reference_op;  // per op of the program
  for (std::size_t i = 0; i < reference.steps().size(); ++i)
    if (planned_run::computes(reference.steps()[i])) reference_op.push_back(static_cast<int>(i));

  comparison result;
  result.path = path.path();
  // Tensors of the plan: quantized, real, and as they stood in the path's run. Those of the program come first.
  std::vector<tensor_values> quantized(path.tensors().size()), real = quantized, ran = quantized;
  quantized[0] = ran[0] = x.codes;
  real[0] = x.reals;
  std::size_t own = 0;  // op of the program
  for (std::size_t i = 0; i < path.steps().size(); ++i) {
    const step_desc& s = path.steps()[i];
    const auto in = static_cast<std::size_t>(s.in), out = static_cast<std::size_t>(s.out);
    const bool computes = planned_run::computes(s);
    const int op = static_cast<int>(i);
    op_comparison o;
    o.op = op;
    o.name = op_name(s);
    for (int l = s.layer_first; l < s.layer_last && computes; ++l)
      o.layers +=
          std::string{o.layers.empty() ? "" : " "} + to_string(q.source.layers[static_cast<std::size_t>(l)].what);
    o.exit = s.exit;
    o.head = s.head;
    o.output = s.op.geometry.out;
    o.element = s.op.signature.out;

    const tensor_values before = quantized[out];
    std::vector<bool> undecided;
    if (computes) {
      run_quantized_step(q, own, quantized[in], quantized[out]);
      run_real_step(q.source, s, q.real_kernels[own], real[in], real[out]);
      undecided = undecided_signs(q, own, quantized[in]);
      o.reference = compare_values(s, quantized[out],
                                   reference.run_op(canonical.data(), reference_op[own], quantized[in], before), false,
                                   undecided);
      const quantization& as = q.tensors[out];
      if (o.element != kind::bits && o.element != kind::f32) o.scale = as.scale;
      for (std::size_t j = 0; j < real[out].size(); ++j) {
        if (!written(s).holds(j, o.output.c)) continue;
        const double value = (quantized[out][j] - as.zero) * as.scale;
        if (o.element == kind::bits)
          o.sign_flips += (real[out][j] < 0) != (value < 0) ? 1 : 0;
        else
          o.quantization_error = std::max(o.quantization_error, std::abs(value - real[out][j]));
      }
      ++own;
    } else {
      quantized[out] = quantized[in];
      real[out] = real[in];
      o.reference.values = static_cast<int>(quantized[out].size());
    }
    o.path = compare_values(s, quantized[out], path.run_op(bound, op, quantized[in], before), false, undecided);
    o.memory = compare_values(s, path.run_op(bound, op, ran[in], seen[i].before), seen[i].after, true);
    o.differing_in_run = compare_values(s, quantized[out], seen[i].after, false).differing;
    ran[out] = seen[i].after;
    compare_words(packed, bound, s, o);
    result.ops.push_back(std::move(o));
  }
  result.trainer_error = trainer_error(q, x.reals, real);
  return result;
}

}  // namespace detail

// One sample on Path, with the model's weights packed here: is the path's arithmetic right? `x` are pixels as stored
// (for a network of f32 images, too: they get the model's scale). Throws where `x` has the wrong size, or the model
// was quantized for another lowered network.
template <class Lowered, class Path>
comparison compare(const quantized_model& q, std::span<const std::uint8_t> x) {
  return detail::compare(q, planned_run::of<Lowered, path::reference>(), planned_run::of<Lowered, Path>(), nullptr,
                         detail::input_of(q, x));
}
// For networks that read f32: real values. Throws on NaN and infinity, too.
template <class Lowered, class Path>
comparison compare(const quantized_model& q, std::span<const float> x) {
  return detail::compare(q, planned_run::of<Lowered, path::reference>(), planned_run::of<Lowered, Path>(), nullptr,
                         detail::input_of(q, x));
}

// The same with the weights a session is bound to: a wrong word in them is named, too.
template <class Lowered, class Path, class Criterion, class Reuse>
comparison compare(const quantized_model& q, const bound_weights<Lowered, Path, Criterion, Reuse>& bound,
                   std::span<const std::uint8_t> x) {
  return detail::compare(q, planned_run::of<Lowered, path::reference>(), planned_run::of<Lowered, Path>(), bound.ops,
                         detail::input_of(q, x));
}
template <class Lowered, class Path, class Criterion, class Reuse>
comparison compare(const quantized_model& q, const bound_weights<Lowered, Path, Criterion, Reuse>& bound,
                   std::span<const float> x) {
  return detail::compare(q, planned_run::of<Lowered, path::reference>(), planned_run::of<Lowered, Path>(), bound.ops,
                         detail::input_of(q, x));
}

// The same with a session, or whatever else knows its weights. Its state is not touched.
template <class Session, class X>
  requires requires(const Session& s) { s.weights().ops; }
comparison compare(const quantized_model& q, const Session& session, const X& x) {
  return compare(q, session.weights(), x);
}

namespace detail {

inline std::string short_number(double v, const char* digits = "%.4g") {
  char text[32];
  std::snprintf(text, sizeof text, digits, v);
  return text;
}
inline std::string agreement_cell(const agreement& a) {
  if (a.differing > 0) return std::to_string(a.differing) + " of " + std::to_string(a.values);
  return a.largest == 0 ? "equal" : "rounding";
}

// "  reference at y 0, x 3, channel 9: found 1, expected -1 (12 of 3136 values differ)"
inline std::string finding(const std::string& who, const agreement& a, const std::string& expectation) {
  if (a.differing == 0) return "";
  const value_difference& d = *a.first;
  return "  " + who + " at y " + std::to_string(d.y) + ", x " + std::to_string(d.x) + ", channel " +
         std::to_string(d.channel) + ": found " + short_number(d.found, "%.7g") + ", expected " +
         short_number(d.expected, "%.7g") + expectation + " (" + std::to_string(a.differing) + " of " +
         std::to_string(a.values) + " values differ)\n";
}

}  // namespace detail

// A table with a row per op, then what is wrong at the first op that something is wrong with.
inline std::string to_string(const comparison& c) {
  table t({"op", "what", "layers", "output", "error", "units", "flips", "weights", "reference", c.path, "memory",
           "whole run"});
  for (const op_comparison& o : c.ops) {
    const bool signs = o.element == kind::bits;
    t.add({std::to_string(o.op), o.name, o.layers, shape_name(o.output),
           signs ? "-" : detail::short_number(o.quantization_error),
           o.scale > 0 ? fixed(o.quantization_error / o.scale, 1) : "-", signs ? std::to_string(o.sign_flips) : "-",
           o.differing_words == 0 ? "equal" : std::to_string(o.differing_words) + " words",
           detail::agreement_cell(o.reference), detail::agreement_cell(o.path), detail::agreement_cell(o.memory),
           o.differing_in_run == 0 ? "equal" : std::to_string(o.differing_in_run) + " differ"});
  }
  std::string text = t.text();
  text +=
      "error, units, flips: the trained network against the quantized one, in real values, in units of the tensor,\n"
      "and signs that differ. reference, " +
      c.path + ": each op alone, against the quantized network.\n" +
      "memory: the run in the arena against each op alone. whole run: " + c.path +
      " against the quantized network.\nlogits of the trainer's graph against the program in real numbers, relative:";
  for (const double e : c.trainer_error) text += " " + detail::short_number(e);
  const op_comparison* const o = c.first();
  if (o == nullptr) return text + "\nall ops agree\n";
  text += "\nfirst difference: op " + std::to_string(o->op) + ", " + o->name +
          (o->layers.empty() ? "" : " (" + o->layers + ")") + ", " + (o->head ? "head of exit " : "stage of exit ") +
          std::to_string(o->exit + 1) + "\n";
  if (o->weights)
    text += "  weights: word " + std::to_string(o->weights->word) + " (" + o->weights->meaning + "): found " +
            std::to_string(static_cast<std::int32_t>(o->weights->found)) + ", expected " +
            std::to_string(static_cast<std::int32_t>(o->weights->expected)) + " (" +
            std::to_string(o->differing_words) + (o->differing_words == 1 ? " word differs)\n" : " words differ)\n");
  text += detail::finding("reference", o->reference, " by the quantized network");
  text += detail::finding(c.path, o->path, " by the quantized network");
  text += detail::finding("memory plan", o->memory, " by the op alone");
  if (!o->weights && o->reference.differing == 0 && o->path.differing > 0)
    text += "  weights and reference agree: the kernel or the packing of path " + c.path + " is wrong\n";
  return text;
}

inline std::ostream& operator<<(std::ostream& out, const comparison& c) { return out << to_string(c); }

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
