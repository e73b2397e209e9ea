#!/usr/bin/env bash
# The study program at work on the slice of data in the repository, for seconds: shards under GNU parallel give the same
# pages as one process, what is done is not done again, what was lost is made again from its checkpoint, the Slurm
# script takes its part.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset OFFRAMP_DATA_DIR # the slice

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
program="$work/study"
rows='fashion_mnist.(float.(base|sdn|ztw|boosted_0.5|joint)|binary.(base|ztw))[.]'
common=(--rows "$rows" --seeds 1,2 --epochs-scale 0.01 --images 384 --threads 1)

compile() { # SOURCE
  # shellcheck disable=SC2086 # flags are words
  g++ $OFFRAMP_HOST_FLAGS -I. -O1 -DOFFRAMP_SOURCE_DIR="\"$PWD\"" -DOFFRAMP_COMPILER='"test"' -DOFFRAMP_FLAGS='""' \
    -c "$1" -o "$2"
}
export -f compile
build() {
  printf '%s\n' benchmarks/study.cpp benchmarks/study/*.cpp | sort -u |
    xargs -P2 -I{} bash -c 'compile {} "$0/$(echo {} | tr / _).o"' "$work" || return 1
  g++ "$work"/*.o -ljpeg -lz -pthread -o "$program"
}
whole() {
  "$program" --out "$work/whole" "${common[@]}" >"$work/whole.log" && grep -q 'predicted time of the other 14: ' "$work/whole.log" &&
    grep -q '\[14/14\]' "$work/whole.log"
}
spread() {
  parallel --will-cite -j2 "$program" --out "$work/spread" --shard '{}/2' "${common[@]@Q}" ::: 1 2 >"$work/spread.log" || return 1
  [ "$(grep -c 'pass$' "$work/spread.log")" = 2 ]
}
merged() { # FOLDER; goals are missed here, so the status says nothing
  "$program" --out "$1" --merge >"$1.txt"
  grep -qE '^goal ztw_over_sdn_at_50_fashion_mnist_float measured=[^ ]+ target=[^ ]+ (pass|fail)$' "$1.txt"
}
same() { cmp "$work/whole/study.md" "$work/spread/study.md" && cmp "$work/whole/study.jsonl" "$work/spread/study.jsonl"; }
pictures() { [ -s "$work/whole/study.fashion_mnist.float.svg" ] && [ "$(wc -l <"$work/whole/study.jsonl")" = 14 ]; }
# A row whose file is gone is judged again from its checkpoint; all others are left alone.
again() {
  rm "$work/spread/rows/fashion_mnist.float.ztw.seed2.json"
  "$program" --out "$work/spread" "${common[@]}" >"$work/again.log" && grep -q '^14 rows, 13 of them done' "$work/again.log" &&
    ! grep -q 'epoch 1/1' "$work/again.log" && merged "$work/spread" && same
}
# Every row is in one shard, and so is everything that shares a backbone.
parts() {
  local i
  for i in 1 2 3; do "$program" --list --shard "$i/3" | grep seed | sed "s/^/$i /"; done >"$work/parts"
  diff <("$program" --list | grep seed | sort) <(cut -d' ' -f2 "$work/parts" | sort) || return 1
  [ "$(grep -E '(base|sdn|ztw|ztw_no_detach)[.]seed' "$work/parts" | sed -E 's/(base|sdn|ztw_no_detach|ztw)[.]//' | sort -u | wc -l)" = 12 ]
}
slurm() {
  local said
  said="$(SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 STUDY_PROGRAM="$program" bash benchmarks/study/slurm.sh --list | grep seed)" || return 1
  [ "$said" = "$(grep '^2 ' "$work/parts" | cut -d' ' -f2)" ]
}
refuses() {
  "$program" --list --shard 4/3 2>&1 | grep -q -e '--shard is 4/3, expected i/n with i from 1 to n' &&
    "$program" --list --rows '[' 2>&1 | grep -q 'expected a regular expression' &&
    "$program" --merge --out "$work/nothing" 2>&1 | grep -q 'no such folder, expected one with the rows of a study'
}

failed=0
for step in build whole spread; do check "study $step" "$step" || failed=1; done
for folder in whole spread; do check "study merge of $folder" merged "$work/$folder" || failed=1; done
for step in same pictures again parts slurm refuses; do check "study $step" "$step" || failed=1; done
exit $failed
