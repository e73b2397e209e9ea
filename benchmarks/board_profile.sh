#!/usr/bin/env bash
# what: the latency profile of an emulated Cortex-M in counted instructions, and what it is worth on random networks
# needs: gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm gnuplot-nox
# Options: --core NAME (cortex_m4; else cortex_m0plus, cortex_m3, cortex_m7, cortex_m33, cortex_m55)
#   --path NAME of the kernels (portable)   --optimize FLAG of the firmware (-O2)   --jobs N at a time (1)
#   --scale X of the first table (1)   --rounds N of adaptive sampling (0), --ops N in each (80)
#   --calibration N networks whose ops are fitted, too (64), --networks N to predict (64): seeds, one in four has floats
#   --ship: the header goes to include/offramp/cpus
# Leaves profile, page and logs in build/benchmarks/board_profile/CORE-PATH. Every log is kept, and made again where its
# source or a device header has changed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
core=cortex_m4 path=portable optimize=-O2 rounds=0 ops=80 scale=1 calibration=64 networks=64 jobs=1 ship=no
while [ $# -gt 0 ]; do
  case "$1" in
    --ship)
      ship=yes
      shift
      continue
      ;;
    --core | --path | --optimize | --rounds | --ops | --scale | --calibration | --networks | --jobs)
      [ $# -gt 1 ] || { echo "board_profile: $1 needs a value" >&2; exit 2; }
      ;;
    *) echo "board_profile: unknown option '$1'; see the head of benchmarks/board_profile.sh" >&2; exit 2 ;;
  esac
  case "$1" in
    --core) core="$2" ;;
    --path) path="$2" ;;
    --optimize) optimize="$2" ;;
    --rounds) rounds="$2" ;;
    --ops) ops="$2" ;;
    --scale) scale="$2" ;;
    --calibration) calibration="$2" ;;
    --networks) networks="$2" ;;
    --jobs) jobs="$2" ;;
  esac
  shift 2
done

out="build/benchmarks/board_profile/$core-$path" here=benchmarks/board_profile board=tests/embedded/board
work="$out/firmware" program=build/benchmarks/board_profile/board_profile
mkdir -p "$work"
began=$SECONDS
fail() { echo "board_profile: $*" >&2; exit 1; }

# The board: an emulated machine and its instruction set as the toolchain file has them, and how it counts
# (device/emulated.hpp). The machine with a Cortex-M0 has too little memory; a Cortex-M3 runs its instructions as well.
said="$(cmake -DNAME="$core" -P tests/embedded/target.cmake)" || fail "--core: no cmake/toolchains/$core.cmake"
eval "$said"
# shellcheck disable=SC2154 # set by what was said
machine="$target_machine"
[ "$machine" != microbit ] || machine=mps2-an385
script="${machine//-/_}.ld" shift=6 tick=160
case "$machine" in
  mps2-an505) tick=200 ;; # 20 MHz
  mps3-an547) tick=125 ;; # 32 MHz
esac
flags="-std=c++20 $optimize $target_flags -Iinclude -I. -DOFFRAMP_BOARD_SHIFT=$shift
  -DOFFRAMP_BOARD_TICK_QUARTER_NS=$tick -DOFFRAMP_BOARD_PATH=offramp::path::$path"
[ "$path" = portable ] || flags+=" -DOFFRAMP_BOARD_PATH_HEADER=<offramp/paths/$path.hpp>"

state="$( (echo "$flags"; arm-none-eabi-g++ --version; find include/offramp benchmarks/board_profile/device \
  benchmarks/latency/random_network.hpp benchmarks/profile_cpu/geometries.hpp "$board" -type f ! -path '*/cpus/*' \
  ! -path '*/host/*' -print0 | sort -z | xargs -0 cat) | sha256sum | cut -d' ' -f1)"

