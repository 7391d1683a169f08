#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl audit finds the faults of each tag and image, in a tree and at a registry, and changes nothing."""

import bz2
import gzip
import json
import lzma
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, RegctlServer, TestCase, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET, not_in_bucket  # noqa: E402

# Tag → verdict with --deep: the table of tests/data/README.md, row by row.
WILD_TAGS = {
    "mixed:latest": "sound", "mixed:no-xz": "sound",
    "team/demo-1.3.3:1.0": "sound", "team/demo-1.3.3:latest": "sound",
    "team/demo-1.5.0:1.0": "sound", "team/demo-1.5.0:latest": "sound",
    "team/demo-1.9.1:1.0": "sound", "team/demo-1.9.1:latest": "sound",
    "team/deep/name:1": "sound",
    "team/dead:half": "dead upload", "team/dead:whole": "sound",
    "team/cut:1": "layer cut short",
    "team/flipped:1": "checksum wrong",
    "team/noancestry:1": "ancestry missing",
    "team/wrongancestry:1": "ancestry wrong",
    "team/nowhere:1": "tag to nowhere",
    "team/oldsum:1": "old checksum",
}
WILD_DAMAGED = {"team/dead:half", "team/cut:1", "team/flipped:1", "team/nowhere:1"}
ORPHAN = "88f6811ab5d8fc6d3177f9b7609ae0fcebfda187e5046b62d38bb539e88b74d7"
JSON_ONLY = "1866f72c272c062b6ad5329a2df5a6d24c020620c0c4bcb13d44c04f7068eb0f"
OF_LAYERS = {"checksum wrong", "layer damaged", "layer cut short", "layer missing", "JSON damaged"}


class Audit(TestCase):
    def audit(self, place, *words, code=None):
        result = self.regctl("audit", place, "--format", "json", *words)
        document = result.json
        summary = document["summary"]
        self.assertEqual(result.code, 7 if summary["damaged"] else 10 if summary["not_looked_at"] else 0, result.err)
        if code is not None:
            self.assertEqual(result.code, code, result.out)
        return document

    def tags(self, document):
        return {f"{tag['repository']}:{tag['tag']}": tag for tag in document["tags"]}

    def verdicts(self, document):
        return {name: tag["verdict"] for name, tag in self.tags(document).items()}

    def images(self, document):
        return {image["id"]: image for image in document["images"]}

    def check_image(self, tree, identity, verdict, *words, damaged, detail=None):
        image = self.images(self.audit(tree.place, *words))[identity]
        self.assertEqual((image["verdict"], image["damaged"]), (verdict, damaged), image)
        if detail:
            self.assertIn(detail, image["detail"])


