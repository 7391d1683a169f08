#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror from a v1 registry to distribution at REGCTL_ROUNDS moments (without it, a few).

After each run every tag at the destination is whole and the digest that an undisturbed run gives it.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from mirror_kills import LAYER_BYTES, REPOSITORIES, MirrorKills  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402

FORMS = ("oci", "docker")


class Kill(MirrorKills, V2Case):
    SEED = 20130323

    def setUp(self):
        super().setUp()
        tree = StorageTree(self.path("tree"))
        base = tree.add_image("base", size=LAYER_BYTES // 2)
        for number in range(REPOSITORIES):
            below = tree.add_image(f"below-{number}", base, size=100)
            top = tree.add_image(f"app-{number}", below, size=LAYER_BYTES)
            tree.tag(f"team/app-{number}", "1.0", below)
            tree.tag(f"team/app-{number}", "2.0", top)
        self.source = self.start(RegctlServer, storage=self.path("tree"))
        self.names = [f"team/app-{number}" for number in range(REPOSITORIES)]
        self.expected = [self.undisturbed(form) for form in FORMS]

    def undisturbed(self, form):
        """The tags of each repository, as a run makes them that nobody kills."""
        server = self.distribution()
        self.ok("mirror", "--to-format", form, "--state", "other", self.source.host, server.host)
        expected = {name: self.tags_of(server, name) for name in self.names}
        server.stop()
        self.assertEqual({tuple(sorted(tags)) for tags in expected.values()}, {("1.0", "2.0")})
        return expected

    def words(self, destination, number):
        return (*super().words(destination, number), "--to-format", FORMS[number % 2], "--map", "map")

    def count_whole(self, server, number, what):
        count = 0
        for name, expected in self.expected[number % 2].items():
            found = self.whole_tags(server, name, what)
            self.assertEqual(found, {tag: expected.get(tag) for tag in found}, what)
            count += len(found)
        return count

    def check_run(self, code):
        self.assertEqual(os.path.exists(self.path("map")), code == 0)

    def check_completed(self, server, number):
        lines = [json.loads(line) for line in self.read("map").decode().splitlines()]
        os.remove(self.path("map"))
        self.assertEqual({(line["destination"], line["tag"]): line["digest"] for line in lines},
                         {(name, tag): digest for name, tags in self.expected[number % 2].items()
                          for tag, digest in tags.items()})


if __name__ == "__main__":
    main()
