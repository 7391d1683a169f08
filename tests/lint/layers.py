#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the layers of src/README.md and the rooms of server and ops, in include/regctl as in src: includes
point downwards, each library's headers have one owner, every source is built, begins with its licence and is
not longer than 600 lines of code, and no two headers define a type of the same name (the linker would take
one for the other and say nothing)."""

import pathlib
import re
import sys

LAYERS = ["base", "model", "formats", "http", "objects", "registry", "server", "ops", "cli"]
OWNERS = {
    "bzlib": "base", "lzma": "base", "zlib": "base", "zstd": "base", "isa-l": "base",
    "openssl": "base", "nlohmann": "base", "re2": "base", "yaml-cpp": "base", "curl": "http", "expat": "objects", "microhttpd": "server", "crypt": "server", "CLI": "cli",
    "utf8proc": "cli",
}
# Rooms: the folders of a layer, bottom up. What stands beside them is above them all, but for contracts: a room
# may include those of the verbs that it serves.
ROOMS = {
    "server": ["http", "v1"],
    "ops": ["transfer", "flatten", "places", "map", "v1", "oci", "convert", "passage", "mirror"],
}
# A room that knows no verb, with the contracts beside it that belong to none.
VERBLESS = {"ops/places": {"problem", "progress", "session"}}
FORBIDDEN = {
    # HTTP is no business of what lies on disk.
    ("formats", "http"), ("http", "formats"), ("registry", "formats"), ("cli", "registry"),
    # A mirror knows identities and items, which the passages explain.
    ("ops/mirror", "ops/v1"), ("ops/mirror", "ops/oci"), ("ops/mirror", "ops/convert"),
    ("ops/mirror", "registry"), ("ops/mirror", "formats"),
}
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;{]*)? \{", re.M)
INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.M)


class Home:
    """Where a file belongs: its layer, the room in it ("" beside the rooms), and whether it is a contract."""

    def __init__(self, parts, is_contract):
        self.layer = parts[0] if len(parts) > 1 and parts[0] in LAYERS else None
        self.is_contract = is_contract
        self.name = parts[-1].split(".")[0]
        self.folder = parts[1] if self.layer in ROOMS and len(parts) > 2 else ""

    @property
    def height(self):
        """That of the room; above all rooms for what stands beside them."""
        rooms = ROOMS.get(self.layer, [])
        return rooms.index(self.folder) if self.folder in rooms else len(rooms)

    @property
    def names(self):
        """As FORBIDDEN has them."""
        return {self.layer, f"{self.layer}/{self.folder}"}


def home_of(path, root):
    parts = path.relative_to(root).parts
    return Home(parts[2:], True) if parts[0] == "include" else Home(parts[1:], False)


def home_of_include(name):
    parts = name.split("/")
    return Home(parts[1:], True) if parts[0] == "regctl" else Home(parts, False)


def check_include(home, name):
    other = home_of_include(name)
    owner = OWNERS.get(name.split("/")[0].removesuffix(".h").split("_")[0])
    if owner and owner != home.layer:
        yield f"includes {name}, which belongs to {owner}/"
    if other.layer is None:
        return
    if LAYERS.index(other.layer) > LAYERS.index(home.layer):
        yield f"includes {name} from above"
    is_verb = other.is_contract and not other.folder
    if other.layer == home.layer and other.height > home.height and not is_verb:
        yield f"includes {name} from above"
    for one, unknown in sorted(FORBIDDEN):
        if one in home.names and unknown in other.names:
            yield f"includes {name}, which {one}/ must not know"
    for room in home.names & VERBLESS.keys():
        if is_verb and other.layer == home.layer and other.name not in VERBLESS[room]:
            yield f"includes {name}, and {room}/ knows no verb"


def check(path, root, built):
    text = path.read_text(encoding="utf-8")
    home = home_of(path, root)
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        yield "does not begin with its SPDX line"
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("//")]
    if len(code) > 600:
        yield f"has {len(code)} lines of code"
    if path.suffix == ".cpp" and path not in built:
        yield f"is not in src/{path.relative_to(root / 'src').parts[0]}/meson.build"
    if home.layer is None:
        return
    if home.folder and home.folder not in ROOMS[home.layer]:
        yield "is in a folder that is no room of ROOMS"
    for name in INCLUDE.findall(text):
        yield from check_include(home, name)


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
    lists = {p: p.read_text(encoding="utf-8") for p in (root / "src").rglob("meson.build")}
    built = {p.parent / source for p, text in lists.items() for source in re.findall(r"'([\w/]+\.cpp)'", text)}
    files = [p for top in ("include", "src") for p in sorted((root / top).rglob("*.[ch]pp"))]
    problems = [f"{p.relative_to(root)} {problem}" for p in files for problem in check(p, root, built)]
    problems += check_names([p for p in files if p.suffix == ".hpp"], root)
    print("\n".join(problems) or f"{len(files)} files keep to their layers")
    sys.exit(bool(problems) or not files)


main()
