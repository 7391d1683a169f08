#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mirrors between npm's docker-registry-server 2.2.0, regctl serve and a tree of docker-registry. curl, gzip and
sha256sum check every byte."""

import contextlib
import json
import os
import subprocess
import sys
import tarfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, NpmServer, RegctlServer, main  # noqa: E402
from mirror_case import MirrorCase  # noqa: E402
from storage_tree import StorageTree  # noqa: E402

ENGINES = ("1.3.3", "1.5.0", "1.9.1")
DEAD = "team/dead"  # in the tree, one of its tags is an upload that died
DEEP = "team/deep/name"  # npm's server takes names of two parts only


def files_of(name):
    """Path → bytes, of an archive of tests/data/v1."""
    with tarfile.open(os.path.join(DATA, name)) as archive:
        return {member.name.removeprefix("./"): archive.extractfile(member).read()
                for member in archive if member.isfile()}


class Known:
    """The content of a source: repository → tag → ID, and the files of its images."""

    def __init__(self, layer_file):
        self.layer_file = layer_file
        self.tags, self.files = {}, {}

    @classmethod
    def of_archives(cls):
        """The archives of the engines, whose layers are not compressed."""
        known = cls("layer.tar")
        for engine in ENGINES:
            files = files_of(f"save-{engine}.tar")
            known.files.update(files)
            for name, tags in json.loads(files["repositories"]).items():
                known.tags[name.split("/", 1)[1]] = tags
        return known

    @classmethod
    def of_tree(cls, without):
        """docker-registry's tree, whose layers are as they are served."""
        known = cls("layer")
        for path, data in files_of("tree-pushed.tar.gz").items():
            top, *name, file = path.split("/")
            if top == "repositories" and file.startswith("tag_"):
                repository = urllib.parse.unquote(urllib.parse.unquote("/".join(name)))
                if repository not in without:
                    known.tags.setdefault(repository, {})[file.removeprefix("tag_")] = data.decode()
            elif top == "images":
                known.files["/".join([*name, file])] = data
        return known

    def text(self, image):
        return self.files[f"{image}/json"]

    def layer(self, image):
        return self.files[f"{image}/{self.layer_file}"]

    def chain(self, top):
        chain = [top]
        while parent := json.loads(self.text(chain[-1])).get("parent"):
            chain.append(parent)
        return chain

    def chains(self):
        return {top: self.chain(top) for tags in self.tags.values() for top in tags.values()}

    def images(self):
        return sorted({image for chain in self.chains().values() for image in chain})

    def names(self):
        """(repository, tag) of all tags, as regctl names them."""
        return sorted((name.removeprefix("library/"), tag) for name, tags in self.tags.items() for tag in tags)


