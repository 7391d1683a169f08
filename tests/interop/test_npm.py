#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl against npm's docker-registry-server 2.2.0, checked by npm's docker-registry-client 3.4.0."""

import gzip
import hashlib
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, NpmServer, TestCase, main, make_archive, npm_client  # noqa: E402

LAYOUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "layouts")
ENGINES = ("1.3.3", "1.5.0", "1.9.1")


class Npm(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(NpmServer)

    def images_of(self, archive_path):
        """ID → (JSON, layer) of a v1 archive."""
        with tarfile.open(archive_path) as archive:
            names = [n.lstrip("./") for n in archive.getnames()]
            ids = {n.split("/")[0] for n in names if n.endswith("/json")}
            prefix = "./" if "./repositories" in archive.getnames() else ""
            return {i: (archive.extractfile(f"{prefix}{i}/json").read(),
                        archive.extractfile(f"{prefix}{i}/layer.tar").read()) for i in ids}

    def test_every_engines_archive_is_pushed_and_read_back_by_both(self):
        for engine in ENGINES:
            with self.subTest(engine):
                source = os.path.join(DATA, f"save-{engine}.tar")
                name = f"{self.server.host}/team/demo-{engine}"
                self.ok("push", source, f"{name}:1.0")
                saved = self.images_of(source)
                top = json.loads(npm_client(name, "tags"))["1.0"]
                chain = json.loads(npm_client(name, "ancestry", top))
                self.assertEqual(set(chain), set(saved))
                self.ok("pull", f"{name}:1.0", "out.tar")
                pulled = self.images_of(self.path("out.tar"))
                for identity, (text, layer) in saved.items():
                    # regctl gives back the JSON that was pushed, although the server re-encodes it.
                    self.assertEqual(pulled[identity][0], text)
                    self.assertEqual(gzip.decompress(pulled[identity][1]), layer)
                    witness = npm_client(name, "layer", identity, self.path("layer"))
                    self.assertEqual(witness, hashlib.sha256(pulled[identity][1]).hexdigest())
                    self.assertEqual(json.loads(npm_client(name, "json", identity)), json.loads(text))
                for layer in self.ok("layer", "ls", "--format", "json", f"{name}:1.0").json:
                    text, data = pulled[layer["id"]]
                    total = hashlib.sha256(text + b"\n" + data).hexdigest()
                    self.assertEqual(layer["checksums"], ["sha256:" + total])

    def test_an_oci_image_becomes_one_of_its_own(self):
        self.unpack_layout("layout-umoci")
        name = f"{self.server.host}/team/umoci"
        top = self.ok("push", "--format", "json", f"oci:{self.path('layout-umoci')}:1", f"v1://{name}:1").json["tags"][0]["id"]
        self.assertEqual(json.loads(npm_client(name, "tags")), {"1": top})
        exported = [self.ok("export", place).out_bytes for place in (f"v1://{name}:1", f"oci:{self.path('layout-umoci')}:1")]
        self.assertGreater(len(exported[0]), 1024)
        self.assertEqual(*exported)
        for identity in json.loads(npm_client(name, "ancestry", top)):
            self.assertEqual(json.loads(npm_client(name, "json", identity))["id"], identity)
        again = self.ok("push", "--format", "json", f"oci:{self.path('layout-umoci')}:1", f"v1://{name}:1").json
        self.assertEqual((again["images"], again["bytes"]), (0, 0))

    def unpack_layout(self, name):
        with tarfile.open(os.path.join(LAYOUTS, name + ".tar.gz")) as archive:
            archive.extractall(self.path(name))

    def test_its_listing_stands_in_for_search(self):
        self.ok("push", os.path.join(DATA, "save-1.9.1.tar"), f"{self.server.host}/team/demo:1.0")
        self.ok("push", os.path.join(DATA, "save-1.5.0.tar"), f"{self.server.host}/single:2")
        names = [r["repository"] for r in self.ok("search", self.server.host, "--format", "json").json]
        self.assertEqual(sorted(names), ["single", "team/demo"])
        self.assertEqual([r["repository"] for r in self.ok("search", self.server.host, "DEM", "--format", "json").json],
                         ["team/demo"])
        rows = self.ok("images", self.server.host, "--format", "json").json
        self.assertEqual([(r["repository"], r["tag"]) for r in rows], [("single", "2"), ("team/demo", "1.0")])

    def test_a_registry_with_users_needs_a_login(self):
        server = self.start(NpmServer, "--user", "bob:secret")
        image = f"{server.host}/team/demo:1.0"
        source = os.path.join(DATA, "save-1.9.1.tar")
        self.fails(4, "push", source, image, saying="regctl login")
        environment = {"REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": "secret"}
        self.ok("push", source, image, env=environment)
        self.ok("pull", image, "out.tar", env=environment)
        wrong = self.regctl("login", "-u", "bob", "--password-stdin", server.host, stdin=b"nope\n")
        self.assertEqual(wrong.code, 4, wrong.err)
        right = self.regctl("login", "-u", "bob", "--password-stdin", server.host, stdin=b"secret\n")
        self.assertEqual(right.code, 0, right.err)
        self.ok("tags", f"{server.host}/team/demo")

    def test_a_name_that_the_server_refuses_is_an_error(self):
        make_archive(self.path("app.tar"), ["base"], 100)
        self.fails(9, "push", "app.tar", f"{self.server.host}/team/deep/app:1",
                   saying=["does not take the name team/deep/app", "NAMESPACE/NAME"])

    def test_tags_are_set_and_removed(self):
        repository = f"{self.server.host}/team/demo"
        self.ok("push", os.path.join(DATA, "save-1.9.1.tar"), f"{repository}:1.0")
        self.ok("tag", f"{repository}:1.0", "stable", f"{self.server.host}/prod/demo:1.0")
        self.assertEqual(json.loads(npm_client(f"{self.server.host}/prod/demo", "tags")).keys(), {"1.0"})
        self.ok("rm", f"{repository}:stable")
        self.assertEqual(self.ok("tags", repository).out, "1.0\n")
        self.fails(3, "rm", f"{repository}:stable")
        self.fails(9, "rm", "--repository", "--yes", repository, saying="cannot remove repositories")

    def test_copies_from_and_to_the_originals_kind_keep_every_byte(self):
        original = self.start(FaultServer, "--storage", os.path.join(DATA, "tree-wild.tar.gz"))
        for name in ("mixed:no-xz", "team/demo-1.5.0:1.0", "team/oldsum:1"):
            with self.subTest(name):
                self.ok("copy", f"{original.host}/{name}", f"{self.server.host}/{name}")
                back = self.start(FaultServer)
                self.ok("copy", f"{self.server.host}/{name}", f"{back.host}/{name}")
                for layer in self.ok("layer", "ls", "--format", "json", f"{original.host}/{name}").json:
                    for part in ("json", "layer"):
                        path = f"/v1/images/{layer['id']}/{part}"
                        self.assertEqual(back.get(path), original.get(path))


if __name__ == "__main__":
    main()
