#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror from distribution to a v1 registry at REGCTL_ROUNDS moments (without it, a few).

Each moment is a number of bytes that have passed between the mirror and its destination, so that it falls into the
announcements, JSONs, layers, checksums and tags alike. The next run continues from there and is killed too, until one
run completes. After each, every tag at the destination names the image that an undisturbed run gives it, whole; in the
end an audit finds nothing.
"""

import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, RegctlServer, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from test_v2_kill import Destination  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image  # noqa: E402

SEED = 20151103
MOMENTS = int(os.environ.get("REGCTL_ROUNDS", "12"))
REPOSITORIES = 8
LAYER_BYTES = 60_000
RUN_BYTES = REPOSITORIES * LAYER_BYTES  # about what a whole run moves


class Kill(V2Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        self.source = self.distribution()
        base = image("base", 1, LAYER_BYTES // 2)
        self.names = [f"team/app-{number}" for number in range(REPOSITORIES)]
        for name in self.names:
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

    def mirror(self, destination, at_bytes):
        """The exit code: SIGKILL, unless the run ended before the moment."""
        process = self.start_regctl("mirror", "-q", "-j", "4", self.source.host, "v1://" + destination.host)
        destination.kill_at(process, at_bytes)
        _, err = process.communicate(timeout=PATIENCE_S)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual((process.returncode, err), (0, b""))
        return process.returncode

    def check(self, tree, what):
        """The number of tags that are there, each whole."""
        found = self.tags_in(tree)
        for name, identity in found.items():
            self.assertEqual(identity, self.expected[name], what)
        if found:
            # Uploads that were begun belong to no tag.
            self.assertEqual(self.regctl("verify", "--deep", tree.place).code, 0, what)
        return len(found)

    def test_runs_killed_at_any_moment_make_progress_until_one_completes(self):
        choose = random.Random(SEED)
        kills, destinations = 0, 0
        while kills < MOMENTS:
            tree = StorageTree(self.path(f"tree-{destinations}"))
            server = self.start(RegctlServer, storage=self.path(f"tree-{destinations}"))
            destination = Destination(server)
            destinations += 1
            tags, code = 0, None
            while code != 0:
                at_bytes = choose.randrange(RUN_BYTES) if kills < MOMENTS else -1
                code = self.mirror(destination, at_bytes)
                kills += code != 0
                found = self.check(tree, f"destination {destinations}, kill {kills} at byte {at_bytes}")
                self.assertGreaterEqual(found, tags)
                tags = found
            destination.stop()
            server.stop()
            self.assertEqual(self.tags_in(tree), self.expected)
            self.ok("audit", "--deep", tree.place)
        print(f"{destinations} destinations, {kills} kills", file=sys.stderr)


if __name__ == "__main__":
    main()
