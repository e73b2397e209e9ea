// A profile as a file that people read, too: JSON with a nested tree per class and only the costs that are not zero;
// and (profile_header.hpp) as a header with a constexpr profile. What is read back equals what was
// written, bit for bit. Needs nlohmann-json.
#ifndef OFFRAMP_HOST_PROFILE_FILE_HPP
#define OFFRAMP_HOST_PROFILE_FILE_HPP

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/host/error.hpp>
#include <offramp/host/profile_header.hpp>
#include <offramp/host/write_file.hpp>
#include <offramp/latency/profile.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

// In the order written, and with numbers that are floats and so are printed with no more digits than floats need.
using profile_json =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

inline constexpr const char* profile_format = "offramp latency profile";
inline constexpr int profile_format_version = 1;

// What the name stands for: 0 .. count - 1, or -1.
template <class Enum, class NameOf>
constexpr int number_of(std::string_view name, int count, NameOf name_of_one) {
  for (int i = 0; i < count; ++i)
    if (name == name_of_one(static_cast<Enum>(i))) return i;
  return -1;
}

// `room`: nodes that may still be written. Sound profiles may reach a node on many ways.
inline profile_json tree_to_json(const profile_data& p, int node, int& room) {
  const latency_node& n = p.nodes[node];
  if (room-- == 0)
    throw error(std::string{"profile '"} + p.name + "': found trees of more than " +
                std::to_string(profile_data::max_nodes) + " nodes when none is shared, expected at most these");
  profile_json j;
  if (n.test == tree_test::leaf) {
    j["costs"] = profile_json::object();
    for (int r = 0; r < regressors; ++r)
      if (p.leaves[n.value].cost[r] > 0) j["costs"][to_string(static_cast<regressor>(r))] = p.leaves[n.value].cost[r];
    return j;
  }
  j["if"] = to_string(n.of);
  j[to_string(n.test)] = n.value;
  j["yes"] = tree_to_json(p, n.yes, room);
  j["no"] = tree_to_json(p, n.no, room);
  return j;
}

// Reads one file; knows its name for messages.
class profile_reader {
 public:
  explicit profile_reader(std::string source) : source_(std::move(source)) {}

  profile_data read(std::string_view text) {
    profile_json j;
    try {
      j = profile_json::parse(text);
    } catch (const nlohmann::json::exception& e) {
      throw error(source_ + ": found text that is not JSON, expected a latency profile (" + e.what() + ")");
    }
    if (!j.is_object()) fail("", describe(j), "an object");
    if (text_of(j, "", "format") != profile_format)
      fail("format", text_of(j, "", "format"), std::string{"\""} + profile_format + "\"");
    if (const auto version = whole(j, "", "format_version", 0, 1 << 30); version != profile_format_version)
      fail("format_version", std::to_string(version), std::to_string(profile_format_version));
    only(j, "",
         {"format", "format_version", "name", "unit", "from", "path", "features", "gigahertz", "alone", "per_sample",
          "per_step", "per_exit", "quantile", "samples", "quantile_ratio", "repeatability", "classes"});
    data_.features = static_cast<std::uint16_t>(whole(j, "", "features", 0, 0xffff));
    if (data_.features != features_version) expect_sound(data_, source_);
    const std::string name = text_of(j, "", "name");
    if (name.size() >= sizeof data_.name || name.find('\0') != std::string::npos)
      fail("name", std::to_string(name.size()) + " bytes", "at most " + std::to_string(sizeof data_.name - 1));
    std::memcpy(data_.name, name.data(), name.size());
    data_.unit = static_cast<time_unit>(named<time_unit>(
        j, "unit", 4, [](time_unit u) { return to_string(u); }, "nanoseconds, cycles, instructions or ticks"));
    data_.from = static_cast<provenance>(named<provenance>(
        j, "from", 3, [](provenance f) { return to_string(f); }, "measured, emulated or estimated"));
    const profile_json& path = object(j, "", "path");
    only(path, "path", {"id", "version"});
    data_.path_id = static_cast<std::uint16_t>(whole(path, "path", "id", 0, 0xffff));
    data_.path_version = static_cast<std::uint16_t>(whole(path, "path", "version", 0, 0xffff));
    data_.gigahertz = number(j, "", "gigahertz");
    data_.alone = number(j, "", "alone");
    data_.per_sample = number(j, "", "per_sample");
    data_.per_step = number(j, "", "per_step");
    data_.per_exit = number(j, "", "per_exit");
    data_.quantile = number(j, "", "quantile");
    data_.quantile_ratio = number(j, "", "quantile_ratio");
    if (data_.quantile_ratio < 1) fail("quantile_ratio", std::to_string(data_.quantile_ratio), "1 or more");
    data_.repeatability = number(j, "", "repeatability");
    data_.samples = static_cast<std::int32_t>(whole(j, "", "samples", 0, 0x7fffffff));
    for (const auto& [name_of_class, c] : object(j, "", "classes").items()) read_class(name_of_class, c);
    expect_sound(data_, source_);
    return data_;
  }

