// covers: model/bind.hpp model/format.hpp
// Packing and binding; every way a model can be broken is refused with its status, and what was bound before stays.
#include <offramp/model/bind.hpp>

#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "tests/model/tiny_model.hpp"

using namespace offramp;

namespace {

constexpr format::sections at = format::sections_of<tiny::device, path::portable>;

struct changed {
  const char* what;
  std::size_t word;
  std::uint32_t value;
  status expected;
};

}  // namespace

TEST_CASE("bind: what was packed is bound, in place") {
  const auto w = tiny::words();
  CHECK(w.size() == at.total);
  tiny::bound b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  CHECK(b.ops == w.data() + at.ops);
  CHECK(at.ops % 4 == 0);
  for (int k = 0; k < 2; ++k) {
    CHECK(b.exits[k].threshold_q16 == 49152);
    CHECK(b.exits[k].logit_scale > 0);
    const double unit = std::ldexp(b.exits[k].unit.multiplier, b.exits[k].unit.shift - 31);
    CHECK(unit == doctest::Approx(static_cast<double>(b.exits[k].logit_scale) * 65536).epsilon(1e-6));
  }
}

TEST_CASE("bind: sections follow each other without a gap") {
  constexpr format::sections s = format::layout_of(3, 10, 100, {{3, 5, 1}, u8});
  CHECK(s.hashes == 8);
  CHECK(s.records == 14);
  CHECK(s.ops == 28);  // 14 + 12 = 26, up to a multiple of 4
  CHECK(s.answer_input == 128);
  CHECK(s.answer_logits == 132);  // 15 pixels in 4 words
  CHECK(s.crc == 162);
  CHECK(s.total == 163);
  CHECK(format::layout_of(3, 10, 100, {{3, 5, 1}, f32}).answer_logits == 143);  // a word each
}

TEST_CASE("bind: truncated at any length, or too long") {
  const auto w = tiny::words();
  const std::size_t bytes = 4 * w.size();
  tiny::bound b;
  for (std::size_t n = 0; n < bytes; ++n) {
    CAPTURE(n);
    // A copy of its own that ends there: reading further is seen by the sanitizer.
    std::vector<std::uint32_t> part(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(n / 4));
    CHECK(bind_weights(part.data(), 4 * part.size(), b) == status::too_short);
    CHECK(bind_weights(w.data(), n, b) == status::too_short);
  }
  auto longer = w;
  longer.resize(w.size() + 2);
  for (std::size_t n = bytes + 1; n <= bytes + 8; ++n) CHECK(bind_weights(longer.data(), n, b) == status::wrong_length);
  CHECK(b.ops == nullptr);
}

TEST_CASE("bind: every single bit counts") {
  auto w = tiny::words();
  tiny::bound b;
  int refused = 0;
  for (std::size_t bit = 0; bit < 32 * w.size(); ++bit) {
    w[bit / 32] ^= 1u << (bit % 32);
    if (tiny::try_bind(w, b) != status::ok) ++refused;
    w[bit / 32] ^= 1u << (bit % 32);
  }
  CHECK(refused == static_cast<int>(32 * w.size()));
  CHECK(b.ops == nullptr);
  CHECK(tiny::try_bind(w, b) == status::ok);
}

TEST_CASE("bind: each lie has its status, though the checksum is right") {
  const auto w = tiny::words();
  const auto total = static_cast<std::uint32_t>(w.size());
  const changed cases[] = {
      {"magic", 0, 0x6d72666eu, status::bad_magic},
      {"magic of the other byte order", 0, 0x6f66726du, status::bad_magic},
      {"version", 1, 2, status::unknown_version},
      {"version 0", 1, 0, status::unknown_version},
      {"length one more", 2, total + 1, status::too_short},
      {"length one less", 2, total - 1, status::wrong_length},
      {"no length", 2, 0, status::wrong_length},
      {"length of the header", 2, 8, status::wrong_length},
      {"greatest length", 2, 0xffffffffu, status::too_short},
      {"path", 3, path::reference::id | std::uint32_t{path::reference::version} << 16, status::wrong_path},
      {"path version", 3, path::portable::id | (path::portable::version + 1u) << 16, status::wrong_path},
      {"exits", 4, 3, status::wrong_network},
      {"no exits", 4, 0, status::wrong_network},
      {"classes", 5, 3, status::wrong_network},
      {"hash of exit 0, low", at.hashes, w[at.hashes] + 1, status::wrong_network},
      {"hash of exit 0, high", at.hashes + 1, w[at.hashes + 1] + 1, status::wrong_network},
      {"hash of exit 1, low", at.hashes + 2, w[at.hashes + 2] ^ 1u, status::wrong_network},
      {"hash of exit 1, high", at.hashes + 3, w[at.hashes + 3] ^ 1u, status::wrong_network},
      {"words of weights", 7, w[7] + 1, status::wrong_length},
  };
  tiny::bound b;
  REQUIRE(tiny::try_bind(w, b) == status::ok);
  const std::uint32_t* const before = b.ops;
  b.exits[0].threshold_q16 = 1234;
  for (const changed& c : cases) {
    CAPTURE(c.what);
    auto broken = w;
    broken[c.word] = c.value;
    tiny::mend(broken);
    CHECK(to_string(tiny::try_bind(broken, b)) == doctest::String{to_string(c.expected)});
    CHECK(b.ops == before);
    CHECK(b.exits[0].threshold_q16 == 1234);
  }
  auto broken = w;
  broken[at.ops] ^= 1u;
  CHECK(tiny::try_bind(broken, b) == status::bad_checksum);
  tiny::mend(broken);
  CHECK(tiny::try_bind(broken, b) == status::ok);
}

TEST_CASE("bind: a model of another lowering, path or shorter network is refused") {
  tiny::bound b;
  CHECK(tiny::try_bind(tiny::words<tiny::float_device>(), b) == status::wrong_network);
  CHECK(tiny::try_bind(tiny::words<tiny::device, path::reference>(), b) == status::wrong_path);
  const auto w = tiny::words();
  bound_weights<lower<cut<tiny::net, 1>>, path::portable> shorter;
  CHECK(bind_weights(w.data(), 4 * w.size(), shorter) == status::wrong_network);
}

TEST_CASE("bind: a longer file of the right network is of the wrong length") {
  auto w = tiny::words();
  w.insert(w.begin() + static_cast<std::ptrdiff_t>(at.crc), 0u);
  w[2] = static_cast<std::uint32_t>(w.size());
  tiny::mend(w);
  tiny::bound b;
  CHECK(tiny::try_bind(w, b) == status::wrong_length);
}

TEST_CASE("bind: data at an odd address") {
  const auto w = tiny::words();
  std::vector<std::uint32_t> room(w.size() + 1);
  auto* bytes = reinterpret_cast<unsigned char*>(room.data());
  tiny::bound b;
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::memmove(bytes + shift, w.data(), 4 * w.size());
    const void* data = bytes + shift;
    CHECK(bind_weights(data, 4 * w.size(), b) == (shift == 0 ? status::ok : status::misaligned));
  }
}
