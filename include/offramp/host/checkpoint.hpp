// A training run on disk: model, optimizer, how far it is. A run resumed from it goes on bit for bit as if never
// stopped. 32-bit words, low byte first: magic, version, structure hash, number of payload words, payload, CRC-32 of
// all before. Written beside and renamed, so that a crash leaves the old file or the new one, never half of one.
#ifndef OFFRAMP_HOST_CHECKPOINT_HPP
#define OFFRAMP_HOST_CHECKPOINT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <offramp/core/hash.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct checkpoint {
  host::model model;
  int epochs_done = 0;
  std::uint64_t seed = 0;
  std::uint64_t run = 0;             // identity of recipe and data: resuming with others would be another training
  std::int64_t step = 0;             // of the optimizer
  std::vector<float> first, second;  // its memory; empty in a file that only holds a model
};

namespace detail {

inline constexpr std::uint32_t checkpoint_magic[2] = {0x5246464fu, 0x4b43504du};  // "OFFRMPCK"
inline constexpr std::uint32_t checkpoint_version = 1;
inline constexpr std::size_t checkpoint_header_words = 6;

// Calls f(value or vector) for everything that the payload holds, in its order: one list for writing and reading.
template <class Checkpoint, class F>
void for_each_field(Checkpoint& c, F f) {
  f(c.model.input_zero);
  f(c.model.input_scale);
  f(c.epochs_done);
  f(c.seed);
  f(c.run);
  f(c.step);
  f(c.first);
  f(c.second);
  for (auto& p : c.model.parameters) {
    f(p.weights);
    f(p.bias);
    f(p.gamma);
    f(p.beta);
    f(p.mean);
    f(p.variance);
  }
}

struct word_writer {
  std::vector<std::uint32_t>& words;
  void operator()(std::int32_t v) { words.push_back(static_cast<std::uint32_t>(v)); }
  void operator()(float v) { words.push_back(std::bit_cast<std::uint32_t>(v)); }
  void operator()(std::int64_t v) { (*this)(static_cast<std::uint64_t>(v)); }
  void operator()(std::uint64_t v) {
    words.push_back(static_cast<std::uint32_t>(v));
    words.push_back(static_cast<std::uint32_t>(v >> 32));
  }
  void operator()(const std::vector<float>& v) {
    words.push_back(static_cast<std::uint32_t>(v.size()));
    for (const float f : v) (*this)(f);
  }
};

struct word_reader {
  const std::string& path;
  const std::vector<std::uint32_t>& words;
  std::size_t& next;
  std::size_t end;

  std::uint32_t word() {
    if (next >= end) throw error(path + ": corrupted: the payload ends before its last field");
    return words[next++];
  }
  void operator()(std::int32_t& v) { v = static_cast<std::int32_t>(word()); }
  void operator()(float& v) { v = std::bit_cast<float>(word()); }
  void operator()(std::int64_t& v) {
    std::uint64_t u = 0;
    (*this)(u);
    v = static_cast<std::int64_t>(u);
  }
  void operator()(std::uint64_t& v) {
    const std::uint64_t low = word(), high = word();
    v = low | high << 32;
  }
  void operator()(std::vector<float>& v) {
    const std::size_t size = word();
    if (size > end - next)
      throw error(path + ": corrupted: an array of " + std::to_string(size) + " numbers in " +
                  std::to_string(end - next) + " words");
    v.resize(size);
    for (float& f : v) (*this)(f);
  }
};

inline std::uint64_t network_hash(const network_view& net) { return structure_hash(net, net.exit_count - 1); }

}  // namespace detail

