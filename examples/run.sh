#!/usr/bin/env bash
# The main job: installs what is missing, builds examples/fashion_mnist.cpp for this CPU, classifies real images with
# early exits, prints the table and writes the report. Arguments are passed on; `--output FOLDER` moves the report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/packages.sh

offramp_packages "${offramp_build_packages[@]}" gnuplot-nox

source="examples/fashion_mnist.cpp"
if [ ! -f "$source" ]; then
  echo "examples/run.sh: $source is missing" >&2
  exit 1
fi

output=build/report
arguments=("$@")
for ((i = 0; i < $#; ++i)); do
  case "${arguments[i]}" in
    --output) output="${arguments[i + 1]:-$output}" ;;
    --output=*) output="${arguments[i]#--output=}" ;;
  esac
done
case " $* " in *" --output "* | *" --output="*) ;; *) arguments=(--output "$output" "$@") ;; esac

mkdir -p build
log=build/examples-build.log
echo "building the example for this CPU (log: $log) ..."
if ! { cmake --preset native -DOFFRAMP_BUILD_EXAMPLES=ON && cmake --build --preset native --target fashion_mnist; } \
  >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "examples/run.sh: the build failed; the whole log is $log" >&2
  exit 1
fi

build/native/examples/fashion_mnist "${arguments[@]}"

case " $* " in *" --help "* | *" -h "*) exit 0 ;; esac
report="$(find "$output" -maxdepth 1 -name '*.html' | sort | head -n 1)"
if [ -z "$report" ]; then
  echo "examples/run.sh: the program ended well and left no HTML report in $output" >&2
  exit 1
fi
echo
echo "report: $(realpath "$report")"