class WildTree(Audit):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree.recorded(self.path("wild"), "tree-wild")

    def test_every_row_of_the_table(self):
        before = self.tree.snapshot()
        document = self.audit(self.tree.place, "--deep", code=7)
        self.assertEqual(self.verdicts(document), WILD_TAGS)
        tags = self.tags(document)
        self.assertEqual({name for name, tag in tags.items() if tag["damaged"]}, WILD_DAMAGED)
        for name, tag in tags.items():
            at_fault = None if tag["verdict"] in ("sound", "tag to nowhere") else tag["id"]
            self.assertEqual(tag["at_fault"], at_fault, name)
        images = self.images(document)
        self.assertEqual(set(images), self.tree.images())
        self.assertEqual(images[ORPHAN]["verdict"], "orphan")
        self.assertEqual(images[JSON_ONLY]["verdict"], "dead upload")
        self.assertFalse(images[JSON_ONLY]["damaged"])
        self.assertIsNone(images[JSON_ONLY]["size"])
        self.assertEqual(images[tags["team/dead:half"]["id"]]["detail"], "whole")
        self.assertEqual([image["id"] for image in document["images"] if image["repository"] is None],
                         [JSON_ONLY, ORPHAN])
        self.assertEqual(self.tree.snapshot(), before)

    def test_damage_inside_layers_is_not_seen_without_deep(self):
        verdicts = self.verdicts(self.audit(self.tree.place, code=7))
        self.assertEqual(verdicts, {**WILD_TAGS, "team/cut:1": "sound", "team/flipped:1": "sound"})

    def test_sizes_tell_what_is_shared_and_what_a_removal_frees(self):
        document = self.audit(self.tree.place)
        rows = {row["repository"]: row for row in document["repositories"]}
        base = [10240, 107]  # a plain tar and an empty one that many have
        self.assertEqual(rows["team/deep/name"]["size"], sum(base))
        self.assertEqual(rows["team/deep/name"]["freed_size"], 0)
        self.assertEqual(rows["team/oldsum"]["shared_size"], sum(base))
        self.assertEqual(rows["team/oldsum"]["freed_size"], 103)
        self.assertEqual(rows["mixed"]["freed_size"], 45 + 164)
        for row in rows.values():
            self.assertEqual(row["shared_size"] + row["freed_size"], row["size"])
            self.assertEqual(row["sizes_unknown"], 0)  # also where a layer is not there
        self.assertEqual(document["summary"]["sizes_unknown"], 0)
        self.assertEqual(document["summary"]["shared_size"], sum(base) + 115)
        freed = [row["freed_size"] for row in document["repositories"]]
        self.assertEqual(freed, sorted(freed, reverse=True))

    def test_table_has_problems_first_and_fits_100_columns(self):
        result = self.regctl("audit", "--deep", self.tree.place)
        self.assertEqual(result.code, 7)
        lines = result.out.splitlines()
        self.assertTrue(lines[1].startswith("tag to nowhere"), lines[1])
        self.assertTrue(lines[2].startswith("layer cut short"), lines[2])
        self.assertNotIn("\nsound", result.out)
        self.assertEqual([line for line in lines if len(line) > 100], [])
        self.assertEqual(result.err.splitlines()[-2], "regctl: 4 tags and 3 images damaged")
        self.assertEqual(result.out.count("team/demo-1.3.3"), 1)
        everything = self.regctl("audit", "--all", self.tree.place).out
        self.assertEqual(everything.count("team/demo-1.3.3:"), 2)

    def test_verify_names_the_same_faults_of_an_image(self):
        """For faults in a layer that both commands find."""
        audited = {image["id"]: image for image in self.audit(self.tree.place, "--deep", code=7)["images"]}
        result = self.regctl("verify", "--deep", self.tree.place, "--format", "json")
        self.assertEqual(result.code, 7, result.err)
        compared = set()
        for finding in (found for tag in result.json for found in tag["findings"] if found["id"]):
            image = audited.get(finding["id"])
            if image and image["verdict"] == finding["verdict"] in OF_LAYERS:
                self.assertEqual(finding["detail"], image["detail"], finding)
                compared.add(finding["verdict"])
        self.assertLessEqual({"checksum wrong", "layer cut short"}, compared)
        for line in result.err.splitlines():
            self.assertLessEqual(len(line), 200)

    def test_verify_names_the_same_faults_without_reading_layers(self):
        loop = self.tree.add_image("loop")
        self.tree.write(self.tree.image_file(loop, "json"), json.dumps({"id": loop, "parent": loop}))
        self.tree.tag("team/loop", "1", loop)
        chain = self.tree.add_chain("order", 3)
        ancestry = json.dumps([chain[2], chain[0], chain[1]])
        self.tree.write(self.tree.image_file(chain[2], "ancestry"), ancestry)
        self.tree.tag("team/order", "1", chain[2])
        self.tree.tag("team/noid", "1", "")
        document = self.audit(self.tree.place, code=7)
        tags, compared = self.tags(document), set()
        for tag in self.regctl("verify", self.tree.place, "--format", "json").json:
            for finding in tag["findings"]:
                audited = tags[f"{tag['repository']}:{tag['tag']}"]
                self.assertEqual((finding["verdict"], finding["detail"]), (audited["verdict"], audited["detail"]))
                compared.add((finding["verdict"], finding["detail"]))
        self.assertEqual(compared, {
            ("ancestry missing", None), ("ancestry wrong", "lists 2 images instead of 4"),
            ("ancestry wrong", "lists other images than the parents tell, or in another order"),
            ("dead upload", "never completed, or under way"), ("parents in a loop", "it is an ancestor of its own"),
            ("tag to nowhere", "its image is not there"), ("tag to nowhere", "no image ID can be read from it")})

    def test_one_repository_or_tag(self):
        document = self.audit(self.tree.place + ":team/dead", code=7)
        self.assertEqual(self.verdicts(document), {"team/dead:half": "dead upload", "team/dead:whole": "sound"})
        self.assertEqual(len(document["images"]), 3)
        self.assertIsNone(document["repositories"][0]["freed_size"])
        self.assertEqual(len(self.audit(self.tree.place + ":team/dead:whole", code=0)["images"]), 2)
        self.assertEqual(self.verdicts(self.audit(self.tree.place + ":team/noancestry", code=0)),
                         {"team/noancestry:1": "ancestry missing"})
        self.fails(3, "audit", self.tree.place + ":team/gone", saying="no repository team/gone")
        self.fails(3, "audit", self.tree.place + ":team/dead:gone", saying="no tag")

    def test_it_counts_the_images_that_repair_can_mend(self):
        acts = self.ok("repair", "--dry-run", self.tree.place, "--format", "json").json["actions"]
        mended = {act["id"] for act in acts}
        self.assertIn("complete upload", {act["action"] for act in acts})
        result = self.regctl("audit", "--deep", self.tree.place)
        self.assertIn(f"{len(mended)} images to be mended by regctl repair", result.err)

    def test_a_served_tree_has_the_same_findings_for_tagged_images(self):
        server = self.start(RegctlServer, "--read-only", storage=self.tree.folder)
        # The server rebuilds ancestries, reads old checksums, and leaves out what it cannot read.
        mended = {name: "sound" for name, verdict in WILD_TAGS.items()
                  if verdict.startswith("ancestry") or verdict == "old checksum"}
        document = self.audit(server.host, "--deep", code=7)
        self.assertEqual(self.verdicts(document), {**WILD_TAGS, **mended})
        self.assertEqual(self.verdicts(self.audit(server.host + "/team/cut", "--deep", code=7)),
                         {"team/cut:1": "layer cut short"})


