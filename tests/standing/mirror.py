#!/usr/bin/env python3
"""tests/ mirrors include/offramp/. A test tests/<room>/x.cpp needs a header include/offramp/<room>/**/x.hpp, or, if it
looks at several headers together, lines `// covers: room/a.hpp room/b.hpp` among its first eight that name existing
ones. Headers of device rooms without a test are listed; that is no failure."""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
base, tests = root / "include" / "offramp", root / "tests"
rooms = sorted(p.name for p in base.iterdir() if p.is_dir() and p.name != "paths")
faults, tested, count = [], set(), 0

for room in rooms:
    headers = {p.relative_to(base).as_posix() for p in (base / room).rglob("*.hpp")}
    for test in sorted((tests / room).rglob("*.cpp")):
        count += 1
        name = test.relative_to(root).as_posix()
        head = "\n".join(test.read_text(encoding="utf-8").splitlines()[:8])
        covers = " ".join(re.findall(r"^// covers:\s*(.+)$", head, re.MULTILINE))
        if covers:
            for header in re.split(r"[,\s]+", covers.strip()):
                tested.add(header)
                if not (base / header).is_file():
                    faults.append(f"{name}: covers {header}, which does not exist")
            continue
        own = {h for h in headers if Path(h).stem == test.stem}
        tested |= own
        if not own:
            faults.append(f"{name}: no header include/offramp/{room}/**/{test.stem}.hpp, and no line '// covers: ...'")

untested = [p.relative_to(base).as_posix() for room in rooms if room != "host"
            for p in sorted((base / room).rglob("*.hpp"))
            if p.relative_to(base).as_posix() not in tested and p.name not in ("fwd.hpp", "config.hpp")]
if untested:
    print("device headers without a test of their name:\n  " + "\n  ".join(untested))
print("\n".join(faults))
print(f"{'FAIL' if faults else 'pass'} mirror: {count} tests, {len(untested)} device headers without one")
sys.exit(1 if faults else 0)
