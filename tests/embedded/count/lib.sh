# shellcheck shell=bash
# Sourced behind ../lib.sh: building a program with markers and running it under the counting plugin.

count_plugin="$work/count.so"
build_count_plugin() {
  [ "$count_plugin" -nt "$here/count/plugin.cpp" ] && [ "$count_plugin" -nt "$here/count/qemu_plugin.hpp" ] && return 0
  # shellcheck disable=SC2086 # flags are several words
  "$OFFRAMP_GCC" -std=c++20 -I. $OFFRAMP_WARNINGS -O2 -fPIC -shared -fvisibility=hidden "$here/count/plugin.cpp" \
    -o "$count_plugin.$$" && mv "$count_plugin.$$" "$count_plugin"
}
build_for_count() { # PROGRAM FLAGS SOURCE...: objects beside the program
  local program="$1" flags="$2" source objects=()
  shift 2
  bare && set -- "$@" "$here/board/startup.cpp"
  for source in "$@"; do
    objects+=("$program-${#objects[@]}.o")
    compile_for_target "$flags" "$source" "${objects[-1]}" || return 1
  done
  link_for_target "$program" "${objects[@]}"
}
# shellcheck disable=SC2086 # options are words
count_target() { # PROGRAM
  build_count_plugin || return 1
  local plugin="-plugin $count_plugin,mix=${MIX:-0}"
  # The option goes before the program, which -kernel takes on a board.
  if bare; then
    timeout 600 ${target_emulator% -kernel} $plugin -kernel "$1" 2>&1
  else
    timeout 600 $target_emulator $plugin "$1" 2>&1
  fi
}
