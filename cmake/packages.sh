# shellcheck shell=bash
# Sourced by tests/run.sh, examples/run.sh and benchmarks/run.sh: installs the Debian packages that are missing.
# Works on a bare Debian where only bash, coreutils and apt exist; elsewhere it names what to install by hand.

# offramp_packages NAME...: returns 0 when all are installed. Asks the package index only if something is missing.
offramp_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "packages: not a Debian system, so nothing is installed; needed are the likes of: $*"
    return 0
  fi
  local name missing=()
  for name in "$@"; do
    case "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" in
      installed) ;;
      *) missing+=("$name") ;;
    esac
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "packages: all $# are installed"
    return 0
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "packages: missing and neither root nor sudo at hand; as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "packages: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # A stale or partly unreachable index may still do; if it does not, the install says which package it lacks.
  "${as_root[@]}" apt-get update -qq || echo "packages: the package index could not be refreshed" >&2
  if ! "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; then
    echo "packages: could not install: ${missing[*]}" >&2
    return 1
  fi
}

# What every build of ours needs; each script adds its own.
# shellcheck disable=SC2034 # used by those who source this
offramp_build_packages=(g++ cmake ninja-build libeigen3-dev zlib1g-dev libxsimd-dev libcli11-dev
  nlohmann-json3-dev libzip-dev libjpeg62-turbo-dev)

# Cross compilers and emulators of cmake/toolchains. qemu-user, not the static one, which cannot load the counter.
# shellcheck disable=SC2034
offramp_embedded_packages=(gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
  qemu-user g++-aarch64-linux-gnu g++-arm-linux-gnueabihf g++-riscv64-linux-gnu g++-s390x-linux-gnu)
