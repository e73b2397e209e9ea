#!/usr/bin/env bash
# what: a float and a binary network trained here and by PyTorch on the CPU, alike: time and peak memory
# needs: python3-torch python3-numpy
# Arguments: rounds (3), steps of an epoch (8), threads (2). Contenders take turns, round by round; each epoch but a
# process's first is timed, the fastest counts. Goals are in CPU seconds of all threads, which others on this machine
# disturb least; threads that wait for work do not spin (OMP_WAIT_POLICY). bfloat16 runs in the first round, on one
# thread: oneDNN's gradients of weights spin there, which on a busy machine is most of their time. CPU s/epoch are for
# the 55,000 training images of Fashion-MNIST.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C OMP_WAIT_POLICY=passive
rounds="${1:-3}" steps="${2:-8}" threads="${3:-2}" epochs=3
python="${PYTHON:-/usr/bin/python3}" # Debian's, for which its packages are
out=build/benchmarks/train_speed
mkdir -p "$out"

program="${TRAIN_SPEED_PROGRAM:-}"
if [ -z "$program" ]; then
  program=build/native/benchmarks/train_speed
  if ! { cmake --preset native -DOFFRAMP_BUILD_BENCHMARKS=ON &&
    cmake --build --preset native --target bench_train_speed; } >"$out/build.log" 2>&1; then
    tail -n 40 "$out/build.log" >&2
    echo "train_speed: the build failed; the whole log is $out/build.log" >&2
    exit 1
  fi
fi
if ! "$python" -c 'import torch' 2>"$out/torch.log"; then
  echo "train_speed: $python cannot import torch: $(tail -n 1 "$out/torch.log")" >&2
  exit 1
fi

rm -f "$out"/*.run
for ((round = 1; round <= rounds; ++round)); do
  for kind in float binary; do
    for precision in f32 bf16; do
      used="$threads"
      [ $precision = bf16 ] && used=1
      [ $precision = bf16 ] && [ "$round" -gt 1 ] && continue
      echo "round $round of $rounds: $kind $precision" >&2
      log="$out/$kind-$precision"
      "$program" $kind $precision "$steps" $epochs "$used" >>"$log-offramp.run" || exit 1
      # bfloat16 needs support by PyTorch's build: without it that row stays empty.
      "$python" benchmarks/train_speed.py $kind $precision "$steps" $epochs "$used" \
        >>"$log-pytorch.run" 2>"$log-pytorch.err" || [ $precision = bf16 ] || {
        cat "$log-pytorch.err" >&2
        exit 1
      }
    done
  done
done

# The fastest timed epoch of a contender, "seconds CPU-seconds peak-MiB first-loss last-loss".
summary() {
  awk -v epochs=$epochs '
    $1 == "epoch" { n++; if (n == 1) first = $4; last = $4
                    if (n % epochs != 1) { if (!wall || $2 < wall) wall = $2; if (!cpu || $3 < cpu) cpu = $3 } }
    $1 == "peak_kib" && $2 > peak { peak = $2 }
    END { if (n) print wall, cpu, peak / 1024, first, last }' "$1"
}

built() { sed -n 's/^built //p' "$out/float-f32-$1.run" | head -n 1; }
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); $(built offramp); $(built pytorch); batch 128," \
  "$threads threads, $steps steps an epoch, the fastest of $((rounds * (epochs - 1)))"
images=$((128 * steps))
printf '\n%-8s %-9s %-9s %9s %12s %12s %9s %15s\n' \
  network products trainer ms/step 'CPU ms/step' 'CPU s/epoch' 'peak MiB' 'CPU of PyTorch'
status=0
goals=()
for kind in float binary; do
  for precision in f32 bf16; do
    read -r _ torch_cpu _ <<<"$(summary "$out/$kind-$precision-pytorch.run") "
    for trainer in offramp pytorch; do
      figures="$(summary "$out/$kind-$precision-$trainer.run")"
      [ -n "$figures" ] || continue
      read -r wall cpu peak first last <<<"$figures"
      # Both must learn the stripes: a trainer that does nothing would win.
      if ! awk "BEGIN { exit !($last < 0.5 * $first) }"; then
        echo "train_speed: $kind $precision $trainer does not learn: loss $first at first, $last at last" >&2
        status=1
      fi
      ratio="$(awk -v a="$cpu" -v b="${torch_cpu:-0}" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }')"
      awk -v names="$(printf '%-8s %-9s %-9s' $kind $precision $trainer)" -v ratio="$ratio" 'BEGIN {
        printf "%s %9.1f %12.1f %12.1f %9.0f %15s\n", names, '"1000 * $wall / $steps, 1000 * $cpu / $steps,
          $cpu * 55000 / $images, $peak"', ratio }'
      if [ $trainer = offramp ] && [ $precision = f32 ]; then
        target=2.00
        [ $kind = binary ] && target=1.00
        verdict=pass
        awk "BEGIN { exit !($ratio <= $target) }" || verdict=fail status=1
        goals+=("goal ${kind}_cpu_time_of_pytorch measured=${ratio}x target=<=${target}x $verdict")
      fi
    done
  done
done
echo
printf '%s\n' "${goals[@]}"
exit $status
