// Binding weights of a nested network: every check of outside data, once. The words are a model's (model/format.hpp)
// but for the magic "ofrn", the number of levels in place of the known answer's, records for every level and exit, and
// nothing behind the op weights but the CRC.
#ifndef OFFRAMP_ELASTIC_BIND_NESTED_HPP
#define OFFRAMP_ELASTIC_BIND_NESTED_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/hash.hpp>
#include <offramp/core/status.hpp>
#include <offramp/elastic/nested_session.hpp>
#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI::format {

inline constexpr std::uint32_t nested_magic = 0x6e72666fu;  // "ofrn"
inline constexpr std::uint32_t nested_version = 1;
namespace word {
inline constexpr std::size_t levels = input_words;
}  // namespace word

// Records of all levels, and op weights behind them.
constexpr sections nested_layout_of(std::size_t levels, std::size_t exits, std::size_t record_words,
                                    std::size_t op_words) {
  sections s = layout_of(levels * exits, 0, record_words, op_words, 0);
  s.answer_input = s.answer_logits = s.guarantee = s.crc;
  return s;
}

// What the words must say; hashes are [levels][exits].
struct nested_expected {
  std::uint32_t path = 0, levels = 0, exits = 0, classes = 0, op_words = 0, criterion = 0, reuse = 0;
  std::uint32_t criterion_words = 0, reuse_words = 0;
  bool criterion_needed = false;
  const std::uint64_t* hashes = nullptr;
};

template <class Family>
struct nested_hashes_of {
  std::uint64_t at[Family::levels * Family::exits]{};
};
template <class Family, int... I>
constexpr nested_hashes_of<Family> make_nested_hashes(std::integer_sequence<int, I...>) {
  nested_hashes_of<Family> h;
  for (int k = 0; k < Family::exits; ++k) ((h.at[I * Family::exits + k] = Family::template level<I>::hash(k)), ...);
  return h;
}
template <class Family>
inline constexpr nested_hashes_of<Family> nested_hashes =
    make_nested_hashes<Family>(std::make_integer_sequence<int, Family::levels>{});

template <class Family, class Path, class Criterion, class Reuse>
inline constexpr nested_expected nested_expected_of{
    path_word(Path::id, Path::version),
    static_cast<std::uint32_t>(Family::levels),
    static_cast<std::uint32_t>(Family::exits),
    static_cast<std::uint32_t>(Family::classes),
    static_cast<std::uint32_t>(offramp::detail::nested_layout<Family, Path>::at.total),
    Criterion::id,
    Reuse::id,
    criterion_words<Criterion, Family::classes>(),
    reuse_words<Reuse, Family::exits, Family::classes>(),
    needs_words<Criterion>(),
    nested_hashes<Family>.at};

constexpr status check_nested(const std::uint32_t* data, std::size_t bytes, const nested_expected& e) {
  if (bytes < header_words * 4) return status::too_short;
  if (data[word::magic] != nested_magic) return status::bad_magic;
  if (data[word::version] != nested_version) return status::unknown_version;
  const std::uint32_t total = data[word::total];
  if (bytes / 4 < total) return status::too_short;
  if (bytes % 4 != 0 || bytes / 4 > total || total <= header_words) return status::wrong_length;
  if (crc32(data, total - 1) != data[total - 1]) return status::bad_checksum;
  if (data[word::path] != e.path) return status::wrong_path;
  if (data[word::levels] != e.levels || data[word::exits] != e.exits || data[word::classes] != e.classes)
    return status::wrong_network;
  const std::uint32_t stride = data[word::record_words], own = data[word::criterion_words];
  if (stride >= 65536u || own >= 65536u || own + exit_record_view::fixed_words > stride) return status::bad_header;
  if (data[word::op_words] != e.op_words) return status::wrong_path;
  if (nested_layout_of(e.levels, e.exits, stride, e.op_words).total != total) return status::wrong_length;
  const std::uint32_t* record = data + header_words;
  for (std::uint32_t k = 0; k < e.levels * e.exits; ++k, record += stride) {
    if (record[0] != static_cast<std::uint32_t>(e.hashes[k]) ||
        record[1] != static_cast<std::uint32_t>(e.hashes[k] >> 32))
      return status::wrong_network;
    const bool factor = record[3] >> 30 == 1 || record[3] == 0;
    if (record[2] >= 0x7f800000u || !factor || record[4] + 31u > 61u) return status::bad_record;
  }
  if (data[word::criterion] == e.criterion ? own != e.criterion_words : e.criterion_needed)
    return status::wrong_criterion;
  const std::uint32_t reuse_words = stride - exit_record_view::fixed_words - own;
  if (data[word::reuse] == e.reuse ? reuse_words != e.reuse_words : e.reuse_words != 0) return status::wrong_reuse;
  return status::ok;
}

}  // namespace offramp::inline OFFRAMP_ABI::format

namespace offramp::inline OFFRAMP_ABI {

// Checks `bytes` bytes at `data` and binds them. On anything but ok, `bound` is untouched. The data must outlive it.
template <class Family, class Path, class Criterion, class Reuse>
constexpr status bind_nested(const std::uint32_t* data, std::size_t bytes,
                             bound_nested<Family, Path, Criterion, Reuse>& bound) {
  const status s = format::check_nested(data, bytes, format::nested_expected_of<Family, Path, Criterion, Reuse>);
  if (s != status::ok) return s;
  const format::sections at = format::nested_layout_of(Family::levels, Family::exits, data[format::word::record_words],
                                                       data[format::word::op_words]);
  bound = {data + at.ops, data + at.records, data[format::word::record_words], data[format::word::criterion_words],
           data[format::word::criterion] == Criterion::id && data[format::word::reuse] == Reuse::id};
  return s;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
