// What an adaptive network does, on one page: accuracy against cost, where the samples leave, which images are easy and
// which hard, what each op costs. Input is plain data, so any measurement can be shown; the page is one HTML file that
// needs nothing beside it, and each picture also stands as an SVG file in the same folder.
#ifndef OFFRAMP_HOST_REPORT_HPP
#define OFFRAMP_HOST_REPORT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/plot.hpp>
#include <offramp/host/table.hpp>
#include <offramp/host/write_file.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct exit_summary {
  std::string name;
  long long samples = 0;                // that left here
  double accuracy_percent = not_given;  // among them; not given where none left
};

struct report_sample {
  std::vector<std::uint8_t> pixels;  // one image of the report's shape
  std::string truth, predicted;      // class names
};

struct exit_samples {
  std::string name;
  std::vector<report_sample> samples;  // the first ten are shown
};

struct op_report {
  std::string name;
  int exit = 0;  // the first exit that needs this op
  long long macs = 0, bops = 0, bytes = 0;
  double time_us = not_given;  // of this op, per image
};

struct report_table {
  std::string title;
  table content;
};

// Every part may be left empty; its section is then left out.
struct report_data {
  std::string title, subtitle;
  std::vector<report_table> tables;
  std::vector<curve> accuracy_by_operations;  // x: average operations, % of the full network; y: accuracy, %
  std::vector<mark> operation_marks;          // the full network, the chosen operating point
  std::vector<curve> accuracy_by_time;        // x: mean time per image, microseconds; y: accuracy, %
  std::vector<mark> time_marks;
  std::vector<exit_summary> exits;
  int image_height = 0, image_width = 0, image_channels = 1;
  std::vector<exit_samples> samples;  // one row per exit, from the first ("easy") to the last ("hard")
  std::vector<op_report> ops;
  std::vector<std::string> notes;
};

namespace detail {

inline std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

inline std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? digits[bits >> (18 - 6 * k) & 63u] : '=';
  }
  return out;
}

inline std::string html_table(const table& shown) {
  const auto row = [&](const std::vector<std::string>& cells, const std::string& tag, const std::string& attribute) {
    std::string out = "<tr>";
    for (std::size_t c = 0; c < cells.size(); ++c) {
      out += '<' + tag + attribute + (shown.numeric(c) ? " class=\"number\">" : ">") + html_escaped(cells[c]) + "</" +
             tag + '>';
    }
    return out + "</tr>\n";
  };
  std::string out =
      "<div class=\"wide\"><table>\n<thead>" + row(shown.headers(), "th", " scope=\"col\"") + "</thead>\n<tbody>\n";
  for (const auto& cells : shown.rows()) out += row(cells, "td", "");
  return out + "</tbody>\n</table></div>\n";
}

// As a data URI and not inline: gnuplot gives the same ids to the parts of every picture.
inline std::string html_figure(const std::string& svg, const std::string& alternative, const std::string& caption) {
  return "<figure><img alt=\"" + html_escaped(alternative) + "\" src=\"data:image/svg+xml;base64," + base64(svg) +
         "\"><figcaption>" + html_escaped(caption) + "</figcaption></figure>\n";
}

// Plain words on what a plot shows, for those who do not see it.
inline std::string describe(const curve_plot& plot) {
  auto out = plot.title + ": " + plot.y.label + " over " + plot.x.label + ".";
  for (const auto& curve : plot.curves) {
    if (curve.x.empty() || curve.x.size() != curve.y.size()) continue;
    const auto low = static_cast<std::size_t>(std::min_element(curve.x.begin(), curve.x.end()) - curve.x.begin());
    const auto high = static_cast<std::size_t>(std::max_element(curve.x.begin(), curve.x.end()) - curve.x.begin());
    out += ' ' + (curve.name.empty() ? std::string("The curve") : curve.name) + " goes from " + fixed(curve.y[low], 2) +
           " at " + fixed(curve.x[low], 1) + " to " + fixed(curve.y[high], 2) + " at " + fixed(curve.x[high], 1) + '.';
  }
  for (const auto& mark : plot.marks) {
    out += " Marked: " + mark.text + ", " + fixed(mark.y, 2) + " at " + fixed(mark.x, 1) + '.';
  }
  return out;
}

inline std::string describe(const bar_plot& plot) {
  auto out = plot.title + ':';
  for (std::size_t i = 0; i < plot.categories.size(); ++i) {
    out += ' ' + plot.categories[i] + ':';
    for (std::size_t s = 0; s < plot.series.size(); ++s) {
      out += (s > 0 ? ", " : " ") + plot.series[s].name + ' ' + fixed(plot.series[s].values[i], 1) + " %";
    }
    out += '.';
  }
  return out;
}

