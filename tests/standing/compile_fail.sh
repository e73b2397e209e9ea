#!/usr/bin/env bash
# Code that must not compile is compiled. Each tests/compile_fail/NAME.cpp is built twice with each compiler: as it
# stands it must compile; with -DFAULTY it must not, and each `// expect: REGEX` line (extended) at its head must match
# a message line: an error, the instantiation it stands in, or GCC's "the comparison reduces to". Quoted source lines
# do not count. `// errors: N` at the head demands that one mistake gives at most N errors; 1 where it is not said.
# `// host` at the head adds the host headers' flags. Arguments are names of cases; without them, all.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

faulty() { # COMPILER FILE
  local flags="$OFFRAMP_DEVICE_FLAGS" said messages regex count most
  grep -qx '// host' <(head -n 10 "$2") && flags="$OFFRAMP_HOST_FLAGS"
  # shellcheck disable=SC2086
  if ! said="$("$1" $flags $OFFRAMP_WARNINGS -fsyntax-only "$2" 2>&1)"; then
    printf 'it must compile without FAULTY, and does not:\n%s\n' "$said"
    return 1
  fi
  # shellcheck disable=SC2086
  if said="$("$1" $flags -DFAULTY -fsyntax-only "$2" 2>&1)"; then
    echo "with FAULTY it must not compile, and does"
    return 1
  fi
  messages="$(grep -E 'error: |[Ii]n instantiation of |required (from|by) |comparison reduces to |evaluates to ' <<<"$said")"
  mapfile -t regexes < <(head -n 10 "$2" | sed -n 's|^// expect: ||p')
  if [ ${#regexes[@]} -eq 0 ]; then
    echo "no line '// expect: REGEX' among the first ten"
    return 1
  fi
  for regex in "${regexes[@]}"; do
    if ! grep -Eq -- "$regex" <<<"$messages"; then
      printf 'expected a message that matches: %s\nthe messages were:\n%s\n' "$regex" "$messages"
      return 1
    fi
  done
  most="$(head -n 10 "$2" | sed -n 's|^// errors: ||p')"
  count="$(grep -Ec '(^|[ :])error: ' <<<"$messages")"
  if [ "$count" -gt "${most:-1}" ]; then
    printf 'one mistake gave %s errors, at most %s expected:\n%s\n' "$count" "${most:-1}" "$messages"
    return 1
  fi
}
one() { check "compile_fail $1 $(basename "$2" .cpp)" faulty "$1" "$2"; }
export -f faulty one

cases=()
if [ $# -gt 0 ]; then
  for name in "$@"; do cases+=("tests/compile_fail/${name%.cpp}.cpp"); done
else
  for file in tests/compile_fail/*.cpp; do [ -e "$file" ] && cases+=("$file"); done
fi
if [ ${#cases[@]} -eq 0 ]; then
  echo "FAIL compile_fail: tests/compile_fail holds no case"
  exit 1
fi
for file in "${cases[@]}"; do printf '%s %s\n' "$OFFRAMP_GCC" "$file" "$OFFRAMP_CLANG" "$file"; done |
  xargs -P2 -L1 bash -c 'one "$0" "$1"'
