#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OCI layouts, in folders and in tar files, both ways between the program, skopeo and umoci."""

import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import ROOT, TestCase, main  # noqa: E402

LAYOUTS = os.path.join(ROOT, "tests", "data", "layouts")
DEMO = "sha256:fdd37ad66a02af61725be933485c210f23bee3751347c9987bea197efa8faa09"
MULTI = "sha256:b2672dcb1c1237165f723f3490a3941d0ecd813fc135a360b35a2f81640d7697"


class Layouts(TestCase):
    def unpacked(self, name):
        """The folder of a layout that is packed in the test data."""
        os.mkdir(self.path(name))
        self.peer("tar", "xf", os.path.join(LAYOUTS, name), "-C", name)
        return name

    def peer(self, *words):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment({}),
                              cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def skopeo(self, *words):
        return self.peer("skopeo", "--insecure-policy", *words)

    def digest(self, place):
        """The digest of the manifest as skopeo reads it."""
        return "sha256:" + hashlib.sha256(self.skopeo("inspect", "--raw", place)).hexdigest()

    def test_skopeo_and_umoci_read_what_we_write(self):
        source = self.unpacked("layout-umoci.tar.gz")
        for name in ("1", "2", "latest"):
            self.ok("copy", f"oci:{source}:{name}", f"oci:out:{name}")
            self.assertEqual(self.digest(f"oci:out:{name}"), self.digest(f"oci:{source}:{name}"))
            self.skopeo("copy", f"oci:out:{name}", f"dir:copied-{name}")  # reads and checks every blob
        self.assertEqual(self.peer("umoci", "ls", "--layout", "out").split(), [b"1", b"2", b"latest"])
        self.peer("umoci", "unpack", "--rootless", "--image", "out:2", "bundle")
        self.peer("umoci", "unpack", "--rootless", "--image", f"{source}:2", "wanted")
        self.peer("diff", "-r", "--no-dereference", "wanted/rootfs", "bundle/rootfs")

    def test_an_index_is_written_whole(self):
        source = self.unpacked("layout-multiarch-skopeo.tar.gz")
        for place in ("oci:out:1", "oci-archive:out.tar:1"):
            with self.subTest(place):
                self.ok("copy", f"oci:{source}:1", place)
                self.assertEqual(self.digest(place), MULTI)
                self.skopeo("copy", "--all", place, "dir:" + place.split(":")[0])

    def test_archives_go_both_ways(self):
        self.ok("copy", "oci-archive:" + os.path.join(LAYOUTS, "skopeo-oci-archive.tar"), "oci-archive:ours.tar:one")
        self.assertEqual(self.digest("oci-archive:ours.tar:one"), DEMO)
        self.skopeo("copy", "oci-archive:ours.tar:one", "oci-archive:theirs.tar:two")
        self.ok("copy", "oci-archive:theirs.tar:two", "oci:back:three")
        self.assertEqual(self.digest("oci:back:three"), DEMO)

    def test_names_that_containerd_writes(self):
        source = "oci-archive:" + os.path.join(LAYOUTS, "ctr-export.tar")
        self.fails(2, "copy", source, "oci:out:1", saying="127.0.0.1:5700/app/podman:1")
        self.ok("copy", source + ":127.0.0.1:5700/app/podman:1", "oci:out:1")
        self.assertEqual(self.digest("oci:out:1"), DEMO)

    def test_we_write_beside_what_others_wrote_and_they_beside_us(self):
        source = self.unpacked("layout-umoci.tar.gz")
        self.ok("copy", f"oci:{source}:1", "oci:shared:ours")
        self.skopeo("copy", f"oci:{source}:2", "oci:shared:theirs")
        self.peer("umoci", "tag", "--image", "shared:ours", "again")
        self.ok("copy", f"oci:{source}:2", "oci:shared:ours")
        self.assertEqual(sorted(self.peer("umoci", "ls", "--layout", "shared").split()),
                         [b"again", b"ours", b"theirs"])
        self.assertEqual(self.digest("oci:shared:again"), DEMO)
        self.assertEqual(self.digest("oci:shared:ours"), self.digest("oci:shared:theirs"))
        self.peer("umoci", "gc", "--layout", "shared")
        self.skopeo("copy", "oci:shared:again", "dir:still-whole")
        self.assertEqual(json.loads(self.read("shared/oci-layout")), {"imageLayoutVersion": "1.0.0"})

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    main()
