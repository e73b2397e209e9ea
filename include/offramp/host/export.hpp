// From a quantized model to what a device runs: the packed words of a model (model/format.hpp), as a file or as a
// generated header that holds the same words.
#ifndef OFFRAMP_HOST_EXPORT_HPP
#define OFFRAMP_HOST_EXPORT_HPP

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <offramp/exits/session.hpp>
#include <offramp/host/fake_quantized.hpp>
#include <offramp/host/guarantee_text.hpp>
#include <offramp/host/quantized_model.hpp>
#include <offramp/host/write_file.hpp>
#include <offramp/model/bind.hpp>
#include <offramp/model/packed_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What goes into a model beside its weights: exit policies, and the words they need. In the plain case
// `deployment<3>{{{q1, q2, 0}}}`, thresholds of max_softmax; `deployment<3, entropy>{...}` for another criterion.
template <int Exits, class Criterion = max_softmax, class Reuse = no_reuse>
struct deployment {
  exit_thresholds<Exits> thresholds{};
  std::vector<std::uint32_t> criterion_words{};  // [exits][words]; empty: each exit's threshold is its only word
  std::vector<std::uint32_t> reuse_words{};      // [exits][words]
  std::vector<double> judged_scale{};            // [exits], of the judged logits; empty: that of each head
  offramp::guarantee guarantee{};                // what is promised about these thresholds (host/risk_control.hpp)
};

namespace detail {

// Line breaks for blanks, so that no line is longer where a blank is.
inline std::string wrapped(std::string text, std::size_t columns) {
  for (std::size_t begin = 0; text.size() - begin > columns;) {
    const std::size_t blank = text.rfind(' ', begin + columns);
    if (blank == std::string::npos || blank < begin) break;
    text[blank] = '\n';
    begin = blank + 1;
  }
  return text;
}

// The words of one policy, [exits][per_exit].
inline void expect_words(const char* what, std::size_t found, std::size_t exits, std::size_t per_exit) {
  if (found != exits * per_exit)
    throw error(std::string{"export: the deployment has "} + std::to_string(found) + " " + what + " words, expected " +
                std::to_string(per_exit) + " for each of " + std::to_string(exits) + " exits");
}

template <class Lowered, class Criterion, class Reuse>
void write_records(const quantized_model& q, const deployment<Lowered::exits, Criterion, Reuse>& d,
                   std::uint32_t* records) {
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  constexpr std::size_t criterion_words = format::criterion_words<Criterion, Lowered::classes>();
  constexpr std::size_t reuse_words = format::reuse_words<Reuse, Lowered::exits, Lowered::classes>();
  const bool plain = d.criterion_words.empty() && criterion_words == 1;
  if (!plain) expect_words("criterion", d.criterion_words.size(), exits, criterion_words);
  expect_words("reuse", d.reuse_words.size(), exits, reuse_words);
  if (!d.judged_scale.empty() && d.judged_scale.size() != exits)
    throw error("export: the deployment has " + std::to_string(d.judged_scale.size()) +
                " scales of judged logits, expected " + std::to_string(exits));
  for (std::size_t k = 0; k < exits; ++k) {
    const std::uint64_t hash = Lowered::hash(static_cast<int>(k));
    const double scale = d.judged_scale.empty() ? q.logit_scale(k) : d.judged_scale[k];
    const fixed_factor unit = make_fixed_factor(scale * 65536.0);
    std::uint32_t* to = records + k * format::record_words_of<Lowered, Criterion, Reuse>;
    *to++ = static_cast<std::uint32_t>(hash);
    *to++ = static_cast<std::uint32_t>(hash >> 32);
    *to++ = __builtin_bit_cast(std::uint32_t, static_cast<float>(scale));
    *to++ = static_cast<std::uint32_t>(unit.multiplier);
    *to++ = static_cast<std::uint32_t>(unit.shift);
    for (std::size_t i = 0; i < criterion_words; ++i)
      *to++ = plain ? static_cast<std::uint32_t>(d.thresholds.q16[k]) : d.criterion_words[k * criterion_words + i];
    for (std::size_t i = 0; i < reuse_words; ++i) *to++ = d.reuse_words[k * reuse_words + i];
  }
}

// The logits of all heads, [exits][classes], as the reuse policy hands them to the criterion.
template <class T, class Lowered, class Path, class Criterion, class Reuse>
void write_judged(const bound_weights<Lowered, Path, Criterion, Reuse>& bound, const std::vector<double>& logits,
                  std::uint32_t* to) {
  typename Reuse::template state<T, Lowered::exits, Lowered::classes> state{};
  state.begin();
  for (int k = 0; k < Lowered::exits; ++k) {
    T raw[Lowered::classes];
    for (int c = 0; c < Lowered::classes; ++c)
      raw[c] = static_cast<T>(logits[static_cast<std::size_t>(k * Lowered::classes + c)]);
    const T* judged = state.combine(k, raw, bound.reuse(k));
    for (int c = 0; c < Lowered::classes; ++c) *to++ = __builtin_bit_cast(std::uint32_t, judged[c]);
  }
}

}  // namespace detail

