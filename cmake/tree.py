#!/usr/bin/env python3
"""What Meson asks the tree, since it cannot list folders: one answer per line. The names of rooms and of standing
tests are read from tests/CMakeLists.txt, so that both builds have one list.
  version           read from include/offramp/core/config.hpp
  names VARIABLE    the words of set(VARIABLE ...) in tests/CMakeLists.txt
  headers FOLDER    *.hpp below FOLDER, paths from the root of the tree
  readmes FOLDER    what below FOLDER is not to be installed, paths from FOLDER
  sources FOLDER    *.cpp below FOLDER, paths from FOLDER
  programs FOLDER   *.cpp in FOLDER and in FOLDER/tools: one program each
  parts FOLDER NAME *.cpp in FOLDER/NAME: further sources of program NAME, paths from FOLDER"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def version():
    text = (ROOT / "include/offramp/core/config.hpp").read_text(encoding="utf-8")
    parts = re.findall(r"^#define OFFRAMP_VERSION_(?:MAJOR|MINOR|PATCH) ([0-9]+)$", text, re.MULTILINE)
    if len(parts) != 3:
        sys.exit(f"include/offramp/core/config.hpp: expected three OFFRAMP_VERSION_ lines, found {len(parts)}")
    return [".".join(parts)]


def names(variable):
    text = (ROOT / "tests/CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf"^set\({variable}\s+([^)]*)\)", text, re.MULTILINE)
    if not found:
        sys.exit(f"tests/CMakeLists.txt: expected a line 'set({variable} ...)', found none")
    return found.group(1).split()


def files(folder, patterns, base):
    return sorted(p.relative_to(base).as_posix() for pattern in patterns for p in (ROOT / folder).glob(pattern))


ANSWERS = {
    "version": version,
    "names": names,
    "headers": lambda folder: files(folder, ["**/*.hpp"], ROOT),
    "readmes": lambda folder: files(folder, ["**/*.md"], ROOT / folder),
    "sources": lambda folder: files(folder, ["**/*.cpp"], ROOT / folder),
    "parts": lambda folder, name: files(f"{folder}/{name}", ["*.cpp"], ROOT / folder),
    "programs": lambda folder: files(folder, ["*.cpp", "tools/*.cpp"], ROOT / folder),
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ANSWERS:
        sys.exit(f"cmake/tree.py: expected one of {' '.join(ANSWERS)}, found: {' '.join(sys.argv[1:])}")
    print("\n".join(ANSWERS[sys.argv[1]](*sys.argv[2:])))
