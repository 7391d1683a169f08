#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror from distribution to a v1 registry with faults at both and on the ways to them.

The fault of a request follows from the seed, the side, the request and its number of repetitions, not from the order
in which threads run. One repository is broken at the source until the first run is over. No tag ever names another
image than an undisturbed run gives it, each is whole, and each run's result and report say what became of each tag. A
layer is read once for each v1 image that it becomes the layer of, and again only if that was spoiled, or the image on
its way to the destination.
"""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from middleman import Spoil  # noqa: E402
from mirror_faults import BROKEN, REPOSITORIES, FaultyV2Side, MirrorFaults  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import digest_of, image  # noqa: E402


class Side(FaultyV2Side):
    UPLOADS = ()  # a v1 registry has no sessions that may be gone
    LAYERS = "/blobs/sha256:"
    LOSSES = {"source": "/blobs/|/manifests/", "destination": "/images/"}

    def choose_spoil(self, request):
        choose = random.Random(f"{self.seed} {self.name} flip {request.path} {request.count}")
        if request.method == "PUT" and request.path.endswith("/layer") and choose.random() < 0.1:
            return Spoil(flip_request=choose.random())
        return super().choose_spoil(request)


class Faults(MirrorFaults, V2Case):
    SIDE = Side
    LOST_AT_ONCE = 3  # an image fails with all of its chain
    broken = BROKEN

    def setUp(self):
        super().setUp()
        self.source = self.distribution()
        base = image("base", 1, 20_000)
        names = [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]
        self.shared, self.repository = set(), {}  # layers below others; layer → repository, if it is that of one alone
        for name in names:
            below = image(f"{name} below", 1, 100, base)
            top = image(name, 1, 30_000, below)
            self.push(self.source, name, "1.0", below)
            self.push(self.source, name, "2.0", top)
            own = [digest_of(layer) for layer, _ in top.layers[1:]]
            self.shared.add(own[0])
            self.repository.update(dict.fromkeys(own, name))
        tree = StorageTree(self.path("undisturbed"))
        self.ok("mirror", self.source.host, tree.place, "--state", "other")
        self.expected = {name: tree.tags(name) for name in names}
        self.assertEqual({tuple(sorted(tags)) for tags in self.expected.values()}, {("1.0", "2.0")})
        self.images = {name: [one for top in tags.values() for one in json.loads(tree.read("images", top, "ancestry"))]
                       for name, tags in self.expected.items()}

    def reads_wanted(self, layer):
        """One at the top of an image, and below the top of another, is that of two v1 images."""
        return 2 if layer in self.shared else 1

    def may_cost(self, path, layer):
        """A request for what the layer's repository has, wherever that is."""
        name = self.repository.get(layer)
        return not name or f"/v2/{name}/" in path or any(one in path for one in self.images[name])

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