// The words of the model, packed for Path (path::reference: canonical). `known_answer` is one input image as stored
// (u8); its judged logits at all exits, from the fake-quantized network, travel with the model.
template <class Lowered, class Path, class Criterion = max_softmax, class Reuse = no_reuse>
std::vector<std::uint32_t> pack_model(const quantized_model& q, const deployment<Lowered::exits, Criterion, Reuse>& d,
                                      std::span<const std::uint8_t> known_answer) {
  using planned_t = planned<Lowered, Path>;
  const format::sections at =
      format::layout_of(Lowered::exits, Lowered::classes, format::record_words_of<Lowered, Criterion, Reuse>,
                        planned_t::plan.weight_words, format::input_words(Lowered::input), d.guarantee.promised());
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  constexpr auto classes = static_cast<std::size_t>(Lowered::classes);
  const auto input_size = static_cast<std::size_t>(Lowered::input.extent.size());
  if (known_answer.size() != input_size)
    throw error("export: the known answer's input has " + std::to_string(known_answer.size()) + " elements, expected " +
                std::to_string(input_size));
  if (q.program.steps.size() != static_cast<std::size_t>(Lowered::program.step_count))
    throw error("export: the quantized model has " + std::to_string(q.program.steps.size()) + " ops, expected " +
                std::to_string(Lowered::program.step_count) + ": quantize it for the same lowered network");
  std::vector<std::uint32_t> words(at.total, 0u);
  words[format::word::magic] = format::magic;
  words[format::word::version] = format::format_version;
  words[format::word::total] = static_cast<std::uint32_t>(at.total);
  words[format::word::path] = format::path_word(Path::id, Path::version);
  words[format::word::exits] = static_cast<std::uint32_t>(exits);
  words[format::word::classes] = static_cast<std::uint32_t>(classes);
  words[format::word::criterion] = Criterion::id;
  words[format::word::reuse] = Reuse::id;
  words[format::word::criterion_words] = format::criterion_words<Criterion, Lowered::classes>();
  words[format::word::record_words] = format::record_words_of<Lowered, Criterion, Reuse>;
  words[format::word::op_words] = static_cast<std::uint32_t>(planned_t::plan.weight_words);
  words[format::word::input_words] = static_cast<std::uint32_t>(format::input_words(Lowered::input));
  detail::write_records<Lowered, Criterion, Reuse>(q, d, words.data() + at.records);
  // The plan has the lowered ops in the same order, with conversions of layout between them.
  std::size_t next = 0;
  for (int i = 0; i < planned_t::steps; ++i) {
    const step_desc& s = planned_t::program.steps[i];
    if (s.op.signature.what == op_kind::convert) continue;
    kernels::pack<Path>(s.op, q.words[next++].data(), words.data() + at.ops + s.weight_offset);
  }
  const std::vector<tensor_values> values = run_program(q, known_answer.data(), true);
  for (std::size_t i = 0; i < input_size; ++i) {
    if constexpr (Lowered::input.element == kind::f32)
      words[at.answer_input + i] = __builtin_bit_cast(std::uint32_t, static_cast<float>(values[0][i]));
    else
      words[at.answer_input + i / 4] |= std::uint32_t{known_answer[i]} << (8 * (i % 4));
  }
  std::vector<double> logits;
  for (std::size_t k = 0; k < exits; ++k) {
    const auto& z = values[static_cast<std::size_t>(q.program.logits[k])];
    logits.insert(logits.end(), z.begin(), z.end());
  }
  const kind element = q.program.tensors[static_cast<std::size_t>(q.program.logits[0])].element;
  const auto bound = format::view_of<Lowered, Path, Criterion, Reuse>(words.data());
  if (element == kind::f32)
    detail::write_judged<float>(bound, logits, words.data() + at.answer_logits);
  else
    detail::write_judged<std::int32_t>(bound, logits, words.data() + at.answer_logits);
  if (d.guarantee.promised()) {
    format::write_guarantee(d.guarantee, words.data() + at.guarantee);
    if (!format::guarantee_sound(words.data() + at.guarantee))
      throw error("export: the deployment's guarantee has epsilon " + std::to_string(d.guarantee.epsilon) + ", delta " +
                  std::to_string(d.guarantee.delta) + " and " + std::to_string(d.guarantee.n) +
                  " images, expected what host::calibrate promised");
  }
  words[at.crc] = crc32(words.data(), at.crc);
  return words;
}

