// What the benchmark measured, as a file, and what follows from it. One JSON object per network; every step adds its
// part, so that an interrupted run goes on and tables and pictures can be drawn again without measuring.
#ifndef BENCHMARKS_ISO_ACCURACY_RESULTS_HPP
#define BENCHMARKS_ISO_ACCURACY_RESULTS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <offramp/host/error.hpp>
#include <offramp/host/write_file.hpp>

namespace iso {

namespace host = offramp::host;
using nlohmann::json;

class results {
 public:
  explicit results(std::filesystem::path file) : file_{std::move(file)} {
    if (!std::filesystem::exists(file_)) return;
    std::ifstream in{file_};
    all_ = json::parse(in, nullptr, false);
    if (!all_.is_object() || !all_.contains("rows"))
      throw host::error(file_.string() + ": is not a file of results, expected a JSON object with 'rows'");
  }

  [[nodiscard]] json& row(const std::string& name) { return all_["rows"][name]; }
  [[nodiscard]] json& about() { return all_["about"]; }
  [[nodiscard]] const json& all() const { return all_; }
  void save() const {
    // One line per network keeps changes readable.
    std::string text = "{\"about\": " + all_.value("about", json::object()).dump() + ",\n \"rows\": {";
    const char* between = "\n  ";
    for (const auto& [name, row] : all_.at("rows").items()) {
      text += between + json(name).dump() + ": " + row.dump();
      between = ",\n  ";
    }
    host::write_file(file_, text + "\n}}\n");
  }

