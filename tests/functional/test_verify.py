#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl verify: whole images, equal images on both sides, and every fault."""

import collections
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import trees  # noqa: E402
from harness import (DATA, FaultServer, NpmServer, RegctlServer, TestCase, interrupt, main,  # noqa: E402
                     make_archive, wait_for)

ENGINES = ("1.3.3", "1.5.0", "1.9.1")


class Verify(TestCase):
    maxDiff = None

    def fill(self, server):
        """Pushes two repositories with three tags that share their lower layers; returns the layers of app."""
        layers = make_archive(self.path("app.tar"), ["base", "middle", "top"], 5000)
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        self.ok("tag", f"{server.host}/team/app:1.0", f"{server.host}/team/app:also")
        make_archive(self.path("other.tar"), ["base", "other"], 5000)
        self.ok("push", "other.tar", f"{server.host}/team/other:1.0")
        return layers

    def tree(self):
        """A storage tree without a server."""
        server = self.start(RegctlServer)
        layers = self.fill(server)
        server.end()
        self.storage, self.files = server.place, server.files
        return layers

    def copy(self, name):
        """The files of a copy of that tree, which is self.place(name)."""
        return self.files.copy_to(self.path(name))

    def verify(self, *words, code=0):
        words = [getattr(word, "host", word) for word in words]
        result = self.regctl("verify", *words, "--format", "json")
        self.assertEqual(result.code, code, result.err + result.out)
        return result.json

    def findings(self, *words, code):
        """(tag, fault, at, image) of every finding."""
        return [(f"{tag['repository']}:{tag['tag']}", found["verdict"], found["at"], found["id"])
                for tag in self.verify(*words, code=code) for found in tag["findings"]]


class Whole(Verify):
    def test_a_pushed_registry_is_sound_and_equal_to_its_mirror(self):
        a = self.start(RegctlServer)
        self.fill(a)
        for kind in (RegctlServer, NpmServer, FaultServer):
            with self.subTest(kind.__name__):
                b = self.start(kind)
                self.ok("mirror", a.host, b.host)
                for words in ([a], [b], [a, b], [b, a]):
                    for deep in ([], ["--deep"]):
                        tags = self.verify(*words, *deep)
                        self.assertEqual([(t["tag"], t["verdict"]) for t in tags],
                                         [("1.0", "sound"), ("also", "sound"), ("1.0", "sound")])

    def test_json_re_encoded_by_npms_server_counts_as_equal(self):
        a, npm = self.start(RegctlServer), self.start(NpmServer)
        for engine in ENGINES:
            self.ok("push", os.path.join(DATA, f"save-{engine}.tar"), f"{a.host}/team/demo-{engine}:1.0")
        self.ok("mirror", a.host, npm.host)
        for deep in ([], ["--deep"]):
            self.assertEqual([t["verdict"] for t in self.verify(a, npm, *deep)], ["sound"] * len(ENGINES))
            self.assertEqual([t["verdict"] for t in self.verify(npm, a, *deep)], ["sound"] * len(ENGINES))

    def test_a_tree_and_an_archive_are_verified_against_a_registry(self):
        a = self.start(RegctlServer)
        self.fill(a)
        for deep in ([], ["--deep"]):
            self.verify(a.place, a, *deep)
            self.verify(f"{a.host}/team/app:1.0", f"{a.place}:team/app", *deep)
        for engine in ENGINES:
            archive = os.path.join(DATA, f"save-{engine}.tar")
            b = self.start(RegctlServer)
            self.ok("mirror", archive, b.host)  # a path alone is an archive
            for deep in ([], ["--deep"]):
                self.assertTrue(self.verify(f"docker-archive:{archive}", b, *deep))

    def test_verifying_nothing_is_noted(self):
        a = self.start(RegctlServer)
        empty = self.ok("verify", a.host)
        self.assertIn(f"there are no repositories in {a.host}\n", empty.err)
        self.assertIn("nothing was proved", empty.err)
        self.fill(a)
        self.assertIn("the filters leave out every repository", self.ok("verify", a.host, "--include", "x").err)
        one = self.ok("verify", f"{a.host}/team/app:1.0")
        self.assertIn("1 repository, 1 tag: 1 sound; ", one.err)
        self.assertNotIn("nothing was proved", one.err)
        for words in (("verify",), ("diff", f"{a.host}/team/")):
            self.fails(3, words[0], f"{a.host}/tema/", *words[1:],
                       saying=f"there is no repository below tema/ at {a.host}")

    def test_the_table_has_only_faults_and_a_summary(self):
        a = self.start(RegctlServer)
        layers = self.fill(a)
        result = self.ok("verify", a.host)
        self.assertEqual(result.out, "")
        self.assertIn("2 repositories, 3 tags: 3 sound; 4 images; layers were not read: --deep reads them",
                      result.err)
        result = self.ok("verify", a.host, "--deep", "--all", "--include", "team/app")
        self.assertEqual([line.split() for line in result.out.splitlines()[1:]],
                         [["team/app", tag, "sound", layers[-1].id[:12], a.host] for tag in ("1.0", "also")])
        size = sum(len(layer.data) for layer in layers)
        self.assertIn(f"3 layers read, {size / 1000:.4g} kB", result.err)

    def test_bytes_are_counted_even_without_recorded_sizes_and_checksums(self):
        a = self.start(FaultServer, "--checksums", "none")
        layers = self.fill(a)
        a.control({"method": "GET", "path": "/json$", "action": "headers", "drop": ["X-Docker-Size"]})
        result = self.ok("verify", a.host, "--deep", "--include", "team/app")
        size = sum(len(layer.data) for layer in layers)
        self.assertIn(f"3 layers read, {size / 1000:.4g} kB, 3 layers without a checksum\n", result.err)
        result = self.ok("verify", a.host, "--include", "team/app")
        self.assertIn(", 3 layers of unknown size; layers were not read", result.err)

    def test_each_image_is_examined_once_in_a_run(self):
        a, b = self.start(FaultServer), self.start(FaultServer)
        self.fill(a)
        self.ok("mirror", a.host, b.host)
        before = {server: len(server.log()) for server in (a, b)}
        self.verify(a, b, "--deep")
        for server in (a, b):
            asked = collections.Counter(record["path"] for record in server.log()[before[server]:])
            images = {path: n for path, n in asked.items() if "/images/" in path}
            self.assertEqual(len([path for path in images if path.endswith("/json")]), 4)
            self.assertEqual(len([path for path in images if path.endswith("/layer")]), 4)
            self.assertEqual(len([path for path in images if path.endswith("/ancestry")]), 2)
            self.assertEqual(set(images.values()), {1})


