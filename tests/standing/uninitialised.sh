#!/usr/bin/env bash
# Nothing depends on memory that nobody wrote: the model reader and sessions under the memory sanitizer (clang).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
work=build/uninitialised
mkdir -p "$work"

build() { # PART
  # shellcheck disable=SC2086 # flags are words
  "$OFFRAMP_CLANG" $OFFRAMP_DEVICE_FLAGS -I. $OFFRAMP_WARNINGS -O1 -g1 -fsanitize=memory -fno-omit-frame-pointer \
    -fsanitize-memory-track-origins -DPART="$1" tests/standing/uninitialised.cpp -o "$work/part_$1"
}
notices() { # PART MISTAKE
  ! "$work/part_$1" "$2" >"$work/$2.log" 2>&1 && grep -q 'use-of-uninitialized-value' "$work/$2.log"
}
part() { # PART MISTAKE
  local failed=0
  check "uninitialised builds, part $1" build "$1" || return 1
  check "uninitialised finds what was planted in the $2" notices "$1" "$2" || failed=1
  "$work/part_$1" 2>"$work/log_$1" || {
    failed=1
    echo "FAIL uninitialised, part $1"
    cut -c1-300 "$work/log_$1" | sed -n '1,40s/^/    /p'
  }
  return $failed
}
side_by_side "part 1 reader" "part 2 arena"
