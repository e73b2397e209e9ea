// Copies into the channels of a wider tensor: equal to the reference over the case table, and a tensor put together
// from its parts.
#include <array>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array of_bits{copy(kind::bits)};
constexpr std::array of_numbers{copy(kind::i8), copy(kind::i16), copy(kind::f32)};

}  // namespace

TEST_CASE("copies equal the reference over the case table") {
  check_all<of_bits>(copy_cases);
  check_all<of_numbers>(copy_cases);
  require_run<offramp::path::portable, of_bits>();
  require_run<offramp::path::fake, of_bits>();
  require_run<offramp::path::portable, of_numbers>();
}

TEST_CASE("parts of every width make the whole") {
  const std::vector<std::vector<int>> widths{{1, 1},       {31, 1},        {1, 31, 1},  {32, 32},
                                             {33, 31, 32}, {5, 27, 64, 3}, {64, 1, 63}, {20, 20, 20, 20, 20}};
  random_numbers r{91};
  for (const std::vector<int>& parts : widths) {
    int all = 0;
    for (const int c : parts) all += c;
    const shape s{3, 5, all};
    std::vector<std::uint32_t> whole(offramp::tensor_bytes(s, kind::bits, layout::nhwc) / 4);
    fill_tensor(r, s, kind::bits, whole.data());
    const int words = offramp::position_words(all, layout::nhwc);
    std::vector<std::uint32_t> joined(whole.size(), 0xdeadbeefu);
    int first = 0;
    for (const int c : parts) {
      const int part_words = offramp::position_words(c, layout::nhwc);
      std::vector<std::uint32_t> piece(static_cast<std::size_t>(s.positions() * part_words), 0u);
      for (int p = 0; p < s.positions(); ++p)
        for (int i = 0; i < c; ++i)
          offramp::set_bit(piece.data() + p * part_words, i, offramp::get_bit(whole.data() + p * words, first + i));
      kernels::run<offramp::path::portable, copy(kind::bits)>(dynamic_geometry{part(3, 5, c, first, all)},
                                                              {piece.data(), nullptr, joined.data(), nullptr});
      first += c;
    }
    CHECK(joined == whole);
  }
}
