// Lists of paths, what runs here, and which kernel of a set takes an op; then every path of x86 that this CPU runs over
// geometries nobody thought of.
// covers: kernels/kernel_set.hpp kernels/path_list.hpp kernels/x86/cpu.hpp kernels/x86/target.hpp
// covers: kernels/x86/intrinsics.hpp kernels/avx2/traits.hpp kernels/avx2/code.hpp kernels/avx512/traits.hpp
// covers: kernels/avx512/code.hpp kernels/avx512_vnni/traits.hpp kernels/avx512_vnni/code.hpp
// covers: kernels/avx512_popcnt/traits.hpp kernels/avx512_popcnt/code.hpp
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <type_traits>

#include <offramp/paths/native.hpp>
#include <offramp/paths/x86.hpp>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;
namespace path = offramp::path;

namespace {

// What runs where is a constant of the signature, on any machine.
template <class P, op_signature S>
constexpr bool itself = std::is_same_v<kernels::running_path<P, S>, P>;
constexpr op_signature signs = conv(kind::bits, kind::bits, kind::bits);
static_assert(itself<path::avx2, signs> && itself<path::avx512, signs> && itself<path::avx512_popcnt, signs>);
static_assert(std::is_same_v<kernels::running_path<path::avx512_vnni, signs>, path::avx512>);
static_assert(itself<path::avx512_vnni, conv(kind::i8, kind::i8, kind::i8)>);
static_assert(
    std::is_same_v<kernels::running_path<path::avx512_popcnt, conv(kind::f32, kind::f32, kind::f32)>, path::avx512>);

// Two kernels for one op: the first of the set that runs a signature takes it.
struct wide {
  static constexpr bool runs(const op_signature& s) { return s.in_layout == layout::bit_rows; }
  static constexpr layout reads(const kernel_op&) { return layout::bit_rows; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::bit_rows; }
  static constexpr std::size_t weight_words(const kernel_op&) { return 7; }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 8; }
  static constexpr void pack(const kernel_op&, const std::uint32_t*, std::uint32_t* packed) { *packed = 1; }
};
struct any {
  static constexpr bool runs(const op_signature& s) { return s.in == kind::bits; }
  static constexpr layout reads(const kernel_op&) { return layout::nhwc; }
  static constexpr bool writes(const kernel_op&, layout l) { return l == layout::nhwc; }
  static constexpr std::size_t weight_words(const kernel_op&) { return 5; }
  static constexpr std::size_t scratch_bytes(const kernel_op&) { return 16; }
  static constexpr void pack(const kernel_op&, const std::uint32_t*, std::uint32_t* packed) { *packed = 2; }
};
using set = kernels::kernel_set<wide, any>;

constexpr op_signature in_rows = [] {
  op_signature s = signs;
  s.in_layout = s.out_layout = layout::bit_rows;
  return s;
}();
constexpr std::array signatures{
    signs,
    in_rows,
    conv(kind::bits, kind::bits, kind::i16, true),
    conv(kind::i8, kind::i8, kind::i8),
    conv(kind::u8, kind::bits, kind::bits),
    conv(kind::f32, kind::f32, kind::f32),
};
constexpr std::array in_groups{grouped(signs), grouped(conv(kind::i8, kind::i8, kind::i8))};

template <auto Signatures, class P>
void check_any(std::size_t which, const window& w, std::uint64_t stream) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((which % Signatures.size() == I ? check_op<P, Signatures[I]>(dynamic_geometry{w}, "random", stream) : void()),
     ...);
  }
  (std::make_index_sequence<Signatures.size()>{});
}

}  // namespace

TEST_CASE("the native path runs where it was compiled for") {
  CHECK(offramp::kernels::runs_here<offramp::path::native>());
}

TEST_CASE("a set of kernels: the first that runs a signature answers") {
  op_signature rows = signs;
  rows.in_layout = layout::bit_rows;
  const kernel_op first{rows, {}};
  const kernel_op second{signs, {}};
  CHECK(set::runs(rows));
  CHECK(set::runs(signs));
  CHECK_FALSE(set::runs(conv(kind::i8, kind::i8, kind::i8)));
  CHECK(set::reads(first) == layout::bit_rows);
  CHECK(set::reads(second) == layout::nhwc);
  CHECK(set::writes(first, layout::bit_rows));
  CHECK_FALSE(set::writes(second, layout::bit_rows));
  CHECK(set::weight_words(first) == 7);
  CHECK(set::weight_words(second) == 5);
  CHECK(set::scratch_bytes(first) == 8);
  CHECK(set::scratch_bytes(second) == 16);
  std::uint32_t word = 0;
  set::pack(first, nullptr, &word);
  CHECK(word == 1);
  set::pack(second, nullptr, &word);
  CHECK(word == 2);
}

TEST_CASE("a list of paths: places, names, the best here") {
  using three = path::list<path::avx2, path::portable, path::reference>;
  CHECK(three::find("avx2") == 0);
  CHECK(three::find("reference") == 2);
  CHECK(three::find("avx") == -1);
  CHECK(three::find("avx22") == -1);
  CHECK(three::best_here() == (kernels::runs_here<path::avx2>() ? 0 : 1));
  std::string names;
  three::for_each([&]<class P>() { names += std::string{P::name} + " "; });
  CHECK(names == "avx2 portable reference ");
  // A CPU that runs a path runs its parents.
  path::x86::for_each([]<class P>() {
    if constexpr (!std::is_same_v<P, path::portable>)
      if (kernels::runs_here<P>()) CHECK(kernels::runs_here<typename P::parent>());
  });
}

TEST_CASE("random geometries on every path of x86 equal the reference") {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
#ifdef OFFRAMP_TESTS_CHECKED_HPP
  constexpr std::uint64_t enough = 2000;  // sanitizers and no optimisation take their time
#else
  constexpr std::uint64_t enough = 10000;
#endif
  random_numbers r{1000033};
  std::uint64_t count = 0;
  while (count < enough) {
    const std::uint64_t stream = count + (std::uint64_t{1} << 33);
    const bool groups = r.one_in(4);
    const window w = groups ? random_grouped(r, 4000) : random_conv(r, 4000);
    const std::size_t which = r.next();
    bool ran = false;
    path::x86::for_each([&]<class P>() {
      if constexpr (!std::is_same_v<P, path::portable>) {
        if (!kernels::runs_here<P>()) return;
        ran = true;
        ++count;
        groups ? check_any<in_groups, P>(which, w, stream) : check_any<signatures, P>(which, w, stream);
      }
    });
    if (!ran) {
      MESSAGE("this CPU runs no path of x86 beside the portable one: nothing tested here");
      return;
    }
    REQUIRE_MESSAGE(seconds() < 240.0, "only " << count << " geometries in four minutes");
  }
  std::printf("%llu random geometries on the paths of x86\n", static_cast<unsigned long long>(count));
}
