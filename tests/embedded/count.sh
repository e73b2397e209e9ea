#!/usr/bin/env bash
# Counts instructions between the markers of a program (count/markers.hpp) under the emulator: exactly, without noise.
#   bash tests/embedded/count.sh TARGET SOURCE... [-- COMPILER FLAGS]      default -O2
#   MIX=1: the commonest mnemonics too     MACHINE=NAME: another emulated board
# TARGET is a file of cmake/toolchains. What the program prints comes out, and at every end marker a line
# insns=... loads=... stores=... (count/plugin.cpp). The exit status is the program's.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/count/lib.sh"
target="${1:-}"
shift
[ -f "cmake/toolchains/$target.cmake" ] || { sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
sources=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do sources+=("$1") && shift; done
[ $# -eq 0 ] || shift
flags="${*:--O2}"
use_target "$target" "${MACHINE:-}" || exit 1
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
build_for_count "$scratch/program" "$flags" "${sources[@]}" && count_target "$scratch/program"