 private:
  std::filesystem::path file_;
  json all_ = {{"about", json::object()}, {"rows", json::object()}};
};

// Right or wrong per test image, four to a hexadecimal digit: what paired comparisons need.
inline std::string packed_bits(const std::vector<bool>& bits) {
  std::string text((bits.size() + 3) / 4, '0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned digit = 0;
    for (std::size_t b = 0; b < 4 && 4 * i + b < bits.size(); ++b) digit |= bits[4 * i + b] ? 1u << b : 0u;
    text[i] = "0123456789abcdef"[digit];
  }
  return text;
}
inline std::vector<bool> unpacked_bits(const std::string& text, std::size_t count) {
  std::vector<bool> bits(count);
  for (std::size_t i = 0; i < count && i / 4 < text.size(); ++i) {
    const char c = text[i / 4];
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    bits[i] = ((digit >> (i % 4)) & 1) != 0;
  }
  return bits;
}

// A network with everything measured, and its costs.
struct point {
  std::string name, set, kind;
  int width = 0;
  bool adaptive = false;
  double accuracy = 0;  // of the test images
  std::vector<bool> right;
  double full_accuracy = 0;  // all images at the last exit
  std::vector<double> left;
  double cost[4]{};  // in the order of `axes`; NaN where not measured
};

struct cost_axis {
  const char* word;
  const char* label;
  const char* column;
  double unit;  // a column's number is cost / unit
  int decimals;
};
inline constexpr cost_axis axes[4] = {
    {"time", "time per image, this CPU (us)", "time us", 1, 1},
    {"instructions", "Cortex-M4 instructions (thousands)", "M4 k instr.", 1000, 0},
    {"flash", "Cortex-M4 flash (KB)", "flash KB", 1024, 1},
    {"ram", "Cortex-M4 RAM (KB)", "RAM KB", 1024, 1},
};

inline std::vector<point> points_of(const results& r) {
  std::vector<point> points;
  for (const auto& [name, row] : r.all().at("rows").items()) {
    if (!row.contains("judged")) continue;
    const json& judged = row.at("judged");
    point p;
    p.name = name;
    p.set = row.at("data");
    p.kind = row.at("arithmetic");
    p.width = row.at("width");
    p.adaptive = row.at("exits");
    p.left = judged.at("left").get<std::vector<double>>();
    p.full_accuracy = judged.at("exit_accuracy").back();
    p.right = unpacked_bits(judged.at("right"), judged.at("images"));
    p.accuracy = static_cast<double>(std::count(p.right.begin(), p.right.end(), true)) /
                 static_cast<double>(std::max<std::size_t>(1, p.right.size()));
    std::fill(std::begin(p.cost), std::end(p.cost), std::nan(""));
    if (row.contains("time")) p.cost[0] = row.at("time").at("mean_us");
    if (row.contains("device")) {
      const json& d = row.at("device");
      p.cost[1] = 0;
      for (std::size_t k = 0; k < p.left.size(); ++k) p.cost[1] += p.left[k] * d.at("instructions").at(k).get<double>();
      p.cost[2] = d.at("flash_bytes");
      p.cost[3] =
          d.at("arena_bytes").get<double>() + d.at("session_bytes").get<double>() + d.at("stack_bytes").get<double>();
    }
    points.push_back(std::move(p));
  }
  std::sort(points.begin(), points.end(), [](const point& a, const point& b) {
    const auto order = [](const std::string& kind) { return kind == "float" ? 0 : kind == "int8" ? 1 : 2; };
    return std::make_tuple(b.set, order(a.kind), a.adaptive, a.width) <
           std::make_tuple(a.set, order(b.kind), b.adaptive, b.width);
  });
  return points;
}

// Standard error of the difference of two accuracies on the same images (paired), as a share.
inline double standard_error(const point& a, const point& b) {
  const std::size_t n = std::min(a.right.size(), b.right.size());
  if (n == 0) return 1;
  double only_a = 0, only_b = 0;
  for (std::size_t i = 0; i < n; ++i) {
    only_a += a.right[i] && !b.right[i] ? 1 : 0;
    only_b += b.right[i] && !a.right[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(n);
  return std::sqrt(std::max(0.0, only_a + only_b - (only_a - only_b) * (only_a - only_b) / count)) / count;
}

// The cheapest way to an accuracy with one kind of network. Networks that cost more than another of the kind and are no
// better are left out; between neighbours the logarithm of the cost is linear in accuracy; below the least accurate it
// is that one's cost, which buys more than was asked; above the most accurate there is none.
class frontier {
 public:
  frontier(std::vector<const point*> of, int axis) : axis_{axis} {
    std::erase_if(of, [=](const point* p) { return !(p->cost[axis] > 0); });
    std::sort(of.begin(), of.end(), [=](const point* a, const point* b) {
      return std::make_tuple(a->cost[axis], -a->accuracy) < std::make_tuple(b->cost[axis], -b->accuracy);
    });
    for (const point* p : of)
      if (kept_.empty() || p->accuracy > kept_.back()->accuracy) kept_.push_back(p);
  }

  [[nodiscard]] bool empty() const { return kept_.empty(); }
  // Infinite above the most accurate network.
  [[nodiscard]] double cost_at(double accuracy) const {
    if (accuracy <= kept_.front()->accuracy) return kept_.front()->cost[axis_];
    for (std::size_t i = 1; i < kept_.size(); ++i) {
      const point &a = *kept_[i - 1], &b = *kept_[i];
      if (accuracy > b.accuracy) continue;
      const double share = (accuracy - a.accuracy) / (b.accuracy - a.accuracy);
      return std::exp((1 - share) * std::log(a.cost[axis_]) + share * std::log(b.cost[axis_]));
    }
    return HUGE_VAL;
  }
  // The network whose accuracy is nearest.
  [[nodiscard]] const point& nearest(double accuracy) const {
    return **std::min_element(kept_.begin(), kept_.end(), [=](const point* a, const point* b) {
      return std::abs(a->accuracy - accuracy) < std::abs(b->accuracy - accuracy);
    });
  }

 private:
  std::vector<const point*> kept_;
  int axis_;
};

enum class verdict { wins, ties, loses };

struct comparison {
  double rival_cost = 0;  // at the same accuracy; infinite where no rival is as accurate
  double band = 0;        // two standard errors, as a share
  verdict is = verdict::ties;
};

// p wins where it is cheaper than the rivals even if it were two standard errors less accurate than measured, loses
// where it is dearer even if it were two standard errors more accurate, and ties between.
inline comparison compare(const point& p, const frontier& rivals, int axis) {
  comparison c;
  c.band = 2 * standard_error(p, rivals.nearest(p.accuracy));
  c.rival_cost = rivals.cost_at(p.accuracy);
  if (p.cost[axis] < rivals.cost_at(p.accuracy - c.band))
    c.is = verdict::wins;
  else if (p.cost[axis] > rivals.cost_at(p.accuracy + c.band))
    c.is = verdict::loses;
  return c;
}

}  // namespace iso

#endif
