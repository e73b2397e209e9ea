#!/usr/bin/env bash
# The example network as firmware on one board at one level of optimisation, without any library, equal to the host to
# the last bit; and on a target of Linux, where only the answers are compared.
#   bash tests/embedded/smoke.sh BOARD LEVEL | --host | --jobs
# --host, which comes first, takes the images and makes the answers. OFFRAMP_WEIGHTS_DIR: where weights.hpp lies,
# default examples/fashion_mnist. One line "pass NAME" or "FAIL NAME" per check; the row of sizes goes to the work folder.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# name | target | emulated machine and instruction set, if not the target's own | levels of optimisation
boards=(
  "m4_soft|cortex_m4||-mcpu=cortex-m4 -mfloat-abi=soft|-Os -O2 -O3"
  "m4|cortex_m4|||-O2"
  "m0plus|cortex_m0plus|mps2-an385||-O2"
  "s390x|s390x|||-O1"
)

if [ "${1:-}" = --jobs ]; then
  for line in "${boards[@]}"; do
    IFS='|' read -r name _ _ _ levels <<<"$line"
    for level in $levels; do echo "$name $level"; done
  done
  exit 0
fi

weights="${OFFRAMP_WEIGHTS_DIR:-examples/fashion_mnist}"
[ -f "$weights/weights.hpp" ] || { echo "FAIL embedded: no $weights/weights.hpp"; exit 1; }
includes="-Iexamples -I$weights"

# What a binary must not contain, as symbols.
heap='_?(malloc|calloc|realloc|free|sbrk)(_r)?|_Zn[wa].*|_Zd[la].*'
exceptions='__cxa_.*|_Unwind_.*|__gxx_.*|__aeabi_unwind.*|_ZT[IS].*|_ZSt.*'
libc='(__aeabi_)?mem(cpy|set|clr|move|cmp|chr)[48]?|str[a-z]+|.*printf.*|put(s|char)|abort|_impure_ptr|__libc_.*'
libc+='|__errno'
floats='__aeabi_(f|d|cf|cd|i2|ui2|l2|ul2|h2).*'
floats+='|__(add|sub|mul|div|neg|cmp|eq|ne|lt|le|gt|ge|unord|extend|trunc|fix|float)[a-z]*[sd]f[a-z0-9]*'

lacks() { # PATTERN FILE...: no symbol of any file is one of these
  local pattern="$1" found
  shift
  found="$(arm-none-eabi-nm "$@" | grep -E " ($pattern)\$")"
  [ -z "$found" ] || { printf 'unwanted symbols:\n%s\n' "$found"; return 1; }
}
# shellcheck disable=SC2086
host_answers() {
  "$OFFRAMP_GCC" -std=c++20 -Iinclude -I. $includes $OFFRAMP_WARNINGS -O2 "$here/images.cpp" -o "$work/images" -lz &&
    "$work/images" examples/data/fashion-mnist "$work/right.cpp" "$work/wrong.cpp"
}
# The checks of symbols must notice what they look for.
notices() {
  cat >"$work/unwanted.cpp" <<'CODE'
extern "C" void* malloc(unsigned);
extern "C" int printf(const char*, ...);
float product(float a, float b) { return a * b; }
struct other { other(); };
other& once() { static other value; printf("%p", malloc(4)); return value; }
CODE
  # Guards of statics are what a toolchain file would leave out.
  arm-none-eabi-g++ -std=c++20 -O2 -mcpu=cortex-m4 -mthumb -mfloat-abi=soft -c "$work/unwanted.cpp" \
    -o "$work/unwanted.o" || return 1
  local pattern
  for pattern in "$heap" "$exceptions" "$libc" "$floats"; do
    ! lacks "$pattern" "$work/unwanted.o" >/dev/null || { echo "nothing found of: $pattern"; return 1; }
  done
}
if [ "${1:-}" = --host ]; then
  failed=0
  check "embedded symbol checks notice" notices || failed=1
  check "embedded host answers" host_answers || failed=1
  exit $failed
fi

for line in "${boards[@]}"; do
  IFS='|' read -r name target machine cpu _ <<<"$line"
  [ "$name" != "${1:-}" ] || break
done
level="${2:-}"
[ "$name" = "${1:-}" ] && [ -n "$level" ] || { echo "smoke.sh: no board '${1:-}', or no level" >&2; exit 2; }
use_target "$target" "$machine" || exit 1
if [ -n "$cpu" ]; then target_flags="${target_flags/$target_cpu/$cpu}" target_cpu="$cpu"; fi
id="embedded $name $level"
at="$work/$name$level"

