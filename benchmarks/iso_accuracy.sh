#!/usr/bin/env bash
# what: width ladders in float, int8 and binary: accuracy against time, Cortex-M4 instructions, flash, RAM (--train: hours)
# needs: libjpeg62-turbo-dev gnuplot-nox gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
# Arguments: --out FOLDER of checkpoints and results (build/iso_accuracy); --train trains what is missing there first;
# --predict only says how long that takes; --show draws the stored results again, in benchmarks/results unless --out is
# given; --only PART of a network's name; --threads N; --fashion-epochs N, --cifar-epochs N; --bf16; --images N for a trial.
# Without --train: measures what is trained. OFFRAMP_DATA_DIR names the folder with fashion-mnist and cifar10.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C

out=build/iso_accuracy
given_out=
steps=(judge time headers device collect show)
common=()
while [ $# -gt 0 ]; do
  case "$1" in
    --out) out="$2" given_out=1 && shift ;;
    --train) steps=(train "${steps[@]}") ;;
    --predict) steps=(predict) ;;
    --show) steps=(show) ;;
    --bf16) common+=("$1") ;;
    --only | --threads | --fashion-epochs | --cifar-epochs | --images) common+=("$1" "$2") && shift ;;
    *)
      echo "iso_accuracy: '$1' is not an argument; the head of benchmarks/iso_accuracy.sh lists them" >&2
      exit 2
      ;;
  esac
  shift
done
mkdir -p "$out"

program="${ISO_PROGRAM:-}"
if [ -z "$program" ]; then
  program=build/native/benchmarks/iso_accuracy
  if ! { cmake --preset native -DOFFRAMP_BUILD_BENCHMARKS=ON &&
    cmake --build --preset native --target bench_iso_accuracy; } >"$out/build.log" 2>&1; then
    tail -n 40 "$out/build.log" >&2
    echo "iso_accuracy: the build failed; the whole log is $out/build.log" >&2
    exit 1
  fi
fi
run() { "$program" --out "$out" "${common[@]}" "$@"; }

board=tests/embedded/board
cpu="-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
level="${ISO_LEVEL:--Os}"
section() { arm-none-eabi-size -A "$1" | awk -v name="$2" '$1 == name { print $2 }'; }
symbol() { echo $((16#$(arm-none-eabi-nm -S "$1" | awk -v name="$2" '$4 == name { print $2 }'))); }
# One network: firmware that only classifies, for its sizes, and one that measures. Prints lines "word number".
# shellcheck disable=SC2086 # flags are several words
measure() { # FOLDER ARGUMENTS
  local at="$1"
  arm-none-eabi-g++ -std=c++20 $level $cpu -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -Iinclude -I. \
    -I"$at" "-DISO_NETWORK=$2" -c benchmarks/iso_accuracy/device/firmware.cpp -o "$at/firmware.o" || return 1
  # Only float networks need anything of libm and libc: expf, memcpy.
  link() { arm-none-eabi-g++ $cpu -nostdlib "-Wl,--gc-sections" -L"$board" -T"$board/mps2_an386.ld" "$@" -lm -lc -lgcc; }
  link "-Wl,--entry=network_classify" "$at/firmware.o" -o "$at/firmware.elf" &&
    link "$at/firmware.o" "$out/device/startup.o" -o "$at/measure.elf" || return 1
  timeout 600 qemu-system-arm -M mps2-an386 -icount shift=6 -display none -monitor none -serial none \
    -semihosting-config enable=on,target=native -kernel "$at/measure.elf" 2>&1 || return 1
  echo "flash_bytes $(($(section "$at/firmware.elf" .text) + $(section "$at/firmware.elf" .rodata) + $(section "$at/firmware.elf" .data)))"
  echo "code_bytes $(section "$at/firmware.elf" .text)"
  echo "session_bytes $(symbol "$at/firmware.elf" network_session)"
  echo "arena_bytes $(symbol "$at/firmware.elf" network_arena)"
}
# All networks that have changed since; two at a time.
# shellcheck disable=SC2086
device() {
  arm-none-eabi-g++ -std=c++20 $level $cpu -fno-exceptions -fno-rtti -I. -c "$board/startup.cpp" -o "$out/device/startup.o" || return 1
  local name arguments at
  while IFS='|' read -r name arguments; do
    at="$out/device/$name"
    [ "$at/measured" -nt "$at/weights.hpp" ] && [ "$(cat "$at/level" 2>/dev/null)" = "$level" ] && continue
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    {
      if measure "$at" "$arguments" >"$at/log" 2>&1; then
        mv "$at/log" "$at/measured"
        echo "$level" >"$at/level"
        echo "$name: $(awk '$1 == "instructions" { i = $2 } $1 == "flash_bytes" { f = $2 } END { print i " instructions to the last exit, " f " bytes of flash" }' "$at/measured")"
      else
        echo "iso_accuracy: $name failed on the device: $(tail -n 5 "$at/log")" >&2
        touch "$out/device/failed"
      fi
    } &
  done <"$out/device/list"
  wait
  [ ! -e "$out/device/failed" ]
}

rm -f "$out/device/failed"
status=0
for step in "${steps[@]}"; do
  case "$step" in
    predict) run train --predict || status=1 ;;
    device) device || status=1 ;;
    show)
      if [ ${#steps[@]} -eq 1 ] && [ -z "$given_out" ]; then
        out=benchmarks/results/iso_accuracy
      fi
      run show || status=1
      ;;
    *) run "$step" || exit 1 ;;
  esac
done
exit $status
