#!/usr/bin/env bash
# The one-definition rule: two units that include everything, one in order of name and one in the reverse order, link into
# one program and agree. For the device headers
# also when the units are built for different instruction sets: every function is emitted (-fkeep-inline-functions),
# and no symbol of ours may be shared, since the linker would keep one body for both.
# The host headers are not mixed across instruction sets: Eigen itself does not allow it (alignment of its storage).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0

write_units() { # STEM HEADER...
  local stem="$1"
  shift
  printf '#include <%s>\n' "$@" >"$work/${stem}_a.hpp"
  tac "$work/${stem}_a.hpp" >"$work/${stem}_b.hpp"
  {
    echo "int second();"
    echo "inline int shared_answer() { return OFFRAMP_VERSION_MAJOR * 100 + OFFRAMP_VERSION_MINOR; }"
  } >"$work/$stem.hpp"
  printf '#include "%s.hpp"\n' "${stem}_a" "$stem" >"$work/${stem}_a.cpp"
  echo 'int main() { return shared_answer() == second() ? 0 : 1; }' >>"$work/${stem}_a.cpp"
  printf '#include "%s.hpp"\n' "${stem}_b" "$stem" >"$work/${stem}_b.cpp"
  echo 'int second() { return shared_answer(); }' >>"$work/${stem}_b.cpp"
}
build() { # COMPILER STEM FLAGS FLAGS_A FLAGS_B
  # shellcheck disable=SC2086
  "$1" $3 $4 -c "$work/$2_a.cpp" -o "$work/$2_a.o" & local first=$!
  # shellcheck disable=SC2086
  "$1" $3 $5 -c "$work/$2_b.cpp" -o "$work/$2_b.o" && wait "$first" &&
    "$1" "$work/$2_a.o" "$work/$2_b.o" -o "$work/$2" -lz -pthread
}
build_and_run() { build "$@" && "$work/$2"; }
ours() { nm -C --defined-only "$1" | grep -E ' [A-Za-z] .*offramp::' | cut -d' ' -f3- | sort -u; }
nothing_shared() { # STEM
  local shared
  shared="$(comm -12 <(ours "$work/$1_a.o") <(ours "$work/$1_b.o"))"
  [ -z "$shared" ] || { printf 'symbols in both units, whose code differs:\n%s\n' "$shared"; return 1; }
  [ -n "$(ours "$work/$1_a.o")" ] || { echo "no symbol of ours was emitted, so nothing was compared"; return 1; }
}

mapfile -t device < <(device_headers)
write_units device "${device[@]}"
for compiler in "$OFFRAMP_GCC" "$OFFRAMP_CLANG"; do
  check "one_definition $compiler device" build_and_run "$compiler" device "$OFFRAMP_DEVICE_FLAGS -O1" "" "" || failed=1
done

case "$(uname -m)" in
  x86_64) base="-march=x86-64" fast="-march=x86-64-v3" feature=avx2 ;;
  aarch64) base="-march=armv8-a" fast="-march=armv8.2-a+dotprod" feature=asimddp ;;
  *) base="" fast="" feature="" ;;
esac
if [ -n "$fast" ]; then
  mixed=(build "$OFFRAMP_GCC" device "$OFFRAMP_DEVICE_FLAGS -O1 -fkeep-inline-functions" "$base" "$fast")
  grep -qw "$feature" /proc/cpuinfo && mixed[0]=build_and_run
  if check "one_definition $OFFRAMP_GCC device $base with $fast" "${mixed[@]}"; then
    check "one_definition $OFFRAMP_GCC device no symbol shared" nothing_shared device || failed=1
  else
    failed=1
  fi
fi

mapfile -t host < <(host_headers)
if [ ${#host[@]} -gt 0 ]; then
  write_units host "${host[@]}"
  check "one_definition $OFFRAMP_GCC host" build_and_run "$OFFRAMP_GCC" host "$OFFRAMP_HOST_FLAGS -O0" "" "" || failed=1
fi
exit $failed
