// Scaling in 32 bits equals the output stage: random parameters and those at the edge of what is usual.
// covers: kernels/cortex_m/scaled_sums.hpp
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <offramp/kernels/cortex_m/scaled_sums.hpp>

#include "tests/support/cases.hpp"
#include "tests/support/random.hpp"

using namespace offramp_test;
namespace kernels = offramp::kernels;
namespace cortex_m = offramp::kernels::cortex_m;

namespace {

constexpr op_signature to_i16 = rectified(conv(kind::bits, kind::bits, kind::i16, true));
constexpr op_signature to_i8 = conv(kind::bits, kind::bits, kind::i8);
constexpr op_signature to_i16_plain = conv(kind::bits, kind::bits, kind::i16);

constexpr int channels = 37;
constexpr std::uint32_t word(std::int32_t v) { return static_cast<std::uint32_t>(v); }

// Parameters of `channels` channels, stored for three more; usual ones, but for what the caller changes.
template <op_signature S>
std::vector<std::uint32_t> some_parameters(random_numbers& r) {
  constexpr std::int32_t most = S.out == kind::i8 ? 127 : 32767;
  std::vector<std::uint32_t> words(4 + 3 * (channels + 3), 0x7fffffffu);
  words[0] = 0;
  words[1] = S.out == kind::i8 ? word(r.between(-128, 127)) : 0;
  words[2] = word(-most - 1);
  words[3] = word(most);
  for (int c = 0; c < channels; ++c) {
    const auto set = [&](int array, std::int32_t v) {
      words[static_cast<std::size_t>(4 + array * (channels + 3) + c)] = word(v);
    };
    constexpr std::int32_t edge = 1 << 27;
    set(0, r.one_in(8) ? (r.one_in(2) ? edge - 1 : -edge) : r.between(-200000, 200000));
    set(1, r.one_in(8) ? 0 : r.one_in(8) ? 0x7fffffff : r.between(1 << 30, 0x7fffffff));
    set(2, r.one_in(8) ? 1 : r.one_in(8) ? -30 : r.between(-12, 0));
  }
  return words;
}

// Both ways of storing counts, compared with `finish`, at one position and at two.
template <op_signature S>
void check_store(std::uint64_t seed, const std::vector<std::uint32_t>& words, bool usual, int depth) {
  using element = offramp::storage_t<S.out>;
  random_numbers r{seed};
  REQUIRE(cortex_m::is_usual<S>(words.data(), channels + 3, channels) == usual);
  window w;
  w.stored_out_c = channels + 3;
  const kernels::parameters<S> params{words.data(), w};
  const int first = 5, n = 32;
  std::uint32_t rows[n];
  for (std::uint32_t& row : rows) row = word(r.between(0, depth)) | word(r.between(0, depth)) << 16;
  const cortex_m::count_store store{words.data(), channels + 3, depth, channels};
  for (int positions = 1; positions <= 2; ++positions) {
    std::vector<element> before(2 * channels), finished, scaled;
    for (element& e : before) e = static_cast<element>(r.one_in(4) ? 32767 : r.between(-32768, 32767));
    finished = scaled = before;
    cortex_m::finish_counts<S>(store, first, n, rows, positions, finished.data() + first);
    if (usual) cortex_m::scale_counts<S>(store, first, n, rows, positions, scaled.data() + first);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const int p = static_cast<int>(i) / channels, c = static_cast<int>(i) % channels;
      element expected = before[i];
      if (p < positions && c >= first && c < first + n) {
        const int count = static_cast<int>(rows[c - first] >> (16 * p) & 0xffffu);
        expected = kernels::finish<S>(params, c, depth - 2 * count, S.add ? before[i] : element{});
      }
      REQUIRE_MESSAGE(finished[i] == expected, "finished, seed " << seed << ", position " << p << ", channel " << c);
      if (usual)
        REQUIRE_MESSAGE(scaled[i] == expected, "scaled, seed " << seed << ", position " << p << ", channel " << c);
    }
  }
}

}  // namespace

TEST_CASE("counts scaled in 32 bits are those of the output stage") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    random_numbers r{seed};
    const int depth = r.one_in(4) ? 32 * 2047 : r.between(1, 2000);
    check_store<to_i16>(seed, some_parameters<to_i16>(r), true, depth);
    check_store<to_i16_plain>(seed, some_parameters<to_i16_plain>(r), true, depth);
    check_store<to_i8>(seed, some_parameters<to_i8>(r), true, depth);
  }
}

TEST_CASE("what is not usual is left to the output stage") {
  struct change {
    std::size_t at;
    std::int32_t value;
    bool usual;
  };
  constexpr std::size_t last = 4 + channels - 1, shifts = last + 2 * (channels + 3);
  constexpr std::int32_t edge = 1 << 27;
  const change changes[] = {
      {last, edge - 1, true}, {last, edge, false}, {last, -edge, true}, {last, -edge - 1, false},
      {shifts, 1, true},      {shifts, 2, false},  {shifts, -30, true}, {shifts, -31, false},
      {2, -32767, false},     {3, 32766, false},   {1, 1, false},       {last + 1, edge, true},
  };
  std::uint64_t seed = 1000;
  for (const change& c : changes) {
    random_numbers r{++seed};
    std::vector<std::uint32_t> words = some_parameters<to_i16>(r);
    words[c.at] = word(c.value);
    check_store<to_i16>(seed, words, c.usual, 600);
  }
}
