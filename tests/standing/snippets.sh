#!/usr/bin/env bash
# Every ```cpp snippet in a README is a whole unit that compiles, with clang, the faster one; given --all, with g++, too.
# Those that do not include the host umbrella compile like device headers.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
while read -r page; do
  awk -v stem="$work/$(tr / + <<<"${page%.md}")" '
    /^```cpp$/ { file = stem "-" ++n ".cpp"; next }
    /^```$/ { file = ""; next }
    file != "" { print > file }' "$page"
done < <(find . -name '*.md' ! -path './build/*' | sed 's|^\./||' | sort)

compiles() { # COMPILER FILE
  local flags="$OFFRAMP_DEVICE_FLAGS"
  grep -q 'offramp/host' "$2" && flags="$OFFRAMP_HOST_FLAGS"
  # shellcheck disable=SC2086 # flags are words
  "$1" $flags $OFFRAMP_WARNINGS -fsyntax-only "$2"
}

export -f compiles
compilers=("$OFFRAMP_CLANG")
[ "${1:-}" = --all ] && compilers+=("$OFFRAMP_GCC")
ls "$work"/*.cpp >/dev/null 2>&1 || { echo "FAIL snippets: found none"; exit 1; }
for file in "$work"/*.cpp; do
  for compiler in "${compilers[@]}"; do echo "$compiler $file"; done
done | xargs -P2 -L1 bash -c 'check "snippet $(basename "$1") $0" compiles "$0" "$1"'
