#!/usr/bin/env bash
# Firmware by clang, as far as Debian has it for such cores: code is made, for the core's own path, of layers of every
# kind with shapes as constants; nothing is linked or run. The standard library's headers are those of the GNU toolchain.
#   bash tests/embedded/clang.sh CORE | --jobs
# One line "pass NAME" or "FAIL NAME" per check.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# core | its path
cores=("cortex_m0plus|cortex_m" "cortex_m4|cortex_m_dsp" "cortex_m55|helium")
if [ "${1:-}" = --jobs ]; then
  printf '%s\n' "${cores[@]%%|*}"
  exit 0
fi
for line in "${cores[@]}"; do
  IFS='|' read -r core path <<<"$line"
  [ "$core" != "${1:-}" ] || break
done
[ "$core" = "${1:-}" ] || { echo "clang.sh: no core '${1:-}'; --jobs lists them" >&2; exit 2; }
use_target "$core" || exit 1

# Where the GNU compiler looks, without its own headers: clang brings those.
# shellcheck disable=SC2086 # flags are several words
mapfile -t folders < <("$target_compiler" $target_flags -E -x c++ -v /dev/null 2>&1 |
  sed -n '/^#include <...>/,/^End of search/s/^ //p' | grep -v '/gcc/[^.]*/[0-9.]*/include')
# shellcheck disable=SC2086
by_clang() { # SOURCE FLAG...
  "$OFFRAMP_CLANG" --target=arm-none-eabi -std=c++20 -Iinclude -I. $OFFRAMP_WARNINGS $target_flags -Os \
    "${folders[@]/#/-isystem}" -include "offramp/paths/$path.hpp" "${@:2}" -c "$1" -o "$work/clang-$core.o"
}
failed=0
[ ${#folders[@]} -gt 0 ] || echo "FAIL embedded clang $core: $target_compiler names no folders of headers"
check "embedded clang $core networks" by_clang "$here/layers.cpp" || failed=1
check "embedded clang $core path $path" by_clang benchmarks/cortex_m/layers.cpp -Wno-conversion -DLAYERS_PATH="$path" ||
  failed=1
exit $failed
