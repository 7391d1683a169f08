#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror from distribution to a v1 registry with faults at both and on the ways to them.

The fault of a request follows from the seed, the side, the request and its number of repetitions, not from the order
in which threads run. One repository is broken at the source until the first run is over. No tag ever names another
image than an undisturbed run gives it, each is whole, and each run's result and report say what became of each tag.
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from middleman import Spoil  # noqa: E402
from mirror_faults import BROKEN, REPOSITORIES, FaultyV2Side, MirrorFaults  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image  # noqa: E402


class Side(FaultyV2Side):
    UPLOADS = ()  # a v1 registry has no sessions that may be gone

    def choose_spoil(self, request):
        choose = random.Random(f"{self.seed} {self.name} flip {request.path} {request.count}")
        if request.method == "PUT" and request.path.endswith("/layer") and choose.random() < 0.1:
            return Spoil(flip_request=choose.random())
        return super().choose_spoil(request)


class Faults(MirrorFaults, V2Case):
    SIDE = Side
    broken = BROKEN

    def setUp(self):
        super().setUp()
        self.source = self.distribution()
        base = image("base", 1, 20_000)
        names = [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]
        for name in names:
            below = image(f"{name} below", 1, 100, base)
            self.push(self.source, name, "1.0", below)
            self.push(self.source, name, "2.0", image(name, 1, 30_000, below))
        tree = StorageTree(self.path("undisturbed"))
        self.ok("mirror", self.source.host, tree.place, "--state", "other")
        self.expected = {name: tree.tags(name) for name in names}
        self.assertEqual({tuple(sorted(tags)) for tags in self.expected.values()}, {("1.0", "2.0")})

    def options(self, seed):
        return "--state", f"state-{seed}"

    def new_destination(self, seed):
        return self.start(RegctlServer, storage=self.path(f"tree-{seed}"))

    def name_of(self, destination):
        return "v1://" + destination.host

    def whole_tags(self, server, name, what):
        found = StorageTree(server.storage).tags(name)
        if found:
            self.assertEqual(self.regctl("verify", "--deep", f"{server.place}:{name}").code, 0, what)
        return found


if __name__ == "__main__":
    main()
