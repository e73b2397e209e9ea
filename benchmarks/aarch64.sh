#!/usr/bin/env bash
# what: instructions of single layers on AArch64 and ARMv7 NEON under the emulator, against larq, daBNN and ruy
# needs: g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user
# Options: --levels LEVEL,LEVEL (-O2,-O3)   --paths NAME,NAME (all that the targets run).   From packed tensor to packed
# tensor: padding, gathering and output stage are counted, while peers wrote floats, and larq and daBNN found their
# input padded and gathered already; ruy's figure is its matrix product alone. Every output is compared with path
# reference. Peers were measured once with the same counter and emulator, GCC 12.2: larq compute-engine e6860fc
# (indirect kernel; 8x4x4 forced for 256 channels), daBNN d93aa95, ruy 2af8886.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
out=build/benchmarks/aarch64
rows="$out/rows.txt"
mkdir -p "$out"
source benchmarks/cortex_m/rows.sh

levels=-O2,-O3 paths=""
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || { echo "aarch64: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --levels) levels="$2" ;;
    --paths) paths="$2" ;;
    *) echo "aarch64: unknown option '$1'; see the head of benchmarks/aarch64.sh" >&2; exit 2 ;;
  esac
  shift 2
done

status=0
for level in ${levels//,/ }; do
  for run in aarch64.portable aarch64.neon aarch64_dotprod.neon_dotprod armv7_neon.portable armv7_neon.neon; do
    target="${run%.*}" path="${run#*.}"
    if has_path "$path" && [[ -z "$paths" || ",$paths," == *",$path,"* ]]; then echo "$target $level $path"; fi
  done
done | take_rows -DLAYERS_LARGE || status=1

aarch64-linux-gnu-g++ --version | head -n 1
qemu-aarch64 --version | head -n 1
awk -f benchmarks/aarch64/report.awk "$rows" || status=1
exit $status
