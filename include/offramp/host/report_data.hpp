// What a report can show, as plain data, so that any measurement fits; and how stored outputs fill it.
#ifndef OFFRAMP_HOST_REPORT_DATA_HPP
#define OFFRAMP_HOST_REPORT_DATA_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/calibration_error.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/exit_analysis.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/plot_data.hpp>
#include <offramp/host/table.hpp>

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

// Several policies or recipes on one axis, with their spread over seeds (curve_spread.hpp).
struct policy_plot {
  curve_plot plot;
  std::string caption;  // says what the bands are
};

// How far the confidence of one exit can be trusted, and how far after its temperature was fitted, where it was.
struct exit_reliability {
  std::string name;
  reliability stored;
  std::optional<reliability> after_temperature = {};
};

// Every part may be left empty; its section is then left out.
struct report_data {
  std::string title, subtitle;
  std::vector<report_table> tables;
  std::string guarantee;  // what is promised about the thresholds (guarantee_text.hpp); shown beside the tables
  std::vector<curve> accuracy_by_operations;  // x: average operations, % of the full network; y: accuracy, %
  std::vector<mark> operation_marks;          // the full network, the chosen operating point
  std::vector<curve> accuracy_by_time;        // x: mean time per image, microseconds; y: accuracy, %
  std::vector<mark> time_marks;
  std::vector<exit_summary> exits;
  std::vector<policy_plot> policies;
  std::vector<std::string> class_names;  // of `classes`; its exits are named as in `exits`, else numbered
  class_exits classes;                   // images of each class by the exit at which they leave
  std::vector<exit_reliability> reliabilities;
  overthinking thoughts;
  std::vector<std::vector<double>> agreement;  // share of images answered alike, [exit][exit]
  int image_height = 0, image_width = 0, image_channels = 1;
  std::vector<exit_samples> samples;  // one row per exit, from the first ("easy") to the last ("hard")
  std::vector<op_report> ops;
  std::vector<std::string> notes;
};

// Fills in what outputs of all exits say by themselves: exits per class where image i leaves at exit taken[i], the
// reliability of every exit, overthinking and agreement. Throws where sizes differ or no logits are stored.
inline void add_exit_analysis(report_data& data, const exit_outputs& o, const std::vector<std::size_t>& taken,
                              std::vector<std::string> class_names) {
  if (class_names.size() != static_cast<std::size_t>(o.classes))
    throw error("add_exit_analysis: found " + std::to_string(class_names.size()) + " class names, expected " +
                std::to_string(o.classes));
  data.classes = exits_of_classes(o, taken);
  data.class_names = std::move(class_names);
  data.thoughts = overthinking_of(o);
  data.agreement = exit_agreement(o);
  data.reliabilities.clear();
  for (int k = 0; k < o.exits(); ++k) {
    reliability of_exit = reliability_of(o, k);
    data.reliabilities.push_back({"exit " + std::to_string(k + 1), std::move(of_exit)});
  }
}

// The same exits after temperatures were fitted: the outputs with their logits rescaled.
inline void add_after_temperature(report_data& data, const exit_outputs& rescaled) {
  if (data.reliabilities.size() != rescaled.label.size())
    throw error("add_after_temperature: found " + std::to_string(rescaled.label.size()) + " exits, expected " +
                std::to_string(data.reliabilities.size()));
  for (int k = 0; k < rescaled.exits(); ++k)
    data.reliabilities[static_cast<std::size_t>(k)].after_temperature = reliability_of(rescaled, k);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
