// Binding: every check of outside data happens here, once; a bound network has no error path. Zero copy. The checks
// are one function over a table of what is expected, so that its code is small and shared by all networks of a program.
#ifndef OFFRAMP_MODEL_BIND_HPP
#define OFFRAMP_MODEL_BIND_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/core/hash.hpp>
#include <offramp/core/status.hpp>
#include <offramp/exits/criterion.hpp>
#include <offramp/model/format.hpp>
#include <offramp/model/guarantee.hpp>
#include <offramp/net/bound_weights.hpp>
#include <offramp/net/plan.hpp>

namespace offramp::inline OFFRAMP_ABI::format {

// Words that a criterion stores for each exit.
template <class Criterion, int Classes>
constexpr std::uint32_t criterion_words() {
  return static_cast<std::uint32_t>(offramp::detail::words_of<Criterion, Classes>());
}
// A criterion that cannot run without its own words; another runs on any model, without thresholds of its own.
template <class Criterion>
constexpr bool needs_words() {
  return offramp::detail::has_parameters<Criterion>();
}
// Words that a reuse policy stores for each exit, linear in the number of exits; it cannot run without them.
template <class Reuse, int Exits, int Classes>
consteval std::uint32_t reuse_words() {
  if constexpr (requires { Reuse::template words<Exits, Classes>; })
    return static_cast<std::uint32_t>(Reuse::template words<Exits, Classes>);
  else
    return 0;
}

template <class Lowered, class Criterion, class Reuse>
inline constexpr std::uint32_t record_words_of =
    exit_record_view::fixed_words +
    criterion_words<Criterion, Lowered::classes>() + reuse_words<Reuse, Lowered::exits, Lowered::classes>();

// Of a model made for exactly this network and these policies.
template <class Lowered, class Path, class Criterion = max_softmax, class Reuse = no_reuse>
inline constexpr sections sections_of = layout_of(static_cast<std::size_t>(Lowered::exits),
                                                  static_cast<std::size_t>(Lowered::classes),
                                                  record_words_of<Lowered, Criterion, Reuse>,
                                                  planned<Lowered, Path>::plan.weight_words,
                                                  input_words(Lowered::input));

// What the words of a model must say to be bound.
struct expected {
  std::uint32_t path = 0;
  std::uint32_t exits = 0;
  std::uint32_t classes = 0;
  std::uint32_t op_words = 0;
  std::uint32_t input_words = 0;
  std::uint32_t criterion = 0;
  std::uint32_t reuse = 0;
  std::uint32_t criterion_words = 0;
  std::uint32_t reuse_words = 0;
  std::uint32_t reuse_words_more = 0;  // for every exit more that the model has
  bool criterion_needed = false;
  const std::uint64_t* hashes = nullptr;  // [exits]
};

template <class Lowered>
struct hashes_of {
  std::uint64_t at[Lowered::exits]{};
};
template <class Lowered>
inline constexpr hashes_of<Lowered> hashes = [] {
  hashes_of<Lowered> h;
  for (int k = 0; k < Lowered::exits; ++k) h.at[k] = Lowered::hash(k);
  return h;
}();

template <class Lowered, class Path, class Criterion, class Reuse>
inline constexpr expected expected_of{path_word(Path::id, Path::version),
                                      static_cast<std::uint32_t>(Lowered::exits),
                                      static_cast<std::uint32_t>(Lowered::classes),
                                      static_cast<std::uint32_t>(planned<Lowered, Path>::plan.weight_words),
                                      static_cast<std::uint32_t>(input_words(Lowered::input)),
                                      Criterion::id,
                                      Reuse::id,
                                      criterion_words<Criterion, Lowered::classes>(),
                                      reuse_words<Reuse, Lowered::exits, Lowered::classes>(),
                                      reuse_words<Reuse, Lowered::exits + 1, Lowered::classes>() -
                                          reuse_words<Reuse, Lowered::exits, Lowered::classes>(),
                                      needs_words<Criterion>(),
                                      hashes<Lowered>.at};

// Is the run of words whole, and as long as its header says? Needs no network. Sums are of 64 bits and their factors
// of at most 16, so that no lie of the header wraps around.
constexpr status check_words(const std::uint32_t* data, std::size_t bytes) {
  if (bytes < header_words * 4) return status::too_short;
  if (data[word::magic] != magic) return status::bad_magic;
  if (data[word::version] < format_version) return status::old_version;
  if (data[word::version] > format_version) return status::unknown_version;
  const std::uint32_t total = data[word::total];
  if (bytes / 4 < total) return status::too_short;
  if (bytes % 4 != 0 || bytes / 4 > total || total <= header_words) return status::wrong_length;
  if (crc32(data, total - 1) != data[total - 1]) return status::bad_checksum;
  const std::uint32_t exits = data[word::exits];
  const std::uint32_t classes = data[word::classes];
  const std::uint32_t stride = data[word::record_words];
  if ((exits | classes | stride) >= 65536u) return status::bad_header;
  if (std::uint64_t{data[word::criterion_words]} + exit_record_view::fixed_words > stride) return status::bad_header;
  const std::uint64_t front = (std::uint64_t{exits} * stride + header_words + 3) & ~std::uint64_t{3};
  const std::uint64_t parts =
      front + data[word::op_words] + data[word::input_words] + std::uint64_t{exits} * classes + 1;
  const std::uint64_t more = total - parts;
  if (more == 0) return status::ok;
  if (more != guarantee_words) return status::wrong_length;
  return guarantee_sound(data + total - 1 - guarantee_words) ? status::ok : status::bad_guarantee;
}

// Do these words, whole, belong to the network? It may be a prefix of the model's.
constexpr status check_identity(const std::uint32_t* data, const expected& e) {
  if (data[word::path] != e.path) return status::wrong_path;
  const std::uint32_t more = data[word::exits] - e.exits;  // exits that the model has beyond the network's
  if (more >= 65536u || data[word::classes] != e.classes || data[word::input_words] != e.input_words)
    return status::wrong_network;
  const std::uint32_t stride = data[word::record_words];
  const std::uint32_t* record = data + header_words;
  for (std::uint32_t k = 0; k < e.exits; ++k, record += stride) {
    if (record[0] != static_cast<std::uint32_t>(e.hashes[k]) ||
        record[1] != static_cast<std::uint32_t>(e.hashes[k] >> 32))
      return status::wrong_network;
    // A finite scale of no sign; a factor that `requantize` can take.
    const bool factor = record[3] >> 30 == 1 || record[3] == 0;
    if (record[2] >= 0x7f800000u || !factor || record[4] + 31u > 61u) return status::bad_record;
  }
  // The same ops on the same version of the path take the same words; every further exit has some of its own.
  const std::uint32_t ops = data[word::op_words];
  if (more == 0 ? ops != e.op_words : ops <= e.op_words) return status::wrong_path;
  const std::uint32_t criterion_words = data[word::criterion_words];
  if (data[word::criterion] == e.criterion ? criterion_words != e.criterion_words : e.criterion_needed)
    return status::wrong_criterion;
  const std::uint32_t reuse_words = stride - exit_record_view::fixed_words - criterion_words;
  if (data[word::reuse] == e.reuse ? reuse_words != e.reuse_words + more * e.reuse_words_more : e.reuse_words != 0)
    return status::wrong_reuse;
  return status::ok;
}

constexpr status check(const std::uint32_t* data, std::size_t bytes, const expected& e) {
  const status s = check_words(data, bytes);
  return s == status::ok ? check_identity(data, e) : s;
}

// Of words that are known to be sound.
template <class Lowered, class Path, class Criterion, class Reuse>
constexpr bound_weights<Lowered, Path, Criterion, Reuse> view_of(const std::uint32_t* words) {
  const sections at = sections_in(words);
  return {words + at.ops, words + at.records, words[word::record_words], words[word::criterion_words],
          words[word::criterion] == Criterion::id && words[word::reuse] == Reuse::id};
}

}  // namespace offramp::inline OFFRAMP_ABI::format

namespace offramp::inline OFFRAMP_ABI {

// Checks `bytes` bytes at `data` and binds them. On anything but ok, `bound` is untouched.
// The data must outlive `bound`.
template <class Lowered, class Path, class Criterion, class Reuse>
constexpr status bind_weights(const std::uint32_t* data, std::size_t bytes,
                              bound_weights<Lowered, Path, Criterion, Reuse>& bound) {
  const status s = format::check(data, bytes, format::expected_of<Lowered, Path, Criterion, Reuse>);
  if (s == status::ok) bound = format::view_of<Lowered, Path, Criterion, Reuse>(data);
  return s;
}

// The same for data that may not be aligned to words (a file mapped at any address): refused rather than misread.
template <class Lowered, class Path, class Criterion, class Reuse>
inline status bind_weights(const void* data, std::size_t bytes, bound_weights<Lowered, Path, Criterion, Reuse>& bound) {
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint32_t) != 0) return status::misaligned;
  return bind_weights(static_cast<const std::uint32_t*>(data), bytes, bound);
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