// A model as the text of a generated header, `inline constexpr packed_model<...> NAME`: the words of the file, and
// their identity in the type. `comment` says how it was made (one or more lines); what is promised about the thresholds
// stands behind it.
inline std::string header_text(std::span<const std::uint32_t> words, const std::string& path_name,
                               const std::string& name, const std::string& comment) {
  std::string guard = "OFFRAMP_GENERATED_";
  for (const char c : name) guard += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  guard += "_HPP";
  std::string text = "// Generated by offramp: weights in flash, packed for path " + path_name + ".\n";
  const guarantee promise = guarantee_in(words.data());
  std::string lines = comment;
  if (promise.promised())
    lines += (comment.empty() || comment.back() == '\n' ? "" : "\n") + detail::wrapped(statement_of(promise), 117);
  std::size_t from = 0;
  while (from < lines.size()) {
    const std::size_t to = std::min(lines.find('\n', from), lines.size());
    text += "// " + lines.substr(from, to - from) + "\n";
    from = to + 1;
  }
  text += "#ifndef " + guard + "\n#define " + guard +
          "\n\n#ifndef OFFRAMP_MODEL_PACKED_MODEL_HPP  // the single header has it inside\n"
          "#include <offramp/model/packed_model.hpp>\n#endif\n\n// clang-format off\n";
  char buffer[160];
  const std::uint32_t path = words[format::word::path];
  std::snprintf(buffer, sizeof buffer, "inline constexpr offramp::packed_model<%zu, %u, %u, %u, %u", words.size(),
                static_cast<unsigned>(path & 0xffffu), static_cast<unsigned>(path >> 16),
                static_cast<unsigned>(words[format::word::criterion]),
                static_cast<unsigned>(words[format::word::reuse]));
  text += buffer;
  for (std::uint32_t k = 0; k < words[format::word::exits]; ++k) {
    const std::uint32_t* record = words.data() + format::header_words + k * words[format::word::record_words];
    std::snprintf(buffer, sizeof buffer, ",\n    0x%08x%08xu", static_cast<unsigned>(record[1]),
                  static_cast<unsigned>(record[0]));
    text += buffer;
  }
  text += "> " + name + "{{\n";
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::snprintf(buffer, sizeof buffer, "0x%x,%s", static_cast<unsigned>(words[i]), i % 12 == 11 ? "\n" : "");
    text += buffer;
  }
  return text + "}};\n// clang-format on\n\n#endif\n";
}

template <class Lowered, class Path = path::portable, class Criterion = max_softmax, class Reuse = no_reuse>
void export_header(const quantized_model& q, const deployment<Lowered::exits, Criterion, Reuse>& d,
                   std::span<const std::uint8_t> known_answer, const std::filesystem::path& file,
                   const std::string& name, const std::string& comment = "") {
  write_file(file, header_text(pack_model<Lowered, Path>(q, d, known_answer), Path::name, name, comment));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
