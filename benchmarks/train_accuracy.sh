#!/usr/bin/env bash
# what: makes the main job's weights from scratch (an hour on two cores with AMX; resumes), and trains its float twin; needs OFFRAMP_DATA_DIR
# Arguments: epochs of the binary network (default: as shipped), epochs of the float network.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
source cmake/packages.sh
epochs="${1:-60}"
float_epochs="${2:-8}"
if [ -z "${OFFRAMP_DATA_DIR:-}" ]; then
  echo "train_accuracy: OFFRAMP_DATA_DIR is not set; it must name a folder with the full fashion-mnist (examples/fetch_data.sh)" >&2
  exit 1
fi
out=build/train_accuracy
mkdir -p "$out"
cmake --preset native >"$out/build.log" 2>&1 && cmake --build --preset native --target train_fashion_mnist >>"$out/build.log" 2>&1 || {
  tail -n 20 "$out/build.log" >&2
  exit 1
}
program=build/native/examples/train_fashion_mnist
fast=()
grep -q amx_bf16 /proc/cpuinfo && fast=(--bf16)
"$program" "${fast[@]}" --epochs "$epochs" --checkpoint "$out/binary-$epochs.checkpoint" --out "$out/weights.hpp" | tee "$out/binary.log"
"$program" "${fast[@]}" --float --teacher-epochs 0 --learning-rate 0.001 --epochs "$float_epochs" \
  --checkpoint "$out/float-$float_epochs.checkpoint" | tee "$out/float.log"

# lowered to integers, test: exits  A %  B % ..., with early exits C % at D % of the operations
lowered="$(grep '^lowered to integers' "$out/binary.log" | tail -n 1)"
binary="$(sed -E 's/, with early.*//' <<<"$lowered" | tr -d '%' | awk '{print $NF}')"
early="$(sed -E 's/.*with early exits ([0-9.]+) .*/\1/' <<<"$lowered")"
share="$(sed -E 's/.* at ([0-9.]+) % of the operations.*/\1/' <<<"$lowered")"
float="$(grep '^test accuracy per exit' "$out/float.log" | tail -n 1 | tr -d '%' | awk '{print $NF}')"
verdict() { awk -v a="${1:-0}" -v b="$2" 'BEGIN { print (a >= b) ? "pass" : "fail" }'; }
echo "goal binary_final_exit measured=${binary:-none}% target=>=91.50% $(verdict "$binary" 91.5)"
echo "goal binary_early measured=${early:-none}% target=>=final-0.5 $(verdict "$early" "$(awk -v a="${binary:-0}" 'BEGIN { print a - 0.5 }')")"
echo "goal binary_share_of_operations measured=${share:-none}% target=<=40% $(verdict 40 "${share:-100}")"
echo "goal float_final_exit measured=${float:-none}% target=>=91.00% $(verdict "$float" 91)"
