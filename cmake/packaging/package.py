#!/usr/bin/env python3
"""Makes a folder that a package manager takes as it is: the device headers, a manifest with the version of
include/offramp/core/config.hpp, the licence, an example. The same tree gives the same bytes.
  package.py KIND FOLDER [URL]     KIND: arduino (PlatformIO takes it, too), zephyr, esp_idf
FOLDER must not exist; URL is where the project lives, which registries ask for."""
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADERS_IN_PLACE = re.compile(r"(\.\./)+include")  # how manifests that serve in place say where the headers are


def version():
    text = (ROOT / "include/offramp/core/config.hpp").read_text(encoding="utf-8")
    return ".".join(re.findall(r"^#define OFFRAMP_VERSION_\w+ ([0-9]+)$", text, re.MULTILINE))


def copy_headers(to):
    for path in sorted((ROOT / "include/offramp").rglob("*.hpp")):
        relative = path.relative_to(ROOT / "include")
        if relative.parts[1] in ("host", "host.hpp"):
            continue
        (to / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to / relative)


class Package:
    def __init__(self, folder, url):
        self.folder, self.values = folder, {"@version@": version(), "@url@": url}
        folder.mkdir(parents=True)
        shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
        shutil.copyfile(HERE / "README.md", folder / "README.md")

    def manifest(self, source, to, headers=None):
        text = (HERE / source).read_text(encoding="utf-8")
        for mark, value in self.values.items():
            text = text.replace(mark, value)
        if headers is not None:
            text, found = HEADERS_IN_PLACE.subn(headers, text)
            if found != 1:
                sys.exit(f"{source}: found {found} paths to include, expected one")
        (self.folder / to).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / to).write_text(text, encoding="utf-8")


def arduino(package):
    package.manifest("arduino/library.properties", "library.properties")
    package.manifest("platformio/library.json", "library.json")
    package.manifest("arduino/offramp.h", "src/offramp.h")
    package.manifest("arduino/examples/Shapes/Shapes.ino", "examples/Shapes/Shapes.ino")
    weights = (ROOT / "examples/hello/weights.hpp").read_text(encoding="utf-8")
    (package.folder / "examples/Shapes/weights.hpp").write_text(weights, encoding="utf-8")
    copy_headers(package.folder / "src")


def zephyr(package):
    package.manifest("zephyr/module.yml", "zephyr/module.yml")
    package.manifest("zephyr/Kconfig", "zephyr/Kconfig")
    package.manifest("zephyr/CMakeLists.txt", "zephyr/CMakeLists.txt", headers="../include")
    copy_headers(package.folder / "include")


def esp_idf(package):
    package.manifest("esp_idf/offramp/idf_component.yml", "idf_component.yml")
    package.manifest("esp_idf/offramp/CMakeLists.txt", "CMakeLists.txt", headers="include")
    copy_headers(package.folder / "include")


KINDS = {"arduino": arduino, "zephyr": zephyr, "esp_idf": esp_idf}

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in KINDS:
        sys.exit(f"usage: package.py KIND FOLDER [URL], KIND one of {', '.join(KINDS)}")
    if Path(sys.argv[2]).exists():
        sys.exit(f"package.py: {sys.argv[2]} exists, expected a new folder")
    KINDS[sys.argv[1]](Package(Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else ""))
