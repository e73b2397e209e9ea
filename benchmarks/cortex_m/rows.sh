# shellcheck shell=bash
# Sourced by cortex_m.sh and aarch64.sh: layers.cpp for a target, a level of optimisation and a path, counted; one row
#   TARGET LEVEL PATH LAYER instructions m4_cycles macs scratch weights stack RUNNING_PATH ok|WRONG
# for each layer in $rows. Jobs run two at a time; their logs stay in $out.
source tests/embedded/lib.sh
source tests/embedded/count/lib.sh
export OFFRAMP_WARNINGS=-Wall # those of single layers are no matter of a benchmark

# Is there such a path? Those with tables share the header of the path without.
has_path() {
  [ "$1" = portable ] && return
  [ -f "include/offramp/paths/${1%_tables}.hpp" ] && grep -rqs "^struct $1 " include/offramp/kernels
}

count_layers() { # TARGET LEVEL PATH FLAGS...
  local target="$1" level="$2" path="$3" program include=""
  program="$out/$1$2-$3"
  shift 3
  [ "$path" = portable ] || include="-include offramp/paths/${path%_tables}.hpp"
  use_target "$target" || return 1
  if ! build_for_count "$program" "$level $include -DLAYERS_PATH=$path $*" benchmarks/cortex_m/layers.cpp \
    >"$program.log" 2>&1; then
    grep -m 5 error "$program.log" >&2
    return 1
  fi
  count_target "$program" >"$program.txt" || return 1
  awk -v head="$target $level $path" '
    function value(name, n) {
      n = length(name) + 1
      return match($0, name "=[^ ]+") ? substr($0, RSTART + n, RLENGTH - n) : "-"
    }
    NR == FNR { if ($1 == "layer") layer = $2; if ($1 == "size") right[layer] = value("crc"); next }
    $1 == "layer" { layer = $2 }
    /^insns=/ { insns = value("insns"); cycles = value("m4cyc") }
    $1 == "size" {
      print head, layer, insns, cycles, value("macs"), value("scratch"), value("weights"), value("stack"), value("path"),
        value("crc") == right[layer] ? "ok" : "WRONG"
      ++n
    }
    END { exit n == 0 }' "$out/host.txt" "$program.txt" >"$program.rows"
}
# What path reference gives on this machine.
host_layers() { # FLAGS...
  # shellcheck disable=SC2086 # flags are several words
  "$OFFRAMP_GCC" -std=c++20 -Iinclude -I. -O1 "$@" benchmarks/cortex_m/layers.cpp -o "$out/host" &&
    "$out/host" >"$out/host.txt"
}
export -f count_layers use_target bare compile_for_target link_for_target build_for_count count_target build_count_plugin
export here work out count_plugin

# take_rows FLAGS: reads lines "TARGET LEVEL PATH" and fills $rows.
take_rows() {
  local jobs status=0
  jobs="$(cat)"
  rm -f "$out"/*.rows
  build_count_plugin && host_layers "$@" || return 1
  printf '%s\n' "$jobs" | sed "s/\$/${*:+ $*}/" |
    xargs -P2 -L1 bash -c 'count_layers "$@" || { echo "not counted: $*" >&2; exit 1; }' - ||
    status=1
  # In the order of the jobs.
  while read -r target level path; do cat "$out/$target$level-$path.rows" 2>/dev/null; done <<<"$jobs" >"$rows"
  return $status
}
