#!/usr/bin/env bash
# offramp on embedded targets under emulation, two jobs at a time:
#   table.sh   every kernel over the case table on every target of cmake/toolchains equals the host's reference
#   smoke.sh   the example network on bare boards, without any library, equal to the host to the last bit
#   clang.sh   device code of networks and paths by clang, for Cortex-M0+, M4 and M55
#   ways_in.sh a firmware project with CMake's toolchain files and Meson's cross files; the instruction counter
#   bash tests/embedded/run.sh [--all]     --all: Meson on every target, not on two
# One line "pass NAME" or "FAIL NAME" per check, then the sizes. OFFRAMP_WEIGHTS_DIR: see smoke.sh.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source cmake/packages.sh
offramp_packages g++ zlib1g-dev cmake ninja-build meson python3 "${offramp_embedded_packages[@]}" || exit 1
rm -f "$work"/*.row "$work"/job-*.txt

bash "$here/smoke.sh" --host || exit 1
bash "$here/table.sh" --host || exit 1
jobs() {
  bash "$here/smoke.sh" --jobs | sed 's/^/smoke.sh /'
  bash "$here/table.sh" --targets | sed 's/^/table.sh /'
  bash "$here/clang.sh" --jobs | sed 's/^/clang.sh /'
  bash "$here/ways_in.sh" --jobs "$@" | sed 's/^/ways_in.sh /'
}
# Each job says all it has to say at once.
one() {
  local said status
  said="$(bash "$here/$1" "${@:2}" 2>&1)"
  status=$?
  printf '%s\n' "$said"
  [ $status -eq 0 ] || grep -q '^FAIL ' <<<"$said" || echo "FAIL embedded $*: status $status"
  return $status
}
export -f one
export here
failed=0
jobs "$@" | xargs -P2 -L1 bash -c 'one "$@"' - || failed=1

echo
echo "Firmware that classifies, in bytes:"
printf '%-8s %-4s %8s %10s %9s %8s %8s %6s\n' board "" code constants weights session arena stack
cat "$work"/*.row
exit $failed
