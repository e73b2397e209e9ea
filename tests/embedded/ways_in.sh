#!/usr/bin/env bash
# How users reach the targets: a firmware project (ways_in/) with CMake's toolchain files and Meson's cross files, which
# must say the same; and the instruction counter.
#   bash tests/embedded/ways_in.sh cmake TARGET | meson TARGET | same_flags | counter | --jobs [--all]
# The short form uses Meson for one board and one target of Linux.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export CMAKE_GENERATOR=Ninja

by_cmake() { # TARGET
  rm -rf "$work/cmake-$1"
  cmake -S "$here/ways_in" -B "$work/cmake-$1" --toolchain "$PWD/cmake/toolchains/$1.cmake" \
    -DCMAKE_BUILD_TYPE=MinSizeRel &&
    cmake --build "$work/cmake-$1" && ctest --test-dir "$work/cmake-$1" --no-tests=error --output-on-failure
}
by_meson() { # TARGET
  local source="$work/meson-$1-source" build="$work/meson-$1"
  rm -rf "$source" "$build"
  mkdir -p "$source/subprojects" && cp "$here"/ways_in/{meson.build,meson_options.txt,firmware.cpp} "$source" &&
    ln -s "$PWD" "$source/subprojects/offramp" &&
    meson setup "$source" "$build" --cross-file "cmake/cross/$1.ini" -Dembedded="$PWD/$here" --buildtype minsize &&
    meson test -C "$build" --print-errorlogs
}
# What the counter says of known code.
counts() { # TARGET
  local said
  said="$(bash "$here/count.sh" "$1" "$here/count/self_test.cpp")" || { echo "$said"; return 1; }
  awk '
    function value(name, n) {
      n = length(name) + 1
      return match($0, name "=[0-9]+") ? substr($0, RSTART + n, RLENGTH - n) : -1
    }
    { print }
    /^nops:/ { nops[++n] = value("insns"); taken = value("taken") }
    /^nothing:/ { nothing = value("insns") }
    /^loads:/ { loads = value("loads") }
    /^stores:/ { stores = value("stores") }
    # 1000 rounds more of ten instructions and a loop of two or three, one of them a branch that is taken.
    END {
      each = (nops[2] - nops[1]) / 1000
      exit !(n == 2 && (each == 12 || each == 13) && taken >= 1999 && taken <= 2002 && nothing == 0 && loads >= 100 &&
             loads <= 102 && stores >= 100 && stores <= 101)
    }' <<<"$said"
}

case "${1:-}" in
  --jobs)
    echo same_flags
    echo counter
    bash "$here/table.sh" --targets | sed 's/^/cmake /'
    if [ "${2:-}" = --all ]; then bash "$here/table.sh" --targets | sed 's/^/meson /'; else
      printf '%s\n' "meson cortex_m33" "meson aarch64"
    fi
    ;;
  same_flags) check "embedded toolchain and cross files agree" python3 "$here/same_flags.py" ;;
  counter)
    check "embedded counter, Cortex-M3" counts cortex_m3
    first=$?
    check "embedded counter, AArch64" counts aarch64 && [ $first -eq 0 ]
    ;;
  cmake) check "embedded $2 by CMake's toolchain file" by_cmake "$2" ;;
  meson) check "embedded $2 by Meson's cross file" by_meson "$2" ;;
  *) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
