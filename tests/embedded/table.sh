#!/usr/bin/env bash
# The case table on one target: the CRC of every op that its paths run equals that of path reference on the host.
#   bash tests/embedded/table.sh TARGET | --targets | --host
# --host, which comes first, makes the answers. One line "pass NAME" or "FAIL NAME" per check.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# target | paths that run there | -short: fewer signatures | machine:bytes of room, if not the target's own and 64 KB
targets=(
  "cortex_m0plus|portable cortex_m||microbit:1024 mps2-an385:65536"
  "cortex_m3|portable cortex_m||"
  "cortex_m4|portable cortex_m cortex_m_tables cortex_m_dsp||"
  "cortex_m7|cortex_m cortex_m_dsp|-short|"
  "cortex_m33|cortex_m cortex_m_dsp|-short|"
  "cortex_m55|portable helium|-short|"
  "aarch64|portable neon|-short|"
  "aarch64_dotprod|neon_dotprod|-short|"
  "armv7_neon|portable neon|-short|"
  "riscv64|portable||"
  "s390x|portable||"
)
constant_too="cortex_m4 cortex_m55 aarch64_dotprod armv7_neon" # there also a few layers of constant geometry, on the last path
optimise=-Os # what firmware is built with; here also the quickest to compile

if [ "${1:-}" = --targets ]; then
  printf '%s\n' "${targets[@]%%|*}"
  exit 0
fi

# shellcheck disable=SC2086 # flags are several words
host_answers() {
  local flags="-std=c++20 -Iinclude -I. $OFFRAMP_WARNINGS" room
  "$OFFRAMP_GCC" $flags -O1 -c "$here/case_table.cpp" -o "$work/host-table.o" || return 1
  for room in 1024 65536; do
    local program="$work/host-table-$room"
    "$OFFRAMP_GCC" $flags -DTABLE_ROOM=$room "$here/table_memory.cpp" "$work/host-table.o" -o "$program" &&
      "$program" >"$program.txt" || return 1
  done
  "$OFFRAMP_GCC" $flags -O1 benchmarks/cortex_m/layers.cpp -o "$work/host-layers" &&
    "$work/host-layers" >"$work/host-layers.txt"
}
if [ "${1:-}" = --host ]; then
  check "embedded table of the host" host_answers
  exit
fi

for line in "${targets[@]}"; do
  IFS='|' read -r target paths short runs <<<"$line"
  [ "$target" != "${1:-}" ] || break
done
[ "$target" = "${1:-}" ] || { echo "table.sh: no target '${1:-}'; --targets lists them" >&2; exit 2; }
use_target "$target" || exit 1
id="embedded $target"
stem="$work/$target"

# Paths with tables stand in the header of the path without.
headers="" types=""
for path in $paths; do
  types="${types:+$types,}offramp::path::$path"
  [ "$path" = portable ] || headers="$headers -include offramp/paths/${path%_tables}.hpp"
done
check "$id table compiles" compile_for_target "$optimise$headers -DTABLE_PATHS=$types${short:+ -DTABLE_SHORT}" "$here/case_table.cpp" \
  "$stem-table.o" || exit 1
startup=()
if bare; then
  check "$id startup compiles" compile_for_target "$optimise" "$here/board/startup.cpp" "$stem-startup.o" || exit 1
  startup=("$stem-startup.o")
fi

# Every line of path reference whose signature this path runs itself, with the same CRC. `portable` runs all that were compiled.
same_as_host() { # OUTPUT ROOM
  local answers="$work/host-table-$2.txt"
  awk -v paths="$paths" '
    NR == FNR { if ($1 == "crc") { key = $3; $1 = $2 = ""; wanted[key] = $0; ++all }; next }
    $1 == "crc" {
      path = $2; key = $3; $1 = $2 = ""
      ++lines[path]
      if (wanted[key] != $0) { print path ": " $0 ", the host says" wanted[key]; bad = 1 }
      next
    }
    $1 == "signatures" { signatures = $2; next }
    { print; bad = 1 }
    END {
      n = split(paths, path_list, " ")
      for (i = 1; i <= n; ++i) {
        path = path_list[i]
        if (lines[path] + 0 == 0 || (path == "portable" && lines[path] != signatures)) {
          print path " printed " lines[path] + 0 " of " signatures " lines"
          bad = 1
        }
      }
      exit bad || signatures < 14 || all < 38
    }' "$answers" "$1"
}
run_on() { # MACHINE ROOM
  compile_for_target "$optimise -DTABLE_ROOM=$2" "$here/table_memory.cpp" "$stem-memory-$2.o" || return 1
  [ -z "$1" ] || use_target "$target" "$1"
  local said="$stem-table-$2.txt" status
  link_for_target "$stem-table-$2" "$stem-table.o" "$stem-memory-$2.o" "${startup[@]}" || return 1
  emulate_target "$stem-table-$2" >"$said"
  status=$?
  same_as_host "$said" "$2" && equal "$status" 0 "the exit status"
}
# The layers that benchmarks count, whose last path is ${paths##* }.
same_layers() {
  compile_for_target "$optimise$headers -DLAYERS_PATH=${paths##* }" benchmarks/cortex_m/layers.cpp "$stem-layers.o" &&
    link_for_target "$stem-layers" "$stem-layers.o" "${startup[@]}" && emulate_target "$stem-layers" >"$stem-layers.txt" &&
    diff <(sed 's/^size .*crc=//' "$work/host-layers.txt") <(sed 's/^size .*crc=//' "$stem-layers.txt") &&
    grep -q "path=${paths##* } " "$stem-layers.txt"
}
failed=0
if [[ " $constant_too " == *" $target "* ]]; then
  check "$id constant geometries equal the host's" same_layers || failed=1
fi
for run in ${runs:-:65536}; do
  machine="${run%:*}"
  check "$id table equals the host's${machine:+, on $machine}" run_on "$machine" "${run#*:}" || failed=1
done
exit $failed
