#!/usr/bin/env bash
# offramp as others use it: plain g++, an installed package, a subdirectory. Each must build and print our version.
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export CMAKE_GENERATOR=Ninja # make need not be there
failed=0
version="$(sed -n 's/^#define OFFRAMP_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' include/offramp/core/config.hpp | paste -sd.)"

says_version() { # PROGRAM
  local said
  said="$("$1")" && [ "$said" = "$version" ] || { echo "$1 said '$said', expected '$version'"; return 1; }
}
plain() { # COMPILER
  "$1" -std=c++20 -Iinclude tests/consume/plain.cpp -o "$work/plain" && says_version "$work/plain"
}
install_tree() {
  cmake -S . -B "$work/offramp" -DOFFRAMP_BUILD_TESTS=OFF -DOFFRAMP_BUILD_EXAMPLES=OFF -DOFFRAMP_BUILD_BENCHMARKS=OFF &&
    cmake --install "$work/offramp" --prefix "$work/prefix"
}
consume() { # NAME OPTION
  cmake -S tests/consume/cmake -B "$work/$1" -DOFFRAMP_VERSION="$version" "$2" && cmake --build "$work/$1" --parallel 2 &&
    says_version "$work/$1/device" && says_version "$work/$1/host"
}

check "consume plain $OFFRAMP_GCC" plain "$OFFRAMP_GCC" || failed=1
check "consume plain $OFFRAMP_CLANG" plain "$OFFRAMP_CLANG" || failed=1
check "consume install" install_tree || failed=1
check "consume find_package" consume found -DCMAKE_PREFIX_PATH="$work/prefix" || failed=1
check "consume add_subdirectory" consume inside -DOFFRAMP_SUBDIRECTORY="$PWD" || failed=1
exit $failed
