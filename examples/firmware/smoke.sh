#!/usr/bin/env bash
# Runs the firmware examples on an emulated Cortex-M4 and looks at what they say: the same answers from C++ and C, better
# answers for more time. One line "pass NAME" or "FAIL NAME" per check; the whole output is build/firmware/said.txt.
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/standing/lib.sh"
output=build/firmware/said.txt
mkdir -p build/firmware
failed=0

runs() { bash examples/firmware/run.sh cortex_m4 >"$output" 2>&1 || { tail -n 20 "$output"; return 1; }; }
part() { awk -v name="$1" '/^== / { inside = $2 == name ":" } inside' "$output"; } # NAME: what that program said
says() {                                                                         # PROGRAM PATTERN...
  local program="$1" pattern
  shift
  for pattern in "$@"; do
    part "$program" | grep -qE -- "$pattern" || { echo "it does not say: $pattern"; return 1; }
  done
}
answers() { part "$1" | sed -nE 's/ \(it is: [^)]*\)//; s/^( X|  ) (.*, +[0-9]+ %, exit [1-4]), .*/\1 \2/p' | head -n 20; }
same_answers() {
  [ "$(answers main | wc -l)" = 20 ] && diff <(answers main) <(answers c)
}
# Exits of the answers for ever more time: never an earlier one, some at the deadline, and the last one in the end.
better_with_time() {
  part deadline | awk '/^ +[0-9]+  / { exit_now = 0; if (match($0, /exit [1-4]/)) exit_now = substr($0, RSTART + 5, 1)
      if (exit_now < last) bad = 1; last = exit_now; stopped += /at the deadline/ }
    END { print stopped + 0 " at the deadline, last exit " last; exit bad || stopped < 3 || last != 4 }'
}

check "firmware examples run" runs || exit 1
check "firmware main" says main '^self test: ok$' '^timer: ok$' '^exit 4: [0-9]+ images leave' '^right: 1[0-9] of 20$' || failed=1
check "firmware c" says c '^self test: ok$' 'exit 4, last exit$' 'exit 1, unfinished$' || failed=1
check "firmware main and c agree" same_answers || failed=1
check "firmware deadline" better_with_time || failed=1
exit $failed
