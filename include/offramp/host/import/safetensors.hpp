// Safetensors: the length of a header (8 bytes, little-endian), the header (JSON: type, shape and place of every
// tensor), then the numbers, little-endian. https://huggingface.co/docs/safetensors
// As the format demands, tensors may neither overlap nor leave holes, so that every byte of a file has one meaning.
#ifndef OFFRAMP_HOST_IMPORT_SAFETENSORS_HPP
#define OFFRAMP_HOST_IMPORT_SAFETENSORS_HPP

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/state_dict.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline constexpr std::uint64_t longest_safetensors_header = 1u << 24;  // parsed, it takes some ten times its length

inline stored_number safetensors_type(const std::string& name, const std::string& where) {
  using family = stored_number::family;
  const std::pair<const char*, stored_number> known[] = {{"F32", {family::ieee, 4, false}},
                                                         {"F16", {family::ieee, 2, false}},
                                                         {"BF16", {family::bfloat, 2, false}},
                                                         {"F64", {family::ieee, 8, false}},
                                                         {"I8", {family::signed_integer, 1, false}},
                                                         {"U8", {family::unsigned_integer, 1, false}},
                                                         {"I16", {family::signed_integer, 2, false}},
                                                         {"U16", {family::unsigned_integer, 2, false}},
                                                         {"I32", {family::signed_integer, 4, false}},
                                                         {"U32", {family::unsigned_integer, 4, false}},
                                                         {"I64", {family::signed_integer, 8, false}},
                                                         {"U64", {family::unsigned_integer, 8, false}},
                                                         {"BOOL", {family::unsigned_integer, 1, false}}};
  for (const auto& [text, type] : known)
    if (name == text) return type;
  throw error(where + ": the numbers are of type '" + name +
              "', expected F16, BF16, F32, F64, I8 to I64, U8 to U64 or BOOL");
}

// The header. The library would keep the last of two equal keys and nest without limit: both are refused on the way.
inline nlohmann::json parse_safetensors_header(std::span<const unsigned char> text, const std::string& source) {
  using event = nlohmann::json::parse_event_t;
  std::set<std::string> names;
  const auto look = [&](int depth, event what, nlohmann::json& value) {
    if (depth > 3) throw error(source + ": the header nests deeper than a header of tensors does, expected 3 levels");
    if (what == event::key && depth == 1 && !names.insert(value.get<std::string>()).second)
      throw error(source + ": tensor '" + value.get<std::string>() + "' stands there twice, expected once");
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), look);
  } catch (const nlohmann::json::exception& e) {
    throw error(source + ": the header is no JSON: " + e.what() + ", expected {name: {dtype, shape, data_offsets}}");
  }
}

struct safetensors_entry {
  std::string name;
  stored_number type;
  tensor_shape shape;
  std::uint64_t begin = 0, end = 0;
};

inline safetensors_entry read_safetensors_entry(const std::string& name, const nlohmann::json& item,
                                                const std::string& source) {
  const std::string where = source + ": tensor '" + name + "'";
  const auto numbers = [&](const char* key) -> const nlohmann::json& {
    const auto found = item.find(key);
    if (found == item.end() || !found->is_array() ||
        !std::all_of(found->begin(), found->end(), [](const auto& n) { return n.is_number_unsigned(); }))
      throw error(where + ": " + key + " is " + (found == item.end() ? "missing" : "no list of counts") +
                  ", expected numbers of 0 or more");
    return *found;
  };
  if (!item.is_object()) throw error(where + ": found no object, expected {dtype, shape, data_offsets}");
  const auto type = item.find("dtype");
  if (type == item.end() || !type->is_string()) throw error(where + ": found no dtype, expected one like \"F32\"");
  safetensors_entry entry{name, safetensors_type(type->get<std::string>(), where), {}, 0, 0};
  for (const auto& side : numbers("shape"))
    entry.shape.push_back(static_cast<std::int64_t>(
        std::min<std::uint64_t>(side.get<std::uint64_t>(), std::uint64_t{1} << 62)));  // refused below as too large
  const nlohmann::json& offsets = numbers("data_offsets");
  if (offsets.size() != 2)
    throw error(where + ": data_offsets has " + std::to_string(offsets.size()) + " numbers, expected 2");
  entry.begin = offsets[0].get<std::uint64_t>(), entry.end = offsets[1].get<std::uint64_t>();
  const std::uint64_t expected = claimed_bytes(entry.shape, entry.type, where);
  if (entry.end < entry.begin || entry.end - entry.begin != expected)
    throw error(where + ": data_offsets are " + std::to_string(entry.begin) + " to " + std::to_string(entry.end) +
                ", expected " + std::to_string(expected) + " bytes for shape " + to_text(entry.shape));
  return entry;
}

}  // namespace detail

// The tensors of a file that lies in memory. `source` is what messages call it. Throws on anything but an intact file.
inline state_dict read_safetensors(std::span<const unsigned char> bytes, const std::string& source) {
  if (bytes.size() < 8)
    throw error(source + ": truncated: found " + std::to_string(bytes.size()) +
                " bytes, expected at least 8 (safetensors: the length of the header)");
  std::uint64_t length = 0;
  for (std::size_t b = 0; b < 8; ++b) length |= std::uint64_t{bytes[b]} << (8 * b);
  if (length > bytes.size() - 8)
    throw error(source + ": the header claims " + std::to_string(length) + " bytes, found " +
                std::to_string(bytes.size() - 8) + " behind its length (safetensors expected)");
  if (length > detail::longest_safetensors_header)
    throw error(source + ": the header claims " + std::to_string(length) + " bytes, expected at most " +
                std::to_string(detail::longest_safetensors_header));
  const auto text = bytes.subspan(8, static_cast<std::size_t>(length));
  const auto data = bytes.subspan(8 + static_cast<std::size_t>(length));
  const nlohmann::json header = detail::parse_safetensors_header(text, source);
  if (!header.is_object()) throw error(source + ": the header is no JSON object, expected {name: ...}");

  std::vector<detail::safetensors_entry> entries;
  for (const auto& [name, item] : header.items())
    if (name != "__metadata__") entries.push_back(detail::read_safetensors_entry(name, item, source));
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair{a.begin, a.end} < std::pair{b.begin, b.end};
  });
  std::uint64_t at = 0;
  for (const detail::safetensors_entry& e : entries) {
    if (e.begin != at)
      throw error(source + ": tensor '" + e.name + "' begins at byte " + std::to_string(e.begin) + ", expected " +
                  std::to_string(at) + (e.begin < at ? " (it overlaps another)" : " (there is a hole)"));
    at = e.end;
    if (at > data.size())
      throw error(source + ": tensor '" + e.name + "' ends at byte " + std::to_string(at) + ", found only " +
                  std::to_string(data.size()) + " bytes of numbers (truncated?)");
  }
  if (at != data.size())
    throw error(source + ": found " + std::to_string(data.size()) + " bytes of numbers, expected " +
                std::to_string(at));

  state_dict dict{source, {}};
  for (detail::safetensors_entry& e : entries) {
    const auto part = data.subspan(static_cast<std::size_t>(e.begin), static_cast<std::size_t>(e.end - e.begin));
    dict.tensors.emplace(std::move(e.name), named_tensor{std::move(e.shape), detail::decode_all(e.type, part)});
  }
  return dict;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
