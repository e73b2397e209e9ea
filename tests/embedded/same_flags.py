#!/usr/bin/env python3
"""cmake/toolchains/NAME.cmake and cmake/cross/NAME.ini name the same compiler, flags and emulator; none stands alone."""
import ast
import configparser
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
toolchains, cross = root / "cmake" / "toolchains", root / "cmake" / "cross"
shared = {"cortex_m", "linux"}  # included by the others


def by_cmake(name):
    said = subprocess.run(["cmake", f"-DNAME={name}", "-P", root / "tests/embedded/target.cmake"], check=True,
                          capture_output=True, text=True).stdout
    target = dict(re.findall(r"^target_(\w+)='(.*)'$", said, re.M))
    return {"compiler": target["compiler"], "flags": target["flags"].split(),
            "link": target["cpu"].split() + ["-mthumb"] * (target["system"] == "Generic") + target["link"].split(),
            "emulator": target["emulator"].split()}


def by_meson(name):
    text = configparser.ConfigParser(interpolation=None)
    text.read(cross / f"{name}.ini", encoding="utf-8")
    known = {}

    def value(section, option, fallback="[]"):
        parts = [part.strip() for part in text.get(section, option, fallback=fallback).split(" + ")]
        values = [known[part] if part in known else ast.literal_eval(part) for part in parts]
        return values[0] if len(values) == 1 else sum(values, [])

    for constant in text.options("constants"):
        known[constant] = value("constants", constant)
    return {"compiler": value("binaries", "cpp"), "flags": value("built-in options", "cpp_args"),
            "link": [a for a in value("built-in options", "cpp_link_args") if a[:5] not in ("-ffun", "-fdat")],
            "emulator": value("binaries", "exe_wrapper") or value("properties", "emulator")}


def main():
    cmake_names = {path.stem for path in toolchains.glob("*.cmake")} - shared
    meson_names = {path.stem for path in cross.glob("*.ini")}
    failed = 0
    for name in sorted(cmake_names ^ meson_names):
        failed += 1
        print(f"{name} is in only one of {toolchains.name}/ and {cross.name}/")
    for name in sorted(cmake_names & meson_names):
        left, right = by_cmake(name), by_meson(name)
        for what, flags in left.items():
            if flags != right[what]:
                failed += 1
                print(f"{name}, {what}: CMake says {flags}, Meson says {right[what]}")
    print(f"{len(cmake_names & meson_names)} targets")
    return 1 if failed or not cmake_names else 0


sys.exit(main())
