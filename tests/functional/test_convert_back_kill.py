#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror from distribution to a v1 registry at REGCTL_ROUNDS moments (without it, a few).

After each run every tag at the destination names the image that an undisturbed run gives it, whole; in the end an audit
finds nothing.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from mirror_kills import LAYER_BYTES, REPOSITORIES, MirrorKills  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image  # noqa: E402


class Kill(MirrorKills, V2Case):
    SEED = 20151103

    def setUp(self):
        super().setUp()
        self.source = self.distribution()
        base = image("base", 1, LAYER_BYTES // 2)
        for number in range(REPOSITORIES):
            name = f"team/app-{number}"
            below = image(f"{name} below", 1, 100, base)
            self.push(self.source, name, "1.0", below)
            self.push(self.source, name, "2.0", image(name, 1, LAYER_BYTES, below))
        tree = StorageTree(self.path("undisturbed"))
        self.ok("mirror", "--state", "other", self.source.host, tree.place)
        self.expected = self.tags_in(tree)
        self.assertEqual(len(self.expected), 2 * REPOSITORIES)

    @staticmethod
    def tags_in(tree):
        """The tags of a storage tree, each with its image's ID, by "repository:tag"."""
        return {f"team/{name}:{tag}": identity for name in tree.files.names("repositories/team")
                for tag, identity in tree.tags(f"team/{name}").items()}

    def new_destination(self, number):
        return self.start(RegctlServer, storage=self.path(f"tree-{number}"))

    def words(self, destination, number):
        return self.source.host, "v1://" + destination.host

    def count_whole(self, server, number, what):
        found = self.tags_in(StorageTree(server.storage))
        for name, identity in found.items():
            self.assertEqual(identity, self.expected[name], what)
        if found:
            # Uploads that were begun belong to no tag.
            self.assertEqual(self.regctl("verify", "--deep", server.place).code, 0, what)
        return len(found)

    def check_completed(self, server, number):
        self.assertEqual(self.tags_in(StorageTree(server.storage)), self.expected)
        self.ok("audit", "--deep", server.place)


if __name__ == "__main__":
    main()