# Statics with guards must not be there at all, so the flag that hides them is taken away.
if bare; then target_flags="${target_flags/-fno-threadsafe-statics/}"; fi
compile() { compile_for_target "$1 $includes" "$2" "$3"; } # FLAGS SOURCE OBJECT
support() {
  { ! bare || compile "$level" "$here/board/startup.cpp" "$at-startup.o"; } &&
    compile "$level" "$work/right.cpp" "$at-right.o" && compile "$level" "$work/wrong.cpp" "$at-wrong.o"
}
# -lgcc is the compiler itself (divisions and shifts of 64 bits), no library of ours or anyone's. For Armv6-M it copies
# structures of some 70 bytes, geometries among them, by memcpy, and asks for that of newlib.
library=""
if [ "$target" = cortex_m0plus ]; then library=-lc libc="${libc/cpy|/}"; fi
# shellcheck disable=SC2086
link() { # PROGRAM INPUT...
  local program="$1"
  shift
  if ! bare; then link_for_target "$program" "$@"; return; fi
  "$target_compiler" $target_cpu -mthumb -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -L"$here/board" \
    -T"${target_machine//-/_}.ld" "$@" $library -lgcc -o "$program"
}
# Counted instructions are the emulator's time, so that nothing depends on this machine.
clocks() {
  compile -Os "$here/clocks.cpp" "$at-clocks.o" && compile -Os "$here/board/startup.cpp" "$at-clocks-startup.o" &&
    link "$at-clocks.elf" "$at"-clocks{,-startup}.o || return 1
  target_emulator="${target_emulator/ -display/ -icount shift=5 -display}"
  emulate_target "$at-clocks.elf"
}
calls_nothing() { # FLAGS SOURCE OBJECT
  compile "$@" || return 1
  local called
  called="$(arm-none-eabi-nm -u "$3")"
  [ -z "$called" ] || { printf 'calls from outside:\n%s\n' "$called"; return 1; }
}
said() { awk -v name="$2" '$1 == name { print $2 }' "$1"; } # LOG NAME: a number of the summary
# ELF NAME: bytes
section() { arm-none-eabi-size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; }
symbol() { echo $((16#$(arm-none-eabi-nm -S "$1" | awk -v name="$2" '$4 == name { print $2 }'))); }

failed=0
startup=()
if bare; then startup=("$at-startup.o"); fi
check "$id compiles" compile "$level" "$here/smoke.cpp" "$at-smoke.o" &&
  check "$id board and answers compile" support &&
  check "$id links" link "$at-right.elf" "$at-smoke.o" "${startup[@]}" "$at-right.o" &&
  check "$id links with a wrong answer" link "$at-wrong.elf" "$at-smoke.o" "${startup[@]}" "$at-wrong.o" || exit 1

emulate_target "$at-right.elf" >"$at.log"
check "$id equals the host" equal "$?" 0 "$(cat "$at.log" && echo "exit status")" || failed=1
emulate_target "$at-wrong.elf" >"$at-wrong.log"
check "$id notices one wrong logit" equal "$? $(said "$at-wrong.log" failures)" "1 1" "status and failures" || failed=1
check "$id images" equal "$(said "$at.log" images)" 20 images || failed=1
bare || exit $failed

if [[ "$name" = m4* ]] && [[ "$level" = -O2 ]]; then # once for each instruction set
  check "embedded $name compiles freestanding" compile "-O1 -ffreestanding" "$here/smoke.cpp" "$at-free.o" || failed=1
  check "embedded $name other layers call nothing" calls_nothing -O2 "$here/layers.cpp" "$at-layers.o" || failed=1
  check "embedded $name clocks and recorder" clocks || failed=1
fi
firmware="$at-firmware.elf"
check "$id classify links alone" link "$firmware" -Wl,--entry=network_classify "$at-smoke.o" || exit 1
check "$id no heap" lacks "$heap" "$at"-{right,firmware}.elf || failed=1
check "$id no exceptions, no type information" lacks "$exceptions" "$at"-{right,firmware}.elf || failed=1
check "$id no libc" lacks "$libc" "$at"-{right,firmware}.elf || failed=1
case "$target_cpu" in
  *-mfloat-abi=soft*) check "$id no floats" lacks "$floats" "$at"-{right,firmware}.elf || failed=1 ;;
esac

code="$(section "$firmware" .text)"
model="$(symbol "$firmware" garment_weights)"
constants=$(($(section "$firmware" .rodata) - model))
session="$(symbol "$firmware" network_session)"
arena="$(symbol "$firmware" network_arena)"
stack="$(said "$at.log" stack_bytes)"
check "$id arena is as planned" equal "$arena" "$(said "$at.log" arena_bytes)" "the arena's size" || failed=1
check "$id RAM is session and arena" \
  at_most "$(($(section "$firmware" .data) + $(section "$firmware" .bss)))" "$((session + arena + 16))" "static RAM" ||
  failed=1
# Tables of the plan that leak into flash cost tens of kilobytes: the network's own constants are few.
check "$id few constants beside the weights" at_most "$constants" 512 "read-only data" || failed=1
[ "$level" != -Os ] || check "$id code" at_most "$code" 16384 "code" || failed=1
check "$id stack" at_most "$stack" 2048 "stack" || failed=1
printf '%-8s %-4s %8d %10d %9d %8d %8d %6d\n' "$name" "$level" "$code" "$constants" "$model" "$session" "$arena" \
  "$stack" >"$at.row"
exit $failed
