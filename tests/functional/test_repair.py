#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl repair mends only faults with a certain remedy, once, and changes no layer."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET  # noqa: E402

HALF = "45b996450c3b5d2669eb8250f47021521612764a8dabb5b8fa52993cd135f419"
NO_ANCESTRY = "24ef76f0223cbc76c1eb9ae0cbc1e40452798591e63341835a30b41b315616b0"
WRONG_ANCESTRY = "5c113ace76d9181b92d09740adab4c09fe8dc7bcd4351c7b2ac224662a1f8701"
OLD_SUM = "b3a32a5a18dbc470e46440902d0ac7369bc62f87da48f9602aa65ecc13078bee"
MENDED = [("rebuild ancestry", NO_ANCESTRY), ("complete upload", HALF), ("rebuild ancestry", WRONG_ANCESTRY),
          ("rewrite checksum", OLD_SUM)]


class Repair(TestCase):
    def repair(self, tree, *words):
        document = self.ok("repair", tree.place, "--format", "json", *words).json
        return [(act["action"], act["id"]) for act in document["actions"]]

    def grow_old(self):
        """In a bucket young uploads are always left alone, as they may be another writer's."""
        if IN_BUCKET:
            self.tree.files.age("", 3600)

    def verdicts(self, tree):
        document = self.regctl("audit", "--deep", tree.place, "--format", "json").json
        return {f"{tag['repository']}:{tag['tag']}": tag["verdict"] for tag in document["tags"]}


class WildTree(Repair):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree.recorded(self.path("wild"), "tree-wild")
        self.grow_old()

    def test_mends_once_and_changes_no_layer(self):
        layers, texts = self.tree.snapshot("layer"), self.tree.snapshot("json")
        self.assertEqual(self.repair(self.tree), MENDED)
        self.assertEqual((self.tree.snapshot("layer"), self.tree.snapshot("json")), (layers, texts))
        left = {name: verdict for name, verdict in self.verdicts(self.tree).items() if verdict != "sound"}
        self.assertEqual(left, {"team/cut:1": "layer cut short", "team/flipped:1": "checksum wrong",
                                "team/nowhere:1": "tag to nowhere"})
        self.assertEqual(json.loads(self.tree.read("images", NO_ANCESTRY, "ancestry"))[0], NO_ANCESTRY)
        self.assertEqual(len(json.loads(self.tree.read("images", WRONG_ANCESTRY, "ancestry"))), 4)
        self.assertEqual(len(json.loads(self.tree.read("images", OLD_SUM, "_checksum"))), 1)
        after = self.tree.snapshot()
        self.assertEqual(self.repair(self.tree), [])
        self.assertEqual(self.tree.snapshot(), after)

    def test_a_dry_run_prints_the_same_and_changes_nothing(self):
        before = self.tree.snapshot()
        self.assertEqual(self.repair(self.tree, "--dry-run"), MENDED)
        self.assertEqual(self.tree.snapshot(), before)
        result = self.ok("repair", "-n", self.tree.place)
        self.assertIn("complete upload    45b996450c3b", result.out)
        self.assertIn("nothing was changed", result.err)

    def test_tags_without_an_image_are_removed_only_if_asked(self):
        self.tree.tag("team/null", "1", "")
        self.repair(self.tree)
        self.assertIn("team/nowhere:1", self.verdicts(self.tree))
        acts = self.ok("repair", self.tree.place, "--drop-tags", "--format", "json").json["actions"]
        self.assertEqual([(act["action"], act["repository"], act["tag"]) for act in acts],
                         [("drop tag", "team/nowhere", "1"), ("drop tag", "team/null", "1")])
        self.assertTrue(acts[0]["id"].startswith("b19f993fa05c"))
        self.assertIsNone(acts[1]["id"])
        verdicts = self.verdicts(self.tree)
        self.assertNotIn("team/nowhere:1", verdicts)
        self.assertNotIn("team/null:1", verdicts)
        self.assertEqual(len(verdicts), 16)


