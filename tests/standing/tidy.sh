#!/usr/bin/env bash
# clang-tidy over all headers; one unit includes a whole room, so that what its headers share is parsed once.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export work tidy="${OFFRAMP_CLANG_TIDY:-clang-tidy-14}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

one() { # ROOM
  local flags="$OFFRAMP_DEVICE_FLAGS"
  [ "$1" = host ] && flags="$OFFRAMP_HOST_FLAGS"
  # shellcheck disable=SC2086
  check "tidy $1" "$tidy" --quiet --config-file=.clang-tidy "$work/$1.cpp" -- $flags -I"$PWD/include"
}
export -f one
rooms="$(device_headers | cut -d/ -f2 | sort -u | grep -v '\.hpp$')"
for room in host $rooms; do # the slowest first
  (cd include && find "offramp/$room" -name '*.hpp' | sort | sed 's|.*|#include <&>|') >"$work/$room.cpp"
  echo "$room"
done | xargs -P2 -L1 bash -c 'one "$0"'
