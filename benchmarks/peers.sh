#!/usr/bin/env bash
# what: single layers against oneDNN, XNNPACK, Eigen and tiny-dnn in one run: ratios of minima and medians, a picture
# needs: gnuplot-nox
# Options: --paths NAME,NAME (this CPU's best, avx2)   --shapes REGEX (all)   --rounds N (3)   --budget SECONDS of
# a row in a round (0.15)   --compiler NAME,NAME (g++)   --no-native   --core N (the last)   --headers FOLDER, another
# version of the library (include).   Contenders take turns on one shape after the other, pinned to one core, one
# thread. Our programs are built without -march, as users build them, and a second time for this CPU alone to see what
# dispatch costs; those of peers with -march=native. Rows: peer,shape,MACs,min_us,median_us,GHz,GMAC/s,MAC/cycle; ours
# are offramp-binary, -int8 and -f32 on the best path of this CPU, with `:path` on another one, `@compiler`
# where it is not the first, `+native`. Matrix units are a league of their own: oneDNN's int8 runs with VNNI at most,
# as the opponent of the goals, and where the CPU has AMX once more (-amx).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
source cmake/packages.sh
out=build/benchmarks/peers
mkdir -p "$out"
source benchmarks/peers/build.sh

paths="" shapes=. rounds=3 budget=0.15 compilers=g++ headers=include native=yes core="$(taskset -cp $$ | sed "s/.*[ ,-]//")"
while [ $# -gt 0 ]; do
  case "$1" in
    --no-native) native=no ;;
    --paths | --shapes | --rounds | --budget | --compiler | --core | --headers)
      [ $# -gt 1 ] || { echo "peers: $1 needs a value" >&2; exit 2; }
      case "$1" in
        --paths) paths="$2" ;;
        --shapes) shapes="$2" ;;
        --rounds) rounds="$2" ;;
        --budget) budget="$2" ;;
        --compiler) compilers="$2" ;;
        --core) core="$2" ;;
        --headers) headers="$2" ;;
      esac
      shift
      ;;
    *) echo "peers: unknown option '$1'; see the head of benchmarks/peers.sh" >&2; exit 2 ;;
  esac
  shift
done
IFS=, read -ra compiler_list <<<"$compilers"
ours=(-std=c++20 -O3 "-I$headers" -I.)
theirs=(g++ -std=c++20 -O3 -march=native -DNDEBUG -w -Iinclude -I.)

build here "${compiler_list[0]}" "${ours[@]}" benchmarks/peers/here.cpp
build report g++ -std=c++20 -O1 -Iinclude -I. benchmarks/peers/report.cpp
built here report || exit 1
best="$("$out/here" | sed -n 's/^path //p' | head -n 1)"
if [ -z "$paths" ]; then
  paths="$best"
  [ "$best" = avx2 ] || ! "$out/here" | grep -qx 'path avx2' || paths+=",avx2"
fi
mapfile -t subjects < <("$out/here" | sed -n 's/^shape //p' | grep -E -- "$shapes")
[ ${#subjects[@]} -gt 0 ] || { echo "peers: no shape matches '$shapes'" >&2; exit 2; }

# Contenders: variables, then the program. Those of a kind stand next to each other.
contenders=() programs=()
if optional oneDNN libdnnl-dev; then
  build onednn "${theirs[@]}" benchmarks/peers/onednn.cpp -ldnnl
  programs+=(onednn)
  contenders+=("ONEDNN_MAX_CPU_ISA=AVX512_CORE_VNNI onednn")
  if grep -qw amx_int8 /proc/cpuinfo; then contenders+=("KINDS=int8 SUFFIX=-amx onednn"); fi
fi
if optional XNNPACK libxnnpack-dev libpthreadpool-dev libcpuinfo-dev; then
  build xnnpack "${theirs[@]}" benchmarks/peers/xnnpack.cpp -lXNNPACK -lpthreadpool -lcpuinfo
  programs+=(xnnpack)
  contenders+=(xnnpack)
fi
if optional Eigen libeigen3-dev; then
  build eigen "${theirs[@]}" -I/usr/include/eigen3 benchmarks/peers/eigen.cpp
  programs+=(eigen)
  contenders+=(eigen)
fi
if optional tiny-dnn tiny-dnn libcereal-dev libgemmlowp-dev libstb-dev; then
  # It includes "third_party/stb/stb_image.h".
  mkdir -p "$out/tiny_dnn_includes/third_party"
  ln -sfn /usr/include/stb "$out/tiny_dnn_includes/third_party/stb"
  build tiny_dnn "${theirs[@]}" -DPEERS_TINY_DNN -DCNN_USE_AVX "-I$out/tiny_dnn_includes" benchmarks/peers/tiny_dnn.cpp -lpthread
  programs+=(tiny_dnn)
  contenders+=("ONCE=1 tiny_dnn") # a hundred times slower than the rest: one round
fi
for compiler in "${compiler_list[@]}"; do
  for path in ${paths//,/ }; do
    for kind in binary int8 f32; do
      name="offramp_$kind-$path-$compiler"
      suffix=""
      [ "$path" = "$best" ] || suffix=":$path"
      [ "$compiler" = "${compiler_list[0]}" ] || suffix+="@$compiler"
      build "$name" "$compiler" "${ours[@]}" "-DPEERS_PATH=$path" "benchmarks/peers/offramp_$kind.cpp"
      programs+=("$name")
      contenders+=("SUFFIX=$suffix $name")
      if [ $native = yes ] && [ -z "$suffix" ]; then
        build "$name-native" "$compiler" "${ours[@]}" -march=native "-DPEERS_PATH=$path" "benchmarks/peers/offramp_$kind.cpp"
        programs+=("$name-native")
        contenders+=("SUFFIX=+native $name-native")
      fi
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
echo "peers: ${theirs[*]}; $(dpkg-query -W -f='${Package} ${Version}; ' libdnnl-dev libxnnpack-dev libeigen3-dev tiny-dnn 2>/dev/null)"
echo
"$out/report" "$rows" "$out/peers.svg" || status=1
exit $status
