#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""v1-storage: trees of docker-registry as source and destination, two writers of one tree, hostile trees."""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, Layer, RegctlServer, TestCase, main, make_archive  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET, not_in_bucket  # noqa: E402

# What the original leaves for itself alone, or what says when something was done.
CACHES = ("_files", "_diff")


class Storage(TestCase):
    def unpack(self, name, folder):
        return StorageTree.recorded(self.path(folder), name).place

    def files(self, folder):
        """Path → bytes."""
        files = self.tree_files(folder)
        return {path: files.read(path) for path in files.paths()}

    def tags(self, tree):
        rows = self.ok("images", tree, "--no-trunc", "--format", "json").json
        return [f"{r['repository']}:{r['tag']}" for r in rows if not r.get("error")]


class Verbs(Storage):
    def test_a_written_tree_equals_the_originals(self):
        """tree-pushed, copied image by image, has the same names and bytes."""
        source = self.unpack("tree-pushed", "old")
        old = self.files("old")
        copied = []
        for path in sorted(old):
            folder, name = os.path.split(path)
            if name.startswith("tag_"):
                _, space, quoted = folder.split("/")
                image = f"{space}/{quoted.replace('%252F', '/')}:{name[4:]}"
                result = self.regctl("copy", f"{source}:{image}", f"{self.place('new')}:{image}")
                if result.code == 0:
                    copied.append(path)
                else:  # a tag on a dead upload
                    self.assertEqual(result.code, 5, result.err)
                    self.assertIn("was never completed", result.err)
        self.assertGreater(len(copied), 6)
        new = self.files("new")
        images = {path.split("/")[1] for path in new if path.startswith("images/")}
        self.assertGreater(len(images), 12)
        for path, data in new.items():
            if path.endswith("/_index_images"):
                # Whole chains are listed, in the order of the push; the original lists what a client
                # announced, in a dict's order.
                entries = [entry["id"] for entry in json.loads(data)]
                self.assertLessEqual(set(entries), images)
                self.assertEqual(data.decode(), "[" + ", ".join(f'{{"id": "{i}"}}' for i in entries) + "]")
            elif os.path.basename(path) == "json" and path.startswith("repositories/") or path.endswith("_json"):
                self.assertIn(path, old)  # properties: of this copy and its time
                self.assertEqual(set(json.loads(data)), {"last_update"})
            else:
                self.assertEqual(data, old[path], path)
        for path in old:
            kind = os.path.basename(path)
            if path.split("/")[1] in images and kind not in CACHES or path in copied:
                self.assertIn(path, new)

    def test_a_tree_is_a_source_and_a_destination_for_every_verb(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        tree = self.place("tree")
        image = f"{tree}:team/deep/app:1.0"
        files = self.tree_files("tree")
        self.ok("push", "app.tar", image)
        self.assertEqual(files.read("repositories/team/deep%252Fapp/tag_1.0").decode(), layers[1].id)
        for layer in layers:
            total = hashlib.sha256(layer.json + b"\n" + layer.data).hexdigest()
            self.assertEqual(files.read(f"images/{layer.id}/json"), layer.json)
            self.assertEqual(files.read(f"images/{layer.id}/layer"), layer.data)
            self.assertEqual(files.read(f"images/{layer.id}/_checksum").decode(), f'["sha256:{total}"]')
            self.assertFalse(files.exists(f"images/{layer.id}/_inprogress"))
        self.assertEqual(json.loads(files.read(f"images/{layers[1].id}/ancestry")), [layers[1].id, layers[0].id])

        self.assertEqual(self.ok("tags", f"{tree}:team/deep/app").out, "1.0\n")
        self.assertIn("team/deep/app", self.ok("images", tree).out)
        self.assertEqual(self.ok("inspect", image, "--raw").out_bytes, layers[1].json)
        self.assertIn(layers[0].id[:12], self.ok("history", image).out)
        self.assertEqual(len(self.ok("layer", "ls", image, "--format", "json").json), 2)
        self.ok("pull", image, "out.tar")
        self.ok("push", "out.tar", f"{self.place('second')}:team/deep/app:1.0")
        for layer in layers:
            self.assertEqual(self.tree_files("second").read(f"images/{layer.id}/json"), layer.json)
        registry = self.start(FaultServer)
        self.ok("copy", image, f"{registry.host}/team/app:2")
        self.ok("copy", f"{registry.host}/team/app:2", f"{tree}:app:2")
        self.assertTrue(files.exists("repositories/library/app/tag_2"))
        self.ok("pull", f"{registry.host}/team/app:2", f"{self.place('third')}:app:2")
        self.assertEqual(self.tree_files("third").read(f"images/{layers[0].id}/layer"), layers[0].data)
        self.ok("rm", image)
        self.assertEqual(self.ok("tags", f"{tree}:team/deep/app").out, "")
        self.ok("rm", "--repository", "--yes", f"{tree}:team/deep/app")
        self.assertEqual(files.names("repositories/team"), [])
        self.fails(3, "tags", f"{tree}:team/deep/app", saying="no repository team/deep/app")
        self.fails(3, "pull", image, "none.tar")
        self.fails(3, "rm", image)
        self.fails(3, "tags", f"{self.place('nowhere')}:a")

    def test_names_and_access_are_changed_in_a_tree(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        tree = self.place("tree")
        self.ok("push", "app.tar", f"{tree}:team/app:1.0")
        before = {path: data for path, data in self.files("tree").items() if path.startswith("images/")}
        self.assertEqual(self.ok("tag", f"{tree}:team/app:1.0", "stable", f"{tree}:other/app:2", f"{tree}:one").out,
                         "".join(f"{tree}:{name} {layers[1].id[:12]}\n"
                                 for name in ("team/app:stable", "other/app:2", "one:latest")))
        self.ok("tag", layers[0].id, f"{tree}:team/base:1")
        self.assertEqual(sorted(self.tags(tree)),
                         ["one:latest", "other/app:2", "team/app:1.0", "team/app:stable", "team/base:1"])
        self.assertEqual(self.tree_files("tree").read("repositories/library/one/tag_latest").decode(), layers[1].id)
        after = {path: data for path, data in self.files("tree").items() if path.startswith("images/")}
        self.assertEqual(after, before)
        registry = self.start(RegctlServer, storage=self.path("tree"))
        self.ok("pull", f"{registry.host}/other/app:2", "out.tar")

        self.fails(3, "tag", f"{tree}:team/app:gone", "new", saying="there is no tag")
        self.fails(3, "tag", "f" * 64, f"{tree}:team/app:new", saying=f"image ffffffffffff is not in {tree}")
        self.fails(2, "tag", f"{tree}:team/app:1.0", f"{self.place('other')}:app",
                   saying="not in the same storage tree")
        self.fails(2, "tag", f"{tree}:team/app:1.0", f"{registry.host}/app", saying="not in the same registry")

        app = f"{tree}:team/app"
        self.assertEqual(self.ok("properties", app).out, f"{app} is public\n")
        self.assertEqual(self.ok("properties", app, "--access", "private").out, f"{app} is private\n")
        self.assertEqual(self.ok("properties", f"{registry.host}/team/app").out,
                         f"{registry.host}/team/app is private\n")
        self.ok("properties", app, "--access", "public")
        self.assertEqual(self.ok("properties", f"{registry.host}/team/app", "--format", "json").json["access"], "public")
        for words in (("properties", f"{tree}:gone"), ("properties", f"{tree}:gone", "--access", "private")):
            self.fails(3, *words, saying="there is no repository gone")
        self.assertEqual(self.tree_files("tree").names("repositories/library/gone"), [])

    def test_the_wild_tree_is_read(self):
        tree = self.unpack("tree-wild", "wild")
        for image in ("mixed", "team/deep/name", "team/noancestry", "team/wrongancestry", "team/oldsum"):
            with self.subTest(image):
                space, _, name = image.rpartition("/") if image.count("/") == 0 else image.partition("/")
                names = self.tree_files("wild").names(f"repositories/{space or 'library'}/{name.replace('/', '%252F')}")
                tag = next(name[4:] for name in sorted(names, reverse=True) if name.startswith("tag_"))
                self.ok("pull", f"{tree}:{image}:{tag}", "out.tar")
                os.remove(self.path("out.tar"))
        for image, code in (("team/dead:half", 5), ("team/cut:1", 7), ("team/flipped:1", 7), ("team/nowhere:1", 3)):
            with self.subTest(image):
                self.fails(code, "pull", f"{tree}:{image}", "out.tar")

    @not_in_bucket("another writer's mark keeps a push waiting for two minutes there: test_bucket.py has killed pushes")
    def test_an_aborted_push_is_repaired_by_the_next_one(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        tree, files = f"{self.place('tree')}:team/app:1", self.tree_files("tree")
        self.ok("push", "app.tar", tree)
        for damage in ("mark", "layer", "json"):
            with self.subTest(damage):
                folder = f"images/{layers[0].id}"
                files.write(f"{folder}/_inprogress", b"true")
                files.write(f"{folder}/.layer.abc.part", b"left by a kill")
                if damage == "layer":
                    files.write(f"{folder}/layer", layers[0].data[:100])
                if damage == "json":
                    files.write(f"{folder}/json", layers[0].json + b" ")
                self.ok("push", "app.tar", tree)
                self.assertEqual(files.read(f"{folder}/layer"), layers[0].data)
                self.assertEqual(files.read(f"{folder}/json"), layers[0].json)
                self.assertFalse(files.exists(f"{folder}/_inprogress"))


class Strays(Storage):
    def test_a_tag_file_with_an_impossible_name_is_noted(self):
        make_archive(self.path("app.tar"), ["base"], 1000)
        tree = self.place("tree")
        self.ok("push", "app.tar", f"{tree}:team/app:1")
        files = self.tree_files("tree")
        files.write("repositories/team/app/tag_1+a", files.read("repositories/team/app/tag_1"))
        note = "passed over is what no image, repository or tag is named like: repositories/team/app/tag_1+a\n"
        for place in (tree, f"{tree}:team/app"):
            for command in (("images",), ("tags",), ("audit",), ("mirror", "--dry-run")):
                if command == ("tags",) and place == tree:
                    continue
                with self.subTest(f"{command} {place}"):
                    there = [f"{self.place('copy')}:team/copy" if place != tree else self.place("copy")]
                    result = self.ok(*command, place, *(there if command[0] == "mirror" else []))
                    self.assertEqual(result.err.count(note), 1, result.err)
        self.assertNotIn("passed over", self.ok("pull", f"{tree}:team/app:1", "out.tar").err)


class Others(Storage):
    def test_an_existing_image_with_other_bytes_is_kept_and_noted_once(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        here, tree = self.place("here"), self.place("there")
        self.ok("push", "app.tar", f"{here}:team/app:1")
        files = self.tree_files("there")
        files.write_all(self.files("here"))
        server = self.start(RegctlServer, storage=self.path("there"))
        for copy in (("copy", f"{here}:team/app:1"), ("mirror", f"{here}:team/app")):
            for there in (f"{tree}:team/app", f"{server.host}/team/app"):
                with self.subTest(f"{copy[0]} {there}"):
                    self.assertNotIn("already, but", self.ok(*copy, there).err)
        for layer in layers:
            files.write(f"images/{layer.id}/layer", layer.data + b"more")
            files.remove(f"images/{layer.id}/_checksum")
        server = self.start(RegctlServer, storage=self.path("there"))  # the other one may remember whole images
        for number, copy in enumerate((("copy", f"{here}:team/app:1"), ("mirror", f"{here}:team/app"))):
            for there in (f"{tree}:team/new-{number}", f"{server.host}/team/other-{number}"):
                with self.subTest(f"{copy[0]} {there}"):
                    told = self.ok(*copy, there).err
                    self.assertEqual(told.count("at the destination already, but its layer has"), 1, told)
        first = next(layer for layer in layers if layer.id[:12] in told)  # of two that move side by side
        size = len(first.data)
        self.assertIn(f"but its layer has {size + 4} bytes instead of {size}: it is left as it is", told)
        self.assertNotIn("already, but", self.ok("push", "app.tar", f"{tree}:team/archive:1").err)


class Writers(Storage):
    def test_two_processes_push_one_image_and_it_is_sound(self):
        make_archive(self.path("app.tar"), [f"layer-{i}" for i in range(6)], 200_000)
        for round_ in range(3):
            tree = self.place(f"tree-{round_}")
            pushes = [self.start_regctl("push", "app.tar", f"{tree}:team/app:{i}") for i in range(4)]
            for push in pushes:
                _, err = push.communicate()
                self.assertEqual(push.returncode, 0, err)
            self.assertEqual(self.ok("tags", f"{tree}:team/app").out, "0\n1\n2\n3\n")
            listed = json.loads(self.tree_files(f"tree-{round_}").read("repositories/team/app/_index_images"))
            self.assertEqual(len({entry["id"] for entry in listed}), 6)
            self.ok("pull", f"{tree}:team/app:3", f"out-{round_}.tar")
            self.assertEqual([p for p in self.files(f"tree-{round_}") if "/." in p or "_inprogress" in p], [])

    def test_concurrent_processes_lose_nothing_in_a_repositorys_lists(self):
        tree = self.place("tree")
        for i in range(6):
            make_archive(self.path(f"{i}.tar"), [f"image-{i}"], 100)
        pushes = [self.start_regctl("push", f"{i}.tar", f"{tree}:team/app:{i}") for i in range(6)]
        for push in pushes:
            _, err = push.communicate()
            self.assertEqual(push.returncode, 0, err)
        self.assertEqual(self.ok("tags", f"{tree}:team/app").out, "".join(f"{i}\n" for i in range(6)))
        listed = json.loads(self.tree_files("tree").read("repositories/team/app/_index_images"))
        if IN_BUCKET:  # the last writer of the list wins there, until the next push mends it
            self.ok("push", "0.tar", f"{tree}:team/app:0")
            self.assertLessEqual(1, len(listed))
        else:
            self.assertEqual(len({entry["id"] for entry in listed}), 6)

    def test_a_server_and_a_command_write_one_tree(self):
        server = self.start(RegctlServer)
        tree = server.place
        make_archive(self.path("app.tar"), ["a", "b"], 100_000)
        pushes = [self.start_regctl("push", "app.tar", target)
                  for target in (f"{server.host}/team/app:1", f"{tree}:team/app:2", f"{server.host}/team/app:3")]
        for push in pushes:
            _, err = push.communicate()
            self.assertEqual(push.returncode, 0, err)
        self.assertEqual(set(server.ask("GET", "/v1/repositories/team/app/tags").json), {"1", "2", "3"})
        self.ok("pull", f"{server.host}/team/app:2", "out.tar")


class Hostile(Storage):
    """No path leads out of the folder, and every fault is reported in one sentence."""

    def setUp(self):
        super().setUp()
        self.layers = make_archive(self.path("app.tar"), ["base", "top"], 5000)
        self.tree = self.place("tree")
        self.ok("push", "app.tar", f"{self.tree}:team/app:1.0")
        self.ok("push", "app.tar", f"{self.place('outside')}:team/app:1.0")
        self.stored = self.tree_files("tree")
        self.top = f"images/{self.layers[1].id}"

    def link(self, path, target):
        """Replaces the file or folder at `path` by a link."""
        os.rename(self.path(path), self.path(path) + ".was")
        os.symlink(target, self.path(path))

    def unlink(self, path):
        os.remove(self.path(path))
        os.rename(self.path(path) + ".was", self.path(path))

    @not_in_bucket("it has no links")
    def test_links_out_of_the_tree_are_not_followed(self):
        outside = self.path("outside")
        before = self.files("outside")
        rows = (f"images/{self.layers[1].id}", f"images/{self.layers[1].id}/layer", f"images/{self.layers[1].id}/json",
                f"images/{self.layers[1].id}/ancestry", f"images/{self.layers[1].id}/_checksum", "images",
                "repositories", "repositories/team", "repositories/team/app", "repositories/team/app/tag_1.0")
        for part in rows:
            for target in (f"{outside}/{part}", os.path.relpath(f"{outside}/{part}", os.path.dirname(self.path(f"tree/{part}")))):
                with self.subTest(f"{part} -> {target}"):
                    self.link(f"tree/{part}", target)
                    result = self.regctl("pull", f"{self.tree}:team/app:1.0", "out.tar")
                    code, words = ((7, "is listed, but cannot be read") if part.endswith("tag_1.0") else
                                   (6, "is a link that leads out of the storage tree"))
                    self.assertEqual(result.code, code, result.err)
                    self.assertIn(words, result.err)
                    if code == 7:
                        self.assertIn(f"hint: regctl audit {self.tree}:team/app finds out", result.err)
                    if part.startswith("repositories") and not part.endswith("1.0"):
                        self.fails(6, "push", "app.tar", f"{self.tree}:team/app:2.0", saying="leads out")
                    elif part == "images":
                        self.fails(6, "push", "app.tar", f"{self.tree}:team/app:2.0", saying="leads out")
                    self.unlink(f"tree/{part}")
        self.assertEqual(self.files("outside"), before)

    @not_in_bucket("it has no links")
    def test_a_server_follows_no_links_out_of_the_tree_either(self):
        server = self.start(RegctlServer, storage=self.path("tree"))
        secret = self.path("secret")
        self.write("secret", "the secret")
        top = self.layers[1].id
        for part in ("layer", "json"):
            self.link(f"tree/{self.top}/{part}", secret)
            for asked in ("layer", "json", "ancestry", "files"):
                answer = server.ask("GET", f"/v1/images/{top}/{asked}")
                self.assertNotIn(b"secret", answer.content)
                if asked in (part, "files") or part == "json":
                    self.assertEqual(answer.status, 500, asked)
                    self.assertNotIn(self.folder.encode(), answer.content)
            self.unlink(f"tree/{self.top}/{part}")
        self.link("tree/repositories/team/app/tag_1.0", secret)
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags/1.0").status, 500)
        # A new tag replaces the link, and not what it leads to.
        self.assertEqual(server.ask("PUT", "/v1/repositories/team/app/tags/1.0", json.dumps(top)).status, 200)
        self.assertEqual(self.read("secret"), b"the secret")
        self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags/1.0").json, top)
        self.assertIn("leads out of the storage tree", server.errors())

    @not_in_bucket("it has no links")
    def test_links_within_the_tree_are_followed(self):
        """Users make such links to save space."""
        self.link(f"tree/{self.top}/layer", "../../spare")
        os.rename(self.path(f"tree/{self.top}/layer.was"), self.path("tree/spare"))
        self.ok("pull", f"{self.tree}:team/app:1.0", "out.tar")

    def test_names_that_lead_out_of_the_tree_are_refused(self):
        for name in ("../outside/team/app", "team/../../outside", "..", "team/..", "../..", "./team/app"):
            with self.subTest(name):
                result = self.regctl("tags", f"{self.tree}:{name}")
                self.assertIn(result.code, (2, 3), result.err)
        for name in ("%2e%2e", "..", "team/..%2f..", ".hidden"):
            self.stored.write(f"repositories/{name}/app/tag_1.0", self.layers[1].id.encode())
        self.assertEqual(self.tags(self.tree), ["team/app:1.0"])
        self.stored.write("repositories/team/app/tag_..", self.layers[0].id.encode())
        self.stored.write("repositories/team/app/tag_a b", self.layers[0].id.encode())
        self.assertEqual(self.ok("tags", f"{self.tree}:team/app").out, "1.0\n")
        self.stored.write("repositories/team/app/tag_evil", b"../../../outside")
        self.assertIn("evil", self.ok("tags", f"{self.tree}:team/app").err)

    def test_huge_files_are_refused(self):
        server = self.start(RegctlServer, storage=self.path("tree"))
        top = self.layers[1].id
        for path, size, asked in (
                (f"{self.top}/json", 5_000_000, f"/v1/images/{top}/json"),
                (f"{self.top}/_checksum", 70_000, f"/v1/images/{top}/json"),
                ("repositories/team/app/_index_images", 70_000_000, "/v1/repositories/team/app/images"),
                ("repositories/team/app/tag_1.0", 5_000, "/v1/repositories/team/app/tags/1.0"),
                ("repositories/team/app/tag1.0_json", 5_000_000, "/v1/repositories/team/app/tags/1.0/json")):
            with self.subTest(path):
                kept = self.stored.read(path)
                self.stored.write(path, kept + bytes(size))
                answer = server.ask("GET", asked)
                self.assertEqual((answer.status, answer.json), (500, {"error": "the storage is damaged here"}))
                self.assertIn("is larger than", server.errors())
                if path.endswith("tag_1.0"):
                    self.fails(7, "pull", f"{self.tree}:team/app:1.0", "out.tar", saying="cannot be read")
                elif "_index" not in path and "_json" not in path:
                    self.fails(6, "pull", f"{self.tree}:team/app:1.0", "out.tar", saying="is larger than")
                self.stored.write(path, kept)
        self.ok("pull", f"{self.tree}:team/app:1.0", "out.tar")

    def test_deeply_nested_and_malformed_json_is_reported(self):
        server = self.start(RegctlServer, storage=self.path("tree"))
        top = self.layers[1].id
        deep = "[" * 1_000_000
        for text in (deep, deep + "]" * 1_000_000, '{"a": ' * 100_000, "", "null", "\xff", "[1, null, {}]", "7"):
            with self.subTest(text[:10]):
                for name in ("ancestry", "_checksum"):
                    self.stored.write(f"{self.top}/{name}", text.encode())
                for name in ("_index_images", "tag1.0_json", "json"):
                    self.stored.write(f"repositories/team/app/{name}", text.encode())
                self.assertEqual(server.ask("GET", f"/v1/images/{top}/ancestry").json, [top, self.layers[0].id])
                server.ask("GET", f"/v1/images/{top}/json")
                self.assertEqual(server.ask("GET", "/v1/repositories/team/app/json").json["os"], "linux")
                self.assertEqual(server.ask("GET", "/v1/repositories/team/app/tags/1.0/json").status, 200)
                self.assertIn(server.ask("GET", "/v1/repositories/team/app/images").status, (200, 404))
                self.assertEqual(server.ask("PUT", "/v1/repositories/team/app/", json.dumps([{"id": top}])).status, 200)
                listed = server.ask("GET", "/v1/repositories/team/app/images").json
                self.assertIn({"id": top}, listed)
        self.stored.write(f"{self.top}/json", deep.encode())
        server = self.start(RegctlServer, storage=self.path("tree"))  # the other one may remember whole images
        self.assertEqual(server.ask("GET", f"/v1/images/{top}/ancestry").status, 404)
        self.fails(6, "pull", f"{self.tree}:team/app:1.0", "out.tar")
        self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)

    def write_chain(self, ids, end):
        files = {"repositories/team/app/tag_chain": ids[0].encode()}
        for identity, parent in zip(ids, ids[1:] + [end]):
            image = {"id": identity, **({"parent": parent} if parent else {})}
            files.update({f"images/{identity}/json": json.dumps(image).encode(), f"images/{identity}/layer": b"",
                          f"images/{identity}/_checksum": b"[]"})
        self.stored.write_all(files)

    def test_loops_and_endless_chains_end(self):
        server = self.start(RegctlServer, storage=self.path("tree"))
        ids = [hashlib.sha256(b"%d" % i).hexdigest() for i in range(4_100)]
        for chain, end, words in ((ids[:1], ids[0], "loop"), (ids[:5], ids[0], "loop"), (ids[:5], ids[2], "loop"),
                                  (ids, None, "4096"))[:3 if IN_BUCKET else 4]:  # filling a bucket takes a minute
            with self.subTest(f"{len(chain)} images"):
                self.write_chain(chain, end)
                answer = server.ask("GET", f"/v1/images/{chain[0]}/ancestry")
                self.assertEqual(answer.status, 404)
                self.assertIn(words, answer.json["error"])
                self.assertEqual(server.ask("GET", f"/v1/images/{chain[0]}/diff").status, 404)
                child = Layer("child of a hostile chain", 10)
                child.json = json.dumps({"id": child.id, "parent": chain[0]}).encode()
                self.assertEqual(server.ask("PUT", f"/v1/images/{child.id}/json", child.json).status, 400)
                result = self.regctl("pull", f"{self.tree}:team/app:chain", "out.tar")
                self.assertEqual(result.code, 6, result.err)
        self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)

    @not_in_bucket("all its files are regular")
    def test_a_pipe_or_folder_in_place_of_a_file_is_reported(self):
        for path in (f"tree/{self.top}/layer", f"tree/{self.top}/json", "tree/repositories/team/app/tag_1.0"):
            with self.subTest(path):
                code, words = (7, "cannot be read") if path.endswith("tag_1.0") else (6, "is not a regular file")
                kept = self.read(path)
                os.remove(self.path(path))
                os.mkfifo(self.path(path))
                self.fails(code, "pull", f"{self.tree}:team/app:1.0", "out.tar", saying=words)
                os.remove(self.path(path))
                os.mkdir(self.path(path))
                self.fails(code, "pull", f"{self.tree}:team/app:1.0", "out.tar", saying=words)
                os.rmdir(self.path(path))
                self.write(path, kept)


if __name__ == "__main__":
    main()
