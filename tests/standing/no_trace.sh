#!/usr/bin/env bash
# Hooks, reuse and criteria that are not used leave no trace: the machine code of a session with the defaults, with the
# same ones by name, and with an observer of the user's that does nothing is the same, instruction by instruction; and it
# holds no function that a hand-written loop without policies lacks, and no more instructions than that, `slack` apart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
work=build/no_trace
mkdir -p "$work"
failed=0
slack=2 # per cent of instructions: two ways of writing one loop differ in which registers they save

# name | compiler | disassembler | symbols | flags
targets=(
  "x86 -O2|$OFFRAMP_GCC|objdump|nm|-O2 -march=x86-64"
  "cortex-m4 -Os|arm-none-eabi-g++|arm-none-eabi-objdump|arm-none-eabi-nm|-Os -mcpu=cortex-m4 -mthumb -mfloat-abi=soft"
  "cortex-m4 -O2|arm-none-eabi-g++|arm-none-eabi-objdump|arm-none-eabi-nm|-O2 -mcpu=cortex-m4 -mthumb -mfloat-abi=soft"
)
[ "$(uname -m)" = x86_64 ] || targets=("${targets[@]:1}")

compile() { # COMPILER FLAGS VARIANT OBJECT
  # shellcheck disable=SC2086 # flags are words
  "$1" $OFFRAMP_DEVICE_FLAGS $OFFRAMP_WARNINGS $2 -DVARIANT="$3" -c tests/standing/no_trace.cpp -o "$4"
}
# One line for each function, in order of name: the name, then its instructions without operands, and what it calls. With
# operands they would differ by noise: which of two equal registers comes first, where a table lies. The session's type
# is cut out of names.
instructions() { # DISASSEMBLER OBJECT
  "$1" -dr --no-show-raw-insn "$2" | awk '
    /^[0-9a-f]+ <.*>:$/ { if (line != "") print line; line = $2; next }
    /^[ \t]+[0-9a-f]+:[ \t]+R_/ { if ($2 ~ /PLT|CALL|JUMP/) line = line " ->" $3; next }
    /^ *[0-9a-f]+:/ { line = line " " $2 }
    END { print line }' | sed -E 's/_ZN?K?7offramp2v07sessionI[A-Za-z0-9_]*/SESSION/g' | LC_ALL=C sort
}
functions() { # SYMBOLS OBJECT: without what stands in angle brackets
  "$1" -C "$2" | awk '$2 ~ /^[tTwW]$/' | cut -d' ' -f3- |
    sed -E -e 's/operator[<>]+//g' -e ':more' -e 's/<[^<>]*>//g; t more' | sort -u
}
kernels_of() { "$1" -C "$2" | awk '$2 ~ /^[tTwW]$/' | cut -d' ' -f3- | grep -E 'offramp::[^ ]*kernels::' | sort -u; }
same() { # FILE FILE
  cmp -s "$1" "$2" || { diff <(tr ' ' '\n' <"$1") <(tr ' ' '\n' <"$2") | head -n 20 | cut -c1-200; return 1; }
}
differ() { ! cmp -s "$1" "$2" || { echo "the comparison does not see them"; return 1; }; }
no_more() { # FILE FILE: every line of the first is one of the second
  local more
  more="$(comm -23 "$1" "$2")"
  [ -z "$more" ] || { printf 'functions that the loop by hand lacks:\n%s\n' "$more"; return 1; }
}
no_policy() { # SYMBOLS OBJECT
  local found
  found="$(functions "$@" | grep -Ei 'reuse|observer|combine|deadline|state|::(look|enter|leave|begin|exit_judged)\(')"
  [ -z "$found" ] || { printf 'functions of policies:\n%s\n' "$found"; return 1; }
}
calls_nothing() { # SYMBOLS OBJECT
  local called
  # What the compiler itself brings for 64-bit numbers on a small core is no library of anyone's.
  called="$("$1" -u "$2" | grep -Ev ' __aeabi_(u?ldivmod|lmul|llsl|llsr|lasr|u?idiv(mod)?)$')"
  [ -z "$called" ] || { printf 'calls from outside:\n%s\n' "$called"; return 1; }
}
at_most() { # HERE BY_HAND
  [ "$1" -gt 0 ] && [ $(($1 * 100)) -le $(($2 * (100 + slack))) ] || {
    echo "$1 instructions, by hand $2: at most $slack % more"
    return 1
  }
}

for target in "${targets[@]}"; do
  IFS='|' read -r name compiler disassembler symbols flags <<<"$target"
  at="$work/${name// /}"
  # shellcheck disable=SC2016 # expanded by the inner shell
  export -f compile
  export compiler flags at
  check "no_trace $name compiles" xargs -P2 -I{} bash -c 'compile "$compiler" "$flags" {} "$at-{}.o"' < <(seq 0 5) ||
    { failed=1; continue; }
  for variant in 0 1 2 3 4 5; do instructions "$disassembler" "$at-$variant.o" >"$at-$variant.txt"; done
  kernels_of "$symbols" "$at-0.o" >"$at-0.kernels"
  kernels_of "$symbols" "$at-3.o" >"$at-3.kernels"
  count=$(wc -w <"$at-0.txt") by_hand=$(wc -w <"$at-3.txt")
  check "no_trace $name sees an observer" differ "$at-0.txt" "$at-4.txt" || failed=1
  check "no_trace $name sees a reuse policy" differ "$at-0.txt" "$at-5.txt" || failed=1
  check "no_trace $name defaults named" same "$at-0.txt" "$at-1.txt" || failed=1
  check "no_trace $name an observer that does nothing" same "$at-0.txt" "$at-2.txt" || failed=1
  check "no_trace $name no kernel that the loop by hand lacks" no_more "$at-0.kernels" "$at-3.kernels" || failed=1
  check "no_trace $name $count instructions, by hand $by_hand" at_most "$count" "$by_hand" || failed=1
  check "no_trace $name no function of a policy" no_policy "$symbols" "$at-0.o" || failed=1
  check "no_trace $name calls nothing" calls_nothing "$symbols" "$at-0.o" || failed=1
done
exit $failed
