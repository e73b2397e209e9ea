#!/usr/bin/env bash
# Nothing depends on memory that nobody wrote: the model reader and sessions under the memory sanitizer (clang).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
work=build/uninitialised
mkdir -p "$work"

build() {
  # shellcheck disable=SC2086 # flags are words
  "$OFFRAMP_CLANG" $OFFRAMP_DEVICE_FLAGS -I. $OFFRAMP_WARNINGS -O1 -g1 -fsanitize=memory -fno-omit-frame-pointer \
    -fsanitize-memory-track-origins tests/standing/uninitialised.cpp -o "$work/uninitialised"
}
notices() { # MISTAKE
  ! "$work/uninitialised" "$1" >"$work/$1.log" 2>&1 && grep -q 'use-of-uninitialized-value' "$work/$1.log"
}

failed=0
check "uninitialised builds" build || exit 1
check "uninitialised finds what was planted in the reader" notices reader || failed=1
check "uninitialised finds what was planted in the arena" notices arena || failed=1
"$work/uninitialised" 2>"$work/log" || {
  failed=1
  echo "FAIL uninitialised"
  cut -c1-300 "$work/log" | sed -n '1,40s/^/    /p'
}
exit $failed
