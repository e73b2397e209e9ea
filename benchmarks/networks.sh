#!/usr/bin/env bash
# what: ResNet-8, a QuickNet and B-LeNet end to end against oneDNN, XNNPACK and Eigen in one run: float, int8, binary
# needs: gnuplot-nox
# Options: --paths NAME,NAME (this CPU's best)   --networks REGEX (all)   --rounds N (3)   --budget SECONDS of a
# row in a round (0.4)   --compiler NAME,NAME (g++)   --core N (the last)   --headers FOLDER, another version of the
# library (include).   Contenders take turns on one network after the other, pinned to one core, one thread, batch 1,
# random weights; rows and names are those of benchmark `peers`, and offramp-binary-first is the first layer alone.
# Float and int8 networks are the same for everybody; the binary ones are siblings of the same extents
# (benchmarks/networks/topology.hpp, binary.hpp). Which path runs each of our steps stands in
# build/benchmarks/networks/run.log.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
source cmake/packages.sh
out=build/benchmarks/networks
mkdir -p "$out"
source benchmarks/peers/build.sh

paths="" chosen=. rounds=3 budget=0.4 compilers=g++ headers=include core="$(taskset -cp $$ | sed "s/.*[ ,-]//")"
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || { echo "networks: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --paths) paths="$2" ;;
    --networks) chosen="$2" ;;
    --rounds) rounds="$2" ;;
    --budget) budget="$2" ;;
    --compiler) compilers="$2" ;;
    --core) core="$2" ;;
    --headers) headers="$2" ;;
    *) echo "networks: unknown option '$1'; see the head of benchmarks/networks.sh" >&2; exit 2 ;;
  esac
  shift 2
done
IFS=, read -ra compiler_list <<<"$compilers"
ours=(-std=c++20 -O3 "-I$headers" -I.)
theirs=(g++ -std=c++20 -O3 -march=native -DNDEBUG -w -Iinclude -I.)
mapfile -t subjects < <(printf '%s\n' resnet8 quicknet b_lenet | grep -E -- "$chosen")
[ ${#subjects[@]} -gt 0 ] || { echo "networks: no network matches '$chosen'" >&2; exit 2; }

build here "${compiler_list[0]}" "${ours[@]}" benchmarks/peers/here.cpp
build report g++ -std=c++20 -O1 -Iinclude -I. benchmarks/networks/report.cpp
built here report || exit 1
best="$("$out/here" | sed -n 's/^path //p' | head -n 1)"
[ -n "$paths" ] || paths="$best"

contenders=() programs=()
if optional oneDNN libdnnl-dev; then
  build onednn "${theirs[@]}" benchmarks/networks/onednn.cpp -ldnnl
  programs+=(onednn)
  contenders+=("ONEDNN_MAX_CPU_ISA=AVX512_CORE_VNNI onednn")
  if grep -qw amx_int8 /proc/cpuinfo; then contenders+=("KINDS=int8 SUFFIX=-amx onednn"); fi
fi
if optional XNNPACK libxnnpack-dev libpthreadpool-dev libcpuinfo-dev; then
  build xnnpack "${theirs[@]}" benchmarks/networks/xnnpack.cpp -lXNNPACK -lpthreadpool -lcpuinfo
  programs+=(xnnpack)
  contenders+=(xnnpack)
fi
if optional Eigen libeigen3-dev; then
  build eigen "${theirs[@]}" -I/usr/include/eigen3 benchmarks/networks/eigen.cpp
  programs+=(eigen)
  contenders+=(eigen)
fi
for compiler in "${compiler_list[@]}"; do
  for path in ${paths//,/ }; do
    suffix=""
    [ "$path" = "$best" ] || suffix=":$path"
    [ "$compiler" = "${compiler_list[0]}" ] || suffix+="@$compiler"
    for kind in f32 int8 binary; do
      name="offramp_$kind-$path-$compiler"
      build "$name" "$compiler" "${ours[@]}" "-DNETWORKS_PATH=$path" "benchmarks/networks/offramp_$kind.cpp"
      programs+=("$name")
      contenders+=("SUFFIX=$suffix $name")
    done
  done
done
echo "building ${#programs[@]} contenders" >&2
status=0
built "${programs[@]}" || status=1

rows="$out/rows.csv"
take_turns "$rounds" "$rows" "${subjects[@]}" || status=1
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); core $core; $rounds rounds of $budget s a row; paths $paths"
for compiler in "${compiler_list[@]}"; do echo "ours: $("$compiler" --version | head -n 1), ${ours[*]}"; done
echo "peers: ${theirs[*]}; $(dpkg-query -W -f='${Package} ${Version}; ' libdnnl-dev libxnnpack-dev libeigen3-dev 2>/dev/null)"
echo
"$out/report" "$rows" "$out/networks.svg" || status=1
exit $status
