#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the layers of src/README.md: includes point downwards, each library's headers have one owner,
every source is built, begins with its licence and is not longer than 600 lines of code, and no two
headers define a type of the same name (the linker would take one for the other and say nothing)."""

import pathlib
import re
import sys

LAYERS = ["base", "model", "formats", "http", "objects", "registry", "server", "ops", "cli"]
OWNERS = {
    "archive": "base", "zlib": "base", "libdeflate": "base", "openssl": "base", "nlohmann": "base", "re2": "base", "yaml-cpp": "base", "curl": "http", "expat": "objects",
    "microhttpd": "server", "crypt": "server", "CLI": "cli", "utf8proc": "cli",
}
# Folders of a layer, bottom up. What stands beside them is above them all.
ROOMS = {"server": ["http", "v1"], "ops": ["transfer", "places", "map", "v1", "oci", "convert", "passage", "mirror"]}
# HTTP is no business of what lies on disk.
FORBIDDEN = {("formats", "http"), ("http", "formats"), ("registry", "formats"), ("cli", "registry")}
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;{]*)? \{", re.M)
INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.M)


def layer_of(path, root):
    parts = path.relative_to(root).parts
    name = parts[2] if parts[0] == "include" else parts[1]
    return name if name in LAYERS else None


def included_layer(name):
    parts = name.split("/")
    if parts[0] == "regctl":
        return parts[1]
    return parts[0] if parts[0] in LAYERS and len(parts) > 1 else None


def room_of(parts):
    """(layer, height) of a private header's or a source's path below src; a height above all of a layer that has no rooms."""
    rooms = ROOMS.get(parts[0], [])
    return parts[0], rooms.index(parts[1]) if len(parts) > 1 and parts[1] in rooms else len(rooms)


def check(path, root, built):
    text = path.read_text(encoding="utf-8")
    layer = layer_of(path, root)
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        yield "does not begin with its SPDX line"
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("//")]
    if len(code) > 600:
        yield f"has {len(code)} lines of code"
    if path.suffix == ".cpp" and path not in built:
        yield f"is not in src/{path.relative_to(root / 'src').parts[0]}/meson.build"
    if layer is None:
        return
    for name in INCLUDE.findall(text):
        other = included_layer(name)
        if other and LAYERS.index(other) > LAYERS.index(layer):
            yield f"includes {name} from above"
        if path.is_relative_to(root / "src") and other == layer and not name.startswith("regctl/"):
            if room_of(name.split("/"))[1] > room_of(path.relative_to(root / "src").parts)[1]:
                yield f"includes {name} from above"
        if other and (layer, other) in FORBIDDEN:
            yield f"includes {name}, which {layer}/ must not know"
        owner = OWNERS.get(name.split("/")[0].removesuffix(".h").split("_")[0])
        if owner and owner != layer:
            yield f"includes {name}, which belongs to {owner}/"


def check_names(headers, root):
    owners = {}
    for path in headers:
        text = path.read_text(encoding="utf-8")
        space = NAMESPACE.search(text)
        for name in TYPE.findall(text) if space else ():
            first = owners.setdefault(f"{space[1]}::{name}", path)
            if first != path:
                yield f"{path.relative_to(root)} defines {space[1]}::{name}, as does {first.relative_to(root)}"


def main():
    root = pathlib.Path(sys.argv[1])
    lists = (root / "src").rglob("meson.build")
    built = {p.parent / source for p in lists for source in re.findall(r"'([\w/]+\.cpp)'", p.read_text(encoding="utf-8"))}
    files = [p for top in ("include", "src") for p in sorted((root / top).rglob("*.[ch]pp"))]
    problems = [f"{p.relative_to(root)} {problem}" for p in files for problem in check(p, root, built)]
    problems += check_names([p for p in files if p.suffix == ".hpp"], root)
    print("\n".join(problems) or f"{len(files)} files keep to their layers")
    sys.exit(bool(problems) or not files)


main()
