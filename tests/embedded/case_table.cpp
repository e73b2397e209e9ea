// The case table as a program for any target: every signature that the paths of TABLE_PATHS run themselves, one line
// each (case_table.hpp). tests/embedded/run.sh compares the lines with those of path reference on the host. Headers of
// paths come by -include. One more signature is one line.
#include "tests/embedded/case_table.hpp"

#include <array>

#ifndef TABLE_PATHS
#define TABLE_PATHS offramp::path::reference
#endif

namespace {

using namespace offramp_test;

// The first few of each list are those of TABLE_SHORT: each kernel, not each of its outputs.
constexpr std::array convolutions{
    conv(kind::bits, kind::bits, kind::bits),
    conv(kind::bits, kind::bits, kind::i16, true),
    conv(kind::u8, kind::i8, kind::bits),
    conv(kind::i8, kind::i8, kind::i8),
    conv(kind::i8, kind::i8, kind::i32),
    conv(kind::u8, kind::bits, kind::bits),
    conv(kind::f32, kind::f32, kind::f32),

    conv(kind::bits, kind::bits, kind::i8),
    conv(kind::bits, kind::bits, kind::i32),
    rectified(conv(kind::bits, kind::bits, kind::i16)),
    two_slopes(conv(kind::bits, kind::bits, kind::i16, true)),
    conv(kind::u8, kind::i8, kind::i8),
    conv(kind::i8, kind::i8, kind::bits),
    conv(kind::i8, kind::i8, kind::i16, true),
    two_slopes(conv(kind::i8, kind::i8, kind::i8)),
    conv(kind::i16, kind::i8, kind::i32),
    conv(kind::i8, kind::bits, kind::i8),
};
constexpr std::array in_groups{
    grouped(conv(kind::bits, kind::bits, kind::bits)), grouped(conv(kind::i8, kind::i8, kind::i8)),
    grouped(conv(kind::u8, kind::i8, kind::bits)),     grouped(conv(kind::i8, kind::i8, kind::i16, true)),
    grouped(conv(kind::i8, kind::bits, kind::i8)),     grouped(conv(kind::f32, kind::f32, kind::f32)),
};
constexpr std::array pools{
    max_pool(kind::bits),           avg_pool(kind::i8, kind::i8),   max_pool(kind::i8),
    avg_pool(kind::i16, kind::i16), avg_pool(kind::bits, kind::i8), mixed_pool(kind::i8, kind::i8),
};
constexpr std::array points{
    pointwise(kind::i16, kind::bits),      pointwise(kind::i8, kind::i8),   pointwise(kind::u8, kind::i8),
    pointwise(kind::i16, kind::i16, true), pointwise(kind::i32, kind::i16), pointwise(kind::f32, kind::bits),
};
constexpr std::array copies{copy(kind::bits), copy(kind::i8), copy(kind::i16)};

#ifdef TABLE_SHORT
constexpr bool is_short = true;
#else
constexpr bool is_short = false;
#endif
int signatures = 0;  // that path `portable` would run

// The first `Short` of them in the short form.
template <class P, auto Signatures, std::uint32_t First, std::size_t Short, std::size_t N>
bool all(const op_case (&cases)[N]) {
  constexpr std::size_t count = is_short ? Short : Signatures.size();
  signatures += static_cast<int>(count);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    bool good = true;
    ((good = case_table::run_signature<P, Signatures[I], First + I>({cases, N}) && good), ...);
    return good;
  }
  (std::make_index_sequence<count>{});
}

template <class P>
bool table() {
  signatures = 0;
  bool good = all<P, convolutions, 0, 7>(conv_cases);
  good = all<P, in_groups, 100, 2>(grouped_cases) && good;
  good = all<P, pools, 200, 2>(pool_cases) && good;
  good = all<P, points, 300, 2>(pointwise_cases) && good;
  return all<P, copies, 400, 1>(copy_cases) && good;
}

template <class... Paths>
bool tables() {
  bool good = true;
  ((good = table<Paths>() && good), ...);
  board::line line;
  (line << "signatures " << signatures).end();
  return good;
}

}  // namespace

int main() { return tables<TABLE_PATHS>() ? 0 : 1; }
