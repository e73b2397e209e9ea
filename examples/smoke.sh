#!/usr/bin/env bash
# Runs every example once: the ladder (NN_name.cpp) as it is, the main job on 100 images, a training run of one epoch
# that is exported. Called by tests/run.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=build/examples-smoke
rm -rf "$out"
mkdir -p "$out"

# The main job as its users build it, all examples as one program; without a warning.
cmake --preset native -DOFFRAMP_IN_UNITS=ON
cmake --build --preset native --target all_examples fashion_mnist | tee "$out/build.txt"
# What follows mostly keeps one core busy. On the other, all benchmarks are compiled, no more than that, by clang, which
# takes half as long.
{ cmake --preset native -B build/bench-compile -DOFFRAMP_IN_UNITS=ON -DCMAKE_CXX_COMPILER=clang++-14 \
    -DCMAKE_CXX_FLAGS="-march=native -Wall -Wextra -Wconversion" &&
  cmake --build build/bench-compile -j1 --target bench_compile; } >"$out/benchmarks.txt" 2>&1 &
benchmarks=$!
without_warning() { # WHAT FILE
  if grep -q 'warning:' "$2"; then
    grep -A 5 'warning:' "$2"
    echo "FAIL $1 compile with warnings"
    exit 1
  fi
  echo "pass $1 compile without a warning"
}
without_warning "the examples" "$out/build.txt"
bash examples/run.sh --quick --output "$out/report"
test -s "$out/report/report.html"

ladder=()
for source in examples/[0-9][0-9]_*.cpp; do ladder+=("$(basename "$source" .cpp)"); done
programs="$PWD/build/native/examples"

# The ladder. What each prints is kept beside it; the last line is shown.
for name in "${ladder[@]}"; do
  if (cd "$out" && "$programs/all_examples" "$name") >"$out/$name.txt" 2>&1; then
    echo "pass $name: $(tail -n 1 "$out/$name.txt")"
  else
    cat "$out/$name.txt"
    echo "FAIL $name"
    exit 1
  fi
done
says() { # NAME PATTERN...: what the example is there to show
  local name="$1" pattern
  shift
  for pattern in "$@"; do
    grep -qE -- "$pattern" "$out/$name.txt" && continue
    cat "$out/$name.txt"
    echo "FAIL $name does not say: $pattern"
    exit 1
  done
}
says 01_hello '^circle .* square .* triangle .* cross' 'exit 1 .* exit [23]' 'bytes of memory'
says 02_describe 'up to exit 2' 'QuickNet'
says 03_train 'epoch 1/' 'Ankle boot .*%' '^all '
says 04_exits 'left at 1' '^entropy +geometric_ensemble' '^all_of'
says 05_step_by_step 'after stage 4' 'deadline us'
says 06_deploy 'known answer: ok' 'checksum' 'first difference: op 3' 'weights: word 7'
says 07_own_layer '^hard_swish' 'right: [7-9]'
says 09_leave_early '^heads, epoch' '^leaving early' 'at most 2 points of accuracy against the full network'
says 10_deadlines '^every image ' '^on average ' '[0-3] of 3 deadlines kept'
says 08_import_pytorch '^binary +3 .* 100.00 %' '^float +3 .* 100.00 %'
for f in small.ofrm small_weights.hpp early.ofrm early_weights.hpp; do test -s "$out/$f"; done
g++ -std=c++20 -Iinclude -fsyntax-only -x c++ "$out/small_weights.hpp"

# 01 needs a compiler and nothing else; what does not fit together in 02 does not compile.
g++ -std=c++20 -O1 -fno-exceptions -fno-rtti -Iinclude -Iexamples -o "$out/hello" examples/01_hello.cpp
"$out/hello" | cmp - "$out/01_hello.txt"
if said="$(g++ -std=c++20 -Iinclude -fsyntax-only -DFAULTY examples/02_describe.cpp 2>&1)"; then
  echo "FAIL 02_describe compiles with -DFAULTY"
  exit 1
fi
grep -q 'residual_body_channels<6, 48, 32>' <<<"$said" || { echo "FAIL 02_describe -DFAULTY: $said"; exit 1; }

"$programs/all_examples" train_fashion_mnist --epochs 1 --teacher-epochs 1 --fine-tuning 1 --out "$out/weights.hpp"
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
refuses "a folder that is not there" "$programs/all_examples" train_fashion_mnist --epochs 1 --out "$out/nowhere/weights.hpp"
cmp "$out/before.hpp" "$out/weights.hpp"

if ! wait $benchmarks; then
  cat "$out/benchmarks.txt"
  echo "FAIL the benchmarks do not compile"
  exit 1
fi
without_warning "the benchmarks" "$out/benchmarks.txt"