class Damaged(Verify):
    """Each kind of damage to a storage tree, as found in the tree and at a registry that serves it."""

    def setUp(self):
        super().setUp()
        self.layers = self.tree()

    @staticmethod
    def edit(tree, layer, name, change):
        """Replaces a file of an image in the tree with these files; if `change` gives None, removes it."""
        path = f"images/{layer.id}/{name}"
        data = change(tree.read(path) if tree.exists(path) else b"")
        if data is None:
            tree.remove(path)
        else:
            tree.write(path, data)

    def served(self, tree):
        return self.start(FaultServer, "--storage", tree.local()).host

    def expect(self, tree, fault, layer, shallow, code=7, at="a"):
        for place in (trees.place(tree.folder), self.served(tree)):
            for deep in ([], ["--deep"]):
                with self.subTest(place=place, deep=deep):
                    found = self.findings(place, *deep, "--include", "team/app", code=code if deep or shallow else 0)
                    self.assertEqual(found, [(f"team/app:{tag}", fault, at, layer.id) for tag in ("1.0", "also")]
                                     if deep or shallow else [])

    def test_damaged_layers_are_found(self):
        base, middle, top = self.layers
        kinds = {"checksum wrong": (base, lambda data: data[:4] + b"\1\2\3\4" + data[8:]),  # the time in gzip's head
                 "layer cut short": (middle, lambda data: data[:len(data) // 2])}
        for number, (fault, (layer, change)) in enumerate(kinds.items()):
            tree = self.copy(f"tree-{number}")
            self.edit(tree, layer, "layer", change)
            self.expect(tree, fault, layer, shallow=False)
        tree = self.copy("empty")
        self.edit(tree, top, "layer", lambda data: b"")
        self.expect(tree, "layer cut short", top, shallow=True)

    def test_a_layer_without_a_checksum_is_unpacked(self):
        base = self.layers[0]
        for number, (fault, change) in enumerate({
                "layer cut short": lambda data: data[:-100],
                "layer damaged": lambda data: data[:200] + b"\0" * 300 + data[500:]}.items()):
            tree = self.copy(f"tree-{number}")
            self.edit(tree, base, "_checksum", lambda data: None)
            result = self.ok("verify", trees.place(tree.folder), "--deep")
            self.assertIn("1 layer without a checksum", result.err)
            self.edit(tree, base, "layer", change)
            self.expect(tree, fault, base, shallow=False)

    def test_a_layer_with_only_a_tarsum_is_checked_by_it(self):
        base = self.layers[0]
        server = self.start(FaultServer)
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        (told,) = {record["checksum"] for record in server.log("PUT", f"/{base.id}/checksum")}
        self.assertTrue(told.startswith("tarsum+sha256:"))
        tree = self.copy("tree-sum")
        self.edit(tree, base, "_checksum", lambda data: json.dumps([told]).encode())
        self.ok("verify", trees.place(tree.folder), "--deep")
        self.edit(tree, base, "_checksum", lambda data: json.dumps([told[:-1] + "x"]).encode())
        self.expect(tree, "checksum wrong", base, shallow=False)

    def test_damaged_json_is_found(self):
        base, middle, top = self.layers
        for number, text in enumerate([b"nonsense", b"{}", middle.json]):
            tree = self.copy(f"tree-{number}")
            self.edit(tree, top, "json", lambda data, text=text: text)
            self.expect(tree, "JSON damaged", top, shallow=True)
        tree = self.copy("gone")
        tree.remove_folder(f"images/{base.id}")
        self.expect(tree, "parent missing", base, shallow=True)
        tree = self.copy("gone-top")
        tree.remove_folder(f"images/{top.id}")
        self.expect(tree, "tag to nowhere", top, shallow=True)

    def test_parents_in_a_loop_are_found(self):
        base, _, top = self.layers
        tree = self.copy("loop")
        text = base.json[:-1] + b',"parent":"' + top.id.encode() + b'"}'
        self.edit(tree, base, "json", lambda data: text)
        found = self.findings(trees.place(tree.folder), "--include", "team/app", "--include-tag", "1.0", code=7)
        self.assertEqual(found, [("team/app:1.0", "parents in a loop", "a", base.id)])

    def test_dead_uploads_and_missing_layers_are_found(self):
        _, middle, _ = self.layers
        tree = self.copy("dead")
        self.edit(tree, middle, "_inprogress", lambda data: b"true")
        self.expect(tree, "dead upload", middle, shallow=True)
        tree = self.copy("gone")
        self.edit(tree, middle, "layer", lambda data: None)
        found = self.findings(trees.place(tree.folder), "--include", "team/app", code=7)
        self.assertEqual(found, [(f"team/app:{tag}", "layer missing", "a", middle.id) for tag in ("1.0", "also")])

    def test_a_wrong_ancestry_is_no_damage_if_the_parents_show_it(self):
        base, middle, top = self.layers
        tree = self.copy("wrong")
        self.edit(tree, top, "ancestry", lambda data: json.dumps([top.id, base.id]).encode())
        self.expect(tree, "ancestry wrong", top, shallow=True, code=0)
        self.edit(tree, top, "ancestry", lambda data: None)
        self.expect(tree, "ancestry missing", top, shallow=True, code=0)

    def test_differences_between_two_sides_are_found(self):
        base, middle, top = self.layers
        b = self.copy("b")
        data = base.data + base.data  # two gzip members
        self.edit(b, base, "layer", lambda _: data)
        digest = hashlib.sha256(base.json + b"\n" + data).hexdigest()
        self.edit(b, base, "_checksum", lambda _: json.dumps(["sha256:" + digest]).encode())
        text = middle.json.replace(b"2015", b"2016")
        self.edit(b, middle, "json", lambda _: text)
        self.edit(b, middle, "_checksum", lambda _: None)
        self.edit(b, top, "_inprogress", lambda _: b"true")
        places = [self.storage, self.place("b"), "--include", "team/app", "--include-tag", "1.0"]
        expected = [("dead upload", "b", top.id), ("JSON differs", None, middle.id),
                    ("size differs", None, base.id), ("checksum differs", None, base.id)]
        self.assertEqual([found[1:] for found in self.findings(*places, code=7)], expected)
        self.assertEqual([found[1:] for found in self.findings(*places, "--deep", code=7)],
                         expected + [("layer differs", None, base.id)])

    def test_missing_extra_and_different_tags_are_found(self):
        b = self.copy("b")
        tags = "repositories/team/app"
        b.write(f"{tags}/tag_new", b.read(f"{tags}/tag_also"))
        b.remove(f"{tags}/tag_also")
        b.write(f"{tags}/tag_1.0", self.layers[0].id.encode())
        b.write("repositories/team/other/tag_1.0", b"nonsense")
        self.assertEqual(self.findings(self.storage, self.place("b"), code=7),
                         [("team/app:1.0", "tag differs", None, None), ("team/app:also", "tag missing", "b", None),
                          ("team/app:new", "tag extra", "b", None),
                          ("team/other:1.0", "tag to nowhere", "b", None)])
        self.assertEqual(self.findings(self.place("b"), code=7), [("team/other:1.0", "tag to nowhere", "a", None)])

    def test_an_image_of_several_repositories_is_compared_for_those_that_share_it(self):
        b = self.copy("b")
        b.remove_folder("repositories/team/app")
        self.edit(b, self.layers[0], "layer", lambda data: data[:4] + b"\1\2\3\4" + data[8:])
        found = self.findings(self.storage, self.place("b"), "--deep", code=7)
        self.assertEqual(found, [("team/app:1.0", "tag missing", "b", None), ("team/app:also", "tag missing", "b", None),
                                 ("team/other:1.0", "checksum wrong", "b", self.layers[0].id)])

    def test_an_archive_whose_layers_unpack_differently_is_found(self):
        server = self.start(RegctlServer)
        make_archive(self.path("changed.tar"), ["base", "middle", "top"], 4000)
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        found = self.findings(f"docker-archive:{self.path('changed.tar')}", server, "--deep", code=7)
        self.assertEqual(found, [("team/app:1.0", "layer differs", None, layer.id)
                                 for layer in reversed(self.layers)])


class NotLookedAt(Verify):
    def test_unreadable_images_exit_10_or_with_their_cause(self):
        server = self.start(FaultServer)
        layers = self.fill(server)
        server.control({"method": "GET", "path": f"{layers[-1].id}/json", "action": "status", "status": 500})
        found = self.findings(server, "--retry", "0", code=10)
        self.assertEqual(found, [(f"team/app:{tag}", "not looked at", "a", layers[-1].id) for tag in ("1.0", "also")])
        self.assertEqual(self.findings(f"{server.host}/team/app", "--retry", "0", code=5), found)
        self.fails(5, "verify", "127.0.0.1:1", "--retry", "0")
        self.fails(3, "verify", f"{server.host}/team/none")
        server.control({"method": "GET", "path": "other/tags", "action": "status", "status": 403})
        rows = self.verify(server, "--retry", "0", code=10)
        self.assertEqual(rows[-1]["repository"], "team/other")
        self.assertEqual((rows[-1]["tag"], rows[-1]["verdict"]), (None, "not looked at"))

    def test_an_unreadable_image_is_reported_once(self):
        server = self.start(FaultServer)
        layers = self.fill(server)
        server.control({"path": f"/v1/images/{layers[-1].id}/(json|ancestry)", "action": "status", "status": 403})
        found = self.findings(f"{server.host}/team/app:1.0", code=4)
        self.assertEqual(found, [("team/app:1.0", "not looked at", "a", layers[-1].id)])

    def test_damage_outweighs_unreadable_images(self):
        server = self.start(FaultServer)
        layers = self.fill(server)
        server.control({"method": "GET", "path": "other/tags", "action": "status", "status": 403})
        server.control({"method": "GET", "path": f"{layers[0].id}/layer", "action": "corrupt", "at": 30})
        found = self.findings(server, "--deep", "--retry", "0", code=7)
        self.assertIn(("team/app:1.0", "checksum wrong", "a", layers[0].id), found)

    def test_a_layer_changed_in_transit_is_read_again(self):
        server = self.start(FaultServer)
        layers = self.fill(server)
        server.control({"method": "GET", "path": f"{layers[0].id}/layer", "action": "corrupt", "at": 30, "times": 1})
        self.verify(server, "--deep")

    def test_an_interruption_ends_the_run(self):
        server = self.start(FaultServer)
        self.fill(server)
        server.control({"method": "GET", "path": "/layer$", "action": "stall", "after": 10})
        process = self.start_regctl("verify", server.host, "--deep")
        wait_for(lambda: server.log("GET", "/layer"), "a layer being read")
        interrupt(process)
        process.communicate()
        self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    main()
