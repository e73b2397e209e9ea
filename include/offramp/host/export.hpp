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
#include <offramp/host/quantized_model.hpp>
#include <offramp/host/write_file.hpp>
#include <offramp/model/bind.hpp>
#include <offramp/model/packed_model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// What goes into a model beside its weights.
template <int Exits>
struct deployment {
  exit_thresholds<Exits> thresholds{};
  std::uint32_t criterion = max_softmax::id;  // whose scale the thresholds are on
};

namespace detail {

inline std::uint32_t path_word(std::uint16_t id, std::uint16_t version) { return id | std::uint32_t{version} << 16; }

}  // namespace detail

// The words of the model, packed for Path. `known_answer` is one input image as stored (u8); its logits at all exits,
// from the fake-quantized network, travel with the model.
template <class Lowered, class Path>
std::vector<std::uint32_t> pack_model(const quantized_model& q, const deployment<Lowered::exits>& d,
                                      std::span<const std::uint8_t> known_answer) {
  using planned_t = planned<Lowered, Path>;
  constexpr format::sections at = format::sections_of<Lowered, Path>;
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
  words[0] = format::magic;
  words[1] = format::format_version;
  words[2] = static_cast<std::uint32_t>(at.total);
  words[3] = detail::path_word(Path::id, Path::version);
  words[4] = static_cast<std::uint32_t>(exits);
  words[5] = static_cast<std::uint32_t>(classes);
  words[6] = d.criterion;
  words[7] = static_cast<std::uint32_t>(planned_t::plan.weight_words);
  for (std::size_t k = 0; k < exits; ++k) {
    const std::uint64_t h = Lowered::hash(static_cast<int>(k));
    words[at.hashes + 2 * k] = static_cast<std::uint32_t>(h);
    words[at.hashes + 2 * k + 1] = static_cast<std::uint32_t>(h >> 32);
    const fixed_factor unit = make_fixed_factor(q.logit_scale(k) * 65536.0);
    const std::uint32_t record[] = {__builtin_bit_cast(std::uint32_t, static_cast<float>(q.logit_scale(k))),
                                    static_cast<std::uint32_t>(unit.multiplier), static_cast<std::uint32_t>(unit.shift),
                                    static_cast<std::uint32_t>(d.thresholds.q16[k])};
    for (std::size_t i = 0; i < 4; ++i) words[at.records + 4 * k + i] = record[i];
  }
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
  for (std::size_t k = 0; k < exits; ++k) {
    const auto t = static_cast<std::size_t>(q.program.logits[k]);
    for (std::size_t c = 0; c < classes; ++c)
      words[at.answer_logits + k * classes + c] =
          q.program.tensors[t].element == kind::f32
              ? __builtin_bit_cast(std::uint32_t, static_cast<float>(values[t][c]))
              : static_cast<std::uint32_t>(static_cast<std::int32_t>(values[t][c]));
  }
  words[at.crc] = crc32(words.data(), at.crc);
  return words;
}

// The generated header: `inline constexpr packed_model<...> NAME`. `comment` says how it was made (one or more lines).
template <class Lowered, class Path>
std::string header_text(const std::vector<std::uint32_t>& words, const std::string& name, const std::string& comment) {
  std::string guard = "OFFRAMP_GENERATED_";
  for (const char c : name) guard += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  guard += "_HPP";
  std::string text = "// Generated by offramp: weights in flash, packed for path " + std::string{Path::name} + ".\n";
  std::size_t from = 0;
  while (from < comment.size()) {
    const std::size_t to = std::min(comment.find('\n', from), comment.size());
    text += "// " + comment.substr(from, to - from) + "\n";
    from = to + 1;
  }
  char buffer[160];
  std::snprintf(buffer, sizeof buffer, "inline constexpr offramp::packed_model<0x%016llxu, %u, %u, %zu> ",
                static_cast<unsigned long long>(Lowered::hash(Lowered::exits - 1)), static_cast<unsigned>(Path::id),
                static_cast<unsigned>(Path::version), words.size());
  text += "#ifndef " + guard + "\n#define " + guard +
          "\n\n#include <offramp/model/packed_model.hpp>\n\n// clang-format off\n" + buffer + name + "{{\n";
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::snprintf(buffer, sizeof buffer, "0x%x,%s", static_cast<unsigned>(words[i]), i % 12 == 11 ? "\n" : "");
    text += buffer;
  }
  return text + "}};\n// clang-format on\n\n#endif\n";
}

template <class Lowered, class Path = path::portable>
void export_header(const quantized_model& q, const deployment<Lowered::exits>& d,
                   std::span<const std::uint8_t> known_answer, const std::filesystem::path& file,
                   const std::string& name, const std::string& comment = "") {
  write_file(file, header_text<Lowered, Path>(pack_model<Lowered, Path>(q, d, known_answer), name, comment));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
