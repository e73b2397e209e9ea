// A counter of the user's: up or down, as wide as it is, from a function or a lambda.
#include <offramp/timing/clocks/user_counter.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <offramp/timing/recorder.hpp>

using namespace offramp;

namespace {

std::uint32_t counter = 0;
std::uint32_t read_counter() { return counter; }

using full = user_counter<&read_counter>;
using cycles_16 = user_counter<&read_counter, time_unit::cycles, 16>;
using down_24 = user_counter<&read_counter, time_unit::cycles, 24, counting::down>;
using from_lambda = user_counter<[]() -> std::uint8_t { return 5; }, time_unit::instructions>;

static_assert(clock_source<full> && clock_source<cycles_16> && clock_source<down_24> && clock_source<from_lambda>);
static_assert(full::unit == time_unit::ticks && clock_bits<full>() == 32);
static_assert(cycles_16::unit == time_unit::cycles && clock_bits<cycles_16>() == 16);
static_assert(std::is_same_v<count_of<from_lambda>, std::uint8_t> && clock_bits<from_lambda>() == 8);

}  // namespace

TEST_CASE("user_counter: as it is") {
  counter = 0xfffffff0u;
  const auto start = full::now();
  CHECK(start == 0xfffffff0u);
  counter = 4;
  CHECK(elapsed<full>(start, full::now()) == 20);
  CHECK(from_lambda::now() == 5);
}

TEST_CASE("user_counter: what stands above its bits is no part of it") {
  counter = 0xabcdfff0u;
  const auto start = cycles_16::now();
  CHECK(start == 0xfff0u);
  counter = 0x12340004u;
  CHECK(elapsed<cycles_16>(start, cycles_16::now()) == 20);
}

TEST_CASE("user_counter: one that counts down goes up") {
  counter = 10;
  const auto start = down_24::now();
  counter = 3;
  CHECK(elapsed<down_24>(start, down_24::now()) == 7);
  counter = 0xffffff;  // behind 0
  CHECK(elapsed<down_24>(start, down_24::now()) == 11);
}

TEST_CASE("user_counter: one that stands is reported") {
  recorder<full, 1, 1, 1> r;
  CHECK(r.start() == clock_status::not_advancing);
}
