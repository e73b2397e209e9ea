#!/usr/bin/env bash
# Every ```cpp snippet in a README is a whole unit that compiles: those that include the host umbrella with g++, the others
# like device headers, with both compilers.
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

failed=0
count=0
for file in "$work"/*.cpp; do
  [ -f "$file" ] || break
  count=$((count + 1))
  check "snippet $(basename "$file") $OFFRAMP_GCC" compiles "$OFFRAMP_GCC" "$file" || failed=1
  grep -q 'offramp/host' "$file" ||
    check "snippet $(basename "$file") $OFFRAMP_CLANG" compiles "$OFFRAMP_CLANG" "$file" || failed=1
done
[ $count -gt 0 ] || { echo "FAIL snippets: found none"; exit 1; }
exit $failed
