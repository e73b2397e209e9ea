// Models as files: the words of model/format.hpp, little-endian, the same as in a generated header. A file appears
// whole or not at all, and what is read is either sound or refused with the reason. A canonical file (packed for
// path::reference) serves every path: it is packed anew once, in memory, for the path that will run.
#ifndef OFFRAMP_HOST_MODEL_FILE_HPP
#define OFFRAMP_HOST_MODEL_FILE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <offramp/host/deployed.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/write_file.hpp>
#include <offramp/model/bind.hpp>
#include <offramp/model/little_endian.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline std::string hex(std::uint32_t word) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(word));
  return text;
}

// Throws unless `words` are a whole model; the message says what was found.
inline void expect_whole(std::span<const std::uint32_t> words, const std::string& name) {
  const status s = format::check_words(words.data(), words.size_bytes());
  if (s == status::ok) return;
  std::string found;
  switch (s) {
    case status::bad_magic:
      found = "; found " + hex(words[format::word::magic]) + ", expected " + hex(format::magic);
      break;
    case status::old_version:
    case status::unknown_version:
      found = "; found " + std::to_string(words[format::word::version]) + ", expected " +
              std::to_string(format::format_version);
      break;
    case status::too_short:
    case status::wrong_length:
      found = "; found " + std::to_string(words.size()) + " words";
      if (words.size() >= format::header_words)
        found += ", the header says " + std::to_string(words[format::word::total]);
      break;
    case status::bad_checksum:
      found = "; found " + hex(crc32(words.data(), words.size() - 1)) + ", stored " + hex(words.back());
      break;
    default: break;
  }
  throw error(name + ": refused: " + to_string(s) + found);
}

inline std::vector<std::uint32_t> read_word_file(std::ifstream& in, std::size_t count, const std::string& name) {
  std::vector<unsigned char> bytes(4 * count);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<std::size_t>(in.gcount()) != bytes.size())
    throw error(name + ": cannot be read: found " + std::to_string(in.gcount()) + " bytes, expected " +
                std::to_string(bytes.size()));
  std::vector<std::uint32_t> words(count);
  words_from_bytes(bytes.data(), count, words.data());
  return words;
}

}  // namespace detail

// Writes a model. Throws if it is not sound, or if the file cannot be written: what stood there then stays.
inline void save_model(std::span<const std::uint32_t> words, const std::filesystem::path& file) {
  detail::expect_whole(words, file.string() + ": not written");
  std::string bytes(4 * words.size(), '\0');
  bytes_from_words(words.data(), words.size(), reinterpret_cast<unsigned char*>(bytes.data()));
  write_file(file, bytes);
}

// The words of a model, whole, of whatever network. The header is read first: a file of another length, or none of
// ours, is refused before memory is taken for it.
inline std::vector<std::uint32_t> load_model(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  std::ifstream in;
  if (!failed) in.open(file, std::ios::binary);
  if (failed || !in) throw error(name + ": cannot be read: expected a model file");
  if (size % 4 != 0) throw error(name + ": found " + std::to_string(size) + " bytes, expected a multiple of 4");
  const std::size_t front = std::min<std::size_t>(size / 4, format::header_words);
  const std::vector<std::uint32_t> header = detail::read_word_file(in, front, name);
  if (front < format::header_words || header[format::word::magic] != format::magic ||
      header[format::word::version] != format::format_version)
    detail::expect_whole(header, name);
  if (size / 4 != header[format::word::total])
    throw error(name + ": refused: " + to_string(status::wrong_length) + "; found " + std::to_string(size / 4) +
                " words, the header says " + std::to_string(header[format::word::total]));
  in.seekg(0);
  std::vector<std::uint32_t> words = detail::read_word_file(in, size / 4, name);
  detail::expect_whole(words, name);
  return words;
}

inline bool is_canonical(std::span<const std::uint32_t> words) {
  return words[format::word::path] == format::path_word(path::reference::id, path::reference::version);
}

