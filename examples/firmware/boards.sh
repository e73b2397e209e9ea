# shellcheck shell=bash
# Sourced by run.sh and ledger.sh, from the root of the tree: how a firmware of this folder is generated, compiled,
# linked and emulated for a core. All files of theirs lie in build/firmware.
# shellcheck disable=SC2034,SC2086 # variables are for those who source this; flags are words
firmware=build/firmware
firmware_warnings="-Wall -Wextra -Wconversion -Werror"
firmware_cores="cortex_m0plus cortex_m3 cortex_m4 cortex_m7 cortex_m33 cortex_m55"

# Flags and emulated board of a core, as its toolchain file says: sets cpu, flags, machine, script, ns_per_count.
firmware_target() { # CORE
  local said
  if [ ! -f "cmake/toolchains/$1.cmake" ]; then
    echo "firmware: no core '$1', expected one of $firmware_cores" >&2
    return 1
  fi
  said="$(cmake "-DNAME=$1" -P tests/embedded/target.cmake)" || return 1
  eval "$said" # the names and values of cmake/toolchains, quoted there
  cpu="$target_cpu -mthumb" flags="$target_flags" machine="$target_machine"
  # The network takes 40 KB of RAM. The emulator has no board with a Cortex-M0+ and as much; a Cortex-M3 runs its code.
  [ "$machine" != microbit ] || machine=mps2-an385
  script="tests/embedded/board/${machine//-/_}.ld"
  case "$machine" in # SysTick of the emulated boards: 25, 20 and 32 MHz
    mps2-an505) ns_per_count=50 ;;
    mps3-an547) ns_per_count=31.25 ;;
    *) ns_per_count=40 ;;
  esac
}

# The path that suits a core best, of those that the tree has.
firmware_path() { # CORE
  local name wanted="cortex_m"
  case "$1" in
    cortex_m4 | cortex_m7 | cortex_m33) wanted="cortex_m_dsp cortex_m" ;;
    cortex_m55) wanted="helium cortex_m_dsp" ;;
  esac
  for name in $wanted; do
    [ -f "include/offramp/paths/$name.hpp" ] && { echo "$name"; return; }
  done
  echo portable
}

# Weights for a path, images and the front for C, in build/firmware/PATH; what was printed about exits lies in `shares`.
firmware_generate() { # PATH
  local to="$firmware/$1"
  mkdir -p "$to"
  if [ ! -x "$firmware/generate" ] || [ examples/firmware/generate.cpp -nt "$firmware/generate" ] ||
    [ -n "$(find include examples -newer "$firmware/generate" -name '*.hpp' -print -quit)" ]; then
    "${OFFRAMP_GCC:-g++}" -std=c++20 -O1 $firmware_warnings -Iinclude -Iexamples \
      -isystem "${EIGEN3_INCLUDE_DIR:-/usr/include/eigen3}" examples/firmware/generate.cpp \
      -o "$firmware/generate" -lz -lpthread || return 1
  fi
  [ "$to/shares" -nt "$firmware/generate" ] && return
  "$firmware/generate" "$to" "$1" >"$to/shares.new" && mv "$to/shares.new" "$to/shares"
}

# One source for the core set by firmware_target: C or C++ by its name.
firmware_compile() { # PATH SOURCE OBJECT [OPTION...]
  local path="$1" source="$2" object="$3" on_path=""
  shift 3
  local includes="-Iinclude -I. -Iexamples -Iexamples/firmware -I$firmware/$path"
  [ "$path" = portable ] || on_path="-include offramp/paths/$path.hpp -DFIRMWARE_PATH=$path"
  case "$source" in
    *.c)
      arm-none-eabi-gcc -std=c99 -Os $cpu -ffunction-sections -fdata-sections $firmware_warnings $includes "$@" \
        -c "$source" -o "$object"
      ;;
    *)
      arm-none-eabi-g++ -std=c++20 -Os $flags $firmware_warnings $includes $on_path "$@" -c "$source" -o "$object"
      ;;
  esac
}
# Nothing but the compiler's own helpers (divisions, shifts of 64 bits) is linked, unless more is named.
firmware_link() { # ELF INPUT...
  local elf="$1"
  shift
  arm-none-eabi-g++ $cpu -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -Ltests/embedded/board -T"$script" "$@" \
    -lgcc -o "$elf"
}
# Time is counted in instructions, 2^SHIFT ns each, so that every run is the same.
firmware_emulate() { # ELF SHIFT
  timeout 120 qemu-system-arm -M "$machine" -display none -monitor none -serial none \
    -semihosting-config enable=on,target=native -icount "shift=$2" -kernel "$1" 2>&1
}
