// Which of their tensors fills which array of ours: by default the names a module written like our type has
// (parameters.hpp), by a function, or as a text that is printed from the type, edited and read back:
//   layer0.conv2d.weight = features.0.weight    # [64, 32, 3, 3]
//   layer3.dense.bias    = -                    # not in the file: stays as a fresh network has it (a bias 0)
//   -                    = ema.*                # in the file and not wanted; * at the end stands for any rest
#ifndef OFFRAMP_HOST_IMPORT_NAME_MAP_HPP
#define OFFRAMP_HOST_IMPORT_NAME_MAP_HPP

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/parameters.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct name_map {
  std::string source;                                      // the file, for messages
  std::map<std::string, std::string, std::less<>> theirs;  // by our name; "-": stays as it is
  std::vector<std::string> unwanted;                       // of theirs; a * at the end stands for any rest

  [[nodiscard]] bool is_unwanted(std::string_view name) const {
    return std::any_of(unwanted.begin(), unwanted.end(), [&](std::string_view pattern) {
      if (!pattern.ends_with('*')) return name == pattern;
      pattern.remove_suffix(1);
      return name.starts_with(pattern);
    });
  }
};

// `rename` gives their name for each array of ours: std::string(const parameter_info&).
template <class Rename>
name_map names_by(const network_view& net, Rename rename) {
  name_map names{"name map", {}, {}};
  for (const parameter_info& p : parameters_of(net)) names.theirs[p.ours] = rename(p);
  return names;
}

// The names of a module written like our type.
inline name_map default_names(const network_view& net) {
  return names_by(net, [](const parameter_info& p) { return p.theirs; });
}

// One line per array of ours, to be edited. Biases that may be missing stand in comments.
inline std::string to_text(const network_view& net, const name_map& names) {
  const std::vector<parameter_info> all = parameters_of(net);
  std::size_t ours = 0, theirs = 0;
  const auto name_of = [&](const parameter_info& p) {
    const auto found = names.theirs.find(p.ours);
    return found == names.theirs.end() ? std::string{"-"} : found->second;
  };
  for (const parameter_info& p : all)
    ours = std::max(ours, p.ours.size()), theirs = std::max(theirs, name_of(p).size());
  std::string text =
      "# ours = theirs   # their shape; theirs -: stays as it is; ours -: not wanted (* at the end: any)\n";
  for (const parameter_info& p : all) {
    const std::string name = name_of(p);
    text += (p.optional() ? "# " : "") + p.ours + std::string(ours - p.ours.size(), ' ') + " = " + name +
            std::string(theirs - name.size(), ' ') + "  # " + to_text(p.shapes.front()) +
            (p.optional() ? ", optional: is added to the layer behind" : "") + '\n';
  }
  for (const std::string& name : names.unwanted) text += "- = " + name + '\n';
  return text;
}

// Throws, naming the line, on what is no map. Whether it fits a network shows when something is imported.
inline name_map parse_name_map(std::string_view text, const std::string& source) {
  name_map names{source, {}, {}};
  const auto trimmed = [](std::string_view s) {
    const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!s.empty() && space(s.front())) s.remove_prefix(1);
    while (!s.empty() && space(s.back())) s.remove_suffix(1);
    return std::string{s};
  };
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = trimmed(text.substr(0, std::min(end, text.find('#'))));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    const auto wrong = [&](const std::string& what) {
      return error(source + ": line " + std::to_string(number) + ": " + what + ", expected OURS = THEIRS");
    };
    const std::size_t equal = line.find('=');
    if (equal == std::string::npos) throw wrong("found '" + line + "'");
    const std::string_view halves{line};
    const std::string ours = trimmed(halves.substr(0, equal)), theirs = trimmed(halves.substr(equal + 1));
    if (ours.empty() || theirs.empty()) throw wrong("found nothing on one side of '" + line + "'");
    if (ours == "-")
      names.unwanted.push_back(theirs);
    else if (!names.theirs.emplace(ours, theirs).second)
      throw wrong("found '" + ours + "' a second time");
  }
  return names;
}

inline name_map read_name_map(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) throw error(file.string() + ": cannot be opened, expected a name map");
  const std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  return parse_name_map(text, file.string());
}

// The map of a network as a text, printed from its type.
template <class Net>
std::string name_map_text() {
  return to_text(Net::view(), default_names(Net::view()));
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
