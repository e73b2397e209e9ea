# shellcheck shell=bash
# Sourced by the scripts of this folder: compiling for a target of cmake/toolchains, linking for a board, emulating.
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
here=tests/embedded
work=build/embedded
mkdir -p "$work"

# use_target NAME [MACHINE]: sets target_*, what the toolchain file says (target.cmake). Another machine may run the code.
use_target() {
  local said
  said="$(cmake -DNAME="$1" -P "$here/target.cmake")" || return 1
  eval "$said"
  [ -z "${2:-}" ] || target_emulator="${target_emulator/$target_machine/$2}" target_machine="$2"
}
bare() { [ "$target_system" = Generic ]; }

# shellcheck disable=SC2086 # flags are several words
compile_for_target() { # FLAGS SOURCE OBJECT
  "$target_compiler" -std=c++20 -Iinclude -I. $OFFRAMP_WARNINGS $target_flags $1 -c "$2" -o "$3"
}
# A bare board brings its own startup code; of newlib comes only what the program asks for.
# shellcheck disable=SC2086
link_for_target() { # PROGRAM OBJECT...
  local program="$1"
  shift
  if bare; then
    "$target_compiler" $target_cpu -mthumb $target_link -nostartfiles -Wl,--fatal-warnings -L"$here/board" \
      -T"${target_machine//-/_}.ld" "$@" -o "$program"
  else
    "$target_compiler" $target_flags $target_link "$@" -o "$program"
  fi
}
# shellcheck disable=SC2086
emulate_target() { # PROGRAM: the exit status is that of the program
  timeout 120 $target_emulator "$1" 2>&1
}

equal() { [ "$1" = "$2" ] || { echo "$3 is $1, expected $2"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "$3 is $1, at most $2"; return 1; }; }
