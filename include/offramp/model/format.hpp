// The model format, version 2: one run of 32-bit words, the same in a file and in a generated header.
//
//   word 0   magic "ofrm"
//        1   format version
//        2   words in all
//        3   path id | path version << 16; a model packed for path::reference is canonical, what all others are made of
//        4   exits
//        5   classes
//        6   criterion id
//        7   reuse id
//        8   criterion words of an exit
//        9   words of an exit record
//       10   words of op weights
//       11   words of the known answer's input
//   then     a record for every exit: structure hash up to this exit (low word, high word); judged-logit scale (f32);
//            unit multiplier, unit shift (logit scale * 65536 as a fixed factor); the criterion's words, thresholds
//            (Q16) first; the reuse policy's words. Zeros up to a multiple of 4 words
//   then     packed weights of all ops, in the order they run (exit 0's come first)
//   then     the known answer: input elements (filled up to a word), then the judged logits of every exit,
//            [exits][classes]
//   then     a guarantee, or nothing (model/guarantee.hpp): kinds of loss and test, epsilon (f32), delta (f32), images.
//            It is there if the model is by so many words longer than all other parts are
//   last     CRC-32 of all words before it
//
// A network that is a prefix of the model's finds all it needs: hashes are chains, its ops and its answer come first,
// and every offset follows from the header. Words are little-endian in files; all offsets are words.
#ifndef OFFRAMP_MODEL_FORMAT_HPP
#define OFFRAMP_MODEL_FORMAT_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>
#include <offramp/net/bound_weights.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::format {

inline constexpr std::uint32_t magic = 0x6d72666fu;  // "ofrm"
inline constexpr std::uint32_t format_version = 2;
inline constexpr std::size_t header_words = 12;
inline constexpr std::size_t guarantee_words = 4;

// Where the words of the header stand.
namespace word {
inline constexpr std::size_t magic = 0, version = 1, total = 2, path = 3, exits = 4, classes = 5, criterion = 6,
                             reuse = 7, criterion_words = 8, record_words = 9, op_words = 10, input_words = 11;
}  // namespace word

constexpr std::uint32_t path_word(std::uint16_t id, std::uint16_t version) { return id | std::uint32_t{version} << 16; }

constexpr std::size_t input_words(const input_desc& input) {
  const auto elements = static_cast<std::size_t>(input.extent.size());
  return input.element == kind::f32 ? elements : (elements + 3) / 4;
}

struct sections {
  std::size_t records = header_words;
  std::size_t ops = 0;
  std::size_t answer_input = 0;
  std::size_t answer_logits = 0;
  std::size_t guarantee = 0;  // the same as crc where there is none
  std::size_t crc = 0;
  std::size_t total = 0;
};

constexpr sections layout_of(std::size_t exits, std::size_t classes, std::size_t record_words, std::size_t op_words,
                             std::size_t input, bool guaranteed = false) {
  sections s;
  s.ops = round_up(s.records + record_words * exits, 4);
  s.answer_input = s.ops + op_words;
  s.answer_logits = s.answer_input + input;
  s.guarantee = s.answer_logits + exits * classes;
  s.crc = s.guarantee + (guaranteed ? guarantee_words : 0);
  s.total = s.crc + 1;
  return s;
}

// Of a model whose header is known to be sound.
constexpr sections sections_in(const std::uint32_t* words) {
  sections s = layout_of(words[word::exits], words[word::classes], words[word::record_words], words[word::op_words],
                         words[word::input_words]);
  s.total = words[word::total];
  s.crc = s.total - 1;
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI::format

#endif