class MadeTree(Repair):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree(self.path("tree"))

    def mark(self, identity):
        self.tree.write(self.tree.image_file(identity, "_inprogress"), "true")

    def test_an_upload_that_is_not_proven_whole_stays_dead(self):
        rows = {"no checksum": ("_checksum", None), "no layer": ("layer", None), "another layer": ("layer", b"x"),
                "no JSON": ("json", None)}
        for name, (part, content) in rows.items():
            identity = self.tree.add_image(name)
            self.mark(identity)
            if content is None:
                self.tree.remove(self.tree.image_file(identity, part))
            else:
                self.tree.write(self.tree.image_file(identity, part), content)
        # The server's own sum of what came until the connection broke:
        whole = self.tree.add_image("whole")
        data = self.tree.files.read(self.tree.image_file(whole, "layer"))
        self.mark(self.tree.add_image("cut", layer=data[:-20]))
        self.grow_old()
        before = self.tree.snapshot()
        self.assertEqual(self.repair(self.tree), [])
        self.assertEqual(self.tree.snapshot(), before)

    def test_a_completed_upload_gets_its_ancestry_in_the_same_run(self):
        chain = self.tree.add_chain("a", 2)
        self.mark(chain[1])
        self.tree.remove(self.tree.image_file(chain[1], "ancestry"))
        self.tree.tag("team/app", "1", chain[1])
        self.grow_old()
        self.assertEqual(self.repair(self.tree), [("rebuild ancestry", chain[1]), ("complete upload", chain[1])])
        self.assertEqual(self.repair(self.tree), [])
        self.assertEqual(self.verdicts(self.tree), {"team/app:1": "sound"})

    def test_remnants_of_an_interrupted_removal_are_not_repaired(self):
        self.tree.write(self.tree.image_file(self.tree.add_image("a"), "_inprogress"), "removed")
        self.assertEqual(self.repair(self.tree), [])

    def test_no_ancestry_is_made_up_where_a_parent_is_missing(self):
        chain = self.tree.add_chain("a", 3)
        self.tree.write(self.tree.image_file(chain[0], "json"), "{")
        self.tree.remove(self.tree.image_file(chain[2], "ancestry"))
        self.assertEqual(self.repair(self.tree), [])

    def test_beside_a_server_young_uploads_are_left_alone(self):
        young, old = self.tree.add_image("young"), self.tree.add_image("old")
        other = self.tree.add_image("other")
        for identity in (young, old):
            self.mark(identity)
        self.tree.age(old, 3600)
        self.tree.remove(self.tree.image_file(other, "ancestry"))
        server = self.start(RegctlServer, storage=self.tree.folder)
        result = self.ok("repair", self.tree.place, "--format", "json")
        self.assertEqual(sorted((act["action"], act["id"]) for act in result.json["actions"]),
                         [("complete upload", old), ("rebuild ancestry", other)])
        self.assertEqual(result.json["left_alone"], 1)
        self.assertIn(young[:12] + " was written within the last minutes; left alone", result.err)
        self.assertEqual(server.end(), 0)
        self.grow_old()
        self.assertEqual(self.repair(self.tree), [("complete upload", young)])

    def test_what_is_no_tree_is_refused(self):
        self.tree.add_image("a")
        self.ok("repair", self.tree.place if IN_BUCKET else self.tree.folder)  # what lies here and is a tree is one
        self.fails(2, "repair", self.tree.place + ":team/app", saying="whole tree")
        self.fails(3, "repair", self.place("nothing"))


class FromElsewhere(Repair):
    """repair --from fetches what is damaged or missing, by ID and checksum."""

    def setUp(self):
        super().setUp()
        sound = StorageTree(self.path("sound"))
        self.chain = sound.add_chain("app", 4)
        self.other = sound.add_chain("other", 2)
        sound.tag("team/app", "1", self.chain[-1])
        sound.tag("team/other", "1", self.other[-1])
        sound.tag("team/other", "lone", sound.add_image("lone"))
        self.sound = sound
        sound.files.copy_to(self.path("tree"))
        self.tree = StorageTree(self.path("tree"))

    @staticmethod
    def change_layer(tree, identity, change):
        """change: bytes → bytes."""
        layer = tree.image_file(identity, "layer")
        tree.write(layer, change(tree.files.read(layer)))

    def damage(self):
        """Of one chain the base is cut, the next one gone and the third one's JSON none; of the other a byte differs."""
        self.change_layer(self.tree, self.chain[0], lambda layer: layer[:100])
        self.tree.files.remove_folder(f"images/{self.chain[1]}")
        self.tree.write(self.tree.image_file(self.chain[2], "json"), "{")
        self.change_layer(self.tree, self.other[0], lambda layer: layer[:20] + b"~" + layer[21:])
        return {*self.chain[:3], self.other[0]}

    def contents(self, tree):
        return {path: content for path, (content, _) in tree.snapshot().items() if not path.endswith("ancestry")}

    def check_mended(self, place):
        damaged = self.damage()
        shown = self.repair(self.tree, "--dry-run", "--from", place)
        done = self.repair(self.tree, "--from", place)
        self.assertEqual({one for action, one in done if action == "fetch image"}, damaged)
        self.assertEqual({one for action, one in shown if action == "fetch image"}, damaged)
        self.assertEqual(self.contents(self.tree), self.contents(self.sound))
        self.ok("audit", "--deep", self.tree.place)
        self.assertEqual(self.repair(self.tree, "--from", place), [])

    def test_another_tree_mends_all_damage(self):
        self.check_mended(self.sound.place)

    def test_a_registry_with_repositories_of_the_same_names(self):
        server = RegctlServer(self.folder, storage=self.path("sound"))
        self.addCleanup(server.stop)
        self.check_mended(server.host)

    def test_an_archive_with_one_repository(self):
        self.ok("pull", f"{self.sound.place}:team/app:1", self.path("app.tar"))
        self.change_layer(self.tree, self.chain[2], lambda layer: layer[:100])
        done = self.repair(self.tree, "--from", f"docker-archive:{self.path('app.tar')}")
        self.assertEqual(done, [("fetch image", self.chain[2])])
        self.assertEqual(self.contents(self.tree), self.contents(self.sound))

    def test_other_bytes_and_absent_images_change_nothing(self):
        self.damage()
        self.change_layer(self.sound, self.other[0], lambda layer: layer[:21] + b"~~" + layer[23:])
        self.sound.files.remove_folder(f"images/{self.chain[1]}")
        before = self.tree.snapshot()
        done = self.regctl("repair", "--from", self.sound.place, self.tree.place, "--format", "json")
        self.assertEqual(done.code, 10, done.err)
        self.assertEqual([act["id"] for act in done.json["actions"]], [self.chain[0]])
        self.assertEqual(done.json["not_fetched"], 3)
        self.assertIn("could not be fetched", done.err)
        after = self.tree.snapshot()
        for files in (before, after):
            for path in [path for path in files if self.chain[0] in path]:
                del files[path]
        self.assertEqual(after, before)

    def test_is_of_protocol_v1(self):
        os.makedirs(self.path("v2/docker/registry/v2"))
        self.fails(2, "repair", "--from", self.sound.place, f"v2-storage:{self.path('v2')}",
                   saying="--from fetches images of protocol v1")


if __name__ == "__main__":
    main()
