#!/usr/bin/env python3
"""How much of the device headers the device tests run: lines and branches, room by room, the missed ones by name.
  tests/standing/coverage.py FOLDER     of test programs built with clang's coverage and the .profraw each has left

A line or one way of a branch counts as run if it is in any instantiation of a template in any program. Conditions that
are constants in every instantiation have one way only and are no branches. Templates that nobody instantiates are not
seen at all; the headers without any code seen are named. A line or branch that no program can run says why, in its line
or the one before: `// coverage: REASON`; the table counts these excuses."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

LINES = 0.98                    # of all device headers together
ALL_BRANCHES = ("model", "exits")  # rooms in which every branch is taken: the reader and the policies

root = Path(__file__).resolve().parents[2]
base = root / "include" / "offramp"
tools = {t: os.environ.get(f"OFFRAMP_{t.upper().replace('-', '_')}", f"{t}-14") for t in ("llvm-profdata", "llvm-cov")}


def is_device(relative):
    return not relative.startswith("host/") and relative != "host.hpp"


class header:
    def __init__(self, path):
        self.lines = {}     # number -> was it run
        self.branches = {}  # (line, column, to line, to column) -> [runs of true, runs of false]
        self.left_out = set()
        self.text = path.read_text(encoding="utf-8").splitlines()

    def add_segments(self, segments):
        """llvm-cov's own rule: a line runs as often as the region it begins in, or the busiest that begins in it."""
        wrapped, at = None, 0
        while at < len(segments):
            number = segments[at][0]
            here = []
            while at < len(segments) and segments[at][0] == number:
                here.append(segments[at])
                at += 1
            until = segments[at][0] if at < len(segments) else number + 1
            entered = [s for s in here if s[3] and s[4] and not s[5]]
            skipped = not here[0][3] and here[0][4]
            if not skipped and (entered or (wrapped and wrapped[3])):
                counts = [s[2] for s in entered] + ([wrapped[2]] if wrapped and wrapped[3] else [])
                self.add_line(number, max(counts))
            wrapped = here[-1]
            if wrapped[3]:
                for line in range(number + 1, until):
                    self.add_line(line, wrapped[2])
            elif wrapped[4]:  # what the preprocessor left out; a function that was not used is mapped with it
                self.left_out.update(range(number, until + 1))

    def add_line(self, number, count):
        text = self.text[number - 1].strip() if number <= len(self.text) else ""
        if re.fullmatch(r"[{}();,]*(//.*)?", text):
            return  # nothing that could run
        self.lines[number] = self.lines.get(number, False) or count > 0

    def add_branch(self, b):
        ways = self.branches.setdefault(tuple(b[:4]), [0, 0])
        ways[0] += b[4]
        ways[1] += b[5]

    def excuse(self, line):
        return any("// coverage: " in t for t in self.text[max(line - 2, 0):line])

    def counted_lines(self):
        return {n: run for n, run in self.lines.items() if n not in self.left_out and (run or not self.excuse(n))}

    def missed_lines(self):
        return sorted(n for n, run in self.counted_lines().items() if not run)

    def ways(self):
        """(taken, all, missed, excused) ways of branches."""
        taken, count, missed, excused = 0, 0, [], 0
        for (line, column, *_), (true, false) in sorted(self.branches.items()):
            if (true == 0 and false == 0 and self.lines.get(line, True)) or \
                    re.search(r"= default;|\bOFFRAMP_ASSERT\(", self.text[line - 1]):
                continue  # a constant condition, a comparison that the compiler wrote, or a promise
            for runs, name in ((true, "true"), (false, "false")):
                if runs == 0 and self.excuse(line):
                    excused += 1
                    continue
                count += 1
                taken += runs > 0
                if runs == 0:
                    missed.append(f"{line}:{column} never {name}")
        return taken, count, missed, excused


def ranges(numbers):
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in out)


folder = Path(sys.argv[1])
profiles = sorted(p for p in folder.glob("test_*.profraw") if p.stem != "test_host")
# What the tests of single paths cover is asked for only where they ran (--all).
paths_ran = any(p.stem.startswith("test_kernels_") for p in profiles)
skipped = [] if paths_ran else [base / "kernels" / name for name in (
    "x86", *sorted(p.name for p in (root / "tests/kernels").iterdir() if p.is_dir()))]
if skipped:
    print("not counted, since tests of single paths did not run: " + ", ".join(p.name for p in skipped))
headers = {p.relative_to(base).as_posix(): header(p) for p in sorted(base.rglob("*.hpp"))
           if is_device(p.relative_to(base).as_posix()) and not set(skipped) & set(p.parents)}
for raw in profiles:
    program, data = raw.with_suffix(""), raw.with_suffix(".profdata")
    subprocess.run([tools["llvm-profdata"], "merge", "-sparse", raw, "-o", data], check=True)
    report = subprocess.run([tools["llvm-cov"], "export", "-format=text", "-skip-functions", "-skip-expansions",
                             f"-instr-profile={data}", program], check=True, stdout=subprocess.PIPE).stdout
    for file in json.loads(report)["data"][0]["files"]:
        path = Path(os.path.normpath(os.path.join(root, file["filename"])))
        if base in path.parents and path.relative_to(base).as_posix() in headers:
            seen = headers[path.relative_to(base).as_posix()]
            seen.add_segments(file["segments"])
            for branch in file["branches"]:
                seen.add_branch(branch)

table, failed, rooms = [], [], {}
for name, h in headers.items():
    room = rooms.setdefault(name.split("/")[0] if "/" in name else "(umbrella)", [0, 0, 0, 0, 0])
    taken, count, missed, excused = h.ways()
    lines = h.counted_lines()
    room[0] += sum(lines.values())
    room[1] += len(lines)
    room[2] += taken
    room[3] += count
    room[4] += excused + sum(n not in lines and n not in h.left_out for n in h.lines)
    if h.missed_lines():
        print(f"{name}: lines not run: {ranges(h.missed_lines())}")
    if missed:
        print(f"{name}: branches: {', '.join(missed)}")
unseen = [n for n, h in headers.items() if not h.lines and n not in ("offramp.hpp",)]
print("headers of which no code was seen: " + (" ".join(unseen) or "none"))


def share(part, whole):
    return f"{part:6d} of {whole:6d} {100 * part / whole if whole else 100:7.2f} %"


print(f"\n{'room':10s} {'lines run':>26s} {'ways of branches taken':>26s}   excused")
total = [sum(r[i] for r in rooms.values()) for i in range(5)]
for name, r in list(rooms.items()) + [("all", total)]:
    if r[1]:
        print(f"{name:10s} {share(r[0], r[1])} {share(r[2], r[3])} {r[4]:9d}")
print()


def judge(good, text):
    print(("pass" if good else "FAIL") + " coverage: " + text)
    failed.append(not good)


judge(len(profiles) >= 5, f"{len(profiles)} test programs left a profile")
judge(total[1] > 0 and total[0] >= LINES * total[1],
      f"lines of device headers {share(total[0], total[1]).strip()}, at least {100 * LINES:.0f} %")
for name in ALL_BRANCHES:
    r = rooms.get(name, [0, 0, 0, 0, 0])
    judge(r[3] > 0 and r[2] == r[3], f"branches of {name}/ {share(r[2], r[3]).strip()}, all of them")
sys.exit(1 if any(failed) else 0)
