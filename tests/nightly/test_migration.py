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

    def mirror(self, destination, state, tags=None):
        """The exit code of a run, which is killed when it has told of so many tags."""
        process = self.start_regctl("mirror", "--jobs", str(JOBS), self.source.host, destination, "--state", state,
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
    def read_links(root, tags):
        """(repository, tag) → digest, of those of `tags` that a tree has; a link is empty while it is written."""
        found = {}
        for name, tag in tags:
            try:
                with open(os.path.join(root, "docker/registry/v2/repositories", name, "_manifests/tags", tag,
                                       "current/link"), encoding="ascii") as link:
                    found[name, tag] = link.read()
            except FileNotFoundError:
                pass
        return {tag: digest for tag, digest in found.items() if digest}

    @staticmethod
    def all_links(root):
        """The same of all tags that there are."""
        root, found = os.path.join(root, "docker/registry/v2/repositories"), {}
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

    @staticmethod
    def tags_until_kill(choose, kills, left):
        """So many that the kills are the closer together the fewer tags are there, since each run asks for all that
        are, and that the last one falls into the last tags."""
        mean = left * (2 * kills + 1) // (KILLS**2 - kills**2)
        return min(choose.randrange(1, max(2 * mean, 2)), max(left - JOBS, 1))

    def test_a_hundred_kills_lose_nothing(self):
        # A tree takes the images ten times as fast as a registry, and they are the same.
        undisturbed = self.path("undisturbed")
        self.assertEqual(self.mirror(f"v2-storage:{undisturbed}", "undisturbed-state"), 0)
        expected = self.all_links(undisturbed)
        self.assertEqual(len(expected), REPOSITORIES * TAGS)
        reads = self.layers_read()
        self.assertEqual((len(reads), max(reads.values())), (self.layers, 1))

        server, choose = self.distribution(), random.Random(20150324)
        kills, code = 0, None
        while code != 0:
            left = len(expected) - len(self.read_links(server.root, expected))
            tags = self.tags_until_kill(choose, kills, left) if kills < KILLS else None
            code = self.mirror(server.host, "state", tags)
            kills += code != 0
            found = self.read_links(server.root, expected)
            self.assertEqual(found, {tag: expected[tag] for tag in found})
        self.assertEqual(self.all_links(server.root), expected)
        reads = self.layers_read()
        extra = sum(reads.values()) - self.layers
        print(f"{kills} kills; {extra} of {self.layers} layers were read once more", file=sys.stderr)
        self.assertGreaterEqual(kills, KILLS)
        self.assertLessEqual(extra, kills * JOBS)  # so many layers are under way at a time


if __name__ == "__main__":
    main()
