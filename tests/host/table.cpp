// Tables letter by letter: alignment, characters of more than one byte, Markdown.
#include <offramp/host/table.hpp>

#include <limits>
#include <sstream>

#include <doctest/doctest.h>

namespace host = offramp::host;

TEST_CASE("table: numbers stand to the right, texts to the left") {
  host::table shown({"op", "MACs", "time", "shape"});
  shown.add({"conv", "1,234", "12.5 µs", "28x28"}).add({"µ-pool", "-", "3 µs", "7x7"});
  CHECK(shown.text() == "op       MACs     time  shape\n"
                        "------  -----  -------  -----\n"
                        "conv    1,234  12.5 µs  28x28\n"
                        "µ-pool      -     3 µs  7x7\n");
  std::ostringstream out;
  out << shown;
  CHECK(out.str() == shown.text());
}

TEST_CASE("table: what counts as a number") {
  const auto numeric = [](const char* cell) { return host::table({"x"}).add({cell}).numeric(0); };
  for (const char* cell : {"0", "-1.5", "+3", ".5", "1e-3", "99.1 %", "99.1%", "5 KB", "~3", "1,234,567"}) {
    CAPTURE(cell);
    CHECK(numeric(cell));
  }
  for (const char* cell : {"", "-", "3x3", "28 x 28", "1 of 3", "i8", "exit 1", "v0"}) {
    CAPTURE(cell);
    CHECK_FALSE(numeric(cell));
  }
}

TEST_CASE("table: Markdown") {
  host::table shown({"name", "n"});
  shown.add({"a|b", "1"}).add({"c\nd", "20"});
  CHECK(shown.markdown() == "| name |   n |\n"
                            "| ---- | --: |\n"
                            "| a\\|b |   1 |\n"
                            "| c d  |  20 |\n");
}

TEST_CASE("table: a row of the wrong length, and an empty table") {
  host::table shown({"a", "b"});
  CHECK(shown.text() == "a    b\n---  ---\n");
  CHECK_THROWS_WITH_AS(shown.add({"1"}), "table: row 0 has 1 cells, expected 2", host::error);
}

TEST_CASE("table: numbers as text") {
  CHECK(host::fixed(1.005, 1) == "1.0");
  CHECK(host::fixed(-2.5, 0) == "-2");
  CHECK(host::fixed(1e20, 2) == "100000000000000000000.00");
  CHECK(host::fixed(std::numeric_limits<double>::quiet_NaN(), 2) == "-");
  CHECK(host::grouped(0) == "0");
  CHECK(host::grouped(999) == "999");
  CHECK(host::grouped(1000) == "1,000");
  CHECK(host::grouped(-123456) == "-123,456");
  CHECK(host::grouped(1234567) == "1,234,567");
}
