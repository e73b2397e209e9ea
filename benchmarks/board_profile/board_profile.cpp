// The host's side of profiling a board: emits tables of ops as source, reads what the board says about them, fits a
// profile, says what it is worth on random networks, and emits the next table where it errs. README.md says in which
// order; benchmarks/board_profile.sh does it all for an emulated Cortex-M4.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <offramp/host/html.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/host/profile_header.hpp>
#include <offramp/host/profile_text.hpp>
#include <offramp/kernels/path_list.hpp>
#include <offramp/paths/helium.hpp>

#include "benchmarks/board_profile/fit.hpp"
#include "benchmarks/board_profile/read_log.hpp"
#include "benchmarks/board_profile/tables.hpp"
#include "benchmarks/goals.hpp"

using namespace board_profile;
namespace fs = std::filesystem;

namespace {

struct choices {
  std::string path = "portable", name, identifier = "board";
  fs::path output = "build/benchmarks/board_profile", profile;
  std::vector<fs::path> logs, networks;
  table_options table;
  int ops = 120;            // of a next table
  std::uint64_t round = 1;  // of adaptive sampling
  std::uint64_t first = 0;  // seed of networks
  int count = 48, each = 4;
  int depth = 6;
  double goal = 3;
};

template <class Use>
void with_path(const std::string& name, Use use) {
  bool found = false;
  std::string names;
  const auto look = [&]<class P>() {
    names += std::string{names.empty() ? "" : ", "} + P::name;
    if (name != P::name) return;
    found = true;
    use.template operator()<P>();
  };
  look.template operator()<offramp::path::portable>();
  look.template operator()<offramp::path::cortex_m>();
  look.template operator()<offramp::path::cortex_m_dsp>();
  look.template operator()<offramp::path::helium>();
  if (!found) throw host::error("--path: found \"" + name + "\", expected one of: " + names);
}

host::fit_options fit_options_of(const choices& chosen) {
  host::fit_options o;
  o.depth = chosen.depth;
  return o;
}

template <class Path>
void expect_path(const board_log& log) {
  if (log.path != Path::name || log.version != Path::version)
    throw host::error("the logs are of path " + log.path + " in version " + std::to_string(log.version) +
                      ", expected " + Path::name + " in version " + std::to_string(Path::version));
}

template <class Path>
void emit(const choices& chosen) {
  fs::create_directories(chosen.output);
  const auto ops = first_table<Path>(chosen.table);
  const int parts = write_tables(ops, chosen.output / "table_0", chosen.table.each);
  std::cout << ops.size() << " ops in " << parts << " parts: " << (chosen.output / "table_0_*.cpp").string() << '\n';
}

template <class Path>
void adapt(const choices& chosen) {
  const board_log log = read_logs(chosen.logs);
  expect_path<Path>(log);
  const auto samples = samples_of<Path>(log.ops);
  const auto fit = host::fit_and_hold_out(samples, fit_options_of(chosen));
  std::vector<double> error;
  for (std::size_t i = 0; i < samples.size(); ++i) error.push_back(std::fabs(fit.held_out[i] / samples[i].time - 1));
  const auto ops = next_table<Path>(log.ops, error, chosen.ops, chosen.round, chosen.table);
  const std::string name = "table_" + std::to_string(chosen.round);
  const int parts = write_tables(ops, chosen.output / name, chosen.table.each);
  std::cout << residual_table(
                   log.ops, [&](std::size_t i) { return fit.held_out[i]; },
                   [](const kernel_op& op) { return std::string{to_string(offramp::class_of(op.signature))}; },
                   "class, held out")
            << ops.size() << " ops around the worst in " << parts
            << " parts: " << (chosen.output / (name + "_*.cpp")).string() << '\n';
}

std::string page(const profile_data& p, const std::vector<measured_op>& ops, const std::vector<double>& held_out,
                 const std::vector<host::table>& tables) {
  host::curve_plot scatter{"", {std::string{"measured, "} + to_string(p.unit)}, {"predicted / measured"}, {}};
  scatter.x.logarithmic = scatter.y.logarithmic = true;
  scatter.y.low = 0.8;
  scatter.y.high = 1.25;
  scatter.width = 900;
  scatter.height = 560;
  for (int c = 0; c < offramp::op_classes; ++c) {
    host::curve points{to_string(static_cast<op_class>(c)), {}, {}};
    points.line = false;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (offramp::class_of(ops[i].op.signature) != static_cast<op_class>(c)) continue;
      points.x.push_back(ops[i].count);
      points.y.push_back(std::max(held_out[i] / ops[i].count, 1e-3));
    }
    if (!points.x.empty()) scatter.curves.push_back(points);
  }
  std::string body = "<h2>How good it is</h2>\n";
  for (const host::table& t : tables) body += host::detail::html_table(t);
  const std::string caption = "Every op, predicted by trees that were fitted without it.";
  body += host::detail::html_figure(host::render(scatter), caption, caption);
  body += "<h2>The profile in words</h2>\n<pre>" + host::detail::html_escaped(host::profile_text(p)) + "</pre>\n";
  return host::detail::html_page(p.name, "", body);
}

