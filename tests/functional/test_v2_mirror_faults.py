#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror between registries of protocol v2 with faults at both and on the ways to them.

The fault of a request follows from the seed, the side, the request and its number of repetitions, not from the order
in which threads run. One repository is broken at the source until the first run is over; each run's result and report
say what became of each tag.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from mirror_faults import BROKEN, REPOSITORIES, FaultyV2Side, MirrorFaults  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image, index, signature, signature_tag  # noqa: E402


class Faults(MirrorFaults, V2Case):
    SIDE = FaultyV2Side
    broken = BROKEN

    def setUp(self):
        super().setUp()
        self.source = self.distribution()
        base = image("base", 1, 20_000)
        self.expected = {}
        for name in [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]:
            for tag in ("1.0", "2.0"):
                one = image(f"{name} {tag}", 1, 30_000, base)
                self.push(self.source, name, tag,
                          index([one, image(f"{name} {tag} arm", architecture="arm64")]) if tag == "2.0" else one)
            self.push(self.source, name, signature_tag(one), signature(one))
            self.expected[name] = self.tags_of(self.source, name)


if __name__ == "__main__":
    main()
