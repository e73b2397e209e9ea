#!/usr/bin/env bash
# libFuzzer over every target of this folder, with address and undefined-behaviour sanitizers, from a fixed seed.
#   bash tests/fuzz/run.sh [--all] [TARGET ...]
# The short form fuzzes for 12 s in all, shared by the targets; --all gives each two seeds of two minutes, or as many
# inputs as it asks for. What lies in seeds/TARGET/ is where a target starts. Head lines of a target:
#   // max_len: BYTES      of an input, default 1024
#   // long: INPUTS        that --all must run
#   // also: FLAGS         a second build, for --all only, two minutes long
# Nothing is kept but build/fuzz. A finding is printed in hex: `xxd -r -p > FILE` and give FILE to build/fuzz/TARGET.
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
export work=build/fuzz seconds=12 long=no
[ "${1:-}" = --all ] && { long=yes; shift; }
mkdir -p "$work"
rm -rf "$work"/*.found-* "$work"/*.corpus-* "$work"/*.log

head_line() { head -n 30 "tests/fuzz/$1.cpp" | sed -n "s|^// $2: ||p" | head -n 1; } # TARGET KEY
export -f head_line

build() { # TARGET SUFFIX FLAGS
  # shellcheck disable=SC2086 # flags are words
  "$OFFRAMP_CLANG" $OFFRAMP_HOST_FLAGS -I. $OFFRAMP_WARNINGS -O1 -g1 -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=all $3 "tests/fuzz/$1.cpp" -o "$work/$1$2" -lz -lzip -pthread
}
# Did it end well? Says how many inputs it ran.
fuzz() { # TARGET SUFFIX SEED LIMITS...
  local target="$1" name="$1$2" seed="$3" longest log status=0 found
  longest="$(head_line "$target" max_len)"
  log="$work/$name-$seed.log"
  shift 3
  rm -rf "$work/$name.corpus-$seed"
  mkdir "$work/$name.corpus-$seed"
  [ -d "tests/fuzz/seeds/$target" ] && cp -r "tests/fuzz/seeds/$target/." "$work/$name.corpus-$seed/"
  "$work/$name" -seed="$seed" -max_len="${longest:-1024}" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/$name.found-" "$@" "$work/$name.corpus-$seed" >"$log" 2>&1 || status=$?
  runs="$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$log")"
  if [ $status -ne 0 ]; then
    printf 'FAIL fuzz %s, seed %s\n' "$name" "$seed"
    grep -E -m1 -A 12 'ERROR: |runtime error: ' "$log" | sed 's/^/    /'
    for found in "$work/$name".found-*; do
      [ -f "$found" ] && printf '    the input: %s\n' "$(od -An -v -tx1 "$found" | tr -d ' \n')"
    done
    return 1
  fi
  # A target that refuses everything at its door is slow to start, not fast.
  if [ "${runs:-0}" -lt 1000 ]; then
    echo "FAIL fuzz $name, seed $seed: ${runs:-no} inputs were run"
    return 1
  fi
  echo "pass fuzz $name, seed $seed: $runs inputs"
}
one() { # TARGET SUFFIX
  if [ "$long" = no ]; then
    fuzz "$1" "$2" 1 -max_total_time="$seconds"
    return
  fi
  local seed all=0 failed=0 wanted=""
  [ -n "$2" ] || wanted="$(head_line "$1" long)"
  for seed in 1 2; do
    if [ -n "$wanted" ]; then
      fuzz "$1" "$2" "$seed" -runs=$((wanted / 2 + 1)) -max_total_time=1500 || failed=1
    else
      fuzz "$1" "$2" "$seed" -max_total_time=120 || failed=1
    fi
    all=$((all + ${runs:-0}))
  done
  if [ $all -lt "${wanted:-0}" ]; then
    echo "FAIL fuzz $1$2: $all inputs, at least $wanted expected"
    failed=1
  fi
  return $failed
}
export -f build fuzz one

targets=()
if [ $# -gt 0 ]; then targets=("$@"); else
  for file in tests/fuzz/*.cpp; do [ -e "$file" ] && targets+=("$(basename "$file" .cpp)"); done
fi
[ ${#targets[@]} -gt 0 ] || { echo "FAIL fuzz: tests/fuzz holds no target"; exit 1; }

# The machinery must notice what it looks for: one byte read too far, behind a condition that chance does not meet.
notices() {
  cat >"$work/planted.cpp" <<'END_OF_SOURCE'
#include <cstddef>
#include <cstdint>
#include <vector>
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> all(data, data + size);
  return size > 2 && all[0] == 'o' && all[1] == 'f' ? all.data()[size] * 0 : 0;
}
END_OF_SOURCE
  "$OFFRAMP_CLANG" -std=c++20 -g1 -fsanitize=fuzzer,address,undefined "$work/planted.cpp" -o "$work/planted" || return 1
  ! "$work/planted" -seed=1 -runs=1000000 -artifact_prefix="$work/planted." >"$work/planted.log" 2>&1 || return 1
  grep -q 'heap-buffer-overflow' "$work/planted.log"
}

failed=0
check "fuzz finds what was planted" notices || failed=1
jobs=()
for target in "${targets[@]}"; do
  also="$(head_line "$target" also)"
  jobs+=("$target" "")
  [ $long = yes ] && [ -n "$also" ] && jobs+=("$target" "-also")
done
started=$SECONDS
# shellcheck disable=SC2016 # expanded by the inner shell
for ((i = 0; i < ${#jobs[@]}; i += 2)); do printf '%s|%s\n' "${jobs[i]}" "${jobs[i + 1]}"; done |
  xargs -P2 -d '\n' -I{} bash -c '
    IFS="|" read -r target suffix <<<"{}"
    flags=""
    [ -n "$suffix" ] && flags="$(head_line "$target" also)"
    check "fuzz $target$suffix builds" build "$target" "$suffix" "$flags"' || failed=1
echo "built in $((SECONDS - started)) s"
seconds=$((seconds / ${#targets[@]}))
# shellcheck disable=SC2016
for ((i = 0; i < ${#jobs[@]}; i += 2)); do printf '%s|%s\n' "${jobs[i]}" "${jobs[i + 1]}"; done |
  xargs -P2 -d '\n' -I{} bash -c 'IFS="|" read -r target suffix <<<"{}"; one "$target" "$suffix"' || failed=1
exit $failed
