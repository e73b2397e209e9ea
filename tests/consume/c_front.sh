#!/usr/bin/env bash
# The C front: generated for a tiny network, compiled as C99 and C++, run, and compared with the answers of C++.
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
set -o pipefail
here=tests/consume/c_front
c_warnings="-std=c99 -Wall -Wextra -pedantic -Werror"

generate() {
  # shellcheck disable=SC2086 # flags are words
  "$OFFRAMP_GCC" $OFFRAMP_HOST_FLAGS -I. -I"$here" -O0 "$here/generate.cpp" -o "$work/generate" -lz -pthread &&
    "$work/generate" "$work" | grep -v '^random seed' >"$work/expected.txt" &&
    [ "$(grep -c ', confident$' "$work/expected.txt")" -gt 0 ] &&
    [ "$(grep -c ', last exit$' "$work/expected.txt")" -gt 12 ]
}
# shellcheck disable=SC2086
same_answers() { # C_COMPILER COMPILER INCLUDE
  "$1" $c_warnings -I"$work" -c "$here/user.c" -o "$work/user.o" &&
    "$2" -std=c++20 -I"$3" -I"$here" -I"$work" -fno-exceptions -fno-rtti $OFFRAMP_WARNINGS -O1 \
      -c "$work/tiny_front.cpp" -o "$work/front.o" && "$2" "$work/user.o" "$work/front.o" -o "$work/user" &&
    "$work/user" "$work/tiny.bin" >"$work/said.txt" &&
    diff "$work/expected.txt" "$work/said.txt"
}
single() {
  python3 cmake/single_header.py "$work/single/offramp/offramp.hpp" &&
    same_answers gcc "$OFFRAMP_GCC" "$work/single"
}
header_in_cpp() {
  echo '#include "tiny_front.h"' |
    "$OFFRAMP_GCC" -std=c++20 -Wall -Wextra -Werror -I"$work" -fsyntax-only -x c++ -
}
# Numbers of another network in NAME.h must not reach a build.
# shellcheck disable=SC2086
stale_header() {
  mkdir -p "$work/stale" && cp "$work"/tiny_front.* "$work/stale" || return 1
  local number said flags="$OFFRAMP_DEVICE_FLAGS -I$here -I$work"
  for number in CLASSES EXITS INPUT_ELEMENTS ARENA_BYTES STATUS_BAD_CHECKSUM LAST_EXIT; do
    sed -E "s/(TINY_FRONT_$number (= )?)[0-9]+/\11000/" "$work/tiny_front.h" >"$work/stale/tiny_front.h"
    if cmp -s "$work/tiny_front.h" "$work/stale/tiny_front.h"; then
      echo "no number $number in tiny_front.h"
      return 1
    fi
    if said="$("$OFFRAMP_GCC" $flags -fsyntax-only "$work/stale/tiny_front.cpp" 2>&1)"; then
      echo "compiled with a wrong $number"
      return 1
    fi
    grep -q 'static assertion failed' <<<"$said" || { echo "$number: $said"; return 1; }
  done
}
# shellcheck disable=SC2086
on_arm() { # what the front needs: no heap, no C++ run time. That kernels need no memcpy is for tests/embedded to show.
  local flags="-mcpu=cortex-m4 -mthumb -mfloat-abi=soft -Os -ffunction-sections -fdata-sections" asks
  arm-none-eabi-g++ $flags $OFFRAMP_DEVICE_FLAGS $OFFRAMP_WARNINGS -fno-threadsafe-statics -I"$here" -I"$work" \
    -c "$work/tiny_front.cpp" -o "$work/front-arm.o" || return 1
  asks="$(arm-none-eabi-nm -u "$work/front-arm.o" | awk '{ print $2 }' |
    grep -vE '^__aeabi_(l|ul|i|ui|f|d|ll)[a-z0-9]*$|^mem(cpy|set)$')"
  [ -z "$asks" ] || { printf 'it asks for:\n%s\n' "$asks"; return 1; }
}

check "c_front generate" generate || exit 1
check "c_front C99 gcc and $OFFRAMP_GCC" same_answers gcc "$OFFRAMP_GCC" include || failed=1
clang="${OFFRAMP_CLANG/++/}"
check "c_front C99 $clang and $OFFRAMP_CLANG" same_answers "$clang" "$OFFRAMP_CLANG" include || failed=1
check "c_front with the single header" single || failed=1
check "c_front header in C++" header_in_cpp || failed=1
check "c_front a stale header does not compile" stale_header || failed=1
check "c_front on Cortex-M4 asks for no heap and no run time" on_arm || failed=1
exit $failed
