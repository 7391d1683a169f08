#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The map of what v1 images became: its lines against the tables of an independent converter, looking things up in it,
and rewriting the files of several tools."""

import gzip
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import Layer, RegctlServer, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from test_convert import FORMS, PARTIAL, TREES, ConvertCase, read_golden, sum_of  # noqa: E402
from trees import not_in_bucket  # noqa: E402

# Written as their tools' manuals show them; OLD stands for the old registry. What stands in <> is what is expected of
# a reference: its new name, or that it stays.
NOT_FOUND = 3

SAMPLES = {
    "Dockerfile": """\
# syntax=docker/dockerfile:1
ARG BASE=OLD/team/base:1
FROM --platform=linux/amd64 OLD/team/base:1 AS build
RUN echo "OLD/team/base:1" > /from\t# a comment with OLD/team/base:1.
FROM OLD/team/app:1.0
COPY --from=OLD/team/base /etc/base /etc/base
COPY --from=build /from /from
LABEL url="http://OLD/team/app:1.0" \\
      other=xOLD/team/app:1.0
""",
    "compose.yaml": """\
services:
  app:
    image: "OLD/team/app:1.0"
    environment: {HELPER: 'OLD/team/base'}
  debug:
    image: ${DEBUG_IMAGE:-OLD/team/base:1}
  tagged:
    image: OLD/team/app:${TAG:?a tag}
  # image: OLD/team/gone:1.0
  gone:
    image: OLD/team/gone:1.0
""",
    "deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{name: init, image: OLD/team/base:1, args: ["--url=https://OLD/v2/"]}]
      containers:
      - name: app
        image: OLD/team/app:1.0  # pinned later
        command: ["crane", "copy", "docker://OLD/team/app:1.0", "elsewhere/app:1.0"]
      - {"name": "json", "image": "OLD/team/app:1.0"}
""",
    "values.yaml": """\
image:
  registry: OLD
  repository: OLD/team/app
  tag: "1.0"
sidecar:
  image: OLD/team/base:{{ .Values.sidecar.tag }}
""",
}