class MadeTree(Audit):
    def setUp(self):
        super().setUp()
        self.tree = StorageTree(self.path("tree"))

    def test_a_tag_names_the_image_at_fault(self):
        chain = self.tree.add_chain("a", 5)
        self.tree.tag("team/app", "1", chain[4])
        self.tree.tag("team/app", "2", chain[1])
        self.tree.remove(self.tree.image_file(chain[2], "layer"))
        tags = self.tags(self.audit(self.tree.place, code=7))
        self.assertEqual((tags["team/app:1"]["verdict"], tags["team/app:1"]["at_fault"]), ("layer missing", chain[2]))
        self.assertEqual(tags["team/app:2"]["verdict"], "sound")
        self.assertIsNone(tags["team/app:1"]["size"])

    def test_a_missing_parent_breaks_the_tag_at_its_child(self):
        chain = self.tree.add_chain("a", 4)
        self.tree.tag("team/app", "1", chain[3])
        self.tree.files.remove_folder(f"images/{chain[1]}")
        document = self.audit(self.tree.place, code=7)
        tag = document["tags"][0]
        self.assertEqual((tag["verdict"], tag["at_fault"]), ("parent missing", chain[2]))
        self.assertIn(chain[1][:12], tag["detail"])
        # What is below the break is no orphan: the ancestries tell that it belongs to the chain.
        self.assertEqual(self.images(document)[chain[0]]["verdict"], "sound")

    def test_a_loop_of_parents(self):
        a = self.tree.add_image("a")
        b = self.tree.add_image("b", a)
        c = self.tree.add_image("c", b)
        self.tree.write(self.tree.image_file(a, "json"), json.dumps({"id": a, "parent": b}))
        self.tree.tag("team/app", "1", c)
        document = self.audit(self.tree.place, code=7)
        self.assertEqual(document["tags"][0]["verdict"], "parents in a loop")
        self.assertIn(document["tags"][0]["at_fault"], (a, b))

    def test_a_tag_file_without_an_id(self):
        self.tree.tag("team/app", "1", "")
        document = self.audit(self.tree.place, code=7)
        self.assertEqual((document["tags"][0]["verdict"], document["tags"][0]["id"]), ("tag to nowhere", None))

    def test_damage_of_a_single_image(self):
        identity = self.tree.add_image("a")
        layer = self.tree.image_file(identity, "layer")
        data = self.tree.files.read(layer)

        def damage(part, content):
            if content is None:
                self.tree.remove(self.tree.image_file(identity, part))
            else:
                self.tree.write(self.tree.image_file(identity, part), content)

        sound = {part: self.tree.files.read(self.tree.image_file(identity, part))
                 for part in ("json", "layer", "ancestry", "_checksum")}
        rows = [
            # file, what becomes of it, verdict without reading layers, with it, whether it is damage
            ("layer", None, "layer missing", "layer missing", True),
            ("layer", b"", "layer cut short", "layer cut short", True),
            ("layer", data[:-5], "orphan", "layer cut short", True),
            ("layer", data[:200], "orphan", "layer cut short", True),
            ("layer", data[:100] + b"?" + data[101:], "orphan", "checksum wrong", True),
            ("layer", gzip.compress(b"other" * 200), "orphan", "checksum wrong", True),
            ("json", "{", "JSON damaged", "JSON damaged", True),
            ("json", json.dumps({"id": "a" * 64}), "JSON damaged", "JSON damaged", True),
            ("json", None, "dead upload", "dead upload", False),
            ("_inprogress", "true", "dead upload", "dead upload", False),
            ("_checksum", None, "orphan", "orphan", False),
            ("ancestry", "[]", "orphan", "orphan", False),
        ]
        for part, content, shallow, deep, damaged in rows:
            with self.subTest(part=part, content=content):
                damage(part, content)
                self.check_image(self.tree, identity, shallow, damaged=damaged and shallow != "orphan")
                self.check_image(self.tree, identity, deep, "--deep", damaged=damaged)
                for name, kept in sound.items():
                    self.tree.write(self.tree.image_file(identity, name), kept)
                mark = self.tree.image_file(identity, "_inprogress")
                if self.tree.exists(mark):
                    self.tree.remove(mark)
        self.check_image(self.tree, identity, "orphan", "--deep", damaged=False)

    def test_without_a_checksum_a_layer_is_judged_by_unpacking_it(self):
        tar = gzip.decompress(self.tree.files.read(self.tree.image_file(self.tree.add_image("a", size=8000), "layer")))
        for name, pack in (("none", bytes), ("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", lzma.compress)):
            packed = pack(tar)
            middle = len(packed) // 2
            for what, layer, verdict in (
                    ("whole", packed, "sound"),
                    ("cut", packed[:middle], "layer cut short"),
                    ("changed", b"?" * 600 + packed[600:] if name == "none" else
                     packed[:middle] + b"????" + packed[middle + 4:], "layer damaged")):
                identity = self.tree.add_image(f"{name}-{what}", layer=layer)
                self.tree.remove(self.tree.image_file(identity, "_checksum"))
                self.tree.tag("team/app", f"{name}-{what}", identity)
                with self.subTest(name=name, what=what):
                    document = self.audit(f"{self.tree.place}:team/app:{name}-{what}", "--deep")
                    self.assertEqual(document["tags"][0]["verdict"], verdict, document["tags"][0])

    def test_an_empty_layer_with_a_right_checksum_is_sound(self):
        identity = self.tree.add_image("a", layer=b"")
        self.tree.tag("team/app", "1", identity)
        self.assertEqual(self.verdicts(self.audit(self.tree.place, code=0)), {"team/app:1": "sound"})

    @not_in_bucket("it has no links")
    def test_links_out_of_the_tree_are_reported(self):
        identity = self.tree.add_image("a")
        self.tree.tag("team/app", "1", identity)
        layer = self.tree.path(self.tree.image_file(identity, "layer"))
        os.rename(layer, self.path("elsewhere"))
        os.symlink(self.path("elsewhere"), layer)
        self.check_image(self.tree, identity, "unreadable", damaged=True, detail="leads out")
        document = self.audit(self.tree.place)
        self.assertEqual((document["summary"]["size"], document["summary"]["sizes_unknown"]), (None, 1))

    def test_chains_with_a_common_base_in_many_repositories(self):
        base = self.tree.add_chain("base", 20)
        for i in range(50):
            self.tree.tag(f"team/app-{i}", "1", self.tree.add_image(f"top-{i}", base[-1]))
        document = self.audit(self.tree.place, "--deep", "--jobs", "8", code=0)
        self.assertEqual(document["summary"]["images"], 70)
        shared = sum(len(self.tree.files.read(self.tree.image_file(identity, "layer"))) for identity in base)
        self.assertEqual(document["summary"]["shared_size"], shared)
        result = self.ok("audit", self.tree.place)
        self.assertIn("regctl: ... and 30 repositories more: --all\n", result.err)
        self.assertLess(len((result.out + result.err).splitlines()), 35)

    def test_what_is_no_tree_is_refused(self):
        self.fails(3, "audit", self.place("nothing"))
        self.tree.add_image("a")
        self.ok("audit", self.tree.place if IN_BUCKET else self.tree.folder)  # what lies here and is a tree is one
        self.fails(2, "audit", "docker-archive:x.tar", saying=["is an archive", "hint: regctl verify"])


