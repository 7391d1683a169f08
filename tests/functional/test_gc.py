#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl gc removes images that no tag reaches, never beside a writer, and leaves a sound tree however it ends."""

import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, REGCTL, RegctlServer, TestCase, main, make_archive, wait_for  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET, not_in_bucket  # noqa: E402

DAY_S = 24 * 3600
FILES_PER_IMAGE = 6  # that removing one takes away: its five and the folder


class Gc(TestCase):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree(self.path("tree"))
        if IN_BUCKET:
            self.tree.files.age("", 2 * DAY_S)  # or nothing is removed there

    def gc(self, *words):
        return self.ok("gc", self.tree.place, "--format", "json", *words).json

    def removed(self, *words):
        return [image["id"] for image in self.gc(*words)["images"]]

    def assertSound(self):
        result = self.regctl("audit", "--deep", self.tree.place)
        self.assertEqual(result.code, 0, result.out)

    def test_keeps_images_that_a_tag_of_any_repository_reaches(self):
        kept = self.tree.add_chain("kept", 4)
        branch = self.tree.add_image("branch", kept[1])
        orphans = self.tree.add_chain("orphan", 3, parent=kept[2])
        lone = self.tree.add_image("lone")
        self.tree.tag("team/app", "1", kept[3])
        self.tree.tag("other/app", "1", branch)
        before = self.tree.snapshot()
        expected = [*reversed(orphans), lone]  # children before their parents
        self.assertEqual(self.removed(), expected)
        self.assertEqual(self.tree.snapshot(), before)
        document = self.gc("--apply")
        self.assertEqual([image["id"] for image in document["images"]], expected)
        self.assertEqual((document["removed"], document["kept"]), (4, 5))
        self.assertEqual(self.tree.images(), {*kept, branch})
        self.assertEqual(self.tree.snapshot(), {name: value for name, value in before.items()
                                                if name.split("/")[1] in {*kept, branch}})
        self.assertEqual(self.removed("--apply"), [])
        self.assertSound()

    def test_dead_uploads_keep_their_parents_and_are_removed_after_the_grace(self):
        base = self.tree.add_image("base")
        dead = self.tree.add_image("dead", base)
        self.tree.write(self.tree.image_file(dead, "_inprogress"), "true")
        self.tree.age(dead, DAY_S - 600)
        document = self.gc("--apply")
        self.assertEqual((document["removed"], document["young_uploads"]), (0, 1))
        self.assertEqual(self.removed("--grace", "0"), [dead, base])
        self.assertEqual(self.removed("--grace", "200000d"), [])  # more than the clock's nanoseconds hold
        self.tree.age(dead, DAY_S + 600)
        document = self.gc("--apply")
        self.assertEqual([(image["id"], image["reason"]) for image in document["images"]],
                         [(dead, "dead upload"), (base, "orphan")])
        self.assertEqual(self.tree.images(), set())

    def test_refuses_a_damaged_tree_and_with_force_keeps_images_below_breaks(self):
        chain = self.tree.add_chain("a", 4)
        orphan = self.tree.add_image("orphan")
        self.tree.tag("team/app", "1", chain[3])
        self.tree.write(self.tree.image_file(chain[2], "json"), "{")
        for words in ([], ["--apply"]):
            self.fails(7, "gc", self.tree.place, *words,
                       saying=["1 of 1 tags cannot be pulled", "regctl audit", "--force"])
        self.assertIn(orphan, self.tree.images())
        self.assertEqual(self.removed("--apply", "--force"), [orphan])
        self.assertEqual(self.tree.images(), set(chain))

    def hide(self, *path):
        """Puts a folder in place of a file: not even root can read it as a file."""
        name = self.tree.path(*path)
        os.rename(name, name + ".was")
        os.mkdir(name)

    def show(self, *path):
        name = self.tree.path(*path)
        os.rmdir(name)
        os.rename(name + ".was", name)

    @not_in_bucket("all its files are regular: test_bucket.py has keys that may not be read")
    def test_an_unreadable_file_stops_it_even_with_force(self):
        chain = self.tree.add_chain("a", 4)
        orphan = self.tree.add_image("orphan")
        self.tree.tag("team/app", "1", chain[3])
        everything = {*chain, orphan}

        def assert_stops(saying):
            for words in ([], ["--force"], ["--apply"], ["--apply", "--force"]):
                self.fails(8, "gc", self.tree.place, *words, saying=[saying, "cannot be read", "is not known"])
            self.assertEqual(self.tree.images(), everything)

        for part in ("json", "layer"):
            self.hide("images", chain[2], part)
            self.hide("images", chain[2], "ancestry")
            self.hide("images", chain[3], "ancestry")
            assert_stops(" of the storage tree")
            for i in (2, 3):
                self.show("images", chain[i], "ancestry")
            assert_stops("image " + chain[2][:12])
            self.show("images", chain[2], part)
        tag = ("repositories", "team", "app", "tag_1")
        self.hide(*tag)
        assert_stops("tag team/app:1")
        self.show(*tag)
        whole = self.tree.read("images", chain[2], "json")
        self.tree.write(self.tree.image_file(chain[2], "json"), "{")  # damage is known, what was below it not
        self.hide("images", chain[3], "ancestry")
        assert_stops("the ancestry of image " + chain[3][:12])
        self.tree.write(self.tree.image_file(chain[2], "json"), whole)
        self.assertEqual(self.removed("--apply"), [orphan])  # the parents tell it

    @not_in_bucket("all its files are regular")
    def test_an_unreadable_orphan_is_kept_with_its_ancestry(self):
        base = self.tree.add_image("base")
        orphan = self.tree.add_image("orphan", base)
        lone = self.tree.add_image("lone")
        self.hide("images", orphan, "json")
        self.assertEqual(self.removed(), [lone])
        self.hide("images", orphan, "ancestry")
        self.fails(8, "gc", self.tree.place, "--apply", "--force", saying="the ancestry of image " + orphan[:12])
        self.show("images", orphan, "ancestry")
        self.assertEqual(self.removed("--apply"), [lone])
        self.assertEqual(self.tree.images(), {base, orphan})

    def test_damage_that_no_tag_reaches_is_garbage(self):
        self.tree.tag("team/app", "1", self.tree.add_image("kept"))
        orphan = self.tree.add_image("orphan")
        self.tree.remove(self.tree.image_file(orphan, "layer"))
        document = self.gc("--apply")
        self.assertEqual(document["images"], [{"id": orphan, "reason": "orphan", "size": None}])
        self.assertEqual(document["size"], 0)
        self.assertSound()

    @not_in_bucket("nothing is half written there: test_bucket.py has open uploads")
    def test_it_prunes_lists_of_images_and_removes_half_written_files(self):
        kept, orphan = self.tree.add_image("kept"), self.tree.add_image("orphan")
        self.tree.tag("team/app", "1", kept)
        self.tree.list_images("team/app", [orphan, kept])
        half = [self.tree.image_file(kept, ".layer.17.0.part"), self.tree.image_file(orphan, ".json.17.1.part"),
                "repositories/team/app/.tag_1.17.2.part"]
        for path in half:
            self.tree.write(path, "half")
        document = self.gc()
        self.assertEqual((document["temporary_files"], document["temporary_size"]), (3, 12))
        self.gc("--apply")
        self.assertEqual([path for path in half if self.tree.exists(path)], [])
        self.assertEqual(json.loads(self.tree.read("repositories", "team", "app", "_index_images")), [{"id": kept}])
        self.assertEqual(self.tree.images(), {kept})

    @not_in_bucket("nothing keeps out other processes there but the age of an image")
    def test_it_refuses_to_run_beside_a_server_or_a_push(self):
        archive = self.path("app.tar")
        make_archive(archive, range(8), size=200_000)
        orphan = self.tree.add_image("orphan")
        server = self.start(RegctlServer, storage=self.tree.folder)
        pushes = []

        def push():
            for i in range(4):
                pushes.append(self.regctl("push", archive, f"{server.host}/team/app-{i}:1"))

        pusher = threading.Thread(target=push)
        pusher.start()
        refused = 0
        while pusher.is_alive():
            self.fails(5, "gc", "--apply", "--force", "--grace", "0", self.tree.place,
                       saying=["in use", "regctl serve"])
            refused += 1
        pusher.join()
        self.assertGreater(refused, 0)
        self.assertEqual([result.code for result in pushes], [0] * 4, [result.err for result in pushes])
        self.assertEqual(self.removed(), [orphan])  # to look is allowed
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.removed("--apply"), [orphan])
        self.assertSound()
        tags = self.ok("audit", self.tree.place, "--format", "json").json["tags"]
        self.assertEqual({tag["verdict"] for tag in tags}, {"sound"})
        self.assertEqual(len(tags), 4)

    def begin(self, name, removals):
        """Starts a collection that gets the signal when it removes its file number `removals`. Returns strace, which
        sends the signal and has the collection as its only child."""
        command = ["strace", "-o", os.devnull, "-e", "trace=unlinkat", "-e",
                   f"inject=unlinkat:signal={name}:when={removals}", REGCTL]
        return subprocess.Popen([*command, "gc", "--apply", "--jobs", "1", self.tree.place], cwd=self.folder,
                                env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"}),  # none under strace
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def collection(process):
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            return int(file.read())

    @staticmethod
    def is_stopped(pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "tT"

    def make_garbage(self, chains=20, length=10):
        self.kept = self.tree.add_chain("kept", 3)
        self.tree.tag("team/app", "1", self.kept[2])
        self.garbage = {identity for i in range(chains)
                        for identity in self.tree.add_chain(f"orphan-{i}", length, parent=self.kept[i % 3])}

    @not_in_bucket("nothing keeps out other processes there but the age of an image")
    def test_no_other_process_can_write_while_it_works(self):
        make_archive(self.path("app.tar"), ["x"])
        self.make_garbage()
        process = self.begin("STOP", FILES_PER_IMAGE + 2)
        wait_for(lambda: process.poll() is not None or self.garbage - self.tree.images(), "an image to go")
        collection = self.collection(process)
        wait_for(lambda: self.is_stopped(collection), "the collection to stop")
        self.assertIsNone(process.poll(), "it was over too soon")
        for words in (["copy", self.path("app.tar"), self.tree.place + ":team/new:1"],
                      ["serve", "--listen", "127.0.0.1:0", "--storage", self.tree.location],
                      ["gc", "--apply", self.tree.place]):
            self.assertEqual(self.regctl(*words).code, 5, words)
        os.kill(collection, signal.SIGCONT)
        self.assertEqual(process.wait(PATIENCE_S), 0)
        self.ok("copy", self.path("app.tar"), self.tree.place + ":team/new:1")
        self.assertSound()

    @not_in_bucket("it removes no files by system calls: test_bucket.py kills it")
    def test_killed_at_any_moment_it_leaves_a_sound_tree(self):
        self.make_garbage()
        for removals in (*range(1, FILES_PER_IMAGE + 2), 50, 333, 100):
            process = self.begin("KILL", removals)
            self.assertEqual(process.wait(PATIENCE_S), -signal.SIGKILL)
            self.assertSound()
            document = self.ok("audit", self.tree.place, "--format", "json").json
            self.assertEqual(document["summary"]["tags_by_verdict"], {"sound": 1})
            self.assertEqual([image["verdict"] for image in document["images"]
                              if image["verdict"] not in ("sound", "orphan", "dead upload")], [])
        document = self.gc("--apply")
        self.assertEqual(document["young_uploads"], 0)
        self.assertEqual(self.tree.images(), set(self.kept))
        self.assertSound()

    def test_remnants_of_an_interrupted_removal_are_removed_at_once(self):
        kept = self.tree.add_image("kept")
        self.tree.tag("team/app", "1", kept)
        for seed, parts in (("a", ["json", "layer", "_checksum", "ancestry"]), ("b", ["json"]), ("c", [])):
            identity = self.tree.add_image(seed)
            for part in ("json", "layer", "_checksum", "ancestry"):
                if part not in parts:
                    self.tree.remove(self.tree.image_file(identity, part))
            self.tree.write(self.tree.image_file(identity, "_inprogress"), "removed")
        if not IN_BUCKET:
            os.mkdir(self.tree.path("images", "d" * 64))
        self.assertSound()
        document = self.gc("--apply")
        self.assertEqual([image["reason"] for image in document["images"]], ["remnant"] * (3 if IN_BUCKET else 4))
        self.assertEqual(self.tree.images(), {kept})

    @not_in_bucket("it removes no files by system calls: test_bucket.py kills it")
    def test_an_interrupt_by_the_user_exits_130(self):
        self.make_garbage()
        process = self.begin("INT", 50)
        self.assertEqual(process.wait(PATIENCE_S), 130)
        self.assertTrue(self.garbage & self.tree.images())
        self.assertSound()
        self.gc("--apply")
        self.assertEqual(self.tree.images(), set(self.kept))

    def test_what_is_no_tree_is_refused(self):
        self.tree.add_image("a")
        self.ok("gc", self.tree.place if IN_BUCKET else self.tree.folder)  # what lies here and is a tree is one
        self.fails(2, "gc", self.tree.place, "--grace", "1y", saying="is not a duration")
        self.fails(3, "gc", self.place("nothing"))


if __name__ == "__main__":
    main()
