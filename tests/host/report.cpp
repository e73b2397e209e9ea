// The page holds every part it was given, needs nothing beside it, and leaves out what is empty.
// covers: host/report.hpp host/report_data.hpp host/report_parts.hpp host/html.hpp
#include <offramp/host/report.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
namespace fs = std::filesystem;

using offramp_test::folder;
using offramp_test::message_of;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

host::report_data sample() {
  host::report_data data;
  data.title = "Nets & <exits>";
  data.subtitle = "a subtitle";
  data.tables = {{"numbers", host::table({"net", "accuracy"}).add({"full", "91.3 %"})}};
  data.accuracy_by_operations = {{"margin", {40, 100}, {90, 91}}};
  data.operation_marks = {{"full network", 100, 91}};
  data.accuracy_by_time = {{"margin", {150, 350}, {90, 91}}};
  data.exits = {{"exit 1", 60, 97}, {"exit 2", 0}, {"exit 3", 40, 80}};
  data.image_height = data.image_width = 2;
  data.samples = {
      {"exit 1", {{{1, 2, 3, 4}, "Bag", "Bag"}}}, {"exit 2", {}}, {"exit 3", {{{5, 6, 7, 8}, "Coat", "Shirt"}}}};
  data.ops = {{"conv", 1, 3000, 9000, 10}, {"head", 1, 1000, 1000, 30}};
  data.notes = {"A note with < in it."};
  return data;
}

// Four images of two classes at two exits. Exit 0 is right about images 0, 1 and 3, exit 1 about 0, 2 and 3.
host::exit_outputs outputs() {
  host::exit_outputs o;
  o.truth = {0, 0, 1, 1};
  o.label = {{0, 0, 0, 1}, {0, 1, 1, 1}};
  o.ops = {1, 2};
  o.full_ops = 2;
  o.classes = 2;
  o.real_logits = {{1, 0, 2, 0, 1, 0, 0, 3}, {3, 0, 0, 1, 0, 2, 0, 3}};
  o.scale = {1, 1};
  o.unit = {offramp::make_fixed_factor(65536.0), offramp::make_fixed_factor(65536.0)};
  return o;
}

}  // namespace

TEST_CASE("report: the page and its pictures") {
  const folder at;
  const auto page_path = host::write_report(sample(), at.path / "new" / "place");
  CHECK(page_path == at.path / "new" / "place" / "report.html");
  const auto page = host::detail::slurp(page_path);
  CHECK(has(page, "<title>Nets &amp; &lt;exits&gt;</title>"));
  CHECK(has(page, "a subtitle"));
  CHECK(has(page, "<td class=\"number\">91.3 %</td>"));
  CHECK(has(page, "Marked: full network, 91.00 at 100.0."));
  CHECK(has(page, "exit 1 (60): share of the samples 60.0 %, accuracy among them 97.0 %."));
  CHECK(has(page, "exit 2 (0): share of the samples 0.0 %"));
  CHECK(has(page, "exit 3: Coat taken for Shirt."));
  CHECK(has(page, "conv: bit operations 90.0 %, weight bytes 25.0 %."));
  CHECK(has(page, "<td class=\"number\">9,000</td>"));
  CHECK_FALSE(has(page, "time (µs)</th>"));  // no op has one
  CHECK(has(page, "A note with &lt; in it."));
  CHECK(has(page, "</html>"));
  // Self-contained: every source is a data URI, nothing is loaded.
  for (auto found = page.find("src=\""); found != std::string::npos; found = page.find("src=\"", found + 1)) {
    CHECK(page.compare(found, 31, "src=\"data:image/svg+xml;base64,") == 0);
  }
  CHECK_FALSE(has(page, "http"));
  for (const char* name : {"accuracy_against_operations", "accuracy_against_time", "exits", "samples", "cost_per_op"}) {
    CAPTURE(name);
    const auto svg = host::detail::slurp(page_path.parent_path() / (std::string(name) + ".svg"));
    CHECK(has(svg, "</svg>"));
    CHECK(has(page, host::detail::base64(svg)));
  }
}