// Lines of at most 120 columns, by dividing string literals.
std::string wrapped(const std::string& text) {
  std::istringstream lines{text};
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    while (line.size() > 120 && line[indent] == '"') {
      const std::size_t space = line.rfind(' ', 118);
      if (space == std::string::npos || space <= indent) break;
      all += line.substr(0, space + 1) + "\"\n";
      line = std::string(indent, ' ') + "\"" + line.substr(space + 1);
    }
    if (const std::size_t equals = line.find(" == "); line.size() > 120 && equals != std::string::npos)
      line.replace(equals, 4, " ==\n              ");
    all += line + "\n";
  }
  return all;
}

// The same header in the library's own room: `offramp::cpus::IDENTIFIER`.
std::string shipped_header(const profile_data& p, const std::string& identifier, const std::string& path) {
  const std::string text = host::profile_header(p, identifier, "path::" + path);
  const std::string from = "// clang-format off\n", to = "\n#endif\n";
  const std::size_t begin = text.find(from), end = text.rfind(to);
  if (begin == std::string::npos || end == std::string::npos)
    throw host::error("profile_header: found no body between \"" + from + "\" and its end");
  std::string guard = "OFFRAMP_CPUS_" + identifier + "_HPP";
  for (char& c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const bool emulated = p.from == offramp::provenance::emulated;
  return "// Generated by benchmarks/board_profile.sh: the latency profile \"" + std::string{p.name} + "\".\n" +
         (emulated
              ? "// Counted instructions of an emulator, exact and without noise; not cycles, and no board's time.\n"
              : "// As a board measured it.\n") +
         "#ifndef " + guard + "\n#define " + guard + "\n\n" +
         (path == "portable" ? "" : "#include <offramp/kernels/" + path + "/traits.hpp>\n") +
         "#include <offramp/latency/profile.hpp>\n\nnamespace offramp::inline OFFRAMP_ABI::cpus {\n\n" +
         wrapped(text.substr(begin, end - begin)) +
         "// clang-format on\n\n}  // namespace offramp::inline OFFRAMP_ABI::cpus\n\n#endif\n";
}

template <class Path>
void fit(const choices& chosen) {
  const board_log log = read_logs(chosen.logs);
  expect_path<Path>(log);
  board_log calibration;
  if (!chosen.networks.empty()) {
    calibration = read_logs(chosen.networks);
    expect_path<Path>(calibration);
  }
  // Ops as they came out inside networks count as samples, too: compilers treat them otherwise there.
  std::vector<measured_op> ops = log.ops;
  for (const measured_network& n : calibration.networks) ops.insert(ops.end(), n.steps.begin(), n.steps.end());
  auto fitted = host::fit_and_hold_out(samples_of<Path>(ops), fit_options_of(chosen));
  profile_data& p = fitted.profile;
  const std::string name = chosen.name.empty() ? "a board (" + chosen.path + ")" : chosen.name;
  std::snprintf(p.name, sizeof p.name, "%s", name.c_str());
  p.unit = log.unit;
  p.from = log.unit == offramp::time_unit::instructions ? offramp::provenance::emulated : offramp::provenance::measured;
  p.path_id = Path::id;
  p.path_version = Path::version;
  if (!calibration.networks.empty()) {
    put_rest(p, calibration.networks);
    put_quantile<Path>(p, calibration.networks, 0.95);
  }
  const auto held_out = [&](std::size_t i) { return fitted.held_out[i]; };
  const host::table classes = residual_table(
      ops, held_out, [](const kernel_op& op) { return std::string{to_string(offramp::class_of(op.signature))}; },
      "class, held out");
  const host::table loops = residual_table(ops, held_out, loops_of, "ops, held out");
  std::cout << ops.size() << " ops, of which " << ops.size() - log.ops.size() << " inside "
            << calibration.networks.size() << " networks; " << log.too_large << " were too large for the board; "
            << p.leaf_count << " leaves\n"
            << classes << '\n'
            << loops << "\nbeside the ops: " << p.per_sample << " a sample, " << p.per_step << " a step, " << p.per_exit
            << " an exit\n";
  fs::create_directories(chosen.output);
  const fs::path stem = chosen.output / chosen.identifier;
  host::save_profile(stem.string() + ".json", p);
  host::write_file(stem.string() + ".hpp", host::profile_header(p, chosen.identifier, "path::" + chosen.path));
  host::write_file(stem.string() + "_shipped.hpp", shipped_header(p, chosen.identifier, chosen.path));
  host::write_file(stem.string() + ".html", page(p, ops, fitted.held_out, {classes, loops}));
  std::ostringstream csv;
  csv << "measured,held_out,op\n";
  for (std::size_t i = 0; i < ops.size(); ++i) {
    csv << ops[i].count << ',' << fitted.held_out[i] << ',';
    write_op(ops[i].op, [&](auto v) { csv << v; });
    csv << '\n';
  }
  host::write_file(stem.string() + "_residuals.csv", csv.str());
  std::cout << "left: " << stem.string() << ".json, .hpp, .html, _residuals.csv\n";
}

template <class Path>
bool check(const choices& chosen) {
  const profile_data p = host::load_profile(chosen.profile);
  static_cast<void>(host::profile_for<Path>(p));  // throws where it does not fit
  const board_log table = read_logs(chosen.logs), log = read_logs(chosen.networks);
  expect_path<Path>(table);
  expect_path<Path>(log);
  const auto samples = samples_of<Path>(table.ops);
  const profile_data by_ops = host::fit_proportional(samples), by_class = host::fit_proportional(samples, true);
  host::table t{{"network", "layers", "residuals", "exits", "ops", to_string(p.unit), "predicted", "error", "by OPs",
                 "by OPs of classes"}};
  std::vector<double> ratio, ratio_ops, ratio_classes;
  std::vector<measured_op> steps;
  for (const measured_network& n : log.networks) {
    const double guess = predict<Path>(p, n);
    ratio.push_back(guess / n.count);
    ratio_ops.push_back(predict<Path>(by_ops, n) / n.count);
    ratio_classes.push_back(predict<Path>(by_class, n) / n.count);
    t.add({n.style + " " + std::to_string(n.seed), std::to_string(n.layers), std::to_string(n.residuals),
           std::to_string(n.exits), std::to_string(n.steps.size()), host::grouped(static_cast<long long>(n.count)),
           host::grouped(static_cast<long long>(guess)), percent(ratio.back() - 1), percent(ratio_ops.back() - 1),
           percent(ratio_classes.back() - 1)});
    steps.insert(steps.end(), n.steps.begin(), n.steps.end());
  }
  const auto predicted = [&](std::size_t i) { return offramp::op_latency(p, features_of<Path>(steps[i].op)); };
  std::cout << p.name << "; profile of " << p.samples << " ops; " << log.networks.size()
            << " networks that it never saw\n\n"
            << t << '\n'
            << residual_table(
                   steps, predicted,
                   [](const kernel_op& op) { return std::string{to_string(offramp::class_of(op.signature))}; },
                   "class, in networks")
            << '\n'
            << residual_table(steps, predicted, loops_of, "ops, in networks") << '\n';
  const quality q = quality_of(ratio), o = quality_of(ratio_ops), oc = quality_of(ratio_classes);
  std::cout << "model: MAPE " << percent(q.mape, 2) << ", bias " << percent(q.bias, 2) << ", largest "
            << percent(q.worst) << "; in proportion to OPs: MAPE " << percent(o.mape)
            << ", to those of each class: " << percent(oc.mape) << "\n\n";
  bench::goals reached;
  reached.at_least("networks", static_cast<double>(log.networks.size()), 40, "", 0);
  reached.at_most("mape", 100 * q.mape, chosen.goal, "%");
  reached.at_least("networks_within_10_percent", 100 * q.within_10, 95, "%");
  reached.at_most("mape_over_that_of_ops", 100 * q.mape / o.mape, 100.0 / 3, "%");
  std::cout << reached;
  return reached.all_pass();
}

}  // namespace

