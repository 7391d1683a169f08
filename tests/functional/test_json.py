#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--format json: the output of every command, compared with the tables of regctl(1); the form of errors; and that a
refusal prints no part of a document."""

import hashlib
import json
import os
import re
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, FaultServer, RegctlServer, TestCase, main, make_archive  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET  # noqa: E402

HOUR_S = 3600
ID = re.compile(r"[0-9a-f]{64}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
KINDS = {"usage", "not_found", "denied", "unavailable", "protocol", "integrity", "local_io", "unsupported",
         "interrupted", "bug"}
TEXT_ALWAYS = {"completion", "help", "serve"}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_error(value):
    return (isinstance(value, dict) and set(value) == {"kind", "message", "hint"} and value["kind"] in KINDS and
            isinstance(value["message"], str) and isinstance(value["hint"], (str, type(None))))


SHAPES = {
    "null": lambda value: value is None,
    "text": lambda value: isinstance(value, str),
    "ID": lambda value: isinstance(value, str) and ID.fullmatch(value),
    "digest": lambda value: isinstance(value, str) and DIGEST.fullmatch(value),
    "object": lambda value: isinstance(value, dict),
    "time": lambda value: isinstance(value, str) and TIME.fullmatch(value),
    "number": is_number,
    "list": lambda value: isinstance(value, list),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "error": is_error,
}


class Members:
    """The members of an object: {name: Members of the nested object, or None}, and which of them are optional."""

    def __init__(self):
        self.below, self.optional, self.is_open = {}, set(), False

    @classmethod
    def parse(cls, text):
        words = re.findall(r"[\w…]+\??|[\[\]{},]", text)
        members = cls()
        stack = [members]
        name = None
        for word in words:
            if word in "[{":
                stack.append(cls())
                stack[-2].below[name] = stack[-1]
            elif word in "]}":
                stack.pop()
            elif word == "…":
                stack[-1].is_open = True
            elif word != ",":
                name = word.rstrip("?")
                stack[-1].below[name] = None
                if word.endswith("?"):
                    stack[-1].optional.add(name)
        return members


def read_tables():
    """Reads ({command: (document, Members)}, {member: its shapes}) from man/regctl.1.scd."""
    with open(os.path.join(ROOT, "man", "regctl.1.scd"), encoding="utf-8") as file:
        section = file.read().split("\n## JSON\n")[1].split("\n# ")[0]
    blocks = [block for block in re.findall(r"```\n(.*?)```", section, re.S)
              if not block.startswith("{")]
    commands, shapes = {}, {}
    for head, body in re.findall(r"^(\S.*)\n((?: {4}.*\n)+)", blocks[0], re.M):
        names, document = re.split(r"  +", head)
        for name in names.split(", "):
            commands[name] = (document, Members.parse(body))
    for head, body in re.findall(r"^((?:\S.*\n)+)((?: {4}.*\n)+)", blocks[1], re.M):
        words = re.split(r", | or ", body.split(":")[0].strip())
        for name in re.split(r",\s+", head.strip()):
            shapes[name] = words
    return commands, shapes


COMMANDS, MEMBERS = read_tables()


class Tables(TestCase):
    def setUp(self):
        super().setUp()
        self.seen = set()
        self.filled = set()

    def check_member(self, name, value, where):
        shapes = MEMBERS.get(name, MEMBERS["all others"])
        self.assertTrue(any(SHAPES[shape](value) for shape in shapes), f"{where}: {value!r} is not {shapes}")

    def check_object(self, document, members, where):
        self.assertIsInstance(document, dict, where)
        if members.is_open:
            return
        self.assertEqual(set(document) - members.optional, set(members.below) - members.optional, where)
        for name, value in document.items():
            here = f"{where}.{name}"
            if value is not None:
                self.filled.add(here)
            below = members.below[name]
            if below is None or value is None or isinstance(value, list):
                self.check_member(name, value, here)
            if below and value is not None:
                for element in value if isinstance(value, list) else [value]:
                    self.check_object(element, below, here)

    def check(self, command, documents):
        kind, members = COMMANDS[command]
        if kind == "array":
            self.assertIsInstance(documents, list, command)
        self.seen.add(command)
        for document in documents if isinstance(documents, list) else [documents]:
            self.check_object(document, members, command)

    def run_json(self, command, *words, codes=(0,), **options):
        """Runs the command, and checks its document against the table."""
        result = self.regctl(*words, "--format", "json", **options)
        self.assertIn(result.code, codes, f"{words}: {result.err}")
        self.check(command, result.json)
        return result

    def check_lines(self, text, default=None):
        for line in text.splitlines():
            record = json.loads(line)
            self.check(f"mirror: {record['type']}" if "type" in record else default, record)

    def v2_tree(self):
        """Distribution's tree, in which every state is that it can be in."""
        os.makedirs(self.path("v2"))
        with tarfile.open(os.path.join(ROOT, "tests", "data", "v2", "tree-v2-wild.tar.gz")) as archive:
            archive.extractall(self.path("v2"))
        return "v2-storage:" + self.path("v2")

    def damaged_tree(self):
        """A tree with a sound image, an orphan, a dead upload, a cut layer, and a tag to nowhere."""
        tree = StorageTree(self.path("tree"))
        top = tree.add_chain("good", 3)[-1]
        tree.tag("team/app", "1.0", top)
        tree.tag("team/other", "1.0", top)
        cut = tree.add_image("cut", layer=b"\x1f\x8b")
        tree.tag("team/cut", "1.0", cut)
        dead = tree.add_image("dead")
        tree.write(tree.image_file(dead, "_inprogress"), "true")
        tree.tag("team/dead", "1.0", dead)
        tree.tag("team/nowhere", "1.0", "f" * 64)
        tree.add_image("orphan")
        tree.remove(tree.image_file(top, "ancestry"))
        return tree

    def test_every_command_prints_the_members_in_the_manuals_tables(self):
        server = self.start(RegctlServer)
        fault = self.start(FaultServer)
        image = f"{server.host}/team/app:1.0"
        self.layers = make_archive(self.path("app.tar"), ["base", "top"])
        self.run_json("push", "push", "app.tar", image)
        self.run_json("push", "push", "app.tar", image)  # with nothing to do
        self.run_json("pull", "pull", image, "out.tar")
        self.run_json("copy", "copy", image, f"{fault.host}/team/app:1.0")
        self.run_json("tag", "tag", image, "2.0", f"{server.host}/other/app")
        for place in (server.host, f"{server.host}/team/app", "app.tar", image):
            self.run_json("images", "images", place)
        self.run_json("tags", "tags", f"{server.host}/team/app")
        rows = self.run_json("tags", "tags", "app.tar").json
        self.assertEqual([(row["repository"], row["tag"]) for row in rows], [("127.0.0.1:1/team/app", "1.0")])
        self.run_json("inspect of v1", "inspect", image)
        self.run_json("history", "history", image)
        self.run_json("layer ls", "layer", "ls", image)
        self.run_json("layer files", "layer", "files", image)
        self.run_json("layer get -o", "layer", "get", image, "-o", "layer")
        self.run_json("export", "export", image, "files.tar")
        self.write("image.json", self.layers[0].json)
        self.write("layer.tar", self.layers[0].data)
        for place in (f"{server.host}/team/app", f"{fault.host}/team/new", f"{server.host}/team/new"):
            self.run_json("layer put", "layer", "put", place, "image.json", "layer.tar")
        self.run_json("ping", "ping", server.host)
        self.run_json("search", "search", server.host)
        self.run_json("properties", "properties", f"{server.host}/team/app", "--access", "private")
        self.run_json("version", "version")
        self.run_json("version", "--version")
        self.run_json("diff", "diff", server.host, fault.host, codes=(10,))
        self.run_json("diff: images", "diff", image, f"{server.host}/team/app:2.0", codes=(0, 10))
        make_archive(self.path("more.tar"), ["base", "more"])
        self.run_json("diff: images", "diff", image, "docker-archive:more.tar:127.0.0.1:1/team/app:1.0", codes=(10,))
        self.run_json("verify", "verify", server.host, fault.host, codes=(7,))
        self.run_json("audit", "audit", server.host)
        self.run_json("rm", "rm", f"{server.host}/team/app:2.0", f"{server.host}/other/app:latest")
        self.run_json("rm", "rm", "--repository", "--yes", f"{server.host}/other/app")
        self.run_json("login", "login", server.host, "-u", "bob", "--password-stdin", stdin=b"secret")
        for _ in range(2):
            self.run_json("logout", "logout", server.host)

        tree = self.damaged_tree()
        self.run_json("images", "images", tree.place)
        self.run_json("tags", "tags", f"{tree.place}:team/app")
        self.run_json("audit", "audit", "--deep", tree.place, codes=(7,))
        self.run_json("verify", "verify", "--deep", tree.place, codes=(7,))
        self.run_json("repair", "repair", "--dry-run", "--drop-tags", tree.place)
        self.run_json("gc", "gc", "--force", tree.place)
        self.run_json("repair", "repair", "--drop-tags", tree.place)
        tree.files.age("", 2 * HOUR_S)  # or nothing is removed in a bucket
        self.run_json("gc", "gc", "--force", "--apply", "--grace", "1h", tree.place)

        v2_tree = self.v2_tree()
        self.run_json("audit: v2-storage", "audit", "--deep", v2_tree, codes=(7,))
        self.run_json("gc: v2-storage", "gc", v2_tree)
        self.run_json("repair: v2-storage", "repair", v2_tree)

        self.check_oci()
        self.check_mirror(server, fault)
        self.check_map()
        self.assertEqual(set(COMMANDS) - self.seen, set())
        top = {re.match(r"[\w-]+", command)[0] for command in COMMANDS}
        listed = set(re.findall(r"^\s{2,4}([a-z]+)  ", self.ok("--help").out.split("Options")[0], re.M))
        self.assertEqual(listed - top, TEXT_ALWAYS)

    def check_oci(self):
        """What a layout holds that is made piece by piece, and a tree that it is copied to."""
        config = {"architecture": "arm64", "os": "linux", "created": "2015-05-01T00:00:00Z", "author": "bob",
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(b"a layer").hexdigest()]},
                  "history": [{"created": "2015-05-01T00:00:00Z", "created_by": "COPY a", "comment": "c",
                               "author": "bob"}, {"created_by": "CMD b", "empty_layer": True}]}
        kind = "application/vnd.oci.image."
        descriptors = []
        for content, media_type in ((json.dumps(config).encode(), "config.v1+json"), (b"a layer", "layer.v1.tar")):
            self.write("blob", content)
            stored = self.run_json("blob put", "blob", "put", "oci:layout", "blob").json
            descriptors.append({"mediaType": kind + media_type, **stored})
        image = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": descriptors[0],
                 "layers": descriptors[1:], "annotations": {"by": "bob"}}
        subject = self.put_manifest("oci:layout:1.0", image)
        index = {"schemaVersion": 2, "mediaType": kind + "index.v1+json", "manifests": [subject]}
        self.put_manifest("oci:layout:all", index)
        self.put_manifest("oci:layout:note", {**image, "subject": subject, "artifactType": "text/plain"})

        layer = f"oci:layout@{descriptors[1]['digest']}"
        self.run_json("blob get -o", "blob", "get", layer, "-o", "out")
        self.run_json("blob has", "blob", "has", layer)
        self.run_json("blob has", "blob", "has", "oci:layout@sha256:" + "0" * 64, codes=(3,))
        for name in ("1.0", "all", "note"):
            self.run_json("inspect of OCI", "inspect", f"oci:layout:{name}")
            self.run_json("digest", "digest", f"oci:layout:{name}")
            self.run_json("manifest get", "manifest", "get", f"oci:layout:{name}")
        self.run_json("history", "history", "oci:layout:1.0")
        self.run_json("layer ls", "layer", "ls", "oci:layout:1.0")
        found = self.run_json("referrers", "referrers", "oci:layout:1.0").json["referrers"]
        self.assertEqual([referrer["artifact_type"] for referrer in found], ["text/plain"])
        self.run_json("images", "images", "oci:layout")
        self.run_json("tags", "tags", "oci:layout")
        tree = "v2-storage:copied:team/app"
        self.run_json("copy", "copy", "oci:layout:all", f"{tree}:1.0")
        self.run_json("copy", "copy", "oci:layout:all", f"{tree}:1.0")  # with nothing to do
        self.run_json("tags", "tags", tree, "--long")
        for command in ("make", "add"):
            self.run_json(f"index {command}", "index", command, f"{tree}:both", f"{tree}:1.0")
        self.run_json("index filter", "index", "filter", f"{tree}:both", "--platform", "linux/arm64")
        self.run_json("tag", "tag", f"{tree}:1.0", "2.0")
        self.run_json("rm", "rm", f"{tree}:2.0")

    def put_manifest(self, place, manifest):
        """Stores it, and returns its descriptor."""
        content = json.dumps(manifest)
        self.write("manifest.json", content)
        stored = self.run_json("manifest put", "manifest", "put", place, "manifest.json").json
        return {"mediaType": manifest["mediaType"], "digest": stored["digest"], "size": len(content),
                "platform": {"os": "linux", "architecture": "arm64"}}

    def check_mirror(self, server, fault):
        mirror = ["mirror", server.host, fault.host]
        self.ok("tag", f"{server.host}/team/app:1.0", "3.0", "4.0")
        self.check_lines(self.ok(*mirror, "--dry-run", "--all", "--format", "json", "--plan", "plan").out)
        self.check_lines(self.read("plan").decode(), "mirror --plan")
        result = self.ok(*mirror, "--format", "json", "--report", "report")
        self.check_lines(result.out)
        self.assertEqual(result.out, self.read("report").decode())
        self.check_lines(self.ok(*mirror, "--format", "json").out)
        fault.control({"method": "GET", "path": "/team/app/tags$", "action": "status", "status": 403})
        result = self.regctl(*mirror, "--format", "json", "--failures", "failures", "--include", "team/app")
        self.assertEqual(result.code, 4, result.err)
        self.check_lines(result.out)
        self.check_lines(self.read("failures").decode())
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [
            {"source": self.place("gone"), "destination": fault.host},
            {"source": server.host, "destination": fault.host, "repositories": ["single"]}]}))
        result = self.regctl("mirror", "--config", "mirror.yaml", "--format", "json")
        self.assertNotEqual(result.code, 0)
        self.check_lines(result.out)

    def check_map(self):
        """Of a tree with an image whose layer is cut, and two without files."""
        tree = StorageTree(self.path("mapped"))
        empty = tree.add_image("empty", tree.add_image("base"), layer=bytes(1024))
        tree.tag("team/app", "1.0", empty)
        tree.tag("team/app", "cut", tree.add_image("cut", empty, layer=b"no tar" * 500))
        result = self.regctl("mirror", tree.place, "v2-storage:mapped-v2", "--rescue", "--map", "map", "--format", "json")
        self.assertEqual(result.code, 10, result.err)
        self.check_lines(result.out)
        self.check_lines(self.read("map").decode(), "mirror --map")
        self.run_json("map", "map", "map", "team/app")

    def test_every_listing_reports_unreadable_repositories_in_the_same_shape(self):
        server = self.start(FaultServer)
        make_archive(self.path("app.tar"), ["base", "top"])
        for name in ("team/app", "team/bad"):
            self.ok("push", "app.tar", f"{server.host}/{name}:1.0")
        server.control({"method": "GET", "path": "/team/bad/tags$", "action": "status", "status": 403})
        for command in ("images", "audit", "verify"):
            document = self.run_json(command, command, server.host, codes=(10,)).json
            rows = document["repositories"] if command == "audit" else document
            self.assertEqual([row["error"]["kind"] for row in rows if row["error"]], ["denied"])
        document = self.run_json("diff", "diff", server.host, self.start(RegctlServer).host, codes=(10,)).json
        self.assertEqual([row["error"]["kind"] for row in document if row["error"]], ["denied"])


