#!/usr/bin/env python3
"""The module's Kconfig in Zephyr's own interpreter (Debian: python3-kconfiglib): switched on it takes effect with C++20
and asks for the whole C++ library; with C++11 it stays off.     kconfig.py MODULE"""
import os
import sys
from pathlib import Path

import kconfiglib

os.environ["MODULE"] = sys.argv[1]
for standard, expected in (("STD_CPP20", "y"), ("STD_CPP2B", "y"), ("STD_CPP11", "n")):
    kconfig = kconfiglib.Kconfig(str(Path(__file__).resolve().parent / "Kconfig"), warn_to_stderr=False)
    for name in ("CPP", standard, "OFFRAMP"):
        kconfig.syms[name].set_value("y")
    for name in ("OFFRAMP", "REQUIRES_FULL_LIBCPP"):
        if kconfig.syms[name].str_value != expected:
            sys.exit(f"with {standard}: {name} is {kconfig.syms[name].str_value}, expected {expected}")
    if kconfig.warnings and expected == "y":
        sys.exit("\n".join(kconfig.warnings))
