#!/usr/bin/env bash
# offramp as others use it: plain compiler, installed package, subdirectory, archive, pkg-config, Meson, one header, C.
# Each must build and print our version. And CMake and Meson must build and install the same.
#   bash tests/consume/run.sh [--all]      --all: all device tests are built against the single header, too
source "$(dirname "${BASH_SOURCE[0]}")/../standing/lib.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export CMAKE_GENERATOR=Ninja # make need not be there
export work failed=0
version="$(python3 cmake/tree.py version)"
none="-DOFFRAMP_BUILD_TESTS=OFF -DOFFRAMP_BUILD_EXAMPLES=OFF -DOFFRAMP_BUILD_BENCHMARKS=OFF"

says_version() { # PROGRAM
  local said
  said="$("$1")" && [ "$said" = "$version" ] || { echo "$1 said '$said', expected '$version'"; return 1; }
}
plain() { # COMPILER
  "$1" -std=c++20 -Iinclude tests/consume/plain.cpp -o "$work/plain" && says_version "$work/plain"
}

# shellcheck disable=SC2086 # options are words
install_cmake() { cmake -S . -B "$work/offramp" $none && cmake --install "$work/offramp" --prefix "$work/cmake"; }
consume() { # NAME OPTION
  cmake -S tests/consume/cmake -B "$work/$1" -DOFFRAMP_VERSION="$version" "$2" &&
    cmake --build "$work/$1" --parallel 1 && says_version "$work/$1/device" && says_version "$work/$1/host"
}
archive() { # what a release would be; documents, tests and examples are not needed to use it
  tar -czf "$work/offramp.tar.gz" --transform 's|^|offramp/|' CMakeLists.txt LICENSE cmake include &&
    consume fetched -DOFFRAMP_ARCHIVE="$work/offramp.tar.gz"
}

install_meson() {
  meson setup --prefix "$work/meson" "$work/offramp-meson" && meson install --no-rebuild -C "$work/offramp-meson"
}
same_installed() {
  (cd "$work/cmake" && find . -type f ! -path './share/cmake/*' | sort) >"$work/cmake.list"
  (cd "$work/meson" && find . -type f | sort) >"$work/meson.list"
  [ -s "$work/cmake.list" ] && diff "$work/cmake.list" "$work/meson.list" &&
    diff -r "$work/cmake/include" "$work/meson/include"
}
consume_meson() { # NAME
  meson setup "$work/$1-source/meson" "$work/$1" -Dexpected_version="$version" && meson compile -C "$work/$1" &&
    says_version "$work/$1/device" && says_version "$work/$1/host"
}
stranger() { # NAME: a project outside our tree
  mkdir -p "$work/$1-source" && cp -r tests/consume/meson tests/consume/*.cpp "$work/$1-source"
}
subproject() {
  stranger inside-meson && mkdir "$work/inside-meson-source/meson/subprojects" &&
    ln -s "$PWD" "$work/inside-meson-source/meson/subprojects/offramp" && consume_meson inside-meson &&
    [ -z "$(meson introspect --tests "$work/inside-meson" | grep -o '"name"')" ] &&
    ! meson introspect --targets "$work/inside-meson" | grep -q single_header
}
found_by_meson() { stranger found-meson && PKG_CONFIG_PATH="$work/cmake/share/pkgconfig" consume_meson found-meson; }
# shellcheck disable=SC2046,SC2086 # flags are words
pkg_config() { # PREFIX PACKAGE SOURCE
  local flags
  flags="$(PKG_CONFIG_PATH="$work/$1/share/pkgconfig" pkg-config --cflags --libs "$2 = $version")" &&
    "$OFFRAMP_GCC" -std=c++20 "tests/consume/$3" $flags -o "$work/by-pkg-config" && says_version "$work/by-pkg-config"
}
agree() {
  cmake --preset dev -B "$work/all-cmake" && meson setup "$work/all-meson" &&
    python3 tests/consume/builds_agree.py "$work/all-cmake" "$work/all-meson" &&
    cmake --build "$work/all-cmake" --target single_header && meson compile -C "$work/all-meson" single_header &&
    cmp "$work/all-cmake/single_header/offramp/offramp.hpp" "$work/all-meson/offramp.hpp"
}

built() {
  check "consume install" install_cmake || failed=1
  check "consume find_package" consume found -DCMAKE_PREFIX_PATH="$work/cmake" || failed=1
  check "consume add_subdirectory" consume inside -DOFFRAMP_SUBDIRECTORY="$PWD" || failed=1
  check "consume FetchContent" archive || failed=1
  check "consume meson install" install_meson || failed=1
  check "consume installed files are the same" same_installed || failed=1
  check "consume meson subproject" subproject || failed=1
  check "consume meson dependency" found_by_meson || failed=1
  check "consume pkg-config offramp, by CMake" pkg_config cmake offramp plain.cpp || failed=1
  check "consume pkg-config offramp, by Meson" pkg_config meson offramp plain.cpp || failed=1
  check "consume pkg-config offramp-host" pkg_config cmake offramp-host host_parts.cpp || failed=1
  check "consume CMake and Meson build the same" agree || failed=1
  bash tests/consume/c_front.sh || failed=1
  return $failed
}
copied() { # [--all]
  check "consume plain $OFFRAMP_GCC" plain "$OFFRAMP_GCC" || failed=1
  check "consume plain $OFFRAMP_CLANG" plain "$OFFRAMP_CLANG" || failed=1
  bash tests/consume/single_header.sh "$@" || failed=1
  return $failed
}
side_by_side built "copied $*"
