# shellcheck shell=bash
# Sourced by peers.sh and networks.sh: compiles contenders into $out, two at a time, and takes turns with them. A
# program that is newer than the headers it may include is not built again. The script that sources it has set $out and
# $headers (folders), $core, $budget and the array `contenders`.
# shellcheck disable=SC2154

# optional NAME PACKAGE...: installs packages; 1, said loudly, where they cannot be had. What is missing is left out.
optional() {
  local name="$1"
  shift
  if offramp_packages "$@" >"$out/packages.log" 2>&1; then return 0; fi
  cat "$out/packages.log" >&2
  echo "=== $name IS LEFT OUT: its packages ($*) cannot be had ===" >&2
  return 1
}

# build PROGRAM COMMAND...: compiles in the background, two at a time; the command gets `-o` by itself. `built` waits.
jobs_running=0
build() {
  local program="$out/$1" log="$out/$1.log"
  shift
  if [ -x "$program" ] && [ "$(cat "$program.command" 2>/dev/null)" = "$*" ] &&
    [ -z "$(find "$headers" benchmarks tests/support \( -name '*.hpp' -o -name '*.cpp' \) -newer "$program" -print -quit)" ]; then
    return 0
  fi
  rm -f "$program"
  echo "$*" >"$program.command"
  if [ $jobs_running -ge 2 ]; then
    wait -n
    jobs_running=$((jobs_running - 1))
  fi
  "$@" -o "$program" >"$log" 2>&1 &
  jobs_running=$((jobs_running + 1))
}
# built PROGRAM...: waits for all builds; 1, with what the compiler said, where one of these programs is not there.
built() {
  wait
  jobs_running=0
  local program status=0
  for program in "$@"; do
    [ -x "$out/$program" ] && continue
    tail -n 20 "$out/$program.log" >&2
    echo "=== THE BUILD OF $program FAILED; the whole log is $out/$program.log ===" >&2
    status=1
  done
  return $status
}

# take_turns ROUNDS ROWS SUBJECT...: all contenders (lines "VARIABLE=value ... PROGRAM" in the array `contenders`) on one
# subject after the other, round by round. Rows go to ROWS, what programs say beside to $out/run.log. ONCE=1: the first
# round alone. Exit status 77 says that the CPU lacks something. Any other one is said loudly, and returned as 1 at the
# end: the rest goes on, and goals that need the missing rows are missed.
take_turns() {
  local rounds="$1" rows="$2" round subject line status words result=0
  shift 2
  : >"$rows"
  : >"$out/run.log"
  for ((round = 1; round <= rounds; ++round)); do
    for subject in "$@"; do
      echo "round $round of $rounds: $subject" >&2
      for line in "${contenders[@]}"; do
        read -ra words <<<"$line"
        [ -x "$out/${words[-1]}" ] || continue
        [ "$round" -gt 1 ] && [[ "$line" == *ONCE=1* ]] && continue
        env OMP_NUM_THREADS=1 ONLY="^$subject\$" BUDGET="$budget" CHECK="$((round == 1))" "${words[@]:0:${#words[@]}-1}" \
          taskset -c "$core" "$out/${words[-1]}" 2>>"$out/run.log" | grep -E '^([^,]+,){7}[^,]+$' >>"$rows"
        status=${PIPESTATUS[0]}
        [ "$status" -eq 0 ] || [ "$status" -eq 77 ] && continue
        result=1
        tail -n 1 "$out/run.log" >&2
        echo "=== ${words[-1]} FAILED on $subject (status $status); see $out/run.log ===" >&2
      done
    done
  done
  return $result
}
