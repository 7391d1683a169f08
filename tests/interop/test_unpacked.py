#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""umoci unpacks what v1 images were converted to. Its files are those of the chain, as plain Python, and not the
program, lays the layers over each other."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "functional"))
from flattened import Files  # noqa: E402
from harness import main  # noqa: E402
from test_convert import TREES, ConvertCase, read_golden  # noqa: E402

# umoci 0.4.7 knows neither global headers of pax nor GNU's sparse files.
UNKNOWN = {"odd/global-header:1": r"unknown typeflag '\x67'", "odd/sparse-gnu:1": r"unknown typeflag '\x53'"}


@unittest.skipUnless(os.geteuid() == 0, "owners and devices are for root to give")
class Unpacked(ConvertCase):
    def test_each_image_of_the_trees(self):
        for name in TREES:
            # Of equal images, one.
            images = {one.digest("oci"): one for one in read_golden(name) if not one.is_broken}
            for one in images.values():
                with self.subTest(f"{name} {one}"):
                    self.check(self.recorded(name), one)

    def check(self, tree, one):
        self.ok("copy", f"{tree.place}:{one}", "oci:layout:x")
        try:
            done = subprocess.run(["umoci", "unpack", "--image", "layout:x", "bundle"], cwd=self.folder, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode != 0, str(one) in UNKNOWN, done.stdout)
            if done.returncode:
                self.assertIn(UNKNOWN[str(one)], done.stdout.decode())
                return
            files = Files.of_chain(tree, one.image)
            self.assertEqual(files.differences(Files.of_folder(self.path("bundle/rootfs"))), {})
        finally:
            shutil.rmtree(self.path("bundle"))
            shutil.rmtree(self.path("layout"))


if __name__ == "__main__":
    main()
