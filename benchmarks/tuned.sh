#!/usr/bin/env bash
# what: layouts of signs by the profile of this CPU (paths/tuned.hpp) against the rule: convolutions, networks
# needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
# Options: --path NAME (this CPU's best)   --profile FOLDER of PATH.hpp, made if missing (build/benchmarks/profile)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
out=build/benchmarks/tuned profile=build/benchmarks/profile path=""
mkdir -p "$out"
while [ $# -gt 0 ]; do
  case "$1" in
    --path | --profile) [ $# -gt 1 ] || { echo "tuned: $1 needs a value" >&2; exit 2; } ;;
    *) echo "tuned: unknown option '$1'; see the head of benchmarks/tuned.sh" >&2; exit 2 ;;
  esac
  case "$1" in
    --path) path="$2" ;;
    --profile) profile="$2" ;;
  esac
  shift 2
done

flags="-std=c++20 -O3 -march=x86-64 -Iinclude -I. -isystem ${EIGEN3_INCLUDE_DIR:-/usr/include/eigen3}"
if [ -z "$path" ]; then
  # shellcheck disable=SC2086 # flags are several words
  g++ $flags benchmarks/peers/here.cpp -o "$out/here" || exit 1
  path="$("$out/here" | sed -n 's/^path //p' | head -n 1)"
fi
header="$(realpath -m "$profile/$path.hpp")"
if [ ! -f "$header" ]; then
  bash benchmarks/run.sh profile_cpu --path "$path" --output "$profile"
  [ -f "$header" ] || { echo "tuned: there is no $header, and profile_cpu made none" >&2; exit 1; }
fi
# shellcheck disable=SC2086
g++ $flags -DOFFRAMP_FLAGS='"-O3 -march=x86-64"' "-DTUNED_HEADER=\"$header\"" "-DTUNED_PROFILE=${path}_profile" \
  benchmarks/tuned/tuned.cpp -o "$out/tuned" || exit 1
exec "$out/tuned"