TEST_CASE("report: what stored outputs say by themselves") {
  const folder at;
  auto data = sample();
  data.guarantee = "At most 0.5 points < 1.";
  data.policies = {{{"Two policies", {"cost (%)"}, {"accuracy (%)"}, {{"first", {1, 2}, {80, 90}}}}, "Three seeds."},
                   {{"Again", {"time (us)"}, {"accuracy (%)"}, {{"second", {1, 2}, {81, 91}}}}, "Five seeds."}};
  host::add_exit_analysis(data, outputs(), {0, 1, 0, 0}, {"Bag", "Coat"});
  const auto folder_of = host::write_report(data, at.path).parent_path();
  auto page = host::detail::slurp(folder_of / "report.html");
  CHECK(has(page, "<strong>Guarantee.</strong> At most 0.5 points &lt; 1."));
  CHECK(page.find("Guarantee.") < page.find("Accuracy against cost"));  // beside the tables
  CHECK(has(page, "<h2>Policies compared</h2>"));
  CHECK(has(page, "Three seeds."));
  CHECK(has(page, "second goes from 81.00 at 1.0 to 91.00 at 2.0."));
  // Coat leaves earlier; half of the bags stay, and are answered wrong.
  CHECK(has(page, "Coat: exit 1 100.0 %, exit 2 0.0 %"));
  CHECK(page.find("Coat: exit 1 100.0 %") < page.find("Bag: exit 1 50.0 %, exit 2 50.0 %"));
  CHECK(has(host::detail::slurp(folder_of / "exits_of_classes.svg"), ">100.0 % (50)<"));
  CHECK(has(host::detail::slurp(folder_of / "exits_of_classes.svg"), ">50.0 % (0)<"));
  CHECK(has(page, "<h2>How far confidence can be trusted</h2>"));
  CHECK(has(page, ">ECE (points)</th>"));
  CHECK(has(page, ">75.00 %</td>"));  // right at either exit
  CHECK_FALSE(has(page, "after temperature"));
  CHECK(has(page, "<h2>Overthinking</h2>"));
  CHECK(has(page, "Of 4 images, 25.00 % are answered wrong by the last exit although an earlier one was right"));
  CHECK(has(page,
            "100.00 % of its errors. 50.00 % were right at an earlier exit already and stay right (wasteful), and "
            "0.00 % no exit gets right."));
  CHECK(has(page, "<td>exit 1</td><td class=\"number\">100.0 %</td><td class=\"number\">50.0 %</td>"));
  for (const char* name : {"policies", "policies_2", "exits_of_classes", "reliability"}) {
    CAPTURE(name);
    const auto svg = host::detail::slurp(folder_of / (std::string(name) + ".svg"));
    CHECK(has(svg, "</svg>"));
    CHECK(has(page, host::detail::base64(svg)));
  }
  CHECK(has(host::detail::slurp(folder_of / "reliability.svg"), ">as stored<"));

  // Logits of nothing are as sure as chance: half of the answers, of which three quarters are right.
  auto flat = outputs();
  for (auto& logits : flat.real_logits) logits.assign(logits.size(), 0.0f);
  host::add_after_temperature(data, flat);
  page = host::detail::slurp(host::write_report(data, at.path));
  CHECK(has(page, ">ECE after temperature</th>"));
  CHECK(has(page, ">25.00</td></tr>"));
  CHECK(has(host::detail::slurp(folder_of / "reliability.svg"), ">after temperature<"));
}

TEST_CASE("report: outputs and parts that do not fit together are refused") {
  const folder at;
  auto data = sample();
  CHECK(has(message_of([&] {
              host::add_exit_analysis(data, outputs(), {0, 1, 0, 0}, {"Bag"});
            }),
            "add_exit_analysis: found 1 class names, expected 2"));
  CHECK(has(message_of([&] {
              host::add_exit_analysis(data, outputs(), {0, 1}, {"Bag", "Coat"});
            }),
            "found the exits of 2 images, expected 4"));
  CHECK(has(message_of([&] { host::add_after_temperature(data, outputs()); }), "found 2 exits, expected 0"));
  auto without = outputs();
  without.real_logits.clear();
  CHECK(has(message_of([&] {
              host::add_exit_analysis(data, without, {0, 1, 0, 0}, {"Bag", "Coat"});
            }),
            "hold no logits"));
  host::add_exit_analysis(data, outputs(), {0, 1, 0, 0}, {"Bag", "Coat"});
  auto bad = data;
  bad.class_names.pop_back();
  CHECK(has(message_of([&] { host::write_report(bad, at.path); }), "report, class names: found 1 values, expected 2"));
  bad = data;
  bad.classes.right[1].pop_back();
  CHECK(has(message_of([&] { host::write_report(bad, at.path); }), "right answers of class 'Coat': found 1 values"));
  bad = data;
  bad.reliabilities[1].stored.accuracy.pop_back();
  CHECK(has(message_of([&] { host::write_report(bad, at.path); }),
            "reliability of exit 2, accuracy: found 14 values, expected 15"));
  bad = data;
  bad.agreement[0].pop_back();
  CHECK(has(message_of([&] { host::write_report(bad, at.path); }), "agreement of exit 1: found 1 values, expected 2"));
  CHECK(fs::is_empty(at.path));
}

TEST_CASE("report: empty parts are left out, an empty report is refused") {
  const folder at;
  host::report_data data;
  data.title = "little";
  CHECK(has(message_of([&] { host::write_report(data, at.path); }), "'little': found nothing to show"));
  data.notes = {"only this"};
  const auto page = host::detail::slurp(host::write_report(data, at.path));
  CHECK(has(page, "only this"));
  CHECK_FALSE(has(page, "<img"));
  CHECK_FALSE(has(page, "Cost per op"));
}

TEST_CASE("report: bad data leave the folder as it was, a folder that cannot be is named") {
  const folder at;
  auto data = sample();
  data.samples[0].samples[0].pixels.pop_back();
  CHECK(has(message_of([&] { host::write_report(data, at.path); }), "found 3 values, expected 4"));
  data = sample();
  data.exits = {{"exit 1", 0}};
  CHECK(has(message_of([&] { host::write_report(data, at.path); }), "found no sample at any of 1 exits"));
  CHECK(fs::is_empty(at.path));
  std::ofstream(at.path / "file") << "in the way";
  CHECK(has(message_of([&] { host::write_report(sample(), at.path / "file" / "deeper"); }),
            "cannot create folder " + (at.path / "file" / "deeper").string()));
}

TEST_CASE("report: base64") {
  CHECK(host::detail::base64("") == "");
  CHECK(host::detail::base64("f") == "Zg==");
  CHECK(host::detail::base64("fo") == "Zm8=");
  CHECK(host::detail::base64("foo") == "Zm9v");
  CHECK(host::detail::base64("\xff\xfe\xfd\x01") == "//79AQ==");
}