# shellcheck disable=SC2086 # flags are several words
firmware() { # SOURCE: compiles, links and runs it; its log is SOURCE with another ending
  local stem="${1%.cpp}" now
  now="$state $(sha256sum <"$1")"
  [ -f "$stem.log" ] && [ "$(cat "$stem.state" 2>/dev/null)" = "$now" ] && return 0
  rm -f "$stem.log" "$stem.state"
  timeout 600 arm-none-eabi-g++ $flags -c "$1" -o "$stem.o" 2>"$stem.errors" &&
    arm-none-eabi-g++ $target_flags -nostdlib -Wl,--gc-sections -Wl,--defsym=stack_size=65536 -L"$board" \
      -T"$board/$script" "$stem.o" "$work/startup.o" "$work/support.o" -lgcc -o "$stem.elf" 2>>"$stem.errors" &&
    timeout 300 qemu-system-arm -M "$machine" -display none -monitor none -serial none -icount "shift=$shift" \
      -semihosting-config enable=on,target=native -kernel "$stem.elf" >"$stem.log.part" 2>&1
  local status=$?
  if [ $status -ne 0 ]; then
    head -n 20 "$stem.errors" >&2
    tail -n 3 "$stem.log.part" >&2 2>/dev/null
    echo "board_profile: $1 failed with status $status" >&2
    return 1
  fi
  mv "$stem.log.part" "$stem.log"
  echo "$now" >"$stem.state"
  rm -f "$stem.o" "$stem.elf" "$stem.errors"
}
all_of() { # STEM: its firmwares, so many at a time
  local source failed=0 running=0
  for source in "$work/$1"_*.cpp; do
    firmware "$source" &
    running=$((running + 1))
    if [ $running -ge "$jobs" ]; then
      wait -n || failed=1
      running=$((running - 1))
    fi
  done
  while [ $running -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
  done
  [ $failed = 0 ] || fail "a firmware of $1 failed"
}
logs_of() { # STEM: of the sources that there are, not what an earlier run left
  local source
  for source in "$work/$1"_*.cpp; do echo "${source%.cpp}.log"; done
}
took() { echo "board_profile: $1, $((SECONDS - began)) s" >&2; }

newer() { find include/offramp "$here" benchmarks/profile_cpu -name '*.[ch]pp' -newer "$program" -print -quit; }
if [ ! -x "$program" ] || [ -n "$(newer)" ]; then
  g++ -std=c++20 -O1 -Iinclude -I. -isystem "${EIGEN3_INCLUDE_DIR:-/usr/include/eigen3}" "$here/board_profile.cpp" \
    -o "$program" -lz -lpthread || fail "the host program does not compile"
fi
# shellcheck disable=SC2086
for source in "$board/startup.cpp" "$here/device/support.cpp"; do
  arm-none-eabi-g++ $flags -c "$source" -o "$work/$(basename "${source%.cpp}").o" || fail "$source does not compile"
done
took "built"

rm -f "$work"/*.cpp
common=(--path "$path" --output "$work")
"$program" tables "${common[@]}" --scale "$scale" || exit 1
all_of table_0
mapfile -t logs < <(logs_of table_0)
took "first table"
for ((round = 1; round <= rounds; ++round)); do
  "$program" adapt "${common[@]}" --logs "${logs[@]}" --ops "$ops" --round "$round" || exit 1
  all_of "table_$round"
  mapfile -t -O ${#logs[@]} logs < <(logs_of "table_$round")
  took "round $round"
done
"$program" networks "${common[@]}" --first 1000 --count "$calibration" --stem calibration || exit 1
"$program" networks "${common[@]}" --first 3000 --count "$networks" --stem networks || exit 1
all_of calibration
all_of networks
mapfile -t calibrated < <(logs_of calibration)
mapfile -t unseen < <(logs_of networks)
took "networks"

name="${core}_instructions_$path" called="Cortex-${core#cortex_}"
called="${called/plus/+}"
"$program" fit --path "$path" --output "$out" --identifier "$name" \
  --name "${called/-m/-M} emulated, instructions ($path, $optimize)" \
  --logs "${logs[@]}" --networks "${calibrated[@]}" || exit 1
took "fitted"
"$program" check --path "$path" --profile "$out/$name.json" --logs "${logs[@]}" --networks "${unseen[@]}" |
  tee "$out/networks.txt"
status=${PIPESTATUS[0]}
took "done"
if [ $ship = yes ]; then
  cp "$out/${name}_shipped.hpp" "include/offramp/cpus/$name.hpp" && echo "shipped: include/offramp/cpus/$name.hpp"
fi
exit "$status"