 private:
  void read_class(const std::string& name, const profile_json& j) {
    const std::string where = "classes." + name;
    const int what = number_of<op_class>(name, op_classes, [](op_class c) { return to_string(c); });
    if (what < 0) fail("classes", "\"" + name + "\"", "a class of ops");
    if (!j.is_object()) fail(where, describe(j), "an object");
    only(j, where, {"largest_work", "error", "gigahertz", "tree"});
    class_profile& c = data_.classes[what];
    if (c.root != class_profile::not_measured) fail(where, "it twice", "it once");
    c.largest_work = number(j, where, "largest_work");
    c.error = number(j, where, "error");
    c.gigahertz = number(j, where, "gigahertz");
    c.root = read_node(object(j, where, "tree"), where + ".tree");
  }

  std::uint8_t read_node(const profile_json& j, const std::string& where) {
    if (data_.node_count >= profile_data::max_nodes)
      fail(where, "more", "at most " + std::to_string(profile_data::max_nodes) + " nodes in a profile");
    const auto here = static_cast<std::uint8_t>(data_.node_count++);
    latency_node n;
    if (j.contains("costs")) {
      only(j, where, {"costs"});
      n.value = read_leaf(object(j, where, "costs"), where + ".costs");
    } else {
      const std::string of = text_of(j, where, "if");
      const int what = number_of<condition>(of, conditions, [](condition c) { return to_string(c); });
      if (what < 0) fail(where + ".if", "\"" + of + "\"", "a condition such as out_channels");
      n.of = static_cast<condition>(what);
      for (const tree_test t : {tree_test::at_most, tree_test::multiple_of, tree_test::equals})
        if (j.contains(to_string(t))) n.test = t;
      if (n.test == tree_test::leaf) fail(where, "no test", "at_most, multiple_of or equals");
      only(j, where, {"if", to_string(n.test), "yes", "no"});
      n.value = static_cast<std::int32_t>(
          whole(j, where, to_string(n.test), n.test == tree_test::multiple_of ? 1 : -0x7fffffff, 0x7fffffff));
      n.yes = read_node(object(j, where, "yes"), where + ".yes");
      n.no = read_node(object(j, where, "no"), where + ".no");
    }
    data_.nodes[here] = n;
    return here;
  }

  std::int32_t read_leaf(const profile_json& costs, const std::string& where) {
    if (data_.leaf_count >= profile_data::max_leaves)
      fail(where, "more", "at most " + std::to_string(profile_data::max_leaves) + " leaves in a profile");
    latency_leaf& leaf = data_.leaves[data_.leaf_count];
    for (const auto& [name, cost] : costs.items()) {
      const int r = number_of<regressor>(name, regressors, [](regressor one) { return to_string(one); });
      if (r < 0) fail(where, "\"" + name + "\"", "a regressor such as work");
      leaf.cost[r] = number(costs, where, name.c_str());
    }
    return data_.leaf_count++;
  }

