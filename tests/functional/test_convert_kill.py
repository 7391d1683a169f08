#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror from a v1 registry to distribution at REGCTL_ROUNDS moments (without it, a few).

Each moment is a number of bytes that have passed between the mirror and its destination, so that it falls into the
looks, blobs, manifests and tags of conversions alike. The next run continues from there and is killed too, until one
run completes. After each, every tag at the destination is whole and the digest that an undisturbed run gives it.
"""

import json
import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, RegctlServer, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from test_v2_kill import Destination  # noqa: E402
from v2_case import V2Case  # noqa: E402

SEED = 20130323
MOMENTS = int(os.environ.get("REGCTL_ROUNDS", "12"))
REPOSITORIES = 8
LAYER_BYTES = 60_000
RUN_BYTES = REPOSITORIES * LAYER_BYTES  # about what a whole run moves


class Kill(V2Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        tree = StorageTree(self.path("tree"))
        base = tree.add_image("base", size=LAYER_BYTES // 2)
        for number in range(REPOSITORIES):
            below = tree.add_image(f"below-{number}", base, size=100)
            top = tree.add_image(f"app-{number}", below, size=LAYER_BYTES)
            tree.tag(f"team/app-{number}", "1.0", below)
            tree.tag(f"team/app-{number}", "2.0", top)
        self.source = self.start(RegctlServer, storage=self.path("tree"))
        self.names = [f"team/app-{number}" for number in range(REPOSITORIES)]

    def mirror(self, form, destination, at_bytes):
        """The exit code: SIGKILL, unless the run ended before the moment."""
        process = self.start_regctl("mirror", "-q", "-j", "4", "--to-format", form, "--map", "map", self.source.host,
                                    destination.host)
        destination.kill_at(process, at_bytes)
        _, err = process.communicate(timeout=PATIENCE_S)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual((process.returncode, err), (0, b""))
        return process.returncode

    def undisturbed(self, form):
        """The tags of each repository, as a run makes them that nobody kills."""
        server = self.distribution()
        self.ok("mirror", "--to-format", form, "--state", "other", self.source.host, server.host)
        expected = {name: self.tags_of(server, name) for name in self.names}
        server.stop()
        self.assertEqual({tuple(sorted(tags)) for tags in expected.values()}, {("1.0", "2.0")})
        return expected

    def check(self, server, expected, what):
        """The number of tags that are there, each whole."""
        count = 0
        for name in self.names:
            for tag, digest in self.settled_tags(server, name).items():
                self.assertEqual(digest, expected[name][tag], what)
                self.assertEqual(self.assertComplete(server, name, tag), digest, what)
                count += 1
        return count

    def assertMap(self, expected):
        lines = [json.loads(line) for line in self.read("map").decode().splitlines()]
        self.assertEqual({(line["destination"], line["tag"]): line["digest"] for line in lines},
                         {(name, tag): digest for name, tags in expected.items() for tag, digest in tags.items()})

    def test_runs_killed_at_any_moment_make_progress_until_one_completes(self):
        choose = random.Random(SEED)
        kills, destinations = 0, 0
        all_expected = {form: self.undisturbed(form) for form in ("oci", "docker")}
        while kills < MOMENTS:
            form = ("oci", "docker")[destinations % 2]
            expected = all_expected[form]
            server = self.distribution()
            destination = Destination(server)
            destinations += 1
            tags, code = 0, None
            while code != 0:
                at_bytes = choose.randrange(RUN_BYTES) if kills < MOMENTS else -1
                code = self.mirror(form, destination, at_bytes)
                kills += code != 0
                self.assertEqual(os.path.exists(self.path("map")), code == 0)
                found = self.check(server, expected, f"destination {destinations}, kill {kills} at byte {at_bytes}")
                self.assertGreaterEqual(found, tags)
                tags = found
            self.assertMap(expected)
            os.remove(self.path("map"))
            destination.stop()
            server.stop()
            self.assertEqual(tags, 2 * REPOSITORIES)
        print(f"{destinations} destinations, {kills} kills", file=sys.stderr)


if __name__ == "__main__":
    main()