// A canonical model packed for `To`. A model with more exits than the network loses those behind it, and its guarantee,
// which speaks of its last exit. Throws, naming
// `name`, where the words are not a canonical model of this network for these policies.
template <class Lowered, class To, class Criterion = max_softmax, class Reuse = no_reuse>
std::vector<std::uint32_t> repack(std::span<const std::uint32_t> words, const std::string& name = "model") {
  using from_t = planned<Lowered, path::reference>;
  using to_t = planned<Lowered, To>;
  namespace word = format::word;
  const auto bound = bind_or_throw<Lowered, path::reference, Criterion, Reuse>(words, name);
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  constexpr auto classes = static_cast<std::size_t>(Lowered::classes);
  // A policy whose words grow with the number of exits keeps the beginning of them.
  std::uint32_t record_words = bound.record_words;
  if (words[word::reuse] == Reuse::id)
    record_words = exit_record_view::fixed_words + bound.criterion_words +
                   format::reuse_words<Reuse, Lowered::exits, Lowered::classes>();
  const format::sections from = format::sections_in(words.data());
  const bool guaranteed = from.guarantee != from.crc && words[word::exits] == exits;
  const format::sections to =
      format::layout_of(exits, classes, record_words, to_t::plan.weight_words, words[word::input_words], guaranteed);
  std::vector<std::uint32_t> packed(to.total, 0u);
  std::copy_n(words.begin(), format::header_words, packed.begin());
  packed[word::total] = static_cast<std::uint32_t>(to.total);
  packed[word::path] = format::path_word(To::id, To::version);
  packed[word::exits] = static_cast<std::uint32_t>(exits);
  packed[word::record_words] = record_words;
  packed[word::op_words] = static_cast<std::uint32_t>(to_t::plan.weight_words);
  for (std::size_t k = 0; k < exits; ++k)
    std::copy_n(words.data() + from.records + k * bound.record_words, record_words,
                packed.data() + to.records + k * record_words);
  // Both plans have the lowered ops in the same order, with conversions of layout between them.
  int i = 0;
  for (int j = 0; j < to_t::steps; ++j) {
    const step_desc& s = to_t::program.steps[j];
    if (s.op.signature.what == op_kind::convert) continue;
    while (from_t::program.steps[i].op.signature.what == op_kind::convert) ++i;
    kernels::pack<To>(s.op, bound.ops + from_t::program.steps[i++].weight_offset,
                      packed.data() + to.ops + s.weight_offset);
  }
  std::copy_n(words.data() + from.answer_input, words[word::input_words], packed.data() + to.answer_input);
  std::copy_n(words.data() + from.answer_logits, exits * classes, packed.data() + to.answer_logits);
  if (guaranteed) std::copy_n(words.data() + from.guarantee, format::guarantee_words, packed.data() + to.guarantee);
  packed[to.crc] = crc32(packed.data(), to.crc);
  return packed;
}

// A model file, ready to run: bound as it is if it is packed for `Path`, packed anew if it is canonical. Throws, naming
// the file, on anything else.
template <class Lowered, class Path = path::portable, class Criterion = max_softmax, class Reuse = no_reuse>
deployed<Lowered, Path, Criterion, Reuse> load(const std::filesystem::path& file) {
  std::vector<std::uint32_t> words = load_model(file);
  if (is_canonical(words) && Path::id != path::reference::id)
    words = repack<Lowered, Path, Criterion, Reuse>(words, file.string());
  return deployed<Lowered, Path, Criterion, Reuse>{std::move(words), file.string()};
}

// The file of a quantized model: canonical, or packed for a named path.
template <class Lowered, class Path = path::reference, class Criterion = max_softmax, class Reuse = no_reuse>
void export_model(const quantized_model& q, const deployment<Lowered::exits, Criterion, Reuse>& d,
                  std::span<const std::uint8_t> known_answer, const std::filesystem::path& file) {
  save_model(pack_model<Lowered, Path>(q, d, known_answer), file);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
