#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name without a scheme means a registry or a local place."""

import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, RegctlServer, TestCase, main, make_archive  # noqa: E402


class Places(TestCase):
    """All commands run in the test's folder, which holds a tree, an archive and a folder."""

    def setUp(self):
        super().setUp()
        self.unpack("wild")
        make_archive(self.path("x.tar"), ["a"])
        os.makedirs(self.path("stuff"))

    def unpack(self, name):
        with tarfile.open(os.path.join(DATA, "tree-pushed.tar.gz")) as tree:
            tree.extractall(self.path(name))

    def here(self, *words):
        return self.regctl(*words)

    def test_a_tree_is_read_by_its_folders_name(self):
        wanted = self.here("images", "v1-storage:wild", "--no-trunc").out
        for name in ("wild", "./wild", "wild/", self.path("wild")):
            with self.subTest(name):
                self.assertEqual(self.here("images", name, "--no-trunc").out, wanted)
        self.assertEqual(self.here("audit", "wild").out, self.here("audit", "v1-storage:wild").out)
        self.assertEqual(self.here("diff", "wild", "./wild").code, 0)
        self.assertEqual(self.here("gc", "wild").out, self.here("gc", "v1-storage:wild").out)
        self.assertEqual(self.here("repair", "-n", "wild").out, self.here("repair", "-n", "v1-storage:wild").out)

    def test_a_repository_of_a_tree_is_named_after_a_colon(self):
        repository = self.here("images", "wild", "--format", "json").json[0]["repository"]
        for name in (f"wild:{repository}", f"./wild:{repository}", f"{self.path('wild')}:{repository}"):
            with self.subTest(name):
                rows = self.here("images", name, "--format", "json").json
                self.assertEqual({row["repository"] for row in rows}, {repository})

    def test_a_tree_is_mirrored_and_copied_by_its_folders_name(self):
        server = self.start(RegctlServer)
        result = self.here("mirror", "wild", server.host)
        self.assertIn(result.code, (0, 10), result.err)  # one of its uploads is dead
        self.assertIn("team/deep/name", self.here("search", server.host).out)
        back = self.here("images", server.host, "--format", "json").json[0]
        self.assertEqual(self.here("copy", f"{server.host}/{back['repository']}:{back['tag']}", "wild").code, 0)

    def test_an_archives_file_name_is_an_archive_for_every_command(self):
        self.assertEqual(self.here("images", "x.tar").code, 0)
        self.assertEqual(self.here("verify", "x.tar").code, 0)
        result = self.here("audit", "x.tar")
        self.assertEqual(result.code, 2)
        self.assertIn("hint: regctl verify x.tar", result.err)

    def test_an_ambiguous_name_is_refused_with_both_lines_to_type(self):
        server = self.start(FaultServer)
        os.rename(self.path("wild"), self.path("reg.local"))
        os.makedirs(self.path(server.host))
        for words in (["images", "reg.local"], ["audit", "--deep", "reg.local"], ["mirror", "reg.local", "new:5000"],
                      ["verify", "reg.local"], ["diff", "old:5000", "reg.local"], ["copy", "x.tar", "reg.local"],
                      ["images", "stuff"], ["images", server.host]):
            with self.subTest(words):
                result = self.here(*words)
                self.assertEqual(result.code, 2, result.err)
                name = next(w for w in words if os.path.isdir(self.path(w)))
                for start in ("./", "docker://"):
                    line = " ".join(["regctl"] + [start + w if w == name else w for w in words])
                    self.assertIn(line, result.err)
        self.assertFalse(server.log(), "nobody is asked before that")
        self.assertEqual(self.here("images", "./reg.local").code, self.here("images", "v1-storage:reg.local").code)
        self.assertEqual(self.here("images", f"docker://{server.host}").code, 0)

    def test_a_digest_is_refused_at_registries_and_in_trees(self):
        server = self.start(FaultServer)
        for place in (f"docker://{server.host}/team/app", "v1-storage:wild:team/app"):
            name = f"{place}@sha256:{'a' * 64}"
            for code, *words in ((9, "inspect", name), (9, "copy", name, "v1-storage:new"),
                                 (2, "diff", name, "v1-storage:wild:team/app"), (2, "verify", name),
                                 (2, "mirror", name, server.host)):
                with self.subTest(words):
                    self.fails(code, *words, saying=(f"protocol v1 has no digests: {name}", "hint: name a tag"))

    def test_a_name_that_can_only_be_local_is_not_refused(self):
        os.rename(self.path("x.tar"), self.path("app.img"))
        server = self.start(RegctlServer)
        self.ok("push", "app.img", f"{server.host}/team/app:1")
        self.ok("pull", f"{server.host}/team/app:1", "app.img")

    def test_a_tree_to_be_created_needs_its_scheme(self):
        server = self.start(RegctlServer)
        result = self.here("mirror", server.host, "./new")
        self.assertEqual(result.code, 9, result.err)
        self.assertIn("write v1-storage:./new", result.err)

    def test_a_folder_without_images_is_an_error(self):
        result = self.here("images", "./stuff")
        self.assertEqual(result.code, 2)
        self.assertIn("neither a storage tree nor an image layout", result.err)


if __name__ == "__main__":
    main()
