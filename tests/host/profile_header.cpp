// The generated header tests/support/board_profile.hpp: what is written now, and equal to what it was made of.
#include <offramp/host/profile_header.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/board_profile.hpp"
#include "tests/support/small_profile.hpp"

using namespace offramp;
using offramp_test::small_profile;

namespace {

static_assert(offramp_test::same_profile(board_7.data, small_profile));

std::string complaint(const profile_data& p, const std::string& identifier) {
  try {
    host::profile_header(p, identifier, "path::portable");
  } catch (const host::error& problem) { return problem.what(); }
  return "";
}

}  // namespace

TEST_CASE("profile header: what is generated is what was compiled") {
  std::ifstream in{std::string{OFFRAMP_SOURCE_DIR} + "/tests/support/board_profile.hpp", std::ios::binary};
  const std::string compiled{std::istreambuf_iterator<char>{in}, {}};
  CHECK(host::profile_header(small_profile, "board_7", "path::portable") == compiled);
  CHECK(host::profile_header(small_profile, "board_7", "offramp::path::portable") == compiled);
  CHECK(offramp_test::same_profile(board_7.data, small_profile));
}

TEST_CASE("profile header: a path of the user's own keeps its name") {
  const std::string text = host::profile_header(small_profile, "mine", "my_company::board_path");
  CHECK(text.find("inline constexpr offramp::cpu_profile<my_company::board_path> mine{{") != std::string::npos);
}

TEST_CASE("profile header: lines stay within 120 columns, floats are exact") {
  profile_data p = small_profile;
  for (float& c : p.leaves[0].cost) c = 1.2345678e-7f;
  const std::string text = host::profile_header(p, "wide", "path::portable");
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    CHECK(end - from <= 120);
    from = end + 1;
  }
  using host::detail::float_literal;
  CHECK(float_literal(0) == "0");
  CHECK(float_literal(100) == "100.0f");
  CHECK(float_literal(1.0f / 3) == "0.33333334f");
  CHECK(float_literal(1e-9f) == "1e-09f");
  CHECK(host::detail::quoted("a\"b\\c\n1") == R"("a\"b\\c\0121")");
}

TEST_CASE("profile header: what it refuses") {
  for (const char* bad : {"", "7up", "a-b", "a b", "x;"})
    CHECK(complaint(small_profile, bad) ==
          "profile_header: found the identifier \"" + std::string{bad} + "\", expected letters, digits and _");
  profile_data p = small_profile;
  p.nodes[0].no = 99;
  CHECK(complaint(p, "x").find("malformed") != std::string::npos);
  p = small_profile;
  p.features = 77;
  CHECK(complaint(p, "x").find("features: found version 77, expected 5") != std::string::npos);
}
