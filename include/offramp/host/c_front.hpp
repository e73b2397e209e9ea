// A network for projects in C: NAME.h (C99, no C++ in it) and NAME.cpp (the network behind `extern "C"`), generated for
// one lowered network and its exit policies. The caller brings the memory (struct NAME_context: arena and session), so
// nothing is allocated and several samples may be under way in contexts of their own. Sizes are constants in NAME.h;
// NAME.cpp does not compile where they, or the numbers of its enums, differ from those of the library.
#ifndef OFFRAMP_HOST_C_FRONT_HPP
#define OFFRAMP_HOST_C_FRONT_HPP

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <offramp/core/status.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/host/c_front_text.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// How the generated files call what they are made of. Names of types are C++ text, seen from the global namespace.
struct c_front {
  std::string name;                             // prefix of everything: NAME.h, NAME_classify, NAME_EXITS
  std::string network_header;                   // as written in an #include: "garment/network.hpp"
  std::string network;                          // the lowered network's type: "garment::device_net"
  std::string weights_header;                   // from export_header; "" and no `weights`: only NAME_bind gives weights
  std::string weights;                          // the variable in it
  std::string library = "offramp/offramp.hpp";  // or where the single header lies
  std::string path{};                           // "": offramp::path::<name of the path>
  std::string criterion = "offramp::max_softmax";
  std::string reuse = "offramp::no_reuse";
};

struct c_front_files {
  std::string header;  // NAME.h
  std::string source;  // NAME.cpp
};

namespace detail {

inline void expect_c_prefix(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool good = !name.empty() && letter(name[0]) && name.find("__") == std::string::npos && name.back() != '_';
  for (const char c : name) good = good && (letter(c) || c == '_' || (c >= '0' && c <= '9'));
  if (!good)
    throw error("c_front: name '" + name +
                "', expected a C identifier: a letter, then letters, digits and single underscores between them");
}

inline std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

inline void expect_text(const char* field, const std::string& text) {
  if (text.empty() || text.find_first_of("\"\n\r\\;{}") != std::string::npos)
    throw error(std::string{"c_front: "} + field + " '" + text +
                "', expected one line of C++ without quotes or braces");
}

// Replaces each @key@.
inline std::string fill_in(std::string_view text, const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out{text};
  for (const auto& [key, value] : values) {
    const std::string mark = "@" + key + "@";
    for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at + value.size()))
      out.replace(at, mark.size(), value);
  }
  return out;
}

// The enumerators of an enum that counts from 0, by its texts: up to a colon, blanks as underscores.
template <class Enum>
std::vector<std::string> enumerators() {
  const std::string_view unknown = to_string(static_cast<Enum>(255));
  if (unknown.empty()) throw error("c_front: needs the texts of status: build without OFFRAMP_NO_STATUS_TEXT");
  std::vector<std::string> names;
  for (int i = 0; to_string(static_cast<Enum>(i)) != unknown; ++i) {
    std::string text = to_string(static_cast<Enum>(i));
    text = text.substr(0, text.find(':'));
    std::replace(text.begin(), text.end(), ' ', '_');
    names.push_back(text);
  }
  return names;
}

template <class T>
std::string c_type() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return "uint8_t";
  if constexpr (std::is_same_v<T, std::int8_t>) return "int8_t";
  if constexpr (std::is_same_v<T, std::int16_t>) return "int16_t";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "uint32_t";
  if constexpr (std::is_same_v<T, std::int32_t>) return "int32_t";
  if constexpr (std::is_same_v<T, float>) return "float";
}

}  // namespace detail

