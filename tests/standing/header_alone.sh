#!/usr/bin/env bash
# Each device header compiles alone, and twice in one unit, without exceptions and RTTI: with clang, the faster one.
# Given --all, with g++, too, and so do host headers. Arguments that name headers limit the run to those.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

alone() { # COMPILER HEADER
  local flags="$OFFRAMP_DEVICE_FLAGS"
  case "$2" in offramp/host/* | offramp/host.hpp) flags="$OFFRAMP_HOST_FLAGS" ;; esac
  # shellcheck disable=SC2086 # flags are words
  printf '#include <%s>\n#include <%s>\n' "$2" "$2" | "$1" $flags $OFFRAMP_WARNINGS -fsyntax-only -x c++ -
}
one() { check "header_alone $1 $2" alone "$1" "$2"; }
export -f alone one

all=no
if [ "${1:-}" = --all ]; then
  all=yes
  shift
fi
if [ $# -gt 0 ]; then
  for header in "$@"; do printf '%s %s\n' "$OFFRAMP_GCC" "$header" "$OFFRAMP_CLANG" "$header"; done
else
  if [ $all = yes ]; then
    host_headers | sed "s|^|$OFFRAMP_CLANG |" # slow ones first
    { host_headers; device_headers; } | sed "s|^|$OFFRAMP_GCC |"
  fi
  device_headers | sed "s|^|$OFFRAMP_CLANG |"
fi | xargs -P2 -L1 bash -c 'one "$0" "$1"'