int main(int argc, char** argv) try {
  choices chosen;
  CLI::App app{"Profiles a board from what it says over a line"};
  app.require_subcommand(1);
  const auto common = [&](CLI::App* to) {
    to->add_option("--path", chosen.path, "of the kernels")->capture_default_str();
    to->add_option("--output", chosen.output, "folder")->capture_default_str();
    return to;
  };
  const auto of_tables = [&](CLI::App* to) {
    to->add_flag("--floats", chosen.table.floats, "ops with floats, too");
    to->add_option("--ram", chosen.table.ram, "bytes for weights and tensors")->capture_default_str();
    to->add_option("--each", chosen.table.each, "ops of a firmware")->capture_default_str()->check(CLI::PositiveNumber);
    return to;
  };
  CLI::App* const tables = of_tables(common(app.add_subcommand("tables", "writes the first table as source")));
  tables->add_option("--scale", chosen.table.scale, "times as many ops")->capture_default_str();
  CLI::App* const next = of_tables(common(app.add_subcommand("adapt", "writes the next table: ops like the worst")));
  next->add_option("--ops", chosen.ops, "how many")->capture_default_str()->check(CLI::PositiveNumber);
  next->add_option("--round", chosen.round, "number of the table")->capture_default_str();
  CLI::App* const nets = common(app.add_subcommand("networks", "writes random networks as source"));
  nets->add_option("--first", chosen.first, "seed")->capture_default_str();
  nets->add_option("--count", chosen.count, "seeds, one in four of which has floats")->capture_default_str();
  nets->add_option("--each", chosen.each, "of a firmware")->capture_default_str()->check(CLI::PositiveNumber);
  nets->add_flag("--floats", chosen.table.floats, "those with floats instead");
  std::string stem = "networks";
  nets->add_option("--stem", stem, "of the files' names")->capture_default_str();
  CLI::App* const fits = common(app.add_subcommand("fit", "fits a profile: JSON, header, page"));
  fits->add_option("--name", chosen.name, "of the board, in the profile");
  fits->add_option("--identifier", chosen.identifier, "of the object in the header, and of the files");
  CLI::App* const checks = common(app.add_subcommand("check", "predicts networks that the profile never saw"));
  checks->add_option("--profile", chosen.profile, "JSON")->required();
  checks->add_option("--goal", chosen.goal, "MAPE, %")->capture_default_str();
  for (CLI::App* const to : {next, fits, checks})
    to->add_option("--logs", chosen.logs, "what the board said of the tables")->required();
  for (CLI::App* const to : {next, fits})
    to->add_option("--depth", chosen.depth, "of the trees")->capture_default_str();
  fits->add_option("--networks", chosen.networks, "logs of networks: their ops, and what a session takes beside them");
  checks->add_option("--networks", chosen.networks, "logs of the networks to predict")->required();
  CLI11_PARSE(app, argc, argv);
  bool good = true;
  with_path(chosen.path, [&]<class P>() {
    if (*tables) emit<P>(chosen);
    if (*next) adapt<P>(chosen);
    if (*nets) {
      fs::create_directories(chosen.output);
      write_networks(chosen.first, chosen.count, chosen.each, chosen.table.floats, chosen.output / stem);
    }
    if (*fits) fit<P>(chosen);
    if (*checks) good = check<P>(chosen);
  });
  return good ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "board_profile: " << e.what() << '\n';
  return 1;
}
