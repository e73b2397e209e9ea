#!/usr/bin/env bash
# Runs every example once, small: the main job on 100 images, a training run of one epoch that is exported, a network of one's
# own. Called by tests/run.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=build/examples-smoke
rm -rf "$out"
mkdir -p "$out"
bash examples/run.sh --quick --output "$out/report"
test -s "$out/report/report.html"

cmake --build --preset native --target own_network --target train_fashion_mnist --target make_slice
programs="$PWD/build/native/examples"
(cd "$out" && "$programs/own_network" && test -s small_weights.hpp)
"$programs/train_fashion_mnist" --epochs 1 --out "$out/weights.hpp"
g++ -std=c++20 -Iinclude -fsyntax-only -x c++ "$out/weights.hpp"

# Bad input ends in a message that says what was found and what was expected, and loses nothing.
refuses() { # WHAT COMMAND...
  local what="$1" said
  shift
  if said="$("$@" 2>&1)"; then
    echo "FAIL $what was accepted: $*"
    return 1
  fi
  grep -qiE 'expected|found|no folder' <<<"$said" || { echo "FAIL $what: no helpful message: $said"; return 1; }
  echo "pass refuses $what: $(tail -n 1 <<<"$said")"
}
: >"$out/a_file"
refuses "a missing data folder" "$programs/fashion_mnist" --data "$out/nowhere" --output "$out/r2"
refuses "an output folder that is a file" "$programs/fashion_mnist" --quick --output "$out/a_file"
refuses "too many images" "$programs/fashion_mnist" --images 1000000 --output "$out/r3"
mkdir -p "$out/cut"
for f in examples/data/fashion-mnist/*.gz; do head -c 2000 "$f" >"$out/cut/$(basename "$f")"; done
refuses "truncated data" "$programs/fashion_mnist" --data "$out/cut" --output "$out/r4"
cp "$out/weights.hpp" "$out/before.hpp"
refuses "a folder that is not there" "$programs/train_fashion_mnist" --epochs 1 --out "$out/nowhere/weights.hpp"
cmp "$out/before.hpp" "$out/weights.hpp"
