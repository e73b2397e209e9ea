# shellcheck shell=bash
# Sourced by the standing tests: where the tree is, which compilers, which flags. Leaves the shell in the root folder.
# One line per check: "pass NAME" or "FAIL NAME" (tests/run.sh counts them), details of a failure indented below it.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LC_ALL=C # compilers then quote in ASCII, which the expected messages rely on
export OFFRAMP_GCC="${OFFRAMP_GCC:-g++}" OFFRAMP_CLANG="${OFFRAMP_CLANG:-clang++-14}"
export OFFRAMP_WARNINGS="-Wall -Wextra -Wconversion -Werror"
export OFFRAMP_DEVICE_FLAGS="-std=c++20 -Iinclude -fno-exceptions -fno-rtti"
export OFFRAMP_HOST_FLAGS="-std=c++20 -Iinclude -isystem ${EIGEN3_INCLUDE_DIR:-/usr/include/eigen3}"

device_headers() { (cd include && find offramp -name '*.hpp' ! -path 'offramp/host/*' ! -path 'offramp/host.hpp' | sort); }
host_headers() { (cd include && find offramp/host offramp/host.hpp -name '*.hpp' 2>/dev/null | sort); }

# check NAME COMMAND...: runs quietly, prints the one line and, on failure, what the command said.
check() {
  local name="$1" said
  shift
  if said="$("$@" 2>&1)"; then
    echo "pass $name"
  else
    printf 'FAIL %s\n%s\n' "$name" "$(sed -n '1,40s/^/    /p' <<<"$said")"
    return 1
  fi
}
export -f check

# side_by_side COMMAND...: all at the same time, each in a shell of its own; fails if one does. Their lines mix.
side_by_side() {
  local command process processes=() failed=0
  for command in "$@"; do
    ($command) &
    processes+=($!)
  done
  for process in "${processes[@]}"; do wait "$process" || failed=1; done
  return $failed
}