inline bar_plot exit_bars(const std::vector<exit_summary>& exits) {
  bar_plot plot{"Samples that leave at each exit, and accuracy among them",
                "",
                {"share, accuracy (%)", 0, 110},
                {},
                {{"share of the samples", {}, {}}, {"accuracy among them", {}, {}}}};
  plot.horizontal = exits.size() > 4;
  long long total = 0;
  for (const auto& e : exits) total += e.samples;
  if (total <= 0)
    throw error("report: found no sample at any of " + std::to_string(exits.size()) + " exits, expected at least one");
  for (const auto& e : exits) {
    const double share = 100.0 * static_cast<double>(e.samples) / static_cast<double>(total);
    plot.categories.push_back(e.name + " (" + grouped(e.samples) + ")");
    plot.series[0].values.push_back(share);
    plot.series[0].labels.push_back(fixed(share, 1) + " %");
    plot.series[1].values.push_back(e.accuracy_percent);
    plot.series[1].labels.push_back(std::isfinite(e.accuracy_percent) ? fixed(e.accuracy_percent, 1) + " %" : "");
  }
  return plot;
}

inline image_grid sample_grid(const report_data& data) {
  constexpr std::size_t most = 10;
  image_grid grid{"", data.image_height, data.image_width, data.image_channels, {}};
  for (const auto& exit : data.samples) {
    image_row row{exit.name, {}};
    for (std::size_t i = 0; i < std::min(most, exit.samples.size()); ++i) {
      const auto& sample = exit.samples[i];
      const bool wrong = sample.truth != sample.predicted;
      row.tiles.push_back({sample.pixels, sample.truth, wrong ? "as " + sample.predicted : "", wrong});
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

// One bar per quantity that is known and not zero throughout, as a share of its total: units differ, shares compare.
inline bar_plot op_bars(const std::vector<op_report>& ops) {
  bar_plot plot{"Share of each op in the whole network's cost", "", {"share of the total (%)", 0}, {}, {}};
  plot.horizontal = true;
  plot.width = 860;
  for (const auto& op : ops) plot.categories.push_back(op.name);
  const auto add = [&](const char* name, auto value) {
    double total = 0;
    for (const auto& op : ops) total += value(op);
    if (!(total > 0)) return;  // nothing there, or not given for some op
    bar_series series{name, {}, {}};
    for (const auto& op : ops) {
      const double share = 100.0 * value(op) / total;
      series.values.push_back(share);
      series.labels.push_back(fixed(share, 1));
    }
    plot.series.push_back(std::move(series));
  };
  add("bit operations", [](const op_report& op) { return static_cast<double>(op.bops); });
  add("time", [](const op_report& op) { return op.time_us; });
  add("weight bytes", [](const op_report& op) { return static_cast<double>(op.bytes); });
  return plot;
}

inline table op_table(const std::vector<op_report>& ops) {
  const bool timed = std::any_of(ops.begin(), ops.end(), [](const op_report& op) { return std::isfinite(op.time_us); });
  std::vector<std::string> headers{"op", "first needed by exit", "MACs", "bit operations", "weight bytes"};
  if (timed) headers.emplace_back("time (µs)");
  table shown(headers);
  for (const auto& op : ops) {
    std::vector<std::string> row{op.name, std::to_string(op.exit), grouped(op.macs), grouped(op.bops),
                                 grouped(op.bytes)};
    if (timed) row.push_back(fixed(op.time_us, 2));
    shown.add(std::move(row));
  }
  return shown;
}

inline constexpr const char* report_style = R"(
:root { color-scheme: light dark; --text: #1b1b1b; --soft: #5c5c5c; --back: #ffffff; --rule: #d5d5d5; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --soft: #a8a8a8; --back: #1a1b1d; --rule: #3d3f43; }
}
body { margin: 0 auto; max-width: 1000px; padding: 2rem 1.2rem 4rem; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 0.8rem; padding-top: 0.8rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.4rem 0 0.5rem; }
.subtitle { margin: 0.3rem 0 0; color: var(--soft); }
figure { margin: 0 0 1.4rem; padding: 0.8rem; background: #ffffff; border: 1px solid var(--rule); border-radius: 6px; }
figure img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { margin-top: 0.5rem; color: #5c5c5c; font-size: 0.88rem; text-align: center; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: left; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 600; }
.number { text-align: right; padding: 0.3rem 0.2rem 0.3rem 1.4rem; }
)";

}  // namespace detail

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
  if (!data.exits.empty()) {
    heading("Where the samples leave");
    const auto plot = detail::exit_bars(data.exits);
    add("exits.svg", plot, detail::describe(plot), "In brackets, how many samples leave at that exit.");
  }
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

  const auto title = detail::html_escaped(data.title);
  auto page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
              title + "</title>\n<style>" + detail::report_style + "</style>\n</head>\n<body>\n<h1>" + title +
              "</h1>\n";
  if (!data.subtitle.empty()) page += "<p class=\"subtitle\">" + detail::html_escaped(data.subtitle) + "</p>\n";
  page += body + "</body>\n</html>\n";
  for (const auto& [name, bytes] : files) write_file(folder / name, bytes);
  write_file(folder / "report.html", page);
  return folder / "report.html";
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
