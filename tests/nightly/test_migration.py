#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry of 1,000 repositories with 10 tags each moves from protocol v1 to distribution, and the move is killed with
SIGKILL at a hundred moments. After each kill no tag names another image than it must, at the end none is missing, and
each layer was read once but for what was under way."""

import json
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402

REPOSITORIES, TAGS, KILLS = 1000, 10, 100
JOBS = 4


class Migration(V2Case):
    def setUp(self):
        super().setUp()
        tree = StorageTree(self.path("tree"))
        base = tree.add_image("base", size=20_000)
        for number in range(REPOSITORIES):
            name, below = f"team-{number % 50}/app-{number}", base
            for tag in range(TAGS):
                below = tree.add_image(f"{number}-{tag}", below, size=300)
                tree.tag(name, f"1.{tag}", below)
        self.layers = 1 + REPOSITORIES * TAGS
        self.log = self.path("log")
        self.source = self.start(RegctlServer, "--access-log", self.log, "--access-log-format", "json",
                                 storage=self.path("tree"))

    def mirror(self, server, state, tags=None):
        """The exit code of a run, which is killed when it has told of so many tags."""
        process = self.start_regctl("mirror", "--jobs", str(JOBS), self.source.host, server.host, "--state", state,
                                    "--no-progress")
        for _ in range(tags or 0):
            if not process.stdout.readline():
                break
        else:
            if tags is not None:
                process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        self.assertIn(process.returncode, (0, -signal.SIGKILL), err)
        return process.returncode

    @staticmethod
    def read_links(server, tags):
        """(repository, tag) → digest, of those of `tags` that are there; a link is empty while it is written."""
        found = {}
        for name, tag in tags:
            try:
                with open(os.path.join(server.root, "docker/registry/v2/repositories", name, "_manifests/tags", tag,
                                       "current/link"), encoding="ascii") as link:
                    found[name, tag] = link.read()
            except FileNotFoundError:
                pass
        return {tag: digest for tag, digest in found.items() if digest}

    @staticmethod
    def all_links(server):
        """The same of all tags that there are."""
        root = os.path.join(server.root, "docker/registry/v2/repositories")
        found = {}
        for folder, _, files in os.walk(root):
            if folder.endswith("/current") and "link" in files:
                name, _, rest = os.path.relpath(folder, root).partition("/_manifests/tags/")
                with open(os.path.join(folder, "link"), encoding="ascii") as link:
                    found[name, rest.removesuffix("/current")] = link.read()
        return found

    def layers_read(self):
        """How often each layer was asked for since this was called last."""
        counts = {}
        with open(self.log, encoding="utf-8") as lines:
            for line in lines:
                path = json.loads(line)["path"]
                if path.endswith("/layer"):
                    counts[path] = counts.get(path, 0) + 1
        os.truncate(self.log, 0)
        return counts

    def test_a_hundred_kills_lose_nothing(self):
        undisturbed = self.distribution()
        self.assertEqual(self.mirror(undisturbed, "undisturbed"), 0)
        expected = self.all_links(undisturbed)
        undisturbed.stop()
        self.assertEqual(len(expected), REPOSITORIES * TAGS)
        reads = self.layers_read()
        self.assertEqual((len(reads), max(reads.values())), (self.layers, 1))

        server, choose = self.distribution(), random.Random(20150324)
        kills, code = 0, None
        while code != 0:
            # About so many that the last kill falls into the last tags.
            left = len(expected) - len(self.read_links(server, expected))
            tags = choose.randrange(1, max(2 * left // (KILLS - kills), 2)) if kills < KILLS else None
            code = self.mirror(server, "state", tags)
            kills += code != 0
            found = self.read_links(server, expected)
            self.assertEqual(found, {tag: expected[tag] for tag in found})
        self.assertEqual(self.all_links(server), expected)
        reads = self.layers_read()
        extra = sum(reads.values()) - self.layers
        print(f"{kills} kills; {extra} of {self.layers} layers were read once more", file=sys.stderr)
        self.assertGreaterEqual(kills, KILLS)
        # Under way is what the tags that are being moved need: whole chains, at most one for each job.
        self.assertLessEqual(extra, kills * JOBS * TAGS)


if __name__ == "__main__":
    main()