  // A number of 0 or more.
  float number(const profile_json& j, const std::string& where, const char* name) const {
    const profile_json& v = member(j, where, name);
    const float f = v.is_number() ? v.get<float>() : -1.0f;
    if (!(f >= 0 && f < 1e30f)) fail(join(where, name), describe(v), "a number of 0 or more");
    return f;
  }
  std::int64_t whole(const profile_json& j, const std::string& where, const char* name, std::int64_t least,
                     std::int64_t most) const {
    const profile_json& v = member(j, where, name);
    const bool fits = v.is_number_integer() && !(v.is_number_unsigned() && v.get<std::uint64_t>() > 0x7fffffffu) &&
                      v.get<std::int64_t>() >= least && v.get<std::int64_t>() <= most;
    if (!fits)
      fail(join(where, name), describe(v),
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return v.get<std::int64_t>();
  }
  std::string text_of(const profile_json& j, const std::string& where, const char* name) const {
    const profile_json& v = member(j, where, name);
    if (!v.is_string()) fail(join(where, name), describe(v), "text");
    return v.get<std::string>();
  }
  template <class Enum, class NameOf>
  int named(const profile_json& j, const char* name, int count, NameOf name_of_one, const char* expected) const {
    const std::string found = text_of(j, "", name);
    const int n = number_of<Enum>(found, count, name_of_one);
    if (n < 0) fail(name, "\"" + found + "\"", expected);
    return n;
  }
  const profile_json& object(const profile_json& j, const std::string& where, const char* name) const {
    const profile_json& v = member(j, where, name);
    if (!v.is_object()) fail(join(where, name), describe(v), "an object");
    return v;
  }
  const profile_json& member(const profile_json& j, const std::string& where, const char* name) const {
    const auto at = j.find(name);
    if (at == j.end()) fail(join(where, name), "nothing", "it to be there");
    return *at;
  }
  void only(const profile_json& j, const std::string& where, std::initializer_list<std::string_view> known) const {
    for (const auto& [name, value] : j.items()) {
      bool is_known = false;
      for (const std::string_view k : known) is_known = is_known || name == k;
      if (!is_known) fail(join(where, name), "it", "no field of this name");
    }
  }
  static std::string join(const std::string& where, const std::string& name) {
    return where.empty() ? name : where + "." + name;
  }
  static std::string describe(const profile_json& v) {
    const std::string text =
        v.is_structured() ? v.type_name() : v.dump(-1, ' ', true, profile_json::error_handler_t::replace);
    return text.size() > 60 ? text.substr(0, 57) + "..." : text;
  }
  [[noreturn]] void fail(const std::string& field, const std::string& found, const std::string& expected) const {
    throw error(source_ + ": " + (field.empty() ? "" : field + ": ") + "found " + found + ", expected " + expected);
  }

  std::string source_;
  profile_data data_{};
};

}  // namespace detail

// The text of a profile's file. Throws where the profile is not sound. Classes that share a root get a tree each.
inline std::string profile_json_text(const profile_data& p) {
  detail::expect_sound(p, detail::called(p));
  detail::profile_json j;
  j["format"] = detail::profile_format;
  j["format_version"] = detail::profile_format_version;
  j["name"] = p.name;
  j["unit"] = to_string(p.unit);
  j["from"] = to_string(p.from);
  j["path"]["id"] = p.path_id;
  j["path"]["version"] = p.path_version;
  j["features"] = p.features;
  j["gigahertz"] = p.gigahertz;
  j["alone"] = p.alone;
  j["per_sample"] = p.per_sample;
  j["per_step"] = p.per_step;
  j["per_exit"] = p.per_exit;
  j["quantile"] = p.quantile;
  j["quantile_ratio"] = p.quantile_ratio;
  j["repeatability"] = p.repeatability;
  j["samples"] = p.samples;
  j["classes"] = detail::profile_json::object();
  int room = profile_data::max_nodes;
  for (int c = 0; c < op_classes; ++c) {
    const class_profile& from = p.classes[c];
    if (from.root == class_profile::not_measured) continue;
    detail::profile_json& to = j["classes"][to_string(static_cast<op_class>(c))];
    to["largest_work"] = from.largest_work;
    to["error"] = from.error;
    to["gigahertz"] = from.gigahertz;
    to["tree"] = detail::tree_to_json(p, from.root, room);
  }
  return j.dump(2, ' ', false, detail::profile_json::error_handler_t::replace) + "\n";
}

// The profile in such a text; `source` names it in messages.
inline profile_data parse_profile(std::string_view text, const std::string& source) {
  return detail::profile_reader{source}.read(text);
}

// Written whole or not at all.
inline void save_profile(const std::filesystem::path& path, const profile_data& p) {
  write_file(path, profile_json_text(p));
}

// Throws where the file cannot be read or is no sound profile: file, field, what was found and what was expected.
inline profile_data load_profile(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in || std::filesystem::is_directory(path))
    throw error(path.string() +
                ": cannot be read, expected the JSON file of a latency profile (profile_cpu makes one)");
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return parse_profile(text, path.string());
}

// The profile of Path; throws where it is one of another path, or of kernels or features of another version.
template <class Path>
cpu_profile<Path> profile_for(const profile_data& p) {
  const std::string which = detail::called(p);
  switch (check_profile<Path>(p)) {
    case profile_status::ok: break;
    case profile_status::wrong_path:
      throw error(which + ": found one of path " + std::to_string(p.path_id) + ", expected path " +
                  std::to_string(Path::id) + " (" + Path::name + ")");
    case profile_status::wrong_version:
      throw error(which + ": found version " + std::to_string(p.path_version) + " of path " + Path::name +
                  ", expected version " + std::to_string(Path::version) + " (its kernels have changed: measure again)");
    case profile_status::wrong_features:
    case profile_status::malformed: detail::expect_sound(p, which);
  }
  return {p};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
