// Which path runs what, and that traits are constants the compiler can check on any machine.
// covers: kernels/dispatch.hpp kernels/path.hpp kernels/portable/traits.hpp
#include <algorithm>
#include <type_traits>
#include <vector>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
using offramp::path::fake;
using offramp::path::portable;
using offramp::path::reference;

namespace {

template <class P, op_signature S>
using running = kernels::running_path<P, S>;

constexpr op_signature convert{op_kind::convert, kind::bits, kind::none, kind::bits};
constexpr op_signature signs = conv(kind::bits, kind::bits, kind::bits);

static_assert(std::is_same_v<running<reference, signs>, reference>);
static_assert(std::is_same_v<running<portable, signs>, portable>);
static_assert(std::is_same_v<running<fake, signs>, fake>);
static_assert(std::is_same_v<running<fake, conv(kind::f32, kind::f32, kind::f32)>, portable>);  // by its parent
static_assert(std::is_same_v<running<fake, convert>, reference>);  // by its parent's parent
static_assert(std::is_same_v<running<portable, conv(kind::f32, kind::i8, kind::f32)>, reference>);

// Groups and copies are the portable path's; a user's op runs by itself and needs the reference only to be handed over.
static_assert(std::is_same_v<running<portable, grouped(signs)>, portable>);
static_assert(std::is_same_v<running<fake, grouped(signs)>, fake>);
static_assert(std::is_same_v<running<portable, copy(kind::i16)>, portable>);
static_assert(std::is_same_v<running<fake, copy(kind::bits)>, fake>);
static_assert(std::is_same_v<running<fake, copy(kind::i8)>, portable>);
static_assert(std::is_same_v<running<fake, op_signature{op_kind::user}>, reference>);

constexpr window conv3x3 = make_window({14, 14, 64}, 64, 3, 3, 1, 1, 1);
constexpr window dense = make_window({7, 7, 64}, 10, 7, 7, 1, 0, 0);

// One patch of nine taps; a dense layer is read where it stands.
static_assert(kernels::scratch_bytes<portable>({signs, conv3x3}) == 9 * 2 * 4);
static_assert(kernels::scratch_bytes<portable>({conv(kind::i8, kind::i8, kind::i8), conv3x3}) == 9 * 64 * 2);
static_assert(kernels::scratch_bytes<portable>({conv(kind::bits, kind::bits, kind::i32), dense}) == 0);
static_assert(kernels::scratch_bytes<portable>({conv(kind::i8, kind::i8, kind::i32), dense}) == 0);
static_assert(kernels::scratch_bytes<reference>({signs, conv3x3}) == 0);

// Groups: the patch of one of them. Depthwise: nothing, unless channels repeat or signs become numbers.
constexpr window groups4 = make_window({14, 14, 64}, 64, 3, 3, 1, 1, 1, 0, 4);
static_assert(kernels::scratch_bytes<portable>({grouped(signs), groups4}) == 9 * 4);
static_assert(kernels::scratch_bytes<portable>({grouped(conv(kind::i8, kind::i8, kind::i8)), groups4}) == 9 * 16 * 2);
static_assert(kernels::scratch_bytes<portable>({grouped(conv(kind::i8, kind::i8, kind::i8)),
                                                depthwise({14, 14, 64}, 1, 3, 3, 1, 1, 1)}) == 0);
static_assert(kernels::scratch_bytes<portable>({grouped(conv(kind::i8, kind::i8, kind::i8)),
                                                depthwise({14, 14, 64}, 2, 3, 3, 1, 1, 1)}) == 9 * 32 * 2);
static_assert(kernels::scratch_bytes<portable>({grouped(signs), depthwise({14, 14, 64}, 1, 3, 3, 1, 1, 1)}) ==
              9 * 32 * 2);

static_assert(kernels::reads<portable>({signs, conv3x3}) == layout::nhwc);
static_assert(kernels::reads<fake>({signs, conv3x3}) == layout::bit_planes);
static_assert(kernels::reads<fake>({conv(kind::u8, kind::i8, kind::bits), conv3x3}) == layout::nhwc);
static_assert(!kernels::writes<fake>({signs, conv3x3}, layout::nhwc));
static_assert(kernels::writes<fake>({convert, conv3x3}, layout::bit_planes));  // answered by the reference

}  // namespace