// The two texts. Throws where a name cannot stand in C or C++.
template <class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax, class Reuse = no_reuse>
c_front_files c_front_text(const c_front& front) {
  using session_t = session<Lowered, Path, Criterion, Reuse>;
  detail::expect_c_prefix(front.name);
  const std::string path = front.path.empty() ? "offramp::path::" + std::string{Path::name} : front.path;
  for (const auto& [field, text] : {std::pair<const char*, const std::string&>{"network_header", front.network_header},
                                    {"network", front.network},
                                    {"library", front.library},
                                    {"path", path},
                                    {"criterion", front.criterion},
                                    {"reuse", front.reuse}})
    detail::expect_text(field, text);
  if (front.weights_header.empty() != front.weights.empty())
    throw error("c_front: weights_header '" + front.weights_header + "' and weights '" + front.weights +
                "', expected both or none");
  if (!front.weights.empty()) {
    detail::expect_text("weights_header", front.weights_header);
    detail::expect_text("weights", front.weights);
  }

  const std::string NAME = detail::upper(front.name);  // NOLINT(readability-identifier-naming)
  std::string statuses, reasons, checks;
  const auto list = [&](const std::vector<std::string>& names, const std::string& prefix, const char* type,
                        std::string& into) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string c_name = NAME + prefix + detail::upper(names[i]);
      into += "  " + c_name + " = " + std::to_string(i) + (i + 1 < names.size() ? ",\n" : "");
      checks += "static_assert(" + c_name + " == static_cast<int>(offramp::" + type + "::" + names[i] + "));\n";
    }
  };
  list(detail::enumerators<status>(), "_STATUS_", "status", statuses);
  list(detail::enumerators<stop_reason>(), "_", "stop_reason", reasons);

  // Room for the arena at its alignment, the session and the address of the model; rounded, as `union state` will be.
  constexpr std::size_t arena_bytes = memory<Lowered, Path>.arena_bytes;
  struct context {
    arena<Lowered, Path> ram;
    session_t run;
    const std::uint32_t* words;
  };
  constexpr std::size_t context_bytes = (sizeof(context) + alignof(context) + 7) / 8 * 8;
  constexpr bool thresholds_by_confidence = requires(session_t s, typename session_t::input_view x, confidence c) {
    s.classify(x, c);
  };
  char hash[24];
  std::snprintf(hash, sizeof hash, "0x%016llx", static_cast<unsigned long long>(Lowered::hash(Lowered::exits - 1)));

  const bool weights = !front.weights.empty();
  std::vector<std::pair<std::string, std::string>> values{
      // Texts first, since they hold marks themselves.
      {"statuses", statuses},
      {"reasons", reasons},
      {"enum_checks", checks},
      {"init_declaration", std::string{weights ? detail::c_init_declaration : ""}},
      {"init_definition", std::string{weights ? detail::c_init_definition : ""}},
      {"header_include", "#include \"" + front.name + ".h\""},
      {"weights_include", weights ? "#include <" + front.weights_header + ">\n" : ""},
      {"classify_at_declaration", std::string{thresholds_by_confidence ? detail::c_classify_at_declaration : ""}},
      {"classify_at_definition", std::string{thresholds_by_confidence ? detail::c_classify_at_definition : ""}},
      {"name", front.name},
      {"NAME", NAME},
      {"network_header", front.network_header},
      {"network", front.network},
      {"library", front.library},
      {"weights", front.weights},
      {"path", path},
      {"path_name", Path::name},
      {"criterion", front.criterion},
      {"reuse", front.reuse},
      {"hash", hash},
      {"input", detail::c_type<typename session_t::input_element>()},
      {"logit", detail::c_type<typename session_t::logit>()},
  };
  const auto number = [&](const char* key, auto value) { values.emplace_back(key, std::to_string(value)); };
  number("exits", session_t::exits);
  number("classes", session_t::classes);
  number("input_elements", session_t::input_size);
  number("input_height", Lowered::input.extent.h);
  number("input_width", Lowered::input.extent.w);
  number("input_channels", Lowered::input.extent.c);
  number("arena_bytes", arena_bytes);
  number("weight_bytes", memory<Lowered, Path>.weight_bytes);
  number("context_bytes", context_bytes);
  number("path_id", Path::id);
  number("path_version", Path::version);
  number("criterion_id", Criterion::id);
  number("reuse_id", Reuse::id);
  return {detail::fill_in(detail::c_header_text, values), detail::fill_in(detail::c_source_text, values)};
}

// Writes NAME.h and NAME.cpp into `folder`, which must exist.
template <class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax, class Reuse = no_reuse>
void export_c_front(const c_front& front, const std::filesystem::path& folder) {
  const c_front_files files = c_front_text<Lowered, Path, Criterion, Reuse>(front);
  write_file(folder / (front.name + ".h"), files.header);
  write_file(folder / (front.name + ".cpp"), files.source);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