class Maps(ConvertCase):
    def lines(self, file="map"):
        return [json.loads(line) for line in self.read(file).decode().splitlines()]

    def test_lines_are_those_of_an_independent_converter(self):
        for name in TREES:
            for form in FORMS:
                maps = []
                for run in ("first", "again"):
                    words = ("mirror", "--to-format", form, "--map", run, self.tree(name),
                             f"v2-storage:{self.path(f'{name}-{form}')}")
                    self.assertIn(self.regctl(*words).code, (0, PARTIAL))
                    maps.append(self.lines(run))
                golden = sorted(read_golden(name), key=lambda one: (one.repository, one.tag))
                first, again = maps
                self.assertEqual([(line["source"], line["tag"]) for line in first],
                                 [(one.repository, one.tag) for one in golden])
                for line, one in zip(first, golden):
                    self.assertLine(line, one, name, form)
                for line in first + again:
                    line.pop("outcome"), line.pop("notes"), line.pop("verdict")
                self.assertEqual(first, again)

    def assertLine(self, line, one, name, form):
        self.assertEqual(line["from"], self.tree(name))
        self.assertEqual(line["destination"], one.repository)
        self.assertEqual(line["id"], one.image)
        self.assertEqual((line["verdict"], line["flavour"]),
                         (one.line["verdict"], None if one.is_broken else form))
        if one.is_broken:
            self.assertEqual((line["outcome"], line["digest"], line["layers"]), ("failed", None, []))
            self.assertIn(one.line["culprit"][:12], line["error"]["message"])
            self.assertEqual((line.get("reason"), line.get("culprit")),
                             (one.line["reason"], one.line["culprit"]), one)
            return
        self.assertEqual(line["outcome"], "copied")
        self.assertEqual(line["digest"], one.digest(form))
        self.assertEqual(line["config_digest"], sum_of(one.line["config"].encode()))
        self.assertEqual(line["notes"], one.line["notes"])
        self.assertEqual([layer["id"] for layer in line["layers"]], [step["id"] for step in one.line["chain"]])
        if "all-layers-empty" not in line["notes"]:
            self.assertEqual([layer["empty"] for layer in line["layers"]],
                             [step["empty"] for step in one.line["chain"]])
        layers = [layer for layer in line["layers"] if layer["digest"]]
        self.assertEqual([layer["diff_id"] for layer in layers], one.line["diff_ids"])
        manifest = json.loads(self.blob_in_tree(f"{name}-{form}", one.digest(form)))
        self.assertEqual(line["media_type"], manifest["mediaType"])
        self.assertEqual([{"digest": layer["digest"], "size": layer["size"], "mediaType": layer["media_type"]}
                          for layer in layers], manifest["layers"])
        for layer in line["layers"]:
            for checksum in layer["checksums"]:
                self.assertRegex(checksum, "^sha256:[0-9a-f]{64}$")
        if "unverified" not in one.line["notes"]:
            self.assertTrue(all(layer["checksums"] for layer in line["layers"]))

    def test_the_reason_is_that_of_the_conversion(self):
        """Which leaves out what follows gzip data, looks at each part of a header, and compares tarsums."""
        tree = StorageTree(self.path("tree"))
        sound = Layer("a", 500).data
        odd_head = sound[:3] + b"\x02" + sound[4:10] + b"\0\0" + sound[10:]  # with a sum of the header, which is wrong
        no_tar = gzip.compress(b"x" * 2000) + b"behind the end"
        for tag, layer, reason in (("head", odd_head, "layer-damaged"), ("tail", no_tar, "not-a-tar"),
                                   ("sum", sound, "checksum-mismatch")):
            identity = tree.add_image(tag, layer=layer)
            tree.tag("team/app", tag, identity)
            if tag == "sum":
                tree.write(tree.image_file(identity, "_checksum"), json.dumps(["tarsum+sha256:" + "1" * 64]))
            self.regctl("mirror", tree.place, f"v2-storage:{self.path('out')}", "--map", "map", "--include-tag", tag)
            self.assertEqual([(line["tag"], line["reason"]) for line in self.lines()], [(tag, reason)])

    def test_what_the_map_leaves_out(self):
        tree = StorageTree(self.path("tree"))
        top = tree.add_chain("app", 2)[-1]
        for tag in ("1.0", "2.0", "old"):
            tree.tag("team/app", tag, top)
        to = f"v2-storage:{self.path('out')}"
        self.ok("mirror", tree.place, to)
        tree.remove("repositories/team/app/tag_old")
        self.ok("mirror", tree.place, to, "--map", "map", "--exclude-tag", "2.0", "--prune", "--yes")
        self.assertEqual([(line["tag"], line["outcome"]) for line in self.lines()], [("1.0", "kept")])
        self.ok("mirror", tree.place, to, "--map", "map", "--immutable-tags", "*")
        self.assertEqual([(line["tag"], line["id"], line["outcome"]) for line in self.lines()],
                         [("1.0", top, "kept"), ("2.0", top, "kept")])
        before = self.read("map")
        self.fails(2, "mirror", tree.place, to, "--map", "map", "--dry-run", saying="--map tells what images became")
        self.fails(2, "mirror", tree.place, to, "--map", "-", saying="the map cannot go to standard output")
        copied = self.ok("mirror", tree.place, self.place("copied"), "--map", "none")
        self.assertIn("the map has nothing of", copied.err)
        self.assertEqual(self.read("none"), b"")
        self.assertEqual(self.read("map"), before)

    @not_in_bucket("the tree is moved away")
    def test_a_run_that_sees_a_part_keeps_the_rest(self):
        tree = StorageTree(self.path("tree"))
        for name in ("team/app", "team/base"):
            tree.tag(name, "1.0", tree.add_chain(name, 2)[-1])
        words = "mirror", tree.place, f"v2-storage:{self.path('out')}", "--map", "map"
        self.ok(*words)
        all_of_it = {(line["source"], line["tag"]) for line in self.lines()}
        self.write("plan", "")
        done = self.ok(*words, "--apply", "plan")
        self.assertIn("the map keeps 2 lines of earlier runs", done.err)
        self.assertEqual({(line["source"], line["tag"]) for line in self.lines()}, all_of_it)
        os.rename(self.path("tree"), self.path("gone"))
        before = self.read("map")
        self.assertNotEqual(self.regctl(*words).code, 0)
        self.assertEqual(self.read("map"), before)
        os.rename(self.path("gone"), self.path("tree"))
        tree.remove("repositories/team/app/tag_1.0")
        self.ok(*words)
        self.assertEqual([line["source"] for line in self.lines()], ["team/base"])

    def test_a_rewrite_by_an_empty_map_finds_nothing(self):
        self.write("map", "")
        done = self.regctl("map", "map", "--rewrite", "--strict", "--old", "old:5000", "--new", "new:5000",
                           stdin=b"image: old:5000/team/app:1.0\n")
        self.assertEqual(done.code, NOT_FOUND, done.err)

    def test_names_ids_and_digests_are_found(self):
        self.regctl("mirror", "--map", "map", self.tree("pushed"), f"v2-storage:{self.path('out')}")
        one = next(one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1")
        for what in (str(one), one.image, one.image[:12], one.digest("oci"), one.line["config_digest"]):
            found = self.ok("map", "map", what, "--format", "json").json
            self.assertIn((one.repository, one.tag, one.digest("oci")),
                          [(line["source"], line["tag"], line["digest"]) for line in found], what)
            self.assertIn(one.digest("oci"), self.ok("map", "map", what).out)
        base = one.line["chain"][0]
        rows = self.ok("map", "map", base["id"]).out.splitlines()[1:]
        self.assertTrue(all(row.startswith("layer ") and base["id"][:12] in row for row in rows), rows)
        self.assertEqual(self.ok("map", "map", base["diff_id"]).out.splitlines()[1:], rows)
        self.fails(3, "map", "map", "team/absent", saying="'map' has nothing of team/absent")
        self.fails(3, "map", "absent", "team/app")
        self.write("other", "no map\n")
        self.fails(6, "map", "other", "team/app", saying="'other', line 1")
        self.fails(2, "map", "map", saying="what is to be looked up?")
        self.fails(2, "map", "map", "x", "--rewrite", saying="reads its text from standard input")
        self.fails(2, "map", "map", "x", "--pin", saying="are about --rewrite")


class Rewriting(ConvertCase):
    """From a v1 registry to distribution."""

    def setUp(self):
        super().setUp()
        tree = StorageTree(self.path("tree"))
        base, top = tree.add_chain("app", 2)
        tree.tag("team/app", "1.0", top)
        for tag in ("1", "latest"):
            tree.tag("team/base", tag, base)
        self.old = self.start(RegctlServer, storage=self.path("tree")).host
        self.registry = self.distribution()
        self.new = f"{self.registry.host}/legacy"
        self.ok("mirror", self.old, f"{self.new}/", "--map", "map")
        self.digests = {f"{name}:{tag}": digest for name in ("team/app", "team/base")
                        for tag, digest in self.tags_of(self.registry, f"legacy/{name}").items()}

    def rewrite(self, text, *options, code=0):
        done = self.regctl("map", "map", "--rewrite", *options, stdin=text.encode())
        self.assertEqual(done.code, code, done.err)
        return done

    def sample(self, name):
        return SAMPLES[name].replace("OLD", self.old)

    def expected(self, text):
        """What the samples become: every reference but those of words that only contain one."""
        kept = (f"http://{self.old}/team/app:1.0", f"xOLD/team/app:1.0".replace("OLD", self.old))
        for number, word in enumerate(kept):
            text = text.replace(word, f"KEPT-{number}")
        for name in ("team/app", "team/base"):
            text = text.replace(f"{self.old}/{name}", f"{self.new}/{name}")
        for number, word in enumerate(kept):
            text = text.replace(f"KEPT-{number}", word)
        return text

    def test_files_of_several_tools(self):
        remarks = {"Dockerfile": [], "deployment.yaml": [],
                   "compose.yaml": [f"line {line}: {self.old}/team/gone:1.0 is not in the map" for line in (9, 11)],
                   "values.yaml": [f"line 2: {self.old} is a registry without an image"]}
        for name in SAMPLES:
            for ends in ("\n", "\r\n"):
                text = self.sample(name).replace("\n", ends)
                done = self.rewrite(text)
                self.assertEqual(done.out, self.expected(text), name)
                self.assertNotEqual(done.out, text)
                for line in remarks[name]:
                    self.assertIn(line, done.err)
                self.assertEqual(done.err.count("line "), len(remarks[name]), done.err)
            self.rewrite(self.sample(name), "--strict", code=3 if remarks[name] else 0)

    def test_what_is_rewritten_can_be_pulled(self):
        for options in ((), ("--pin",)):
            text = self.rewrite(f"FROM {self.old}/team/app:1.0\n", *options).out
            self.assertEqual(text, "FROM " + (f"{self.new}/team/app@{self.digests['team/app:1.0']}\n" if options else
                                              f"{self.new}/team/app:1.0\n"))
            image = text.removeprefix("FROM ").strip()
            self.skopeo_copy(f"docker://{image}", f"dir:{self.path('pulled')}")
            self.assertEqual(sum_of(self.read("pulled/manifest.json")), self.digests["team/app:1.0"])

    def test_digests_where_the_tag_is_known(self):
        done = self.rewrite(self.sample("values.yaml"), "--pin", "--strict", code=3)
        self.assertEqual(done.out, self.expected(self.sample("values.yaml")))
        self.assertIn("team/app is not pinned: its tag stands elsewhere", done.err)
        self.assertIn("is not pinned: its tag is a variable", done.err)
        base = self.digests["team/base:latest"]
        self.assertEqual(self.rewrite(f"{self.old}/team/base", "--pin").out, f"{self.new}/team/base@{base}")

    def test_other_names_of_the_registries(self):
        text = "image: registry.example/team/app:1.0\n"
        self.assertEqual(self.rewrite(text).out, text)
        self.assertEqual(self.rewrite(text, "--old", "registry.example", "--new", "hub.example").out,
                         "image: hub.example/legacy/team/app:1.0\n")


if __name__ == "__main__":
    main()
