// What benchmarks say alike: the lines `goal NAME measured=... target=... pass|fail` that benchmarks/run.sh reads, and
// the machine they ran on.
#ifndef OFFRAMP_BENCHMARKS_GOALS_HPP
#define OFFRAMP_BENCHMARKS_GOALS_HPP

#include <cmath>
#include <fstream>
#include <ostream>
#include <string>

#include <offramp/host/table.hpp>

namespace bench {

// Collects goal lines, which are to be printed last. A figure that could not be taken (NaN) misses its goal.
class goals {
 public:
  void at_least(const std::string& name, double measured, double target, const std::string& unit = "",
                int decimals = 2) {
    add(name, measured, ">=", target, unit, decimals, measured >= target);
  }
  void at_most(const std::string& name, double measured, double target, const std::string& unit = "",
               int decimals = 2) {
    add(name, measured, "<=", target, unit, decimals, measured <= target);
  }
  [[nodiscard]] bool all_pass() const { return pass_; }
  friend std::ostream& operator<<(std::ostream& out, const goals& g) { return out << g.lines_; }

 private:
  void add(const std::string& name, double measured, const std::string& relation, double target,
           const std::string& unit, int decimals, bool met) {
    using offramp::host::fixed;
    pass_ = pass_ && met;
    lines_ += "goal " + name + " measured=" + (std::isfinite(measured) ? fixed(measured, decimals) + unit : "nothing") +
              " target=" + relation + fixed(target, decimals) + unit + (met ? " pass" : " fail") + "\n";
  }
  std::string lines_;
  bool pass_ = true;
};

// As /proc/cpuinfo names it.
inline std::string cpu_name() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  return "unknown CPU";
}

}  // namespace bench

#endif
