#!/usr/bin/env python3
"""Who may include whom. A room includes only itself and rooms above it in ROOMS; device headers include no heavy
standard header; what offramp/offramp.hpp pulls in, directly or not, is on a short list; guards spell the path; every
namespace is opened inside the ABI namespace. Prints `file:line: what is wrong`. Another root may be given."""
import re
import sys
from pathlib import Path

# Top to bottom; architecture order. A new room is one word here.
ROOMS = ["core", "timing", "kernels", "layers", "net", "exits", "model", "latency", "elastic", "select", "cpus", "host"]

# Device headers need a freestanding-minded compiler: a standard header outside this list needs a reason, written here.
LIGHT = {"cstdint", "cstddef", "climits", "limits", "type_traits", "utility", "concepts", "compare", "bit", "array",
         "tuple", "initializer_list", "version", "cstring", "new", "numbers", "cmath"}
# Opt-in headers that may include more: a path beginning (below include/offramp/), and what is allowed there.
OPT_IN = [
    ("timing/clocks/", {"chrono", "ctime", "x86intrin.h", "time.h", "unistd.h", "linux/perf_event.h",
                        "sys/ioctl.h", "sys/syscall.h"}),
    ("kernels/", {"immintrin.h", "arm_neon.h", "arm_mve.h", "arm_acle.h", "cpuid.h"}),
    ("kernels/xsimd/", {"xsimd/xsimd.hpp"}),
    ("paths/", {"xsimd/xsimd.hpp", "immintrin.h", "arm_neon.h", "arm_mve.h", "arm_acle.h", "cpuid.h"}),
]
UMBRELLA = "offramp.hpp"

root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
base = root / "include" / "offramp"
include_line = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
namespace_line = re.compile(r"\s*(?:inline\s+)?namespace\s+offramp\b(.*)")
faults = []


def fault(path, line, text):
    faults.append(f"{path.relative_to(root)}:{line}: {text}")


def room_of(relative):
    """The room of a path below include/offramp/; None for umbrellas and paths/."""
    parts = relative.split("/")
    return None if len(parts) == 1 or parts[0] == "paths" else parts[0]


def is_host(relative):
    return relative == "host.hpp" or relative.startswith("host/")


def allowed_outside(relative, name):
    return name in LIGHT or any(relative.startswith(start) and name in names for start, names in OPT_IN)


includes = {}  # relative path -> [(line, name)]
for path in sorted(base.rglob("*.hpp")):
    relative = path.relative_to(base).as_posix()
    room = room_of(relative)
    lines = path.read_text(encoding="utf-8").splitlines()
    includes[relative] = []
    if room is not None and room not in ROOMS:
        fault(path, 1, f"'{room}' is no room; rooms are: {' '.join(ROOMS)} (tests/standing/include_rules.py)")
        continue

    guard = "OFFRAMP_" + re.sub(r"[^A-Z0-9]", "_", relative.upper())
    directives = [(n, text) for n, text in enumerate(lines, 1) if re.match(r"\s*#", text)]
    if not directives or directives[0][1].split() != ["#ifndef", guard]:
        fault(path, directives[0][0] if directives else 1, f"the first directive must be: #ifndef {guard}")

    for number, text in enumerate(lines, 1):
        namespace = namespace_line.match(text)
        if namespace and "=" not in text and not namespace.group(1).startswith("::inline OFFRAMP_ABI"):
            fault(path, number, "open it as 'namespace offramp::inline OFFRAMP_ABI[::room] {'")
        found = include_line.match(text)
        if not found:
            continue
        quote, name = found.groups()
        if quote == '"':
            fault(path, number, f'write #include <offramp/...> instead of "{name}"')
            continue
        if not name.startswith("offramp/"):
            if not is_host(relative) and not allowed_outside(relative, name):
                fault(path, number, f"a device header may not include <{name}>")
            includes[relative].append((number, name))
            continue
        target = name[len("offramp/"):]
        includes[relative].append((number, name))
        if not (base / target).is_file():
            fault(path, number, f"<{name}> does not exist")
        elif room is None:
            if is_host(target) and not is_host(relative):
                fault(path, number, f"a device umbrella may not include <{name}>")
        elif room_of(target) is None:
            fault(path, number, f"a room includes headers of rooms, not the umbrella <{name}>")
        elif room_of(target) in ROOMS and ROOMS.index(room_of(target)) > ROOMS.index(room):
            fault(path, number, f"room '{room}' may not include from '{room_of(target)}', which lies below it")

# The umbrella's closure: portable path only. Opt-in headers are legal by themselves, not through this door.
seen, todo = set(), [UMBRELLA] if UMBRELLA in includes else []
while todo:
    relative = todo.pop()
    if relative in seen or relative not in includes:
        continue
    seen.add(relative)
    for number, name in includes[relative]:
        if name.startswith("offramp/"):
            todo.append(name[len("offramp/"):])
        elif name not in LIGHT:
            fault(base / relative, number, f"<{name}> reaches every user through offramp/{UMBRELLA}")

print("\n".join(faults))
print(f"{'FAIL' if faults else 'pass'} include_rules: {len(includes)} headers, "
      f"{len(seen)} behind the umbrella, {len(faults)} faults")
sys.exit(1 if faults or not includes else 0)
