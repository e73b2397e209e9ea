#!/usr/bin/env bash
# what: instructions of single layers on Cortex-M3, M4, M7, M33, M55 under the emulator, against CMSIS-NN int8
# needs: gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
# Options: --cores NAME,NAME (cortex_m3,cortex_m4,cortex_m7,cortex_m33,cortex_m55)   --levels LEVEL,LEVEL (-Os,-O2,-O3)
# --paths NAME,NAME (all that the cores run).   From packed tensor to packed tensor: padding, gathering and output
# stage are counted; weights are packed before. Counts are exact and repeat (tests/embedded/count). Every output is
# compared with path reference. The figures of CMSIS-NN were measured once with the same counter and emulator: commit
# 99f736a, GCC 12.2, its own -Ofast; those of M4 stand for M7 and M33, which are within 1 % of them; those of M55 are of
# its code for Helium. An instruction of Helium takes two cycles there as a rule, one that gathers four words four.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
out=build/benchmarks/cortex_m
rows="$out/rows.txt"
mkdir -p "$out"
source benchmarks/cortex_m/rows.sh

cores=cortex_m3,cortex_m4,cortex_m7,cortex_m33,cortex_m55 levels=-Os,-O2,-O3 paths=""
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || { echo "cortex_m: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --cores) cores="$2" ;;
    --levels) levels="$2" ;;
    --paths) paths="$2" ;;
    *) echo "cortex_m: unknown option '$1'; see the head of benchmarks/cortex_m.sh" >&2; exit 2 ;;
  esac
  shift 2
done

status=0
for core in ${cores//,/ }; do
  own="portable cortex_m cortex_m_tables"
  [ "$core" = cortex_m3 ] || own+=" cortex_m_dsp cortex_m_dsp_tables"
  [ "$core" != cortex_m55 ] || own="portable cortex_m_dsp helium"
  for level in ${levels//,/ }; do
    for path in ${paths:-$own}; do
      for one in ${path//,/ }; do if has_path "$one"; then echo "$core $level $one"; fi; done
    done
  done
done | take_rows || status=1

arm-none-eabi-g++ --version | head -n 1
qemu-system-arm --version | head -n 1
awk -f benchmarks/cortex_m/report.awk "$rows" || status=1
exit $status
