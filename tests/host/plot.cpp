// Pictures come out whole, with their texts and images inside, or not at all and with a message.
// covers: host/plot.hpp host/plot_data.hpp host/plot_curves.hpp host/plot_bars.hpp host/plot_tiles.hpp host/gnuplot.hpp
#include <offramp/host/plot.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
namespace fs = std::filesystem;

using offramp_test::folder;
using offramp_test::message_of;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

host::curve_plot curves() {
  return {"It's a <test>",
          {"cost (%)"},
          {"accuracy (%)"},
          {{"first_one", {1, 2, 3}, {4, 5, 6}, {0.1, 0.2, 0.1}}},
          {{"here", 2, 5}}};
}

}  // namespace

TEST_CASE("plot: curves as SVG hold title, axes, names and marks, escaped") {
  const auto svg = host::render(curves());
  CHECK(has(svg, "It's a &lt;test"));
  CHECK(has(svg, "cost (%)"));
  CHECK(has(svg, "accuracy (%)"));
  CHECK(has(svg, "first_one"));
  CHECK(has(svg, ">here<"));
  CHECK(has(svg, "width=\"760\" height=\"460\""));
  CHECK(has(svg, "</svg>"));
}

TEST_CASE("plot: texts of marks that are close hang one below the other") {
  auto plot = curves();
  plot.marks = {{"first", 1.0, 5}, {"close", 1.05, 5}, {"apart", 3, 5}};
  const auto script = host::detail::draw(plot).script;
  CHECK(has(script, "'first' at 1,5 left offset 0.4,-1.3 "));
  CHECK(has(script, "'close' at 1.05,5 left offset 0.4,-2.6 "));
  CHECK(has(script, "'apart' at 3,5 right offset 0.6,-1.3 "));
}

TEST_CASE("plot: texts of marks do not cover points") {
  auto plot = curves();
  host::curve below{"below", {}, {}};
  for (double x = 1; x < 2; x += 0.02) below.x.push_back(x), below.y.push_back(4.8);
  plot.curves.push_back(below);
  plot.marks = {{"a long text of a mark", 1, 5}};
  const auto script = host::detail::draw(plot).script;
  CHECK_FALSE(has(script, "at 1,5 left offset 0.4,-1.3 "));
  CHECK(has(script, "at 1,5 left offset 0.4,-"));
  // With points in many lines below, above is nearer.
  for (double y = 4.1; y < 4.8; y += 0.1)
    for (double x = 1; x < 2; x += 0.02) plot.curves.back().x.push_back(x), plot.curves.back().y.push_back(y);
  plot.curves[0].y = {4.1, 6, 6};
  plot.y.high = 6;
  CHECK(has(host::detail::draw(plot).script, "at 1,5 left offset 0.4,1.3 "));
}

TEST_CASE("plot: points that are not finite are left out, a plot of nothing else is refused") {
  auto plot = curves();
  plot.curves[0].y[1] = host::not_given;
  CHECK(has(host::detail::draw(plot).script, "$curve0 << EOD\n1 4 0.1 0\n3 6 0.1 0\nEOD\n"));
  plot.marks.clear();
  plot.curves[0].y = {host::not_given, host::not_given, host::not_given};
  CHECK(message_of([&] { host::render(plot); }) ==
        "plot 'It's a <test>': found no point with finite coordinates, expected at least one");
  plot = curves();
  plot.curves[0].y.pop_back();
  CHECK(has(message_of([&] { host::render(plot); }), "y of curve 'first_one': found 2 values, expected 3"));
  plot = curves();
  plot.curves[0].error.pop_back();
  CHECK(has(message_of([&] { host::render(plot); }), "error of 'first_one': found 2 values, expected 3"));
}

TEST_CASE("plot: spread as a band and as bars in both directions") {
  auto plot = curves();
  auto& curve = plot.curves[0];
  curve.low = {3, host::not_given, 5};
  curve.high = {5, 6, 7};
  curve.x_error = {0.5, 0.25, host::not_given};
  const auto script = host::detail::draw(plot).script;
  CHECK(has(script, "$curve0 << EOD\n1 4 0.1 0.5\n2 5 0.2 0.25\n3 6 0.1 0\nEOD\n"));
  CHECK(has(script, "$band0 << EOD\n1 3 5\n3 5 7\nEOD\n"));
  CHECK(has(script, "1:2:3 with yerrorbars"));
  CHECK(has(script, "1:2:4 with xerrorbars"));
  CHECK(script.find("$band0 using") < script.find("$curve0 using 1:2 with linespoints"));  // the band lies behind
  CHECK(has(host::render(plot), "fill-opacity"));
  curve.high.pop_back();
  CHECK(has(message_of([&] { host::render(plot); }), "upper ends of 'first_one': found 2 values, expected 3"));
  curve.high.clear();
  CHECK(has(message_of([&] { host::render(plot); }), "has one end of a band, expected both or none"));
  curve.low.clear();
  curve.x_error.pop_back();
  CHECK(has(message_of([&] { host::render(plot); }), "error in x of 'first_one': found 2 values, expected 3"));
}