class Registry(Audit):
    def test_the_original_server_shows_the_findings_of_its_tree(self):
        tree = StorageTree.recorded(self.path("wild"), "tree-wild")
        server = self.start(FaultServer, "--storage", tree.local())
        document = self.audit(server.host, "--deep", code=7)
        verdicts = self.verdicts(document)
        expected = {**WILD_TAGS, "team/oldsum:1": "sound"}  # a registry sends both formats alike
        self.assertEqual({name: verdicts.get(name) for name in expected}, expected)
        layers = [r["path"] for r in server.log("GET", "/layer")]
        self.assertLessEqual(max(layers.count(path) for path in layers), 4)
        self.assertEqual([r for r in server.log() if r["method"] not in ("GET", "HEAD")], [])

    def start_made(self):
        tree = StorageTree(self.path("tree"))
        chain = tree.add_chain("a", 3)
        tree.tag("team/app", "1", chain[2])
        tree.tag("team/app", "2", chain[1])
        tree.tag("team/other", "1", tree.add_image("b"))
        return self.start(FaultServer, "--storage", tree.local()), chain

    def test_one_image_that_the_registry_cannot_serve_does_not_end_the_audit(self):
        server, chain = self.start_made()
        server.control({"path": f"/{chain[0]}/json$", "action": "status", "status": 500})
        document = self.audit(server.host, "--retry", "0", code=7)
        self.assertEqual(self.verdicts(document), {"team/app:1": "unreadable", "team/app:2": "unreadable",
                                                   "team/other:1": "sound"})
        self.assertEqual(document["tags"][0]["at_fault"], chain[0])

    def test_one_repository_that_the_registry_cannot_list_does_not_end_the_audit(self):
        server, chain = self.start_made()
        server.control({"path": "/team/other/tags$", "action": "status", "status": 500})
        document = self.audit(server.host, "--retry", "0", code=10)
        self.assertEqual(self.verdicts(document), {"team/app:1": "sound", "team/app:2": "sound"})
        self.assertEqual([(r["repository"], r["error"] is None) for r in document["repositories"]],
                         [("team/app", True), ("team/other", False)])
        self.assertEqual(document["summary"]["not_looked_at"], 1)
        self.assertIsNone(document["repositories"][1]["size"])
        self.assertEqual([r["freed_size"] for r in document["repositories"]], [None, None])  # team/other may share
        self.assertIsNone(document["summary"]["shared_size"])
        result = self.regctl("audit", server.host, "--retry", "0")
        self.assertEqual(result.code, 10, result.err)
        self.assertIn("1 repository not looked at", result.err)
        self.assertIn("team/other: ", result.err)
        self.fails(5, "audit", server.host + "/team/other", "--retry", "0")  # there is nothing else to tell
        server.control({"path": f"/{chain[0]}/json$", "action": "status", "status": 500})
        self.audit(server.host, "--retry", "0", code=7)

    def test_a_registry_that_fails_altogether_is_no_damage(self):
        server, _ = self.start_made()
        server.control({"path": "/(json|tags)$", "skip": 3, "action": "status", "status": 503})
        result = self.regctl("audit", server.host, "--retry", "0", "--format", "json")
        self.assertEqual((result.code, result.out), (5, ""), result.err)
        result = self.regctl("audit", server.host, "--retry", "0", "--format", "json")  # no tags at all
        self.assertEqual((result.code, result.json["summary"]["not_looked_at"]), (5, 2), result.err)
        server.stop()
        self.fails(5, "audit", server.host, "--retry", "0")

    def test_a_size_that_the_registry_does_not_report_is_unknown_not_0(self):
        server, chain = self.start_made()
        sizes = {image["id"]: image["size"] for image in self.audit(server.host)["images"]}
        for hidden, size in (([chain[2]], sum(sizes[image] for image in chain[:2])), (chain, None)):
            with self.subTest(len(hidden)):
                server.control("clear")
                for image in hidden:
                    server.control({"method": "GET", "path": f"/{image}/json$", "action": "headers",
                                    "drop": ["X-Docker-Size"]})
                document = self.audit(server.host, code=0)
                rows = {row["repository"]: row for row in document["repositories"]}
                app = rows["team/app"]
                self.assertEqual((app["size"], app["freed_size"], app["sizes_unknown"]), (size, size, len(hidden)))
                self.assertEqual(app["shared_size"], 0)
                self.assertEqual(rows["team/other"]["sizes_unknown"], 0)
                summary = document["summary"]
                self.assertEqual(summary["size"], sum(sizes[image] for image in sizes if image not in hidden))
                self.assertEqual(summary["sizes_unknown"], len(hidden))
                self.assertEqual([image["id"] for image in document["images"] if image["size"] is None],
                                 sorted(hidden))
                self.assertRegex(self.ok("audit", server.host).err, r"4 images, at least [\d.]+ k?B: sound 4\n")
        self.assertRegex(self.ok("audit", server.host).out, r"\n2 +0 +N/A +0 B +N/A +team/app\n")

    def test_a_layer_changed_only_in_transit_is_sound(self):
        server, chain = self.start_made()
        server.control({"path": f"/{chain[0]}/layer$", "action": "corrupt", "at": 50, "times": 1})
        self.audit(server.host, "--deep", code=0)

    def test_a_missing_layer_is_found_when_it_is_read(self):
        server, chain = self.start_made()
        server.control({"path": f"/{chain[1]}/layer$", "action": "status", "status": 404})
        self.audit(server.host, code=0)
        document = self.audit(server.host, "--deep", code=7)
        self.assertEqual(self.verdicts(document), {"team/app:1": "layer missing", "team/app:2": "layer missing",
                                                   "team/other:1": "sound"})


if __name__ == "__main__":
    main()
