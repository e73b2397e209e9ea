// What an adaptive network does, on one page: accuracy against cost, policies compared, where the samples leave, how
// far confidence can be trusted, which images are easy and which hard, what each op costs. Input is plain data
// (report_data.hpp); the page is one HTML file that needs nothing beside it, and each picture also stands as an SVG
// file in the same folder.
#ifndef OFFRAMP_HOST_REPORT_HPP
#define OFFRAMP_HOST_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/html.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/report_data.hpp>
#include <offramp/host/report_parts.hpp>
#include <offramp/host/table.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Makes the folder of a report where it is missing; to be called before a long measurement, so that it is not lost.
// Throws `error` where it cannot be made.
inline void prepare_report_folder(const std::filesystem::path& folder) {
  std::error_code why;
  std::filesystem::create_directories(folder, why);
  if (why)
    throw error("report: cannot create folder " + folder.string() + ": " + why.message() +
                "; expected a folder, or a place where one can be made");
}

// Writes report.html and the SVG files into `folder`, which is made where it is missing, and returns the page's path.
// Everything is drawn before the first file is written: on an error nothing half-made stands there. Throws `error`
// where the data do not fit together, gnuplot is missing, or the folder cannot be written.
inline std::filesystem::path write_report(const report_data& data, const std::filesystem::path& folder) {
  prepare_report_folder(folder);
  std::vector<std::pair<std::string, std::string>> files;  // name, bytes
  std::string body;
  const auto add = [&](const std::string& name, const auto& plot, const std::string& alternative,
                       const std::string& caption) {
    files.emplace_back(name, render(plot));
    body += detail::html_figure(files.back().second, alternative, caption);
  };
  const auto heading = [&](const std::string& text) { body += "<h2>" + detail::html_escaped(text) + "</h2>\n"; };

  if (!data.tables.empty()) heading("Summary");
  for (const auto& part : data.tables) {
    if (!part.title.empty()) body += "<h3>" + detail::html_escaped(part.title) + "</h3>\n";
    body += detail::html_table(part.content);
  }
  if (!data.guarantee.empty())
    body += "<p class=\"guarantee\"><strong>Guarantee.</strong> " + detail::html_escaped(data.guarantee) + "</p>\n";
  const bool by_operations = !data.accuracy_by_operations.empty(), by_time = !data.accuracy_by_time.empty();
  if (by_operations || by_time) heading("Accuracy against cost");
  if (by_operations) {
    const curve_plot plot{"Accuracy against operations",
                          {"average operations (% of the full network)"},
                          {"accuracy (%)"},
                          data.accuracy_by_operations,
                          data.operation_marks};
    add("accuracy_against_operations.svg", plot, detail::describe(plot),
        "Each point is one setting of the exit thresholds: the earlier samples may leave, the further left it lies.");
  }
  if (by_time) {
    const curve_plot plot{"Accuracy against time",
                          {"mean time per image (µs)"},
                          {"accuracy (%)"},
                          data.accuracy_by_time,
                          data.time_marks};
    add("accuracy_against_time.svg", plot, detail::describe(plot),
        "Time of the stream: the mean over the samples of each sample's median of repeated runs.");
  }
  if (!data.policies.empty()) heading("Policies compared");
  for (std::size_t i = 0; i < data.policies.size(); ++i) {
    const auto& [plot, caption] = data.policies[i];
    add(i == 0 ? "policies.svg" : "policies_" + std::to_string(i + 1) + ".svg", plot, detail::describe(plot), caption);
  }
  if (!data.exits.empty() || !data.classes.left.empty()) heading("Where the samples leave");
  if (!data.exits.empty()) {
    const auto plot = detail::exit_bars(data.exits);
    add("exits.svg", plot, detail::describe(plot), "In brackets, how many samples leave at that exit.");
  }
  if (!data.classes.left.empty()) {
    const auto map = detail::class_exit_map(data);
    add("exits_of_classes.svg", map, detail::describe(map),
        "Share of each class that leaves at each exit; in brackets, how many percent of those are answered right. "
        "Classes that leave earliest stand first.");
  }
  if (!data.reliabilities.empty()) {
    heading("How far confidence can be trusted");
    add("reliability.svg", detail::reliability_panels(data.reliabilities),
        detail::describe_reliability(data.reliabilities),
        "Every exit is asked about every image, and images are put together by its confidence, the largest softmax "
        "probability. On the dashed line, an exit is right as often as it is sure; below it, it is too sure. "
        "Bars: one standard error.");
    body += detail::html_table(detail::reliability_table(data.reliabilities));
  }
  if (!data.thoughts.exits.empty()) {
    heading("Overthinking");
    body += "<p>" + detail::html_escaped(detail::overthinking_text(data.thoughts)) + "</p>\n" +
            detail::html_table(overthinking_table(data.thoughts));
    body += "<p>Shares of all images, when every image is asked at every exit: right at this exit; of those, spoilt by "
            "the last exit, or right there too; wrong here and mended by the last exit. Hindsight improvability: of "
            "this exit's errors, the share that some earlier exit had right.</p>\n";
  }
  if (!data.agreement.empty())
    body += "<h3>Answers that two exits share</h3>\n" + detail::html_table(detail::agreement_table(data.agreement));
  if (std::any_of(data.samples.begin(), data.samples.end(), [](const auto& row) { return !row.samples.empty(); })) {
    heading("From easy to hard");
    std::string alternative = "Sample images by the exit at which they leave.";
    for (const auto& row : data.samples) {
      alternative += ' ' + row.name + ':';
      for (std::size_t i = 0; i < std::min<std::size_t>(10, row.samples.size()); ++i) {
        const auto& sample = row.samples[i];
        alternative += (i > 0 ? ", " : " ") + sample.truth;
        if (sample.truth != sample.predicted) alternative += " taken for " + sample.predicted;
      }
      alternative += '.';
    }
    add("samples.svg", detail::sample_grid(data), alternative,
        "One row per exit, true class below each image; framed: taken for another class.");
  }
  if (!data.ops.empty()) {
    heading("Cost per op");
    const auto plot = detail::op_bars(data.ops);
    if (!plot.series.empty()) {
      add("cost_per_op.svg", plot, detail::describe(plot), "From the input to the last exit.");
    }
    body += detail::html_table(detail::op_table(data.ops));
  }
  if (!data.notes.empty()) {
    heading("Notes");
    for (const auto& note : data.notes) body += "<p>" + detail::html_escaped(note) + "</p>\n";
  }
  if (body.empty()) throw error("report '" + data.title + "': found nothing to show, expected at least one part");

  const auto page = detail::html_page(data.title, data.subtitle, body);
  for (const auto& [name, bytes] : files) write_file(folder / name, bytes);
  write_file(folder / "report.html", page);
  return folder / "report.html";
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
