#!/usr/bin/env python3
"""The deepest stack below a function, from what g++ -fcallgraph-info=su wrote: the sum of frames along the longest
chain of calls. Refuses recursion, calls through pointers and frames of unknown size: then there is no such number.
  deepest_stack.py FILE.ci FUNCTION"""
import re
import sys
from functools import lru_cache

NODE = re.compile(r'node: \{ title: "([^"]*)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')
BYTES = re.compile(r"(\d+) bytes \(([\w,]+)\)")


def main(path, function):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    frames, unbounded = {}, set()
    for title, label in NODE.findall(text):
        found = BYTES.search(label)
        frames[title] = int(found.group(1)) if found else None
        if found and found.group(2) not in ("static", "dynamic,bounded"):
            unbounded.add(title)
    calls = {}
    for caller, callee in EDGE.findall(text):
        calls.setdefault(caller, set()).add(callee)
    starts = [t for t, size in frames.items() if size is not None and t.split(":")[-1] == function]
    if len(starts) != 1:
        sys.exit(f"{path}: found {len(starts)} functions {function}, expected one")
    under_way, outside = [], set()

    @lru_cache(maxsize=None)
    def deepest(title):
        if title in under_way or title == "__indirect_call":
            sys.exit(f"{path}: {title} is called {'again' if title in under_way else 'by pointer'} below {function}")
        if title in unbounded:
            sys.exit(f"{path}: the frame of {title} has no bound, expected a size known to the compiler")
        if frames.get(title) is None:  # the compiler's own helpers, in libgcc
            outside.add(title)
            return 0
        under_way.append(title)
        below = max((deepest(callee) for callee in calls.get(title, ())), default=0)
        under_way.pop()
        return frames[title] + below

    print("bound_bytes", deepest(starts[0]))
    print("outside", *sorted(outside))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: deepest_stack.py FILE.ci FUNCTION")
    main(*sys.argv[1:])
