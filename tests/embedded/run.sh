#!/usr/bin/env bash
# The firmware smoke test: the example network on a bare Cortex-M4, without any library, equal to the host to the last bit.
#   bash tests/embedded/run.sh      OFFRAMP_WEIGHTS_DIR: where weights.hpp lies, default examples/fashion_mnist
# One line "pass NAME" or "FAIL NAME" per check, then the sizes.
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
source cmake/packages.sh
offramp_packages g++ zlib1g-dev gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib \
  qemu-system-arm || exit 1

# name | emulated machine | linker script | instruction set | optimisation
boards=(
  "m4_soft|mps2-an386|mps2_an386.ld|-mcpu=cortex-m4 -mfloat-abi=soft|-Os -O2 -O3"
  "m4|mps2-an386|mps2_an386.ld|-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard|-O2"
)

weights="${OFFRAMP_WEIGHTS_DIR:-examples/fashion_mnist}"
[ -f "$weights/weights.hpp" ] || { echo "FAIL embedded: no $weights/weights.hpp"; exit 1; }
here=tests/embedded
work=build/embedded
mkdir -p "$work"
failed=0
includes="-I. -Iexamples -I$weights"
# Functions apart, so that the linker keeps only what is called. Not -ffreestanding, which most firmware is built without:
# the compiler may then turn loops into calls of memset and memcpy, and must find none to turn.
device_flags="$OFFRAMP_DEVICE_FLAGS $OFFRAMP_WARNINGS $includes -mthumb -ffunction-sections -fdata-sections"

# What a binary must not contain, as symbols.
heap='_?(malloc|calloc|realloc|free|sbrk)(_r)?|_Zn[wa].*|_Zd[la].*'
exceptions='__cxa_.*|_Unwind_.*|__gxx_.*|__aeabi_unwind.*|_ZT[IS].*|_ZSt.*'
libc='(__aeabi_)?mem(cpy|set|clr|move|cmp|chr)[48]?|str[a-z]+|.*printf.*|put(s|char)|abort|_impure_ptr|__libc_.*|__errno'
floats='__aeabi_(f|d|cf|cd|i2|ui2|l2|ul2|h2).*|__(add|sub|mul|div|neg|cmp|eq|ne|lt|le|gt|ge|unord|extend|trunc|fix|float)[a-z]*[sd]f[a-z0-9]*'

# shellcheck disable=SC2086 # flags are several words
host_answers() {
  "$OFFRAMP_GCC" -std=c++20 -Iinclude $includes $OFFRAMP_WARNINGS -O2 "$here/images.cpp" -o "$work/images" -lz &&
    "$work/images" examples/data/fashion-mnist "$work/right.cpp" "$work/wrong.cpp"
}
# shellcheck disable=SC2086
compile() { arm-none-eabi-g++ $device_flags $1 -c "$2" -o "$3"; } # FLAGS SOURCE OBJECT
support() { # FLAGS STEM
  compile "$1" "$here/board/startup.cpp" "$2-startup.o" && compile "$1" "$work/right.cpp" "$2-right.o" &&
    compile "$1" "$work/wrong.cpp" "$2-wrong.o"
}
# -lgcc is the compiler itself (divisions and shifts of 64 bits), no library of ours or anyone's.
# shellcheck disable=SC2086
link() { # CPU SCRIPT ELF INPUT...
  local cpu="$1" script="$2" elf="$3"
  shift 3
  arm-none-eabi-g++ $cpu -mthumb -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -L"$here/board" \
    -T"$here/board/$script" "$@" -lgcc -o "$elf"
}
emulate() { # MACHINE ELF [OPTIONS]: the exit status is that of the program
  # shellcheck disable=SC2086 # options are words
  timeout 120 qemu-system-arm -M "$1" -display none -monitor none -serial none ${3:-} \
    -semihosting-config enable=on,target=native -kernel "$2" 2>&1
}
# Counted instructions are the emulator's time, so that nothing depends on this machine.
clocks() { # MACHINE SCRIPT CPU
  compile "-Os $3" "$here/clocks.cpp" "$work/clocks.o" && compile "-Os $3" "$here/board/startup.cpp" "$work/clocks-startup.o" &&
    link "$3" "$2" "$work/clocks.elf" "$work"/clocks{,-startup}.o && emulate "$1" "$work/clocks.elf" "-icount shift=5"
}
lacks() { # PATTERN FILE...: no symbol of any file is one of these
  local pattern="$1" found
  shift
  found="$(arm-none-eabi-nm "$@" | grep -E " ($pattern)\$")"
  [ -z "$found" ] || { printf 'unwanted symbols:\n%s\n' "$found"; return 1; }
}
calls_nothing() { # FLAGS SOURCE OBJECT
  compile "$@" || return 1
  local called
  called="$(arm-none-eabi-nm -u "$3")"
  [ -z "$called" ] || { printf 'calls from outside:\n%s\n' "$called"; return 1; }
}
equal() { [ "$1" = "$2" ] || { echo "$3 is $1, expected $2"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "$3 is $1, at most $2"; return 1; }; }