TEST_CASE("portable weights are as large as canonical ones, the fake path's are not") {
  for (const op_case& c : conv_cases)
    for (const op_signature& s : {signs, conv(kind::i8, kind::i8, kind::i8), conv(kind::f32, kind::f32, kind::f32)}) {
      const kernel_op op{s, c.geometry};
      CHECK(kernels::weight_words<portable>(op) == kernels::canonical_layout(op).total());
    }
  const kernel_op op{signs, conv3x3};
  CHECK(kernels::weight_words<fake>(op) == kernels::canonical_layout(op).kernel() + 66 * 9 * 2);
}

TEST_CASE("grouped weights never grow; depthwise signs shrink from words to bytes") {
  for (const op_case& c : grouped_cases)
    for (const op_signature& s : {signs, conv(kind::i8, kind::i8, kind::i8), conv(kind::f32, kind::f32, kind::f32)}) {
      const kernel_op op{grouped(s), c.geometry};
      CHECK(kernels::weight_words<portable>(op) <= kernels::canonical_layout(op).total());
    }
  const kernel_op op{grouped(signs), depthwise({4, 4, 33}, 1, 3, 3, 1, 1, 1)};
  CHECK(kernels::weight_words<portable>(op) == kernels::canonical_layout(op).kernel() + (33 * 9 + 3) / 4);
}

TEST_CASE("depthwise weights are packed tap by tap, channels side by side") {
  const kernel_op op{grouped(conv(kind::i8, kind::i8, kind::i8)), depthwise({4, 4, 5}, 1, 1, 3, 1, 0, 1)};
  const auto l = kernels::canonical_layout(op);
  std::vector<std::uint32_t> canonical(l.total(), 0u);
  std::vector<std::uint32_t> packed(l.total(), ~0u);
  const auto byte = [&](const std::vector<std::uint32_t>& words, int i) {
    return static_cast<int>(words[l.kernel() + static_cast<std::size_t>(i / 4)] >> (8 * (i % 4)) & 0xffu);
  };
  for (int i = 0; i < 15; ++i)  // channel c, tap t: 10 c + t
    canonical[l.kernel() + static_cast<std::size_t>(i / 4)] |= static_cast<std::uint32_t>(10 * (i / 3) + i % 3)
                                                               << (8 * (i % 4));
  kernels::pack<portable>(op, canonical.data(), packed.data());
  for (int t = 0; t < 3; ++t)
    for (int c = 0; c < 5; ++c) CHECK(byte(packed, 5 * t + c) == 10 * c + t);
  CHECK(byte(packed, 15) == 0);
}

TEST_CASE("packing keeps header and parameters, and only moves the kernel's words") {
  random_numbers r{12};
  const kernel_op op{signs, make_window({4, 4, 33}, 70, 3, 3, 1, 1, 1)};
  const auto l = kernels::canonical_layout(op);
  std::vector<std::uint32_t> canonical(l.total());
  std::vector<std::uint32_t> packed(l.total());
  fill_weights(r, op, canonical.data());
  kernels::pack<portable>(op, canonical.data(), packed.data());
  const auto kernel = static_cast<std::ptrdiff_t>(l.kernel());
  CHECK(std::equal(canonical.begin(), canonical.begin() + kernel, packed.begin()));
  CHECK(!std::equal(canonical.begin() + kernel, canonical.end(), packed.begin() + kernel));
  std::sort(canonical.begin() + kernel, canonical.end());
  std::sort(packed.begin() + kernel, packed.end());
  CHECK(canonical == packed);
}
