#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror from a v1 registry to distribution with faults at both and on the ways to them.

The fault of a request follows from the seed, the side, the request and its number of repetitions, not from the order
in which threads run. One repository is broken at the source until the first run is over. No tag is ever another
digest than an undisturbed run gives it, and each run's result and report say what became of each tag. A layer is read
once, and again only if that was spoiled, or the blob on its way to the destination.
"""

import collections
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from middleman import Spoil  # noqa: E402
from mirror_faults import BROKEN, REPOSITORIES, FaultySide, LayerReads, MirrorFaults  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402


class Side(FaultySide):
    SUMMED = "/layer$|" + FaultySide.SUMMED
    UPLOADS = ("PUT", "PATCH")
    LAYERS = "/layer$"

    def choose_broken(self, request):
        """The topmost image of the repository cannot be had."""
        if not self.broken or f"/v1/images/{self.broken}/layer" not in request.path:
            return None
        return (Spoil(404), Spoil(500), Spoil(flip_answer=0.5))[random.Random(f"{self.seed} broken").randrange(3)]


class Faults(MirrorFaults, V2Case):
    SIDE = Side

    def setUp(self):
        super().setUp()
        tree = StorageTree(self.path("tree"))
        base = tree.add_image("base", size=20_000)
        self.repository = {}  # layer → that of its image, if it is the image of one alone
        for name in [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]:
            below = tree.add_image(f"{name} below", base, size=100)
            self.broken = tree.add_image(name, below, size=30_000)
            tree.tag(name, "1.0", below)
            tree.tag(name, "2.0", self.broken)
            self.repository.update({f"/v1/images/{identity}/layer": name for identity in (below, self.broken)})
        self.source = self.start(RegctlServer, storage=self.path("tree"))
        server = self.distribution()
        self.ok("mirror", self.source.host, server.host, "--state", "other")
        names = [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]
        self.expected = {name: self.tags_of(server, name) for name in names}
        server.stop()
        self.assertEqual({tuple(sorted(tags)) for tags in self.expected.values()}, {("1.0", "2.0")})

    def may_cost(self, path, layer):
        return f"/v2/{self.repository.get(layer, 'team/')}" in path

    def options(self, seed):
        return "--state", f"state-{seed}"


class Once(V2Case):
    """Without faults."""

    def test_no_layer_is_fetched_twice(self):
        tree = StorageTree(self.path("tree"))
        base = tree.add_chain("base", 3)[-1]
        for number in range(6):
            tree.tag(f"team/app-{number}", "1.0", tree.add_image(f"app-{number}", base))
            tree.tag(f"team/app-{number}", "base", base)
        source = Side(self.start(RegctlServer, storage=self.path("tree")), None, "source", LayerReads())
        source.choose_spoil = lambda request: None
        fetched = collections.Counter()
        source.on_answer = lambda request, status: fetched.update(
            [request.path] if request.path.endswith("/layer") and request.method == "GET" else [])
        server = self.distribution()
        self.ok("mirror", "--jobs", "8", source.host, server.host)
        self.assertEqual((len(fetched), set(fetched.values())), (9, {1}), fetched)
        source.stop()


if __name__ == "__main__":
    main()
