// The model format: one run of 32-bit words, the same in a file and in a generated header.
//
//   word 0   magic "ofrm"
//        1   format version
//        2   words in all
//        3   path id | path version << 16
//        4   exits
//        5   classes
//        6   criterion id
//        7   words of op weights
//        8   structure hash of exit 0 (low word, high word), of exit 1, ...
//   then     per exit: logit scale (f32), unit multiplier, unit shift, threshold (Q16); zeros up to 4 words
//   then     packed weights of all ops, in the order they run (exit 0's come first: a shorter network is a prefix)
//   then     the known answer: input elements (filled up to a word), then the logits of every exit, [exits][classes]
//   last     CRC-32 of all words before it
//
// Words are little-endian in files. All offsets are 32-bit words.
#ifndef OFFRAMP_MODEL_FORMAT_HPP
#define OFFRAMP_MODEL_FORMAT_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/kind.hpp>
#include <offramp/core/shape.hpp>
#include <offramp/net/description.hpp>

namespace offramp::inline OFFRAMP_ABI::format {

inline constexpr std::uint32_t magic = 0x6d72666fu;  // "ofrm"
inline constexpr std::uint32_t format_version = 1;
inline constexpr std::size_t header_words = 8;
inline constexpr std::size_t exit_words = 6;  // hash (2) and record (4)

struct sections {
  std::size_t hashes = header_words;
  std::size_t records = 0;
  std::size_t ops = 0;
  std::size_t answer_input = 0;
  std::size_t answer_logits = 0;
  std::size_t crc = 0;
  std::size_t total = 0;
};

constexpr sections layout_of(std::size_t exits, std::size_t classes, std::size_t op_words, const input_desc& input) {
  sections s;
  s.records = s.hashes + 2 * exits;
  s.ops = round_up(s.records + 4 * exits, 4);
  s.answer_input = s.ops + op_words;
  const auto elements = static_cast<std::size_t>(input.extent.size());
  s.answer_logits = s.answer_input + (input.element == kind::f32 ? elements : (elements + 3) / 4);
  s.crc = s.answer_logits + exits * classes;
  s.total = s.crc + 1;
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI::format

#endif
