// Each status has a text of its own; zero is success.
#include <offramp/core/status.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace offramp;

static_assert(static_cast<int>(status::ok) == 0);

TEST_CASE("texts differ and begin with the name") {
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(status::known_answer_wrong); ++i) {
    const std::string text = to_string(static_cast<status>(i));
    CHECK(text != "unknown status");
    texts.insert(text);
  }
  CHECK(texts.size() == static_cast<std::size_t>(status::known_answer_wrong) + 1);
  CHECK(std::string{to_string(static_cast<status>(200))} == "unknown status");
  CHECK(std::string{to_string(status::wrong_path)}.rfind("wrong path", 0) == 0);
}