class Errors(TestCase):
    def error_of(self, *words, code, **options):
        """The error of a run that prints nothing else."""
        result = self.regctl(*words, **options)
        self.assertEqual(result.code, code, result.err)
        self.assertEqual(result.out, "", words)
        line = result.err.splitlines()[-1]
        document = json.loads(line)
        self.assertEqual(set(document), {"error", "while"})
        self.assertTrue(is_error(document["error"]), document)
        return document

    def test_every_error_is_one_line_of_json(self):
        server = self.start(RegctlServer)
        os.mkdir(self.path("empty"))
        rows = ((2, "usage", ["--format", "json"]),
                (2, "usage", ["nonsense", "--format=json"]),
                (2, "usage", ["--format", "json", "pull"]),
                (2, "usage", ["images", "h", "--no-such-flag", "--format", "json"]),
                (2, "usage", ["gc", server.host, "--format", "json"]),
                (3, "not_found", ["inspect", f"{server.host}/team/app:1.0", "--format", "json"]),
                (3, "not_found", ["gc", self.place("gone"), "--format", "json"]),
                (3, "not_found", ["repair", self.place("gone"), "--format", "json"]),
                (3, "not_found", ["audit", self.place("gone"), "--format", "json"]),
                (5, "unavailable", ["ping", "127.0.0.1:1", "--retry", "0", "--format", "json"]))
        for code, kind, words in rows:
            with self.subTest(words):
                error = self.error_of(*words, code=code)["error"]
                self.assertEqual(error["kind"], kind)
                if kind == "usage":
                    self.assertTrue(error["hint"])
        self.write("mirror.yaml", "mirrors: 1\nversions: 2\n")
        document = self.error_of("mirror", "--config", "mirror.yaml", "--format", "json", code=2)
        self.assertIn("\n", document["error"]["message"])  # a line for each mistake, in one string
        self.assertIn("\\x1b", self.fails(2, "\x1b").err)
        self.assertEqual(self.error_of("\x1b", "--format", "json", code=2)["error"]["kind"], "usage")

    def test_a_refusal_prints_no_part_of_a_document(self):
        """While a server has the tree open, and in a tree with damaged tags."""
        server = self.start(RegctlServer)
        make_archive(self.path("app.tar"), ["base", "top"])
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        if not IN_BUCKET:  # there nothing keeps out other processes but the age of an image
            self.error_of("gc", "--apply", server.place, "--format", "json", code=5)
        tree = StorageTree(self.path("tree"))
        tree.tag("team/app", "1.0", "f" * 64)
        self.error_of("gc", tree.place, "--format", "json", code=7)
        for words in (["rm", f"{server.host}/team/gone:1"], ["tag", f"{server.host}/team/gone:1", "2"],
                      ["tags", f"{server.host}/team/gone"], ["verify", f"{server.host}/team/gone"]):
            self.error_of(*words, "--format", "json", code=3)


if __name__ == "__main__":
    main()
