#!/usr/bin/env bash
# The study as a Slurm array job, one shard per task. From the root of the tree, on a file system that all nodes see:
#   benchmarks/run.sh study --list                      builds it, once, for the CPU of this machine
#   sbatch --array=1-16 benchmarks/study/slurm.sh       options of the study may follow, such as --seeds 1
#   benchmarks/run.sh study --merge                     when all are done
# A task that was cut off goes on where it was: submit the same line again.
#SBATCH --job-name=offramp-study
#SBATCH --array=1-16
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=06:00:00
#SBATCH --output=build/study-%a.log
set -uo pipefail
cd "${SLURM_SUBMIT_DIR:-.}" || exit 1
program="${STUDY_PROGRAM:-build/native/benchmarks/study}"
[ -x "$program" ] || { echo "slurm.sh: no program $program; benchmarks/run.sh study --list builds it" >&2; exit 1; }
: "${SLURM_ARRAY_TASK_ID:?is set in an array job: sbatch --array=1-16 benchmarks/study/slurm.sh}"
exec "$program" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
