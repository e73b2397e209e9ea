#!/usr/bin/env bash
# Checks a claim with one command. Without arguments: lists the benchmarks. With NAME [arguments]: installs what it
# needs, builds it for this CPU, runs it. Its last lines are `goal NAME measured=... target=... pass|fail`, one per goal;
# fails if one fails or none is printed. benchmarks/README.md says how to add one.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
source cmake/packages.sh

# head_line FILE WORD: what stands behind `# WORD:` or `// WORD:` among the first five lines
head_line() { head -n 5 "$1" | sed -nE "s@^(#|//) $2:[[:space:]]*@@p" | head -n 1; }

# A script speaks for a program of the same name, which it then builds and calls itself.
file_of() {
  local ending
  for ending in sh cpp; do
    if [ -f "benchmarks/$1.$ending" ] && [ "$1" != run ]; then
      echo "benchmarks/$1.$ending"
      return 0
    fi
  done
  return 1
}

if [ $# -eq 0 ] || [ "$1" = --list ]; then
  echo "benchmarks/run.sh NAME [arguments], where NAME is one of"
  for path in benchmarks/*.sh benchmarks/*.cpp; do
    name="$(basename "$path")"
    name="${name%.*}"
    [ "$(file_of "$name")" = "$path" ] || continue
    what="$(head_line "$path" what)"
    printf '  %-18s %s\n' "$name" "${what:-(no line: what: ... at the head of $path)}"
  done
  exit 0
fi

name="$1"
shift
if ! path="$(file_of "$name")"; then
  echo "benchmarks/run.sh: there is no benchmark '$name'; benchmarks/run.sh lists them" >&2
  exit 2
fi
# `needs:` names further Debian packages.
read -ra needs <<<"$(head_line "$path" needs)"
offramp_packages "${offramp_build_packages[@]}" libbenchmark-dev "${needs[@]}" || exit 1

mkdir -p build/benchmarks
log="build/benchmarks/$name.log"
case "$path" in
  *.cpp)
    if ! { cmake --preset native -DOFFRAMP_BUILD_BENCHMARKS=ON &&
      cmake --build --preset native --target "bench_$name"; } >"$log" 2>&1; then
      tail -n 40 "$log" >&2
      echo "benchmarks/run.sh: the build failed; the whole log is $log" >&2
      exit 1
    fi
    command=("build/native/benchmarks/$name")
    ;;
  *.sh) command=(bash "$path") ;;
esac

"${command[@]}" "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
goals="$(grep -cE '^goal [^ ]+ measured=[^ ]+ target=[^ ]+ (pass|fail)$' "$log")"
missed="$(grep -cE '^goal .* fail$' "$log")"
malformed="$(($(grep -c '^goal ' "$log") - goals))"
if [ "$status" -ne 0 ] && [ "$missed" -eq 0 ]; then
  echo "benchmarks/run.sh: $name ended with status $status" >&2
elif [ "$goals" -eq 0 ] || [ "$malformed" -ne 0 ]; then
  echo "benchmarks/run.sh: expected lines 'goal NAME measured=... target=... pass|fail'," \
    "found $goals good and $malformed bad ones" >&2
fi
[ "$status" -eq 0 ] && [ "$goals" -gt 0 ] && [ "$missed" -eq 0 ] && [ "$malformed" -eq 0 ]
