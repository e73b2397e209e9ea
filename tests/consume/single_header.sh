#!/usr/bin/env bash
# The single header, generated, compiled and tested like the tree.
#   bash tests/consume/single_header.sh [--all]      --all: all device tests are built against it
# OFFRAMP_WEIGHTS_DIR: where weights.hpp of the main job lies, default examples/fashion_mnist
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
header="$work/single/offramp/offramp.hpp"
weights="${OFFRAMP_WEIGHTS_DIR:-examples/fashion_mnist}"
single_flags="-std=c++20 -I$work/single -fno-exceptions -fno-rtti $OFFRAMP_WARNINGS"

generate() {
  python3 cmake/single_header.py "$header" && (cd / && python3 "$OLDPWD/cmake/single_header.py" "$work/again.hpp") &&
    cmp "$header" "$work/again.hpp"
}
self_contained() { # one line of each kind would be a hole
  ! grep -nE '^\s*#\s*include\s*(<offramp/|")|#pragma once' "$header" &&
    [ "$(grep -c '^// ---- offramp/' "$header")" -gt 20 ] && grep -q 'MIT License' "$header"
}
# shellcheck disable=SC2086 # flags are words
alone() { # COMPILER FLAGS
  printf '#include <offramp/offramp.hpp>\n#include <offramp/offramp.hpp>\n' |
    "$1" $single_flags $2 -fsyntax-only -x c++ -
}
# A unit may meet both: what one has brought, the other skips.
# shellcheck disable=SC2086
with_tree() { # FIRST SECOND
  printf '#include %s\n#include %s\n' "$1" "$2" |
    "$OFFRAMP_GCC" $OFFRAMP_DEVICE_FLAGS $OFFRAMP_WARNINGS -I"$work" -fsyntax-only -x c++ -
}
# Two units with the single header and one with the tree, linked: every inline function three times, one meaning.
# shellcheck disable=SC2086
one_definition() { # COMPILER
  cat >"$work/unit.cpp" <<'UNIT'
#include <offramp/offramp.hpp>
using namespace offramp;
using tiny = lower<network<image<4, 4, 1>, stage<conv2d<8, 3>, sign, conv2d<8, 3, binary>, relu>, exit_head<3>>>;
namespace {
constinit arena<tiny> ram{};
constinit std::uint32_t ops[planned<tiny, path::portable>::plan.weight_words]{};
constinit std::uint32_t records[16]{};
}
std::int32_t UNIT(const std::uint8_t* x) {
  bound_weights<tiny, path::portable> weights{};
  weights.ops = ops;
  weights.records = records;
  session<tiny> net{weights, ram};
  net.begin(session<tiny>::input_view::unchecked(x));
  net.step();
  return net.logits()[0] + UNIT_NUMBER;
}
UNIT
  cat >"$work/main.cpp" <<'MAIN'
#include <cstdint>
std::int32_t one(const std::uint8_t*);
std::int32_t two(const std::uint8_t*);
std::int32_t three(const std::uint8_t*);
int main() {
  const std::uint8_t x[16]{};
  return one(x) + 1 == two(x) && two(x) + 1 == three(x) ? 0 : 1;
}
MAIN
  "$1" $single_flags -O1 -DUNIT=one -DUNIT_NUMBER=1 -c "$work/unit.cpp" -o "$work/one.o" &&
    "$1" $single_flags -O1 -DUNIT=two -DUNIT_NUMBER=2 -c "$work/unit.cpp" -o "$work/two.o" &&
    "$1" $OFFRAMP_DEVICE_FLAGS -O1 -DUNIT=three -DUNIT_NUMBER=3 -c "$work/unit.cpp" -o "$work/three.o" &&
    "$1" "$work/main.cpp" "$work/one.o" "$work/two.o" "$work/three.o" -o "$work/one_definition" &&
    "$work/one_definition"
}
# shellcheck disable=SC2086
answers() { # COMPILER FLAGS STEM
  "$1" $2 $OFFRAMP_WARNINGS -O1 -Iexamples -I"$weights" tests/consume/device.cpp -o "$work/$3" &&
    "$work/$3" >"$work/$3.txt" && [ "$(grep -c ' spent ' "$work/$3.txt")" -eq 6 ]
}
same_answers() { # COMPILER
  answers "$1" "$OFFRAMP_DEVICE_FLAGS" by_tree && answers "$1" "$single_flags" by_single &&
    diff "$work/by_tree.txt" "$work/by_single.txt"
}
# shellcheck disable=SC2086
on_arm() {
  arm-none-eabi-g++ $single_flags -mcpu=cortex-m4 -mthumb -Os -Iexamples -I"$weights" -c tests/consume/device.cpp \
    -o "$work/arm.o"
}
# With the single header first, the tree's headers in the tests are skipped, guard by guard.
# shellcheck disable=SC2086
tests_pass() { # PROGRAM SOURCE...
  local program="$work/$1" source objects=() eigen="${EIGEN3_INCLUDE_DIR:-/usr/include/eigen3}"
  shift
  for source in tests/main.cpp "$@"; do echo "$source" "$work/$(tr / + <<<"$source").o"; done |
    xargs -P2 -L1 bash -c '"$0" -std=c++20 -O1 -include "$1" -Iinclude -I. -isystem "$2" \
      -DOFFRAMP_SOURCE_DIR="\"$PWD\"" -c "$3" -o "$4"' "$OFFRAMP_GCC" "$header" "$eigen" || return 1
  for source in tests/main.cpp "$@"; do objects+=("$work/$(tr / + <<<"$source").o"); done
  "$OFFRAMP_GCC" "${objects[@]}" -o "$program" -lz -pthread && "$program"
}

check "single_header same tree, same bytes" generate || exit 1
check "single_header self-contained" self_contained || failed=1
check "single_header alone $OFFRAMP_GCC" alone "$OFFRAMP_GCC" "" || failed=1
check "single_header alone $OFFRAMP_CLANG" alone "$OFFRAMP_CLANG" "" || failed=1
one='"single/offramp/offramp.hpp"'
check "single_header after the tree" with_tree "<offramp/model/self_test.hpp>" "$one" || failed=1
check "single_header before the tree" with_tree "$one" "<offramp/offramp.hpp>" || failed=1
check "single_header one definition $OFFRAMP_GCC" one_definition "$OFFRAMP_GCC" || failed=1
check "single_header answers like the tree $OFFRAMP_GCC" same_answers "$OFFRAMP_GCC" || failed=1
check "single_header answers like the tree $OFFRAMP_CLANG" same_answers "$OFFRAMP_CLANG" || failed=1
check "single_header on Cortex-M4" on_arm || failed=1
if [ "${1:-}" = --all ]; then
  mapfile -t sources < <(for room in $(python3 cmake/tree.py names device_rooms); do
    find "tests/$room" -name '*.cpp' 2>/dev/null; done | sort)
else
  sources=(tests/core/*.cpp tests/kernels/conv_bits.cpp)
fi
check "single_header passes ${#sources[@]} device tests" tests_pass device_tests "${sources[@]}" || failed=1
exit $failed
