#!/usr/bin/env python3
"""Manifests of a package folder against the published formats of their tools: every field known, of its type, within
its limits, what is required there; files they name exist; versions are the library's. One line per fault.
  manifests.py KIND FOLDER     KIND: arduino, platformio, zephyr, esp_idf"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VERSION = ".".join(re.findall(r"^#define OFFRAMP_VERSION_\w+ ([0-9]+)$",
                              (ROOT / "include/offramp/core/config.hpp").read_text(encoding="utf-8"), re.MULTILINE))
URL = re.compile(r"(https?|git)://\S+")
faults = []


def fault(where, text):
    faults.append(f"{where}: {text}")


def check(where, value, rule):
    """`rule`: a type, a pattern of a whole string, a list of one rule for all items, a dict of rules by field (`!` at
    its end: required), or a function that says what is wrong."""
    if isinstance(rule, dict):
        if not isinstance(value, dict):
            return fault(where, f"found {value!r}, expected fields")
        rules = {field.rstrip("!"): (r, field.endswith("!")) for field, r in rule.items()}
        for field in value:
            if field not in rules:
                fault(where, f"unknown field '{field}'")
        for field, (r, required) in rules.items():
            if field in value:
                check(f"{where}: {field}", value[field], r)
            elif required:
                fault(where, f"no field '{field}'")
    elif isinstance(rule, list):
        if not isinstance(value, list) or not value:
            return fault(where, f"found {value!r}, expected a list")
        for i, item in enumerate(value):
            check(f"{where}[{i}]", item, rule[0])
    elif isinstance(rule, type):
        if not isinstance(value, rule):
            fault(where, f"found {value!r}, expected {rule.__name__}")
    elif isinstance(rule, re.Pattern):
        if not isinstance(value, str) or not rule.fullmatch(value):
            fault(where, f"found {value!r}, expected {rule.pattern}")
    else:
        said = rule(value)
        if said:
            fault(where, said)
    return None


def is_version(value):
    return None if value == VERSION else f"found {value!r}, expected '{VERSION}'"


def text(most):
    return re.compile(rf".{{1,{most}}}")


def no_url_yet(value):  # a package for one's own use needs none
    return None if value == "" or URL.fullmatch(value) else f"found {value!r}, expected an address"


def exists(folder):
    return lambda value: None if (folder / value).exists() else f"found '{value}', expected an existing file or folder"


# Arduino library specification, revision 2.2.
CATEGORIES = ("Display|Communication|Signal Input/Output|Sensors|Device Control|Timing|Data Storage|Data Processing|"
              "Other")


def arduino(folder):
    fields = {}
    for number, line in enumerate((folder / "library.properties").read_text(encoding="utf-8").splitlines(), 1):
        name, equals, value = line.partition("=")
        if not equals or name in fields:
            fault(f"library.properties:{number}", f"found '{line}', expected a new name=value")
        fields[name] = value
    check("library.properties", fields, {
        "name!": re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}"), "version!": is_version, "author!": text(255),
        "maintainer!": text(255), "sentence!": text(255), "paragraph!": text(1024),
        "category!": re.compile(CATEGORIES), "url!": no_url_yet, "architectures!": re.compile(r"\*|[a-z0-9_,]+"),
        "includes": lambda v: "; ".join(filter(None, (exists(folder / "src")(name) for name in v.split(",")))),
        "depends": str, "dot_a_linkage": re.compile("true|false"), "precompiled": str, "ldflags": str})
    sketches = sorted((folder / "examples").glob("*/*.ino"))
    if not sketches or any(s.stem != s.parent.name for s in sketches):
        fault("examples", f"found {[s.name for s in sketches]}, expected sketches named like their folders")


def platformio(folder):
    manifest = json.loads((folder / "library.json").read_text(encoding="utf-8"))
    words = re.compile(r"\*|[a-z0-9_]+")
    check("library.json", manifest, {
        "name!": re.compile(r"(?!-)[A-Za-z0-9-]{1,50}(?<!-)"), "version!": is_version, "description!": text(255),
        "keywords!": re.compile(r"[a-z0-9-]+(, ?[a-z0-9-]+)*"), "homepage": no_url_yet,
        "repository": {"type!": re.compile("git|hg|svn"), "url!": URL, "branch": str},
        "authors!": [{"name!": str, "email": str, "url": str, "maintainer": bool}], "license!": re.compile("MIT"),
        "frameworks": words, "platforms": words, "headers": [exists(folder / "src")],
        "examples": [{"name!": str, "base": exists(folder), "files!": [str]}],
        "build": {"srcDir": exists(folder), "includeDir": exists(folder), "flags": str, "unflags": str,
                  "srcFilter": str, "libArchive": bool, "libLDFMode": str, "libCompatMode": str}})
    for example in manifest.get("examples", []):
        for name in example.get("files", []):
            check("library.json: examples", name, exists(folder / example.get("base", "")))


def yaml_of(path):
    import yaml  # Debian: python3-yaml
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def zephyr(folder):
    check("module.yml", yaml_of(folder / "zephyr/module.yml"), {
        "name!": re.compile(r"[A-Za-z0-9_-]+"),
        "build!": {"cmake!": lambda v: exists(folder)(v + "/CMakeLists.txt"), "kconfig!": exists(folder),
                   "depends": [str]}})


def esp_idf(folder):
    check("idf_component.yml", yaml_of(folder / "idf_component.yml"), {
        "version!": is_version, "description!": text(255), "url": no_url_yet, "repository": URL,
        "license!": re.compile("MIT"),
        "tags": [re.compile(r"[A-Za-z0-9_-]{3,32}")], "targets": [re.compile(r"esp32[a-z0-9]*")],
        "dependencies": {"idf": re.compile(r"(>=|~|\^|==)?\d+(\.\d+){0,2}")}, "maintainers": [str], "examples": [dict]})
    if not (folder / "CMakeLists.txt").is_file():
        fault("CMakeLists.txt", "not there")


if __name__ == "__main__":
    KINDS = {"arduino": arduino, "platformio": platformio, "zephyr": zephyr, "esp_idf": esp_idf}
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: manifests.py KIND FOLDER, KIND one of {', '.join(KINDS)}")
    try:
        KINDS[sys.argv[1]](Path(sys.argv[2]))
    except (OSError, ValueError) as e:
        fault(sys.argv[1], str(e))
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)
