#!/usr/bin/env python3
"""CMake and Meson build the same: programs, the sources they are made of with our macros, tests with their labels.
  builds_agree.py CMAKE_BUILD MESON_BUILD     two configured folders, CMake's with Ninja and compile_commands.json"""
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ask(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def below(path, folder):
    path = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    return None if path.startswith("..") else path


def ours(macro):
    # CMake alone asks this CPU for its best path, for the benchmarks of latency profiles.
    return macro.startswith("OFFRAMP_") and not macro.startswith("OFFRAMP_PROFILE_")


def sources(build):
    """Each source of ours with the names of the macros its command defines."""
    found = set()
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = below(os.path.join(entry["directory"], entry["file"]), ROOT)
        inside = below(os.path.join(entry["directory"], entry["file"]), build)
        if source is None or inside is not None:
            continue  # what a build writes for itself, like a precompiled header
        command = entry.get("arguments") or shlex.split(entry["command"])
        macros = {m.group(1) for word in command if (m := re.match(r"-D([A-Za-z_][A-Za-z_0-9]*)", word))}
        # Debug-mode switches of the standard library and thread defines come with a build type, not from us.
        found.add(f"{source} with {' '.join(sorted(m for m in macros if ours(m))) or 'no macro'}")
    return found


def cmake(build):
    tests = json.loads(ask("ctest", "--test-dir", str(build), "--show-only=json-v1"))["tests"]
    labels = {t["name"]: next((p["value"] for p in t["properties"] if p["name"] == "LABELS"), []) for t in tests}
    targets = ask("ninja", "-C", str(build), "-t", "targets", "all")
    return {"programs": {m.group(1) for m in re.finditer(r"^(\S+): CXX_EXECUTABLE_LINKER", targets, re.MULTILINE)},
            "sources": sources(build),
            "tests": {f"{name} of {' '.join(label)}" for name, label in labels.items()}}


def meson(build):
    tests = json.loads(ask("meson", "introspect", "--tests", str(build)))
    targets = json.loads(ask("meson", "introspect", "--targets", str(build)))
    return {"programs": {below(t["filename"][0], build) for t in targets if t["type"] == "executable"},
            "sources": sources(build),
            "tests": {f"{t['name']} of {' '.join(s.split(':')[-1] for s in t['suite'])}" for t in tests}}


one, other = cmake(Path(sys.argv[1])), meson(Path(sys.argv[2]))
failed = False
for what in one:
    print(f"{what}: {len(one[what])} in both" if one[what] == other[what] else f"{what} differ:")
    for missing, names in (("Meson", one[what] - other[what]), ("CMake", other[what] - one[what])):
        for name in sorted(names):
            print(f"  {missing} lacks {name}")
    failed = failed or one[what] != other[what] or not one[what]
sys.exit(failed)
