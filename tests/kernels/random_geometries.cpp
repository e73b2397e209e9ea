// Geometries nobody thought of: random ones for about two seconds, at least a thousand.
// covers: kernels/portable/traits.hpp kernels/portable/patch.hpp kernels/portable/lanes.hpp kernels/runs.hpp
#include <array>
#include <chrono>
#include <cstdio>

#include "tests/support/kernel_check.hpp"

using namespace offramp_test;

namespace {

constexpr std::array signatures{
    conv(kind::bits, kind::bits, kind::bits), conv(kind::bits, kind::bits, kind::i16, true),
    conv(kind::u8, kind::i8, kind::bits),     conv(kind::i8, kind::i8, kind::i8),
    conv(kind::u8, kind::bits, kind::i32),    conv(kind::f32, kind::f32, kind::f32),
};
constexpr std::array in_groups{
    grouped(conv(kind::bits, kind::bits, kind::bits)),
    grouped(conv(kind::i8, kind::i8, kind::i8)),
    grouped(conv(kind::u8, kind::bits, kind::i32)),
    grouped(conv(kind::f32, kind::f32, kind::f32)),
};
constexpr std::array copies{copy(kind::bits)};

// One of the signatures, chosen by `which`.
template <auto Signatures>
void check_any(std::size_t which, const window& w, std::uint64_t stream) {
  const auto both = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    constexpr op_signature s = Signatures[N];
    check_op<offramp::path::portable, s>(dynamic_geometry{w}, "random", stream);
    if (stream % 4 == 0) compare_op<offramp::path::fake, s>(dynamic_geometry{w}, "random", stream);
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((which % Signatures.size() == I ? both(std::integral_constant<std::size_t, I>{}) : void()), ...);
  }
  (std::make_index_sequence<Signatures.size()>{});
}

}  // namespace

TEST_CASE("random geometries equal the reference") {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  random_numbers r{1000003};
  std::uint64_t count = 0;
  while (count < 1000 || seconds() < 2.0) {
    REQUIRE_MESSAGE(seconds() < 120.0, "only " << count << " geometries in two minutes");
    ++count;
    const std::uint64_t stream = count + (std::uint64_t{1} << 32);
    const int what = r.between(0, 5);
    const window w = what == 0 ? random_part(r) : what < 3 ? random_grouped(r) : random_conv(r);
    const std::size_t which = r.next();
    if (what == 0)
      check_any<copies>(which, w, stream);
    else if (what < 3)
      check_any<in_groups>(which, w, stream);
    else
      check_any<signatures>(which, w, stream);
  }
  std::printf("%llu random geometries\n", static_cast<unsigned long long>(count));
  CHECK(count >= 1000);
  require_run<offramp::path::portable, signatures>();
  require_run<offramp::path::portable, in_groups>();
  require_run<offramp::path::portable, copies>();
}