class Mirrored(MirrorCase):
    def output(self, *words, stdin=b""):
        return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, env=self.environment({}), check=True).stdout

    def curl(self, server, path, *options):
        return self.output("curl", "-fsS", *options, server.url(path))

    def sha256sum(self, data):
        return self.output("sha256sum", stdin=data).split()[0].decode()

    def push(self, server):
        """The engines' archives, with all their tags."""
        known = Known.of_archives()
        for engine in ENGINES:
            name = f"team/demo-{engine}"
            for tag in known.tags[name]:
                self.ok("push", os.path.join(DATA, f"save-{engine}.tar"), f"{server.host}/{name}:{tag}")
        return known

    def assertHold(self, known, *servers):
        """Checks tags, chains, and each image's layer and JSON at each of the servers."""
        for server in servers:
            for name, tags in known.tags.items():
                self.assertEqual(json.loads(self.curl(server, f"/v1/repositories/{name}/tags")), tags)
            for top, chain in known.chains().items():
                self.assertEqual(json.loads(self.curl(server, f"/v1/images/{top}/ancestry")), chain)
        for image in known.images():
            layers = [self.curl(server, f"/v1/images/{image}/layer") for server in servers]
            sums = [self.sha256sum(layer) for layer in layers]
            self.assertEqual(sums, sums[:1] * len(servers), image)
            if known.layer_file == "layer.tar":
                sums = [self.sha256sum(self.output("gzip", "-dc", stdin=layer)) for layer in layers]
            self.assertEqual(sums, [self.sha256sum(known.layer(image))] * len(servers), image)
            for server, layer in zip(servers, layers):
                self.check_json(server, image, known.text(image), layer)

    def check_json(self, server, image, text, layer):
        """npm's server re-encodes JSON, but keeps the checksum of the text it was sent."""
        path = f"/v1/images/{image}/json"
        if isinstance(server, NpmServer):
            self.assertEqual(json.loads(self.curl(server, path)), json.loads(text))
            sent = self.curl(server, path, "-o", os.devnull, "-w", "%header{X-Docker-Checksum}").decode()
            self.assertEqual(sent, "sha256:" + self.sha256sum(text + b"\n" + layer), image)
        else:
            self.assertEqual(self.curl(server, path), text)

    def verify(self, a, b, *filters, code=0):
        places = [getattr(place, "host", place) for place in (a, b)]
        result = self.regctl("verify", "--deep", *places, *filters, "--format", "json")
        self.assertEqual(result.code, code, result.err + result.out)
        return result.json

    def assertSound(self, known, a, b, *filters):
        rows = self.verify(a, b, *filters)
        self.assertEqual([(row["repository"], row["tag"], row["verdict"]) for row in rows],
                         [(name, tag, "sound") for name, tag in known.names()])

    def written(self, server):
        """When each file of a storage tree, or each layer of npm's server, was written."""
        top = os.path.join(server.folder, "layers") if isinstance(server, NpmServer) else server.storage
        return {os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_mtime_ns
                for folder, _, names in os.walk(top) for name in names}

    def assertMirrored(self, known, source, destination, *filters):
        """Mirrors, verifies both ways and compares byte by byte; a second run moves nothing, with or without the
        state of the first."""
        count = len(known.names())
        self.mirror(source, destination, *filters, "--report", "report")
        self.assertEqual((self.summary()["copied"], self.summary()["images"]), (count, len(known.images())))
        self.assertSound(known, source, destination, *filters)
        self.assertSound(known, destination, source, *filters)
        self.assertHold(known, *(end for end in (source, destination) if not isinstance(end, str)))
        before = self.written(destination)
        self.assertGreaterEqual(len(before), len(known.images()))
        for options in ((), ("--state", "nothing-known")):
            again = self.mirror(source, destination, *filters, *options, "--report", "report")
            self.assertEqual(again.out, "")
            self.assertEqual([self.summary()[key] for key in ("kept", "copied", "updated", "images", "bytes")],
                             [count, 0, 0, 0, 0])
        self.assertEqual(self.written(destination), before)

    def test_mirrors_from_npms_server_to_regctl_serve(self):
        npm = self.start(NpmServer)
        self.assertMirrored(self.push(npm), npm, self.start(RegctlServer))

    def test_mirrors_from_regctl_serve_to_npms_server(self):
        serve = self.start(RegctlServer)
        self.assertMirrored(self.push(serve), serve, self.start(NpmServer))

    def test_mirrors_from_a_tree_to_both_servers(self):
        tree = StorageTree.recorded(self.path("tree"), "tree-pushed")
        for kind, without in ((RegctlServer, [DEAD]), (NpmServer, [DEAD, DEEP])):
            with self.subTest(kind.__name__):
                filters = [word for name in without for word in ("--exclude", name)]
                self.assertMirrored(Known.of_tree(without), tree.place, self.start(kind), *filters)

    @contextlib.contextmanager
    def flipped(self, path, at):
        """Flips one bit of the file for the duration of the block."""
        whole = self.read(path)
        self.write(path, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        try:
            yield
        finally:
            self.write(path, whole)

    def test_a_byte_that_differs_is_found(self):
        """A byte in the time field of gzip's header, which unpacking does not show, or in the compressed data."""
        npm, serve = self.start(NpmServer), self.start(RegctlServer)
        known = self.push(npm)
        self.mirror(npm, serve)
        name = "team/demo-1.9.1"
        base = known.chain(known.tags[name]["1.0"])[-1]
        for path in (os.path.join(serve.storage, "images", base, "layer"), os.path.join(npm.folder, "layers", base)):
            for at in (4, os.path.getsize(path) // 2):
                with self.subTest(path=path, at=at), self.flipped(path, at):
                    with self.assertRaisesRegex(AssertionError, base):
                        self.assertHold(known, npm, serve)
                    found = {(row["repository"], row["tag"], finding["id"])
                             for row in self.verify(npm, serve, code=7) for finding in row["findings"]}
                    self.assertEqual(found, {(name, tag, base) for tag in known.tags[name]})
        self.assertHold(known, npm, serve)
        self.assertSound(known, npm, serve)


if __name__ == "__main__":
    main()
