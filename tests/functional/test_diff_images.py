#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl diff of two images: config, layers and files, of both models and whatever the compression."""

import gzip
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from file_images import CHANGES, image_of, layers_of, tar_of, entry, write_layout  # noqa: E402
from harness import RegctlServer, main, make_archive  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import index  # noqa: E402


class DiffCase(V2Case):
    def layout(self, **images):
        write_layout(self.path("layout"), images)
        return "oci:layout:"

    def diff(self, a, b, *options):
        """Rows in JSON, of what differs."""
        done = self.regctl("diff", "--format", "json", a, b, *options)
        self.assertIn(done.code, (0, 10), done.err)
        rows = [row for row in done.json if row["difference"] != "same"]
        self.assertEqual(done.code, 10 if rows else 0, done.err)
        return rows

    def files(self, *words):
        return [(row["name"], row["difference"], [one["what"] for one in row["changes"]])
                for row in self.diff(*words) if row["kind"] == "file"]


class Files(DiffCase):
    def test_each_change_is_found_and_nothing_else(self):
        images = {name.replace(" ", "-"): image_of(layers_of(name)) for name in CHANGES}
        place = self.layout(base=image_of(layers_of()), **images)
        for name, (_, _, _, path, what) in CHANGES.items():
            with self.subTest(name):
                found = self.files(place + "base", place + name.replace(" ", "-"))
                self.assertIn(path, [one[0] for one in found])
                if what:
                    self.assertIn((path, "changed", what), found)
                    self.assertLessEqual(len(found), 2)
        self.assertEqual([one[:2] for one in self.files(place + "base", place + "whiteout")], [("opt/old", "added")])
        self.assertEqual([one[:2] for one in self.files(place + "base", place + "opaque")], [("opt/keep", "removed")])

    def test_equal_files_in_other_layers_are_no_difference_of_files(self):
        tars = layers_of()
        one = tar_of(*[pair for pair in [entry("a", b"1"), entry("b", b"2")]])
        two = [tar_of(entry("b", b"0"), entry("a", b"1")), tar_of(entry("b", b"2"))]
        place = self.layout(base=image_of(tars), other=image_of(tars, pack=lambda tar: gzip.compress(tar, 1, mtime=5)),
                            plain=image_of(tars, pack=lambda tar: tar), one=image_of([one]), two=image_of(two))
        for name in ("other", "plain"):
            self.assertEqual(self.diff(place + "base", place + name), [])
        rows = self.diff(place + "one", place + "two")
        self.assertEqual({(row["kind"], row["difference"]) for row in rows}, {("layer", "removed"), ("layer", "added")})
        self.assertEqual(self.ok("diff", place + "base", place + "plain").out, "")

    def test_what_was_changed_is_shown(self):
        place = self.layout(base=image_of(layers_of()), mode=image_of(layers_of("mode"), {"Cmd": ["sh"], "User": "u"}))
        done = self.regctl("diff", place + "base", place + "mode")
        self.assertEqual(done.code, 10, done.err)
        lines = [line.split(None, 3) for line in done.out.splitlines()]
        self.assertEqual(lines[0][:3], ["KIND", "NAME", "DIFFERENCE"])
        self.assertEqual([line[:3] for line in lines[1:]], [
            ["config", "config.User", "added"], *[["layer", line[1], line[2]] for line in lines[2:4]],
            ["file", "etc/motd", "changed"]])
        self.assertEqual(lines[-1][3].split(), ["mode", "0644", "mode", "4755"])
        self.assertIn("1 member of the config differs; layers: 1 in common, 1 removed, 1 added; "
                      "files: 1 changed, 0 removed, 0 added", done.err)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("regctl.")])


class Places(DiffCase):
    def test_a_v1_image_and_what_it_became_are_equal(self):
        make_archive(self.path("app.tar"), ["base", "top"])
        v1, v2 = self.start(RegctlServer), self.distribution()
        self.ok("push", "app.tar", f"{v1.host}/team/app:1.0")
        self.ok("copy", f"{v1.host}/team/app:1.0", f"{v2.host}/team/app:1.0")
        self.ok("copy", f"{v1.host}/team/app:1.0", f"v2-storage:{self.path('tree')}:team/app:1.0")
        pair = (f"{v1.host}/team/app:1.0", f"{v2.host}/team/app:1.0")
        self.assertEqual(self.diff(*pair), [])
        self.assertEqual(self.diff(*reversed(pair)), [])
        self.assertEqual(self.diff(v1.place + ":team/app:1.0", f"v2-storage:{self.path('tree')}:team/app:1.0"), [])
        make_archive(self.path("other.tar"), ["base", "other"])
        self.ok("push", "other.tar", f"{v1.host}/team/app:2.0")
        found = self.files(f"{v1.host}/team/app:2.0", pair[1])
        self.assertEqual([one[:2] for one in found], [("file-other", "removed"), ("file-top", "added")])

    def test_of_an_index_the_platform_is_compared(self):
        arm = image_of(layers_of("byte"))
        arm.platform = {"os": "linux", "architecture": "arm64"}
        base = image_of(layers_of())
        place = self.layout(multi=index([base, arm]), base=base)
        self.assertEqual(self.diff(place + "multi", place + "base", "--platform", "linux/amd64"), [])
        self.fails(3, "diff", place + "multi", place + "base", "--platform", "linux/s390x", saying=["s390x"])
        digests = [f"oci:layout@{one.digest}" for one in (base, arm)]
        self.assertEqual([one[0] for one in self.files(*digests)], ["etc/passwd"])

    def test_what_is_said_wrongly(self):
        place = self.layout(base=image_of(layers_of()), cut=image_of(layers_of("byte")))
        self.fails(2, "diff", place + "base", place + "base", "--include", "x", saying=["patterns"])
        self.fails(2, "diff", self.place("a"), self.place("b"), "--platform", "linux/amd64", saying=["--platform"])
        self.fails(3, "diff", place + "base", place + "absent")
        for digest in image_of(layers_of("byte")).document["layers"]:
            self.write(self.path("layout/blobs/sha256/" + digest["digest"][7:]), b"damaged")
        self.fails(7, "diff", place + "base", place + "cut")


if __name__ == "__main__":
    main()
