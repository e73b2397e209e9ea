#!/usr/bin/env bash
# what: the latency model on 48 random networks that it never saw: this CPU is profiled, then they are measured
# needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
# Options: --path NAME (this CPU's best)   --seconds N of profiling (90)   --networks N, seconds of measuring them (60)
# --core N: on this one alone (any, in turns, where it finds itself in company)   --keep: take the profile that is there
# What is printed goes to build/benchmarks/latency/latency.txt too, with the picture latency.svg and what every op of
# every network took (residuals.csv) beside it; the profile is in build/benchmarks/profile.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
out=build/benchmarks/latency profile=build/benchmarks/profile
mkdir -p "$out" "$profile"
path="" seconds=90 networks=60 core="" keep=no
while [ $# -gt 0 ]; do
  case "$1" in
    --keep)
      keep=yes
      shift
      continue
      ;;
    --path | --seconds | --networks | --core) [ $# -gt 1 ] || { echo "latency: $1 needs a value" >&2; exit 2; } ;;
    *) echo "latency: unknown option '$1'; see the head of benchmarks/latency.sh" >&2; exit 2 ;;
  esac
  case "$1" in
    --path) path="$2" ;;
    --seconds) seconds="$2" ;;
    --networks) networks="$2" ;;
    --core) core="$2" ;;
  esac
  shift 2
done

if ! { cmake --preset native -DOFFRAMP_BUILD_BENCHMARKS=ON &&
  cmake --build --preset native --target bench_profile_cpu bench_latency; } >"$out/build.log" 2>&1; then
  tail -n 40 "$out/build.log" >&2
  echo "latency: the build failed; the whole log is $out/build.log" >&2
  exit 1
fi
programs=build/native/benchmarks
chosen=()
[ -z "$path" ] || chosen=(--path "$path")
pinned=()
if [ -n "$core" ]; then pinned=(taskset -c "$core"); fi
{
  if [ $keep = no ]; then
    "${pinned[@]}" "$programs/profile_cpu" "${chosen[@]}" --seconds "$seconds" --output "$profile" || exit 1
    echo
  fi
  "${pinned[@]}" "$programs/latency" "${chosen[@]}" --seconds "$networks" --profile "$profile" --output "$out"
} 2> >(cat >&2) | tee "$out/latency.txt"
exit "${PIPESTATUS[0]}"
