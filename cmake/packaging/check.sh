#!/usr/bin/env bash
# Packages for Arduino, PlatformIO, Zephyr and ESP-IDF: made, and each used as its tools would, as far as Debian has
# them (Zephyr's Kconfig interpreter, CMake); else by what its format says. Zephyr and ESP-IDF also in place.
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/standing/lib.sh"
source cmake/packages.sh
offramp_packages g++ cmake ninja-build python3 python3-yaml python3-kconfiglib >&2 || exit 1
here=cmake/packaging
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
python=python3 # of Debian, where its modules are
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3

make() { $python $here/package.py "$1" "$work/$1"; }
same_again() { $python $here/package.py "$1" "$work/again" && diff -r "$work/$1" "$work/again" && rm -r "$work/again"; }
manifest() { $python $here/check/manifests.py "$1" "$2"; }
no_host() { [ -z "$(find "$1" -path '*host*')" ] && [ -n "$(find "$1" -name offramp.hpp)" ]; }
# The checks must notice what they look for: FILE, a change of it, and what is then said.
notices() { # KIND PACKAGE FILE SED SAID
  rm -rf "$work/changed" && cp -r "$work/$2" "$work/changed" && sed -i -E "$4" "$work/changed/$3" || return 1
  ! cmp -s "$work/$2/$3" "$work/changed/$3" || { echo "nothing changed"; return 1; }
  local said
  said="$(manifest "$1" "$work/changed")" && { echo "accepted"; return 1; }
  grep -qF -- "$5" <<<"$said" || { echo "said: $said"; return 1; }
}
# shellcheck disable=SC2086
sketch() {
  "$OFFRAMP_GCC" -std=gnu++20 -fno-exceptions -fno-rtti -Os -I$here/check -I"$work/arduino/src" \
    -I"$work/arduino/examples/Shapes" $here/check/sketch.cpp -o "$work/sketch" && "$work/sketch" >"$work/said" &&
    grep -qE '^circle at exit 1  square at exit .  triangle at exit .  cross at exit .  0 % noise$' "$work/said" &&
    [ "$(wc -l <"$work/said")" = 4 ] || { cat "$work/said"; return 1; }
}
old_standard() { # says what is missing, once
  local said
  said="$("$OFFRAMP_GCC" -std=gnu++17 -fsyntax-only -I"$work/arduino/src" -x c++ "$work/arduino/src/offramp.h" 2>&1)" &&
    { echo "accepted"; return 1; }
  [ "$(grep -c 'error' <<<"$said")" = 2 ] && grep -q 'add -std=gnu++20' <<<"$said" || { echo "$said"; return 1; }
}
in_use() { # KIND VARIABLE FOLDER [OPTION]
  rm -rf "$work/build" && cmake -G Ninja -S $here/check/"$1" -B "$work/build" -D"$2=$3" ${4:+"$4"} &&
    cmake --build "$work/build"
}
module_off() {
  ! in_use zephyr MODULE "$PWD/$here" -DCONFIG_OFFRAMP= || { echo "headers without CONFIG_OFFRAMP"; return 1; }
}
kconfig() { $python $here/check/zephyr/kconfig.py "$1"; }

for kind in arduino zephyr esp_idf; do
  check "packaging $kind is made" make $kind && check "packaging $kind again, the same bytes" same_again $kind &&
    check "packaging $kind has the device headers alone" no_host "$work/$kind" &&
    check "packaging $kind manifest" manifest $kind "$work/$kind" || failed=1
done
check "packaging platformio manifest" manifest platformio "$work/arduino" || failed=1

check "packaging arduino notices a category" notices arduino arduino library.properties 's/^(category)=.*/\1=Robots/' \
  "category: found 'Robots'" || failed=1
check "packaging arduino notices a missing header" notices arduino arduino library.properties 's/offramp\.h/other.h/' \
  "includes: found 'other.h'" || failed=1
check "packaging platformio notices a version" notices platformio arduino library.json 's/[0-9]\.[0-9]\.[0-9]/9.9/' \
  "version: found '9.9'" || failed=1
check "packaging platformio notices an unknown field" notices platformio arduino library.json 's/"license"/"licence"/' \
  "unknown field 'licence'" || failed=1
check "packaging zephyr notices a missing file" notices zephyr zephyr zephyr/module.yml 's/Kconfig/Kconfigs/' \
  "kconfig: found 'zephyr/Kconfigs'" || failed=1
check "packaging esp_idf notices a version" notices esp_idf esp_idf idf_component.yml 's/^version: .*/version: 1/' \
  "version: found 1" || failed=1

check "packaging arduino sketch runs" sketch || failed=1
check "packaging arduino says which standard" old_standard || failed=1
check "packaging zephyr in place" in_use zephyr MODULE "$PWD/$here" -DCONFIG_OFFRAMP=y || failed=1
check "packaging zephyr package" in_use zephyr MODULE "$work/zephyr" -DCONFIG_OFFRAMP=y || failed=1
check "packaging zephyr off" module_off || failed=1
check "packaging zephyr Kconfig" kconfig "$work/zephyr" || failed=1
check "packaging esp_idf in place" in_use esp_idf COMPONENT "$PWD/$here/esp_idf/offramp" || failed=1
check "packaging esp_idf package" in_use esp_idf COMPONENT "$work/esp_idf" || failed=1
exit $failed
