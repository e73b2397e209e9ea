// Progress with a clock that the test turns by hand: remaining time, and how often a line appears.
#include <offramp/host/progress.hpp>

#include <limits>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace host = offramp::host;

TEST_CASE("progress: durations in words") {
  CHECK(host::duration_text(0) == "0.0 s");
  CHECK(host::duration_text(9.94) == "9.9 s");
  CHECK(host::duration_text(9.96) == "10 s");
  CHECK(host::duration_text(59.7) == "1 min 00 s");
  CHECK(host::duration_text(185) == "3 min 05 s");
  CHECK(host::duration_text(3600 * 2 + 60 * 7 + 3) == "2 h 07 min");
  CHECK(host::duration_text(-1) == "?");
  CHECK(host::duration_text(std::numeric_limits<double>::infinity()) == "?");
}

TEST_CASE("progress: a log gets a line each ten seconds, and the last one") {
  double now = 100;
  std::ostringstream out;
  host::progress bar(out, "train", 200, false, [&] { return now; });
  for (int step = 1; step <= 49; ++step) {
    now = 100 + 0.5 * step;
    bar.update(step, "loss 0.5");
  }
  CHECK(out.str() == "train   10 %  10 s, 1 min 30 s left  loss 0.5\ntrain   20 %  20 s, 1 min 20 s left  loss 0.5\n");
  out.str("");
  now = 126;
  bar.update(200);
  bar.update(200);  // the end is told once
  CHECK(out.str() == "train  100 %  26 s\n");
}

TEST_CASE("progress: what was done before a resume does not count as speed") {
  double now = 0;
  std::ostringstream out;
  host::progress bar(out, "train", 100, false, [&] { return now; });
  bar.resume_from(50);
  now = 20;
  bar.update(60);
  CHECK(out.str() == "train   60 %  20 s, 1 min 20 s left\n");
}

TEST_CASE("progress: a terminal's line is rewritten, ended once, and never longer than fits") {
  double now = 0;
  std::ostringstream out;
  {
    host::progress bar(out, "t", 10, true, [&] { return now; });
    bar.update(0);
    CHECK(out.str() == "\rt    0 %  0.0 s, ? left\x1b[K");
    now = 0.05;
    bar.update(1);  // too soon to be seen
    CHECK(out.str() == "\rt    0 %  0.0 s, ? left\x1b[K");
    out.str("");
    now = 1;
    bar.update(5, std::string(300, 'x'));
    CHECK(out.str().size() == 100 + 4);
    out.str("");
    now = 2;
    bar.update(10);
    CHECK(out.str() == "\rt  100 %  2.0 s\x1b[K\n");
  }
  CHECK(out.str() == "\rt  100 %  2.0 s\x1b[K\n");
  out.str("");
  {
    host::progress bar(out, "t", 10, true, [&] { return now; });
    bar.update(1);
  }
  CHECK(out.str().back() == '\n');
}

TEST_CASE("progress: nothing to do is done, and a string stream is no terminal") {
  std::ostringstream out;
  CHECK_FALSE(host::is_terminal(out));
  host::progress bar(out, "none", 0);
  bar.update(0);
  CHECK(out.str().substr(0, 13) == "none  100 %  ");
}