// Throws if the file cannot be written; an existing file then stays as it was.
inline void write_checkpoint(const std::string& path, const checkpoint& c) {
  std::vector<std::uint32_t> words(detail::checkpoint_magic, detail::checkpoint_magic + 2);
  detail::word_writer write{words};
  words.push_back(detail::checkpoint_version);
  write(detail::network_hash(c.model.view()));
  words.push_back(0);
  detail::for_each_field(c, write);
  words[detail::checkpoint_header_words - 1] =
      static_cast<std::uint32_t>(words.size() - detail::checkpoint_header_words);
  words.push_back(crc32(words.data(), words.size()));

  std::string bytes;
  bytes.reserve(4 * words.size());
  for (const std::uint32_t w : words)
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((w >> shift) & 0xffu));
  const std::string beside = path + ".part";
  {
    std::ofstream out{beside, std::ios::binary | std::ios::trunc};
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
      std::remove(beside.c_str());
      throw error(path + ": cannot write the checkpoint (" + std::to_string(bytes.size()) + " bytes)");
    }
  }
  std::error_code failed;
  std::filesystem::rename(beside, path, failed);
  if (failed) {
    std::remove(beside.c_str());
    throw error(path + ": cannot replace the checkpoint: " + failed.message());
  }
}

// Throws where the file is missing, cut short, changed, of another version or of another network than `net`.
inline checkpoint read_checkpoint(const std::string& path, const network_view& net) {
  std::ifstream in{path, std::ios::binary};
  if (!in) throw error(path + ": cannot open the checkpoint");
  const std::string bytes{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  std::vector<std::uint32_t> words(bytes.size() / 4);
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t b = 0; b < 4; ++b)
      words[i] |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[4 * i + b])) << (8 * b);

  const auto truncated = [&](std::size_t expected) {
    return error(path + ": truncated: found " + std::to_string(bytes.size()) + " bytes, expected " +
                 std::to_string(expected));
  };
  if (words.size() < detail::checkpoint_header_words) throw truncated(4 * detail::checkpoint_header_words);
  if (words[0] != detail::checkpoint_magic[0] || words[1] != detail::checkpoint_magic[1])
    throw error(path + ": not a checkpoint: its first eight bytes are not OFFRMPCK");
  if (words[2] != detail::checkpoint_version)
    throw error(path + ": checkpoint version is " + std::to_string(words[2]) + ", expected " +
                std::to_string(detail::checkpoint_version));
  const std::size_t end = detail::checkpoint_header_words + words[5];
  if (bytes.size() < 4 * (end + 1)) throw truncated(4 * (end + 1));
  if (bytes.size() > 4 * (end + 1))
    throw error(path + ": corrupted: found " + std::to_string(bytes.size()) + " bytes, expected " +
                std::to_string(4 * (end + 1)));
  if (crc32(words.data(), end) != words[end]) throw error(path + ": corrupted: the checksum does not fit the content");
  if ((words[3] | std::uint64_t{words[4]} << 32) != detail::network_hash(net))
    throw error(path + ": wrong network: the checkpoint was made for a network of another structure");

  checkpoint c;
  c.model = make_model(net, 0);
  const std::vector<layer_parameters> shapes = c.model.parameters;
  std::size_t next = detail::checkpoint_header_words;
  detail::for_each_field(c, detail::word_reader{path, words, next, end});
  if (next != end) throw error(path + ": corrupted: " + std::to_string(end - next) + " words behind the last field");
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const layer_parameters &got = c.model.parameters[i], &expected = shapes[i];
    if (got.weights.size() != expected.weights.size() || got.bias.size() != expected.bias.size() ||
        got.gamma.size() != expected.gamma.size() || got.beta.size() != expected.beta.size() ||
        got.mean.size() != expected.mean.size() || got.variance.size() != expected.variance.size())
      throw error(path + ": wrong network: layer " + std::to_string(i) + " (" + to_string(net.layers[i].what) +
                  ") has parameters of other sizes, " + std::to_string(got.weights.size()) + " weights where " +
                  std::to_string(expected.weights.size()) + " are expected");
  }
  return c;
}

// A file that holds a model alone; a checkpoint of a training run can be read as one, too.
inline void write_model(const std::string& path, const model& m) {
  checkpoint c;
  c.model = m;
  write_checkpoint(path, c);
}
inline model read_model(const std::string& path, const network_view& net) { return read_checkpoint(path, net).model; }

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
