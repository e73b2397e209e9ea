#!/usr/bin/env bash
# The size ledger: builds the example for each core at -Os and says what it is made of and what it executes under the
# emulator. Compares what the library promises with what the linker made. One line "pass NAME" or "FAIL NAME" per check.
#   bash examples/firmware/ledger.sh                writes the table into README.md, between its markers
#   bash examples/firmware/ledger.sh --check [CORE...]    fails where that table is not what comes out (of these cores)
#   bash examples/firmware/ledger.sh --show CORE [PATH]   only prints the lines of one core
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/standing/lib.sh"
source cmake/packages.sh
source examples/firmware/boards.sh
offramp_packages g++ cmake python3 zlib1g-dev libeigen3-dev gcc-arm-none-eabi libnewlib-arm-none-eabi \
  libstdc++-arm-none-eabi-newlib qemu-system-arm >&2 || exit 1

page=examples/firmware/README.md
shift_of_time=3 # 8 ns an instruction: counts are exact to some, and SysTick wraps after 84 million or more
section() { arm-none-eabi-size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; }              # ELF NAME
symbol() { echo $((16#$(arm-none-eabi-nm -S "$1" | awk -v name="$2" '$4 == name { print $2 }'))); } # ELF NAME
said() { awk -v name="$2" '$1 == name { print $2 }' "$1"; }                                         # LOG NAME
instructions() { awk "BEGIN { printf \"%.0f\", $1 * $ns_per_count / 2 ^ $shift_of_time }"; }          # COUNTS
thousands() { grouped $((($1 + 500) / 1000)); }
percent() { awk "BEGIN { printf \"%.1f\", 100 * $1 / $2 }"; }
equal() { [ "$1" = "$2" ] || { echo "$3 is $1, expected $2"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "$3 is $1, at most $2"; return 1; }; }
grouped() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"; } # 12345 as 12,345

build() { # PATH AT
  firmware_compile "$1" examples/firmware/ledger.cpp "$2.o" -fcallgraph-info=su &&
    firmware_compile "$1" tests/embedded/board/startup.cpp "$2-startup.o" &&
    firmware_link "$2-only.elf" -Wl,--entry=network_classify "$2.o" && firmware_link "$2.elf" "$2.o" "$2-startup.o"
}
emulate() { firmware_emulate "$1.elf" $shift_of_time >"$1.log" || { cat "$1.log"; return 1; }; } # AT
bound() { python3 examples/firmware/deepest_stack.py "$1.ci" network_classify >"$1.stack"; }     # AT

sizes=() times=()
measure() { # CORE PATH: adds a row to both tables
  local core="$1" path="$2" at="$firmware/$1-$2-ledger" id="ledger $1 $2"
  firmware_target "$core" || return 1
  check "$id compiles and links" build "$path" "$at" && check "$id runs" emulate "$at" &&
    check "$id has a known stack" bound "$at" || return 1
  local failed=0 code model constants session arena stack ram
  code="$(section "$at-only.elf" .text)"
  model="$(symbol "$at-only.elf" garment_weights)"
  constants=$(($(section "$at-only.elf" .rodata) - model))
  session="$(symbol "$at-only.elf" network_session)"
  arena="$(symbol "$at-only.elf" network_arena)"
  ram=$(($(section "$at-only.elf" .data) + $(section "$at-only.elf" .bss)))
  stack="$(said "$at.log" stack_bytes)"
  # Promises of the library against what linker and emulator saw.
  check "$id computes the known answer" equal "$(said "$at.log" self_test)" 0 "status" || failed=1
  check "$id arena is as promised" equal "$arena" "$(said "$at.log" arena_bytes)" "the arena" || failed=1
  check "$id model is as promised" equal "$model" "$(said "$at.log" model_bytes)" "the model" || failed=1
  check "$id weights are most of the model" at_most $((model - $(said "$at.log" weight_bytes))) 2048 "the rest of it" ||
    failed=1
  check "$id RAM is session and arena" at_most "$ram" $((session + arena + 16)) "static RAM" || failed=1
  check "$id stack is within its bound" at_most "$stack" $(($(said "$at.stack" bound_bytes) + 64)) "stack" || failed=1

  # Left at each exit, of the images in examples/data; what the mean image takes.
  local k row="" mean=0 full left exits row_of
  read -ra left <<<"$(sed -n 's/^left //p' "$firmware/$path/shares")"
  mapfile -t exits < <(awk '$1 == "exit" { print $2 }' "$at.log")
  for k in "${!exits[@]}"; do
    exits[k]="$(instructions "${exits[k]}")"
    mean=$((mean + exits[k] * left[k]))
    row+=" $(thousands "${exits[k]}") |"
  done
  mean=$((mean / $(said "$firmware/$path/shares" images)))
  full="$(instructions "$(said "$at.log" full)")"
  row_of="${core/cortex_m/Cortex-M}"
  row_of="| ${row_of/plus/+} | \`$path\` |"
  sizes+=("$row_of $(grouped "$code") | $constants | $(grouped "$model") | $session | $(grouped "$arena") |\
 $(grouped "$stack") | $(grouped "$(said "$at.stack" bound_bytes)") |")
  times+=("$row_of$row $(thousands "$full") | $(thousands "$mean") |\
 $(awk "BEGIN { printf \"%.2f\", $full / $mean }")x |")
  return $failed
}

table() {
  local shares="$firmware/portable/shares" images early last left compiler
  images="$(said "$shares" images)"
  early="$(percent "$(said "$shares" right_early)" "$images")"
  last="$(percent "$(said "$shares" right_last)" "$images")"
  compiler="$(arm-none-eabi-g++ --version | sed -n '1s/.*) \([0-9.]*\).*/\1/p')"
  left="$(sed -n 's/^left //p' "$shares")"
  cat <<END
Bytes; \`-Os\`, g++ $compiler. Flash is code, constants and model (weights, thresholds, known answer),
static RAM is session and arena. Stack: as painted, and as the frames add up along the deepest chain of calls.

| core | path | code | constants | model | session | arena | stack, painted | stack, bound |
|---|---|--:|--:|--:|--:|--:|--:|--:|
$(printf '%s\n' "${sizes[@]}")

Thousands of instructions for an image that leaves at exit 1, 2, 3, 4; for the network without early exits; for the
mean of $(grouped "$images") test images, of which ${left// /, } leave there. Right: $early %, without early exits $last %.

| core | path | exit 1 | exit 2 | exit 3 | exit 4 | without exits | mean | saved |
|---|---|--:|--:|--:|--:|--:|--:|--:|
$(printf '%s\n' "${times[@]}")
END
}
between() { awk '/<!-- \/ledger -->/ { inside = 0 } inside; /<!-- ledger -->/ { inside = 1 }' "$page"; }
fresh() { # [CORE...]: all of it, or each line that these give
  if [ $# -eq 0 ]; then diff <(between) "$firmware/ledger.md" && return; else
    ! grep -vxF -f <(between) "$firmware/ledger.md" && return
  fi
  echo "$page is not what this tree gives: bash examples/firmware/ledger.sh"
  return 1
}
write() {
  awk -v table="$firmware/ledger.md" '/<!-- \/ledger -->/ { inside = 0 } !inside { print }
    /<!-- ledger -->/ { inside = 1; while ((getline line < table) > 0) print line }' "$page" >"$firmware/README.new" &&
    cp "$firmware/README.new" "$page"
}

what="${1:---write}"
[ $# -eq 0 ] || shift
case "$what" in
  --write) cores="$firmware_cores" ;;
  --check) cores="${*:-$firmware_cores}" ;;
  --show) cores="${1:-cortex_m4}" ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
rows=()
for core in $cores; do rows+=("$core $(firmware_path "$core")"); done
# One row shows what the paths for Cortex-M give.
case "$what" in
  --show) [ -z "${2:-}" ] || rows=("$1 $2") ;;
  *) [[ " $cores " != *" cortex_m4 "* ]] || rows+=("cortex_m4 portable") ;;
esac
failed=0
mkdir -p "$firmware"
check "ledger generates for portable" firmware_generate portable || exit 1
for row in "${rows[@]}"; do
  read -r core path <<<"$row"
  check "ledger generates for $path" firmware_generate "$path" && measure "$core" "$path" || failed=1
done
table >"$firmware/ledger.md"
case "$what" in
  --show) cat "$firmware/ledger.md" ;;
  --check) check "ledger in $page is fresh" fresh "$@" || failed=1 ;;
  --write) [ $failed -eq 0 ] && write ;;
esac
exit $failed