TEST_CASE("plot: a reference takes no colour, boxes lie behind everything") {
  auto plot = curves();
  host::curve reference{"perfect", {1, 3}, {4, 6}}, boxes{"share", {1, 2, 3}, {1, 1, 1}};
  reference.drawn = host::curve_look::reference;
  boxes.drawn = host::curve_look::boxes;
  plot.curves.insert(plot.curves.begin(), {reference, boxes});
  const auto script = host::detail::draw(plot).script;
  CHECK(has(script, "plot $curve1 using 1:2 with boxes"));
  CHECK(has(script, "$curve0 using 1:2 with lines lc rgb '#8a8a8a' lw 1.5 dt 2"));
  CHECK(has(script, "$curve2 using 1:2 with linespoints lc rgb '#0072B2'"));  // the first colour
}

TEST_CASE("plot: panels share a key and the labels of their edge") {
  host::panel_grid grid{"all of them", {}, 2};
  for (const char* title : {"panel one", "panel two", "panel three"}) {
    grid.panels.push_back(curves());
    grid.panels.back().title = title;
  }
  const auto svg = host::render(grid);
  for (const char* text : {"all of them", "panel one", "panel two", "panel three"}) CHECK(count(svg, text) == 1);
  CHECK(count(svg, ">first_one<") == 1);
  CHECK(count(svg, ">accuracy (%)<") == 2);  // the first and the third begin a row
  CHECK(count(svg, ">cost (%)<") == 2);      // below the second there is no panel
  grid.panels[1].curves[0].y.pop_back();
  CHECK(has(message_of([&] { host::render(grid); }), "plot 'panel two', y of curve 'first_one': found 2 values"));
  grid.panels.clear();
  CHECK(has(message_of([&] { host::render(grid); }), "found 0 panels in 2 columns"));
}

TEST_CASE("plot: a heat map has a cell for every finite value, dark ones with white text") {
  host::heat_map map{"heat", "exit", "class", {"c1", "c2"}, {"r1", "r2"}, {{0, 100}, {50, host::not_given}}};
  const auto script = host::detail::draw(map).script;
  const auto cells = script.substr(script.find("$cells << EOD\n"));
  CHECK(count(cells, "\n") == 6);                            // three cells, two lines of the block, one to draw
  CHECK(has(cells, ' ' + std::to_string(0xffffff) + '\n'));  // 0: white
  CHECK(has(cells, ' ' + std::to_string(0x004478) + '\n'));  // 100: the darkest
  CHECK(count(script, "#ffffff") == 1);
  const auto svg = host::render(map);
  for (const char* text : {">c1<", ">c2<", ">r1<", ">r2<", ">0.0<", ">100.0<", ">50.0<", ">exit<", ">class<"})
    CHECK(has(svg, text));
  map.texts = {{"none", "all"}, {"half", ""}};
  CHECK(has(host::render(map), ">half<"));
  map.texts[1].pop_back();
  CHECK(has(message_of([&] { host::render(map); }), "texts of row 'r2': found 1 values, expected 2"));
  map.texts.clear();
  map.values[0].pop_back();
  CHECK(has(message_of([&] { host::render(map); }), "row 'r1': found 1 values, expected 2"));
  map.values.pop_back();
  CHECK(has(message_of([&] { host::render(map); }), "rows: found 1 values, expected 2"));
  map = {"none", "", "", {"c"}, {"r"}, {{host::not_given}}};
  CHECK(has(message_of([&] { host::render(map); }), "found no finite value"));
}

