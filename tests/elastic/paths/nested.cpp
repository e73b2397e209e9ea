// covers: elastic/nested_session.hpp
// Levels on the paths of x86: packed otherwise, and sometimes apart, but always their small networks, bit for bit.
#include <offramp/elastic/nested_session.hpp>

#include <offramp/paths/x86.hpp>

#include "tests/support/nested_check.hpp"

using namespace offramp;
using namespace offramp_test;

namespace {

// Signs on planes: wide rows, where x86 paths read bit rows.
using planes =
    network<image<32, 32, 1>,
            stage<conv2d<64, 3>, batch_norm, sign, conv2d<64, 3, binary>, batch_norm, sign, conv2d<64, 3, binary>,
                  batch_norm, sign, max_pool<2>, conv2d<64, 3, binary>, batch_norm, sign>,
            exit_head<4>>;
using planes_family = nested<planes, widths<32, 32, 32, 32>>;

template <class Nested, kind Rest, class Path>
void check_here(std::uint64_t stream) {
  if (kernels::runs_here<Path>()) check_family<Nested, Rest, Path>(stream);
}

}  // namespace

TEST_CASE("int8") { check_here<separable_family, i8, path::avx512_popcnt>(10); }
TEST_CASE("binary") {
  check_here<residual_family, i8, path::avx2>(30);
  check_here<residual_family, i8, path::avx512_popcnt>(30);
}
TEST_CASE("layouts of planes, whose kernels hold thresholds") {
  check_here<planes_family, i8, path::avx2>(50);
  check_here<planes_family, i8, path::avx512_popcnt>(50);
}