said() { awk -v name="$2" '$1 == name { print $2 }' "$1"; }                    # LOG NAME: a number of the summary
section() { arm-none-eabi-size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; } # ELF NAME: bytes
symbol() { echo $((16#$(arm-none-eabi-nm -S "$1" | awk -v name="$2" '$4 == name { print $2 }'))); } # ELF NAME: bytes

# The checks of symbols must notice what they look for.
notices() {
  cat >"$work/unwanted.cpp" <<'END'
extern "C" void* malloc(unsigned);
extern "C" int printf(const char*, ...);
float product(float a, float b) { return a * b; }
struct other { other(); };
other& once() { static other value; printf("%p", malloc(4)); return value; }
END
  compile "-O2 -mcpu=cortex-m4 -mfloat-abi=soft" "$work/unwanted.cpp" "$work/unwanted.o" || return 1
  local pattern
  for pattern in "$heap" "$exceptions" "$libc" "$floats"; do
    ! lacks "$pattern" "$work/unwanted.o" >/dev/null || { echo "nothing found of: $pattern"; return 1; }
  done
}

check "embedded symbol checks notice" notices || failed=1
check "embedded host answers" host_answers || exit 1

table=()
for board in "${boards[@]}"; do
  IFS='|' read -r name machine script cpu levels <<<"$board"
  check "embedded $name compiles freestanding" compile "-O1 -ffreestanding $cpu" "$here/smoke.cpp" "$work/free.o" ||
    failed=1
  check "embedded $name other layers call nothing" calls_nothing "-O2 $cpu" "$here/layers.cpp" "$work/$name-layers.o" ||
    failed=1
  check "embedded $name clocks and recorder" clocks "$machine" "$script" "$cpu" || failed=1
  for level in $levels; do
    id="embedded $name $level"
    at="$work/$name$level"
    flags="$level $cpu"
    check "$id compiles" compile "$flags" "$here/smoke.cpp" "$at-smoke.o" &&
      check "$id board and answers compile" support "$flags" "$at" &&
      check "$id links without a library" link "$cpu" "$script" "$at-right.elf" "$at"-{smoke,startup,right}.o &&
      check "$id links with a wrong answer" link "$cpu" "$script" "$at-wrong.elf" "$at"-{smoke,startup,wrong}.o &&
      check "$id classify links alone" link "$cpu" "$script" "$at-firmware.elf" -Wl,--entry=network_classify \
        "$at-smoke.o" || { failed=1; continue; }

    check "$id no heap" lacks "$heap" "$at"-{right,firmware}.elf || failed=1
    check "$id no exceptions, no type information" lacks "$exceptions" "$at"-{right,firmware}.elf || failed=1
    check "$id no libc" lacks "$libc" "$at"-{right,firmware}.elf || failed=1
    case "$cpu" in
      *-mfloat-abi=soft*) check "$id no floats" lacks "$floats" "$at"-{right,firmware}.elf || failed=1 ;;
    esac

    emulate "$machine" "$at-right.elf" >"$at.log"
    check "$id equals the host" equal "$?" 0 "$(cat "$at.log" && echo "exit status")" || failed=1
    emulate "$machine" "$at-wrong.elf" >"$at-wrong.log"
    check "$id notices one wrong logit" equal "$? $(said "$at-wrong.log" failures)" "1 1" "status and failures" || failed=1
    check "$id images" equal "$(said "$at.log" images)" 20 images || failed=1

    firmware="$at-firmware.elf"
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
    table+=("$(printf '%-8s %-4s %8d %10d %9d %8d %8d %6d' "$name" "$level" "$code" "$constants" "$model" "$session" \
      "$arena" "$stack")")
  done
done

echo
echo "Firmware that classifies, in bytes:"
printf '%-8s %-4s %8s %10s %9s %8s %8s %6s\n' board "" code constants weights session arena stack
printf '%s\n' "${table[@]}"
exit $failed