TEST_CASE("plot: bars side by side, stacked, lying") {
  host::bar_plot plot{"bars", "", {"share (%)"}, {"one", "two"}, {{"a", {10, 20}, {"ten", "twenty"}}, {"b", {1, 2}}}};
  CHECK(has(host::render(plot), ">twenty<"));
  CHECK(has(host::detail::draw(plot).script, "$bars0 << EOD\n-0.2 10 -0.4 0 0 10\n0.8 20 0.6 1 0 20\nEOD\n"));
  plot.stacked = true;
  CHECK(has(host::detail::draw(plot).script, "$bars1 << EOD\n0 11 -0.35 0.35 10 11\n1 22 0.65 1.35 20 22\nEOD\n"));
  CHECK(has(host::render(plot), "</svg>"));
  plot.stacked = false;
  plot.horizontal = true;
  CHECK(has(host::detail::draw(plot).script, "$bars0 << EOD\n10 -0.2 0 10 -0.4 0\n20 0.8 0 20 0.6 1\nEOD\n"));
  CHECK(has(host::render(plot), ">two<"));
  plot.series[1].values.pop_back();
  CHECK(has(message_of([&] { host::render(plot); }), "'b': found 1 values, expected 2"));
  plot.series.clear();
  CHECK(has(message_of([&] { host::render(plot); }), "found no bars"));
}

TEST_CASE("plot: an image grid is embedded in its SVG, in the right place and the right way up") {
  host::image_grid grid{"", 2, 3, 1, {{"row", {{{10, 20, 30, 40, 50, 60}, "caption", "as other", true}}}}};
  const auto drawn = host::detail::draw(grid);
  REQUIRE(drawn.raster.size() == static_cast<std::size_t>(drawn.width * drawn.height * 3));
  // 20-fold magnified: 60 x 40 pixels, in the middle of a cell of 84 behind 96 pixels for the row's label.
  const auto pixel = [&](int x, int y) {
    const auto at = static_cast<std::size_t>((y * drawn.width + x) * 3);
    return static_cast<int>(static_cast<unsigned char>(drawn.raster[at]));
  };
  CHECK(pixel(108, 8) == 10);
  CHECK(pixel(167, 8) == 30);
  CHECK(pixel(108, 47) == 40);
  CHECK(pixel(167, 47) == 60);
  CHECK(pixel(107, 8) == 255);
  CHECK(pixel(108, 48) == 255);
  const auto svg = host::render(grid);
  CHECK(count(svg, "<image") == 1);
  CHECK(has(svg, "data:image/png;base64,"));
  CHECK(has(svg, ">caption<"));
  CHECK(has(svg, ">as other<"));
  grid.rows[0].tiles[0].pixels.pop_back();
  CHECK(has(message_of([&] { host::render(grid); }), "image 0 of row 0: found 5 values, expected 6"));
  grid.channels = 2;
  CHECK(has(message_of([&] { host::render(grid); }), "2 x 3 x 2, expected sides above 0 and 1 or 3 channels"));
  grid.rows.clear();
  CHECK(has(message_of([&] { host::render(grid); }), "found no image"));
}

TEST_CASE("plot: files") {
  const folder at;
  host::save_plot(curves(), at.path / "c.png");
  std::ifstream in(at.path / "c.png", std::ios::binary);
  std::string head(4, ' ');
  in.read(head.data(), 4);
  CHECK(head == "\x89PNG");
  CHECK(at.files() == 1);
  CHECK(has(message_of([&] { host::save_plot(curves(), at.path / "c.pdf"); }), "found the ending '.pdf'"));
  const auto missing = at.path / "missing";
  CHECK(has(message_of([&] { host::save_plot(curves(), missing / "c.svg"); }),
            "expected an existing folder with write permission, found none at " + missing.string()));
  fs::create_directory(at.path / "c.png.part");  // stands in the way of the temporary file
  const auto size = fs::file_size(at.path / "c.png");
  CHECK_THROWS_AS(host::write_file(at.path / "c.png", "new"), host::error);
  CHECK(fs::file_size(at.path / "c.png") == size);
}

TEST_CASE("plot: without gnuplot the message names the package; its own errors are passed on") {
  const folder empty;
  {
    const std::string before = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
    setenv("PATH", empty.path.string().c_str(), 1);
    const auto text = message_of([&] { host::render(curves()); });
    setenv("PATH", before.c_str(), 1);
    CHECK(has(text, "gnuplot was not found"));
    CHECK(has(text, "gnuplot-nox"));
  }
  const host::detail::drawing bad{"mine", 100, 100, "nonsense\n"};
  const auto text = message_of([&] { host::detail::run_gnuplot(bad, host::picture::svg); });
  CHECK(has(text, "plot 'mine': gnuplot failed"));
  CHECK(has(text, "invalid command"));
}
