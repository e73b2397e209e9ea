#!/usr/bin/env bash
# Builds the firmware examples and runs them on an emulated board: recognition with its times, the same from C, and
# answers at a deadline.
#   bash examples/firmware/run.sh [CORE [PATH]]      CORE: cortex_m4, or another of cmake/toolchains; PATH: its best
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/packages.sh
source examples/firmware/boards.sh
offramp_packages g++ cmake zlib1g-dev libeigen3-dev gcc-arm-none-eabi libnewlib-arm-none-eabi \
  libstdc++-arm-none-eabi-newlib qemu-system-arm >&2

core="${1:-cortex_m4}"
path="${2:-$(firmware_path "$core")}"
firmware_target "$core"
firmware_generate "$path"
at="$firmware/$core-$path"
# On a Cortex-M0+ gcc clears some bytes of main's own by memset; the network calls no library there, either (ledger.sh).
libraries=()
[ "$core" != cortex_m0plus ] || libraries=(-lc)
echo "$core, path $path, emulated as $machine; a count is $(awk "BEGIN { print $ns_per_count / 32 }") instructions"

firmware_compile "$path" tests/embedded/board/startup.cpp "$at-startup.o"
run() { # NAME SOURCE...
  local name="$1" objects=("$at-startup.o") source
  shift
  for source in "$@"; do
    objects+=("$at-$name-$(basename "$source").o")
    firmware_compile "$path" "$source" "${objects[-1]}"
  done
  firmware_link "$at-$name.elf" "${objects[@]}" "${libraries[@]}"
  printf '\n== %s: %s\n\n' "$name" "$at-$name.elf"
  firmware_emulate "$at-$name.elf" 5
}
run main examples/firmware/main.cpp
run deadline examples/firmware/deadline.cpp
run c examples/firmware/c/main.c "$firmware/$path/garment.cpp"
