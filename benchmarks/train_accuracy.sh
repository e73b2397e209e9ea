#!/usr/bin/env bash
# what: trains the main job's network and its float twin from scratch (40 minutes on two cores; resumes); needs OFFRAMP_DATA_DIR
# Arguments: epochs of the binary network (default: as shipped), epochs of the float network.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
source cmake/packages.sh
epochs="${1:-16}"
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
"$program" --epochs "$epochs" --checkpoint "$out/binary-$epochs.checkpoint" --out "$out/weights.hpp" | tee "$out/binary.log"
"$program" --float --learning-rate 0.001 --epochs "$float_epochs" --checkpoint "$out/float-$float_epochs.checkpoint" | tee "$out/float.log"

last() { grep '^test accuracy per exit' "$1" | tail -n 1 | tr -d '%' | awk '{print $NF}'; }
binary="$(last "$out/binary.log")"
float="$(last "$out/float.log")"
verdict() { awk -v a="${1:-0}" -v b="$2" 'BEGIN { print (a >= b) ? "pass" : "fail" }'; }
echo "goal binary_final_exit measured=${binary:-none}% target=>=90.50% $(verdict "$binary" 90.5)"
echo "goal float_final_exit measured=${float:-none}% target=>=91.00% $(verdict "$float" 91)"
