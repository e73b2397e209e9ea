// The page holds every part it was given, needs nothing beside it, and leaves out what is empty.
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
