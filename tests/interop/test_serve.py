#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve as seen by npm's docker-registry-client 3.4.0: over a tree of docker-registry, and over one that
regctl wrote."""

import hashlib
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, NpmServer, RegctlServer, TestCase, main, npm_client  # noqa: E402


class Serve(TestCase):
    def setUp(self):
        super().setUp()
        with tarfile.open(os.path.join(DATA, "tree-wild.tar.gz")) as tree:
            tree.extractall(self.path("tree"))
        self.server = self.start(RegctlServer, storage=self.path("tree"))

    def part(self, image, name):
        return self.read(f"tree/images/{image}/{name}")

    def check_image(self, name, tag):
        """All answers about a tag match the tree."""
        repository = f"{self.server.host}/{name}"
        top = json.loads(npm_client(repository, "tags"))[tag]
        chain = json.loads(npm_client(repository, "ancestry", top))
        self.assertEqual(chain[0], top)
        for child, parent in zip(chain, chain[1:]):
            self.assertEqual(json.loads(self.part(child, "json"))["parent"], parent)
        self.assertNotIn("parent", {k for k, v in json.loads(self.part(chain[-1], "json")).items() if v})
        for image in chain:
            self.assertEqual(json.loads(npm_client(repository, "json", image)), json.loads(self.part(image, "json")))
            sum_ = npm_client(repository, "layer", image, self.path("layer"))
            self.assertEqual(sum_, hashlib.sha256(self.part(image, "layer")).hexdigest())
            self.assertEqual(self.read("layer"), self.part(image, "layer"))
        return chain

    def test_a_tree_of_the_original_is_read(self):
        for name, tag in (("team/demo-1.3.3", "1.0"), ("team/demo-1.9.1", "1.0"), ("team/wrongancestry", "1"),
                          ("team/noancestry", "1"), ("library/mixed", "no-xz")):
            with self.subTest(name):
                self.check_image(name, tag)

    def test_search_finds_names(self):
        found = json.loads(npm_client(f"{self.server.host}/team/demo-1.9.1", "search", "DEMO"))
        self.assertEqual(found["num_results"], 3)
        self.assertEqual([r["name"] for r in found["results"]],
                         ["team/demo-1.3.3", "team/demo-1.5.0", "team/demo-1.9.1"])

    def test_images_pushed_by_regctl_are_read(self):
        self.ok("push", os.path.join(DATA, "save-1.5.0.tar"), f"{self.server.host}/fresh/app:7")
        self.assertEqual(len(self.check_image("fresh/app", "7")), 3)

    def test_copies_from_and_to_npms_server_keep_every_byte(self):
        npm = self.start(NpmServer)
        self.ok("copy", f"{self.server.host}/team/demo-1.5.0:1.0", f"{npm.host}/team/app:1")
        self.ok("copy", f"{npm.host}/team/app:1", f"v1-storage:{self.path('back')}:team/app:1")
        images = os.listdir(self.path("back/images"))
        self.assertEqual(len(images), 3)
        for image in images:
            for part in ("json", "layer"):
                self.assertEqual(self.read(f"back/images/{image}/{part}"), self.part(image, part))


if __name__ == "__main__":
    main()
