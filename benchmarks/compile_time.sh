#!/usr/bin/env bash
# what: what including offramp costs: g++ -O2 seconds of the device umbrella and of networks, portable and on x86
# CPU seconds differ between machines, so the ratios to an empty unit and to one that includes <vector> stand beside.
# Also what a deadline adds that the compiler checks (latency<Net>(cpu), ten layers).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
compiler="${CXX:-g++}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
example=benchmarks/compile_time/example_network.cpp

echo >"$work/empty.cpp"
echo '#include <vector>' >"$work/vector.cpp"
echo '#include <offramp/offramp.hpp>' >"$work/umbrella.cpp"

once() { # FILE: user CPU seconds of one compilation
  local TIMEFORMAT=%3U
  { time "$compiler" -std=c++20 -O2 -Iinclude -Iexamples -c "$1" -o "$work/out.o" 2>"$work/errors"; } 2>&1
}
median() { sort -n | sed -n 3p; } # of five

declare -A seconds
measure() { # NAME FILE
  once "$2" >/dev/null # the first one reads the disk
  if [ -s "$work/errors" ] || [ ! -s "$work/out.o" ]; then
    echo "compile_time: $2 does not compile:" >&2
    head -n 20 "$work/errors" >&2
    return 1
  fi
  seconds[$1]="$(for _ in 1 2 3 4 5; do once "$2"; done | median)"
}

failed=0
measure empty "$work/empty.cpp" && measure vector "$work/vector.cpp" || exit 1
goal() { # NAME FILE TARGET
  if [ ! -f "$2" ]; then
    echo "compile_time: $2 is missing" >&2
    lines+=("goal $1 measured=none target=$3s fail")
    failed=1
  elif ! measure "$1" "$2"; then
    lines+=("goal $1 measured=none target=$3s fail")
    failed=1
  else
    local verdict=pass
    awk "BEGIN { exit !(${seconds[$1]} <= $3) }" || verdict=fail
    [ $verdict = pass ] || failed=1
    lines+=("goal $1 measured=${seconds[$1]}s target=$3s $verdict")
  fi
}
lines=()
goal device_umbrella "$work/umbrella.cpp" 0.5
goal example_network "$example" 1.5
measure ten_layers benchmarks/compile_time/ten_layers.cpp &&
  measure ten_layers_deadline benchmarks/compile_time/ten_layers_deadline.cpp || exit 1
added="$(awk "BEGIN { printf \"%.3f\", ${seconds[ten_layers_deadline]} - ${seconds[ten_layers]} }")"
verdict=pass
awk "BEGIN { exit !($added <= 0.2) }" || { verdict=fail failed=1; }
lines+=("goal predicted_latency_adds measured=${added}s target=0.2s $verdict")
if [ "$(uname -m)" = x86_64 ]; then
  goal example_network_x86 benchmarks/compile_time/example_network_x86.cpp 3
  goal ten_layers_x86 benchmarks/compile_time/ten_layers_x86.cpp 6
fi

echo "$("$compiler" --version | head -n 1), -O2 -c, median of five, user CPU; $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2-)"
printf '%-20s %9s %14s %14s\n' unit seconds 'x empty' 'x <vector>'
for name in empty vector device_umbrella example_network ten_layers ten_layers_deadline example_network_x86 \
  ten_layers_x86; do
  [ -n "${seconds[$name]:-}" ] || continue
  awk -v n="$name" -v s="${seconds[$name]}" -v e="${seconds[empty]}" -v v="${seconds[vector]}" \
    'BEGIN { printf "%-20s %9.3f %14.1f %14.2f\n", n, s, (e > 0 ? s / e : 0), (v > 0 ? s / v : 0) }'
done
echo
printf '%s\n' "${lines[@]}"
exit $failed
