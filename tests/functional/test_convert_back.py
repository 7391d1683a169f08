#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OCI images on their way to protocol v1: what every image of tests/data/conversion/oci-to-v1 becomes, told by an
independent converter, wherever it comes from and goes to."""

import base64
import gzip
import hashlib
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, ROOT, main  # noqa: E402
from middleman import Middleman, Spoil  # noqa: E402
from storage_tree import StorageTree, payload_sum  # noqa: E402
from v2_case import LAYOUTS, V2Case  # noqa: E402
from v2_images import (CONFIG, MANIFEST, MANIFEST_TYPES, Document, artifact, describe, digest_of,  # noqa: E402
                       image, index)
from v2_registry import corrupt, cut, status  # noqa: E402

GOLDEN = os.path.join(ROOT, "tests", "data", "conversion", "oci-to-v1")
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


class Golden:
    """What one image must become."""

    def __init__(self, line):
        self.line = json.loads(line)
        self.source, self.name, self.platform = (self.line.get(key) for key in ("source", "name", "platform"))
        self.chain = self.line.get("chain")

    def __str__(self):
        return f"{self.source} {self.name} {self.platform}"


def read_golden():
    with open(os.path.join(GOLDEN, "own.jsonl"), encoding="utf-8") as file:
        return [Golden(line) for line in file]


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


class BackCase(V2Case):
    def place_of(self, one):
        """The recorded image as a place."""
        source, _, part = one.source.partition(":")
        kind, _, file = source.partition("/")
        file = os.path.join(LAYOUTS if kind == "v2" else GOLDEN, file)
        if file.endswith(".tar"):
            return f"oci-archive:{file}:{one.name}"
        folder = self.path("layouts/" + os.path.basename(file))
        if not os.path.exists(folder):
            with tarfile.open(file) as archive:
                archive.extractall(folder)
        return f"oci:{os.path.join(folder, part)}:{one.name}"

    @staticmethod
    def options_of(one):
        return ("--platform", one.platform) if one.platform else ()

    def sound(self):
        return [one for one in read_golden() if one.chain]

    def assertInTree(self, tree, one, repository, tag):
        """The tag's chain is what the golden line says: documents, layers, sums and order."""
        self.assertEqual(tree.read(f"repositories/{repository}/tag_{tag}"), one.chain[-1]["id"], one)
        ids = [step["id"] for step in one.chain]
        for i, step in enumerate(one.chain):
            files = {name: tree.files.read(f"images/{step['id']}/{name}")
                     for name in ("json", "layer", "ancestry", "_checksum")}
            self.assertEqual(files["json"].decode(), step["json"], one)
            layer = step["layer"]
            self.assertEqual((sum_of(files["layer"]), len(files["layer"])), (layer["blob"][7:], layer["size"]), one)
            self.assertIn(layer["announced"], json.loads(files["_checksum"]), one)
            self.assertEqual(json.loads(files["ancestry"]), ids[i::-1], one)


class Copies(BackCase):
    def test_what_is_there_is_not_moved_again(self):
        one = self.sound()[0]
        words = "copy", "--format", "json", self.place_of(one), f"{self.place('tree')}:team/app:1"
        first, again = (self.ok(*words) for _ in range(2))
        self.assertEqual((first.json["images"], first.json["images_there"]), (len(one.chain), 0))
        self.assertEqual((again.json["images"], again.json["images_there"], again.json["bytes"]), (0, len(one.chain), 0))
        self.assertEqual(first.json["tags"], again.json["tags"])

    def test_plain_layers_stay_plain_if_asked(self):
        one = next(one for one in self.sound() if one.name == "plain")
        tree = StorageTree(self.path("tree"))
        self.ok("copy", "--no-compress", self.place_of(one), f"{tree.place}:team/app:1")
        for step in one.chain:
            layer = tree.files.read(f"images/{step['id']}/layer")
            if step["layer"]["diff_id"] != "empty":
                self.assertEqual("sha256:" + sum_of(layer), step["layer"]["diff_id"])

    def test_repairs_and_the_chosen_platform_are_said(self):
        said = {"trailing": "was put right on its way: trailing-bytes", "created-bad": "created-invalid",
                "no-history": "its steps are without texts"}
        for one in self.sound():
            if one.name in said:
                done = self.ok("copy", self.place_of(one), f"{self.place(one.name)}:team/app:1")
                self.assertIn(said[one.name], done.err)
        multi = next(one for one in self.sound() if one.source.endswith("multiarch-skopeo.tar.gz") and not one.platform)
        done = self.ok("copy", self.place_of(multi), f"{self.place('tree')}:team/app:1")
        self.assertIn("linux/amd64 is taken", done.err)
        self.assertIn("signatures and attestations stay behind", done.err)
        zstd = next(one for one in self.sound() if one.source.endswith("layout-zstd.tar.gz"))
        done = self.ok("copy", self.place_of(zstd), f"{self.place('tree')}:team/app:2")
        self.assertEqual(done.err.count("become gzip"), 1)

    def test_what_makes_no_sense(self):
        one = self.sound()[0]
        words = "copy", self.place_of(one), f"{self.place('tree')}:team/app:1"
        self.fails(9, *words, "--no-verify", saying="always verified")
        self.fails(9, *words, "--referrers", saying="nothing refers to a v1 image")
        self.fails(2, *words, "--platform", "linux/amd64,linux/arm64", saying="one platform")
        self.assertFalse(self.tree_files("tree").exists("repositories/team/app/tag_1"))


class Registries(BackCase):
    def pushed(self, registry):
        """Images that skopeo brings into distribution, by tag."""
        found = {}
        for one in self.sound():
            if one.source.startswith("v2/layout-umoci") or one.name in ("two", "escapes"):
                tag = f"{one.name}-{len(found)}"
                self.skopeo_copy(self.place_of(one), f"docker://{registry.host}/team/app:{tag}")
                found[tag] = one
        self.assertGreater(len(found), 3)
        return found

    def assertServed(self, server, repository, tag, one):
        """What a v1 registry gives of the image."""
        self.assertEqual(self.ok("inspect", "--format", "json", f"v1://{server.host}/{repository}:{tag}").json["id"], one.chain[-1]["id"])
        for step in one.chain:
            text = server.get(f"/v1/images/{step['id']}/json")
            self.assertEqual(text.decode(), step["json"])
            self.assertEqual(sum_of(server.get(f"/v1/images/{step['id']}/layer")), step["layer"]["blob"][7:])

    def test_from_a_v2_registry_to_a_v1_registry(self):
        source = self.distribution()
        images = self.pushed(source)
        server = self.start(RegctlServer)
        self.ok("copy", "--all-tags", f"{source.host}/team/app", f"v1://{server.host}")
        for tag, one in images.items():
            self.assertServed(server, "team/app", tag, one)
        again = self.ok("copy", "--all-tags", "--format", "json", f"{source.host}/team/app", f"v1://{server.host}")
        self.assertEqual((again.json["images"], again.json["bytes"]), (0, 0))

    def test_from_a_tree_and_an_archive_by_push(self):
        source = self.distribution()
        tag, one = next(iter(self.pushed(source).items()))
        server = self.start(RegctlServer)
        self.ok("copy", f"{source.host}/team/app:{tag}", f"v2-storage:{self.path('v2')}:team/app:{tag}")
        self.ok("copy", f"{source.host}/team/app:{tag}", f"oci-archive:{self.path('one.tar')}:{tag}")
        self.ok("push", f"v2-storage:{self.path('v2')}:team/app:{tag}", f"v1://{server.host}/of/tree:1")
        self.ok("push", f"oci-archive:{self.path('one.tar')}", f"v1://{server.host}/of/archive:1")
        for repository in ("of/tree", "of/archive"):
            self.assertServed(server, repository, "1", one)

    def test_pulled_back_it_is_what_it_was(self):
        one = next(one for one in self.sound() if one.source.startswith("v2/layout-umoci"))
        server = self.start(RegctlServer)
        self.ok("push", self.place_of(one), f"v1://{server.host}/team/app:1")
        exported = [self.ok("export", place).out for place in (f"v1://{server.host}/team/app:1", self.place_of(one))]
        self.assertTrue(exported[0])
        self.assertEqual(*exported)


class Originals(BackCase):
    """Images that came from v1 and go back."""

    def setUp(self):
        super().setUp()
        self.old = StorageTree.recorded(self.path("old"), "tree-pushed")
        self.name = "team/demo-1.9.1"
        names = self.old.files.names(f"repositories/{self.name}")
        self.tag = next(name for name in sorted(names) if name.startswith("tag_")).removeprefix("tag_")
        self.id = self.old.read(f"repositories/{self.name}/tag_{self.tag}")
        self.image = f"oci:{self.path('made')}:x"
        self.ok("copy", f"{self.old.place}:{self.name}:{self.tag}", self.image)

    def copied(self, target, *options):
        done = self.ok("copy", "--format", "json", self.image, target, *options)
        return done, done.json["tags"][0]["id"]

    def test_where_they_are_only_the_tag_is_set(self):
        before = self.old.snapshot()
        done, identity = self.copied(f"{self.old.place}:team/again:1")
        self.assertEqual((identity, done.json["images"], done.json["bytes"]), (self.id, 0, 0))
        self.assertEqual(self.old.read("repositories/team/again/tag_1"), self.id)
        self.assertEqual(self.old.snapshot(), before)

    def test_elsewhere_they_get_ids_of_their_own(self):
        done, identity = self.copied(f"{self.place('new')}:team/again:1")
        self.assertNotEqual(identity, self.id)
        self.assertIn(f"was made from v1 image {self.id[:12]}, which is not complete", done.err)

    def test_they_come_from_the_originals(self):
        done, identity = self.copied(f"{self.place('new')}:team/again:1", "--originals", self.old.place)
        self.assertEqual(identity, self.id)
        self.assertGreater(done.json["images"], 0)
        for part in ("json", "layer"):
            self.assertEqual(StorageTree(self.path("new")).files.read(f"images/{self.id}/{part}"),
                             self.old.files.read(f"images/{self.id}/{part}"))
        self.fails(2, "copy", self.image, "oci:other:x", "--originals", self.old.place, saying="--originals is for")

    def test_an_id_over_another_image_is_not_taken(self):
        text = json.loads(self.old.read(f"images/{self.id}/json"))
        self.old.write(f"images/{self.id}/json", json.dumps({**text, "author": "somebody else"}))
        self.assertNotEqual(self.copied(f"{self.old.place}:team/again:1")[1], self.id)

    def test_an_upload_that_was_never_completed_is_not_taken(self):
        self.old.write(f"images/{self.id}/_inprogress", "true")
        self.assertNotEqual(self.copied(f"{self.old.place}:team/again:1")[1], self.id)

    def test_a_mirror_keeps_them(self):
        self.ok("mirror", "--include", self.name, self.old.place, f"v2-storage:{self.path('v2')}")
        words = "mirror", "--include", self.name, f"v2-storage:{self.path('v2')}", self.old.place, "--report", "report"
        for state in ("other", "state", "state"):
            self.ok(*words, "--state", state)
            records = [json.loads(line) for line in self.read("report").decode().splitlines()]
            self.assertEqual({one["outcome"] for one in records if one["type"] == "tag"}, {"kept"})
        self.assertEqual(self.old.read(f"repositories/{self.name}/tag_{self.tag}"), self.id)

    def test_a_mirror_takes_them_from_the_originals(self):
        tree, new = f"v2-storage:{self.path('v2')}", StorageTree(self.path("new"))
        self.ok("mirror", "--include", self.name, self.old.place, tree)

        def mirrored(*options):
            self.ok("mirror", tree, new.place, "--report", "report", "--state", "state", *options)
            records = [json.loads(line) for line in self.read("report").decode().splitlines()]
            outcomes = {one["outcome"] for one in records if one["type"] == "tag"}
            return outcomes, new.read(f"repositories/{self.name}/tag_{self.tag}") == self.id

        self.assertEqual(mirrored(), ({"copied"}, False))
        self.assertEqual(mirrored("--originals", f"{self.old.place}:{self.name}"), ({"updated"}, True))
        self.assertEqual(mirrored("--originals", self.old.place), ({"kept"}, True))
        self.assertEqual(mirrored(), ({"kept"}, True))
        self.write("mirror.yaml", f"version: 1\ndefaults:\n  originals: {self.old.place}\n"
                                  f"mirrors:\n  - source: {tree}\n    destination: {self.place('other')}\n")
        self.ok("mirror", "--config", "mirror.yaml")
        self.assertEqual(StorageTree(self.path("other")).read(f"repositories/{self.name}/tag_{self.tag}"), self.id)
        self.ok("copy", f"{self.old.place}:{self.name}:{self.tag}", "docker-archive:original.tar")
        place = self.place("of-archive")
        self.ok("mirror", tree, place, "--originals", "docker-archive:original.tar")
        self.assertEqual(StorageTree(self.path("of-archive")).read(f"repositories/{self.name}/tag_{self.tag}"), self.id)
        done = self.ok("mirror", self.old.place, new.place, "--include", self.name, "--originals", self.old.place)
        self.assertIn("no originals are looked for", done.err)

    def test_mirrors_with_originals_and_without_share_a_state(self):
        tree = f"v2-storage:{self.path('v2')}"
        self.ok("mirror", "--include", self.name, self.old.place, tree)
        for outcome in ("copied", "kept", "kept"):
            for place, options in (("with", ("--originals", self.old.place)), ("without", ())):
                self.ok("mirror", tree, self.place(place), "--report", "report", "--state", "state", *options)
                records = [json.loads(line) for line in self.read("report").decode().splitlines()]
                self.assertEqual({one["outcome"] for one in records if one["type"] == "tag"}, {outcome}, place)

    def test_what_is_no_place_of_originals(self):
        for originals, saying in ((f"v2-storage:{self.path('v2')}", "has no v1 images"),
                                  ("localhost:5000/team/", "is no place of originals"),
                                  (f"{self.old.place}:{self.name}:{self.tag}", "is no place of originals"),
                                  ("oci:layout", "has no v1 images")):
            self.fails(2, "mirror", self.old.place, self.place("third"), "--originals", originals,
                       saying=saying)
        self.assertFalse(os.path.exists(self.path("third")))
        self.assertEqual(self.tree_files("third").paths(), [])


class Busy(Middleman):
    """Before a registry, whose first answer to a manifest is 503."""

    def __init__(self, server):
        self.server, self.refused = server, 0
        super().__init__(server)

    def choose(self, request):
        if request.method != "PUT" or "/manifests/" not in request.path or self.refused:
            return None
        self.refused += 1
        return Spoil(503, headers={"Retry-After": "0"})


class Schema1Case(BackCase):
    """Manifests of Docker's schema 1, with what they become."""

    folder_of_data = os.path.join(ROOT, "tests", "data", "conversion", "schema1")

    def setUp(self):
        super().setUp()
        self.rows = [json.loads(line) for line
                     in self.read(os.path.join(self.folder_of_data, "golden.jsonl")).decode().splitlines()]
        self.blobs = {"sha256:" + name: self.read(os.path.join(self.folder_of_data, "blobs", name))
                      for name in os.listdir(os.path.join(self.folder_of_data, "blobs"))}

    @staticmethod
    def payload_of(text):
        """What is signed of a manifest, as its first signature tells it; all of one without, or with a dead one."""
        def decoded(base64url):
            return base64.urlsafe_b64decode(base64url + "=" * (-len(base64url) % 4))

        for signature in json.loads(text).get("signatures", [])[:1]:
            header = json.loads(decoded(signature["protected"]))
            payload = text[:header["formatLength"]] + decoded(header["formatTail"])
            try:
                json.loads(payload)
                return payload
            except ValueError:
                pass
        return text

    def registry_of(self, tags, name="demo/x"):
        """One that has these rows of the table, by tag."""
        source = self.registry()
        source.blobs[name], source.manifests[name], source.tags[name] = self.blobs, {}, {}
        for tag, row in tags.items():
            text = self.read(os.path.join(self.folder_of_data, row["manifest"]))
            digest = row.get("manifest_digest", "sha256:" + sum_of(self.payload_of(text)))
            source.manifests[name][digest] = (SCHEMA1, text)
            source.tags[name][tag] = digest
        return source


class Schema1(Schema1Case):
    """They become OCI images."""

    def test_a_mirror_converts_what_its_destination_refuses(self):
        """The table gives one ID to different layers, as separate engines did."""
        by_tag = {row["manifest"].removesuffix(".json"): row for row in self.rows}
        source = self.registry_of(by_tag)
        for form in ("oci", "docker"):
            there = self.distribution()
            # In OCI's form the manifest says what it was made from, and the state learns that.
            for state, expected in (("state", "copied"), ("state", "kept"), ("other", "updated"), ("other", "kept")):
                source.log.clear()
                done = self.regctl("mirror", "--to-format", form, f"{source.host}/demo/x", f"{there.host}/demo/x",
                                   "--state", state + form, "--report", "report")
                self.assertEqual(done.code, 10, done.err)
                records = [json.loads(line) for line in self.read("report").decode().splitlines()]
                self.assertEqual({one["tag"]: one["outcome"] for one in records if one["type"] == "tag"},
                                 {tag: "failed" if "refused" in row else expected for tag, row in by_tag.items()})
                for tag, row in by_tag.items():
                    code, headers, _ = there.ask("HEAD", f"/v2/demo/x/manifests/{tag}", headers={
                        "Accept": ", ".join(MANIFEST_TYPES)})
                    self.assertEqual((code, headers.get("Docker-Content-Digest")),
                                     (404, None) if "refused" in row else (200, row[form]["manifest_digest"]), tag)
                if expected == "kept":
                    self.assertEqual(source.requests("GET", "/blobs/"), [])

    def tag_of(self, registry, name="demo/x"):
        return registry.ask("HEAD", f"/v2/{name}/manifests/1", headers={
            "Accept": ", ".join((*MANIFEST_TYPES, SCHEMA1))})[1].get("Docker-Content-Digest")

    def test_v1_images_of_schema1_have_the_ids_of_the_detour_over_oci(self):
        """The table proves the OCI image; test_own_rule proves what becomes of that."""
        for row in self.rows:
            name = row["manifest"].removesuffix(".json")
            source, tree = self.registry_of({"1": row}), StorageTree(self.path(f"tree-{name}"))
            done = self.regctl("copy", f"{source.host}/demo/x:1", f"{tree.place}:demo/x:direct")
            if "refused" in row:
                self.assertIn(done.code, (6, 7), f"{name}: {done.err}")
                self.assertFalse(tree.exists("repositories/demo/x/tag_direct"), name)
                continue
            self.assertEqual(done.code, 0, f"{name}: {done.err}")
            self.ok("copy", f"{source.host}/demo/x:1", f"oci:{self.path('layout-' + name)}:x")
            self.ok("copy", f"oci:{self.path('layout-' + name)}:x", f"{tree.place}:demo/x:detour")
            self.assertEqual(tree.read("repositories/demo/x/tag_direct"), tree.read("repositories/demo/x/tag_detour"), name)
            self.ok("audit", "--deep", tree.place)
            self.ok("verify", "--deep", f"oci:{self.path('layout-' + name)}:x", f"{tree.place}:demo/x:direct")

    def test_a_platform_chooses_among_manifests_of_schema1_too(self):
        row = next(row for row in self.rows if row["manifest"] == "engine19.json")
        source, tree = self.registry_of({"1": row}), StorageTree(self.path("tree"))
        words = "copy", f"{source.host}/demo/x:1", f"{tree.place}:demo/x:1", "--platform"
        self.fails(3, *words, "linux/arm64", saying="but for linux/amd64")
        self.assertNotIn("trial", self.ok(*words, "linux/amd64").err)

    def test_schema1_is_audited_by_what_is_there(self):
        rows = {row["manifest"].removesuffix(".json"): row for row in self.rows}
        source = self.registry_of({"1": rows["engine19"]})
        sound = self.ok("audit", "--deep", source.host, "--format", "json").json
        self.assertEqual((sound["tags"][0]["verdict"], sound["summary"]["sizes_unknown"]), ("sound", 0))
        layer = rows["engine19"]["oci"]["layers"][0]["digest"]
        source.blobs["demo/x"] = {name: blob for name, blob in self.blobs.items() if name != layer}
        self.assertIn("layer missing", self.regctl("audit", source.host).out)

    def test_a_mirror_of_schema1_to_v1_reads_each_layer_twice_and_later_none(self):
        """Once for its diff ID, which the ID of the v1 image depends on."""
        rows = {row["manifest"].removesuffix(".json"): row for row in self.rows}
        by_tag = {"1": rows["engine19"], "2": rows["engine19"], "3": rows["two"]}
        source, tree = self.registry_of(by_tag), StorageTree(self.path("tree"))
        words = "mirror", f"{source.host}/demo/x", f"{tree.place}:demo/x", "--report", "report", "--state"
        for state, expected, most in (("state", "copied", 2), ("state", "kept", 0), ("other", "kept", 1),
                                      ("other", "kept", 0)):
            source.log.clear()
            self.assertNotIn("trial", self.ok(*words, state).err)
            outcomes = {one["tag"]: one["outcome"] for one in map(json.loads, self.read("report").decode().splitlines())
                        if one["type"] == "tag"}
            self.assertEqual(outcomes, dict.fromkeys(by_tag, expected))
            read = [one.path for one in source.requests("GET", "/blobs/")]
            self.assertEqual(max(map(read.count, read), default=0), most, read)
        self.ok("verify", "--deep", f"{source.host}/demo/x", f"{tree.place}:demo/x")

    def test_a_tag_that_moves_to_other_layers_under_the_same_ids_moves(self):
        rows = {row["manifest"].removesuffix(".json"): row for row in self.rows}
        one, other = rows["umoci"], rows["umoci-throwaway-content"]
        self.assertNotEqual(one["oci"]["manifest_digest"], other["oci"]["manifest_digest"])
        there = self.distribution()
        for state, row in enumerate((one, other, one)):
            source = self.registry_of({"1": row})
            self.ok("mirror", f"{source.host}/demo/x", f"{there.host}/demo/x", "--state", f"state-{state}")
            self.assertEqual(self.tag_of(there), row["oci"]["manifest_digest"])

    def test_what_is_gone_there_is_sent_again(self):
        row = next(row for row in self.rows if row["manifest"] == "engine19.json")
        source, tree = self.registry_of({"1": row}), f"v2-storage:{self.path('tree')}"
        there = self.distribution(data=self.path("tree"))
        words = "mirror", f"{source.host}/demo/x", f"{there.host}/demo/x", "--verify-destination", "--state"
        self.ok(*words, "state")
        layer = row["oci"]["layers"][0]["digest"].removeprefix("sha256:")
        blob = self.path(f"tree/docker/registry/v2/blobs/sha256/{layer[:2]}/{layer}/data")
        for state in ("state", "new"):
            os.remove(blob)
            self.ok(*words, state)
            self.ok("verify", "--deep", tree)

    def test_a_busy_destination_takes_it_later(self):
        row = next(row for row in self.rows if row["manifest"] == "engine19.json")
        source = self.registry_of({"1": row}, "demo/engine19")
        there = Busy(self.distribution(schema1=True))
        self.addCleanup(there.stop)
        self.ok("mirror", source.host, there.host)
        self.assertEqual(there.refused, 1)
        self.assertEqual(self.tag_of(there.server, "demo/engine19"), row["manifest_digest"])

    def test_a_mirror_leaves_schema1_where_it_is_taken(self):
        """Under the name that the manifest has inside: distribution looks at it."""
        row = next(row for row in self.rows if row["manifest"] == "engine19.json")
        source, there = self.registry_of({"1": row}, "demo/engine19"), self.distribution(schema1=True)
        self.ok("mirror", source.host, there.host)
        self.assertEqual(there.ask("HEAD", "/v2/demo/engine19/manifests/1", headers={"Accept": SCHEMA1})[1]
                         ["Docker-Content-Digest"], row["manifest_digest"])


class Mirrors(BackCase):
    """A registry of v2 that is played, so that its requests can be counted, to a tree of v1."""

    def setUp(self):
        super().setUp()
        self.source = self.registry()
        self.tree = StorageTree(self.path("tree"))
        self.base = image("base", 2, 20_000)
        for name in ("team/app", "team/tool"):
            for tag in ("1", "2"):
                self.source.add(name, tag, image(f"{name}:{tag}", 1, 5_000, self.base))

    def mirror(self, *options, check=True):
        words = "mirror", self.source.host, self.tree.place, "--report", "report", *options
        return self.ok(*words) if check else self.regctl(*words)

    def records(self):
        return [json.loads(line) for line in self.read("report").decode().splitlines()]

    def outcomes(self):
        return {f"{one['source']}:{one['tag']}": one["outcome"] for one in self.records() if one["type"] == "tag"}

    def assertIdentities(self, verdict):
        """Both are in the report, and the verdict: of what this run did not make it tells none."""
        for one in self.records()[:-1]:
            self.assertEqual((one["id"], one["digest"], one["verdict"]), (
                self.tree.read(f"repositories/{one['source']}/tag_{one['tag']}"),
                self.source.tags[one["source"]][one["tag"]], verdict))

    def gets(self, pattern):
        return [one for one in self.source.requests("GET", pattern)]

    def assertAll(self, expected):
        self.assertEqual(self.outcomes(), {f"team/{name}:{tag}": expected for name in ("app", "tool") for tag in "12"})

    def test_a_warm_run_moves_nothing_and_reads_nothing(self):
        self.mirror("--state", "state")
        self.assertAll("copied")
        self.assertEqual(self.records()[-1]["images"], 2 + 4)  # the base once
        self.assertIdentities("sound")
        self.source.log.clear()
        self.mirror("--state", "state")
        self.assertAll("kept")
        self.assertEqual((self.records()[-1]["images"], self.records()[-1]["bytes"]), (0, 0))
        self.assertIdentities(None)
        self.assertEqual(self.gets("/(manifests|blobs)/"), [])
        os.remove(self.path("state"))
        self.mirror("--state", "state")  # manifest and config are read again, no layer
        self.assertAll("kept")
        self.assertEqual(self.records()[-1]["images"], 0)
        layers = [digest_of(data) for data, _ in self.base.layers]
        self.assertEqual([one for one in self.gets("/blobs/") if any(layer in one.path for layer in layers)], [])

    def test_a_changed_tag_is_updated(self):
        self.mirror()
        before = self.tree.read("repositories/team/app/tag_1")
        self.source.add("team/app", "1", image("new", 1, 5_000, self.base))
        self.mirror()
        self.assertEqual(self.outcomes()["team/app:1"], "updated")
        self.assertNotEqual(self.tree.read("repositories/team/app/tag_1"), before)
        self.assertEqual(self.records()[-1]["images"], 1)

    def test_what_is_planned_is_what_is_done(self):
        self.mirror("--dry-run", "--sizes")
        planned = self.records()[-1]
        self.assertFalse(self.tree.exists("repositories/team/app/tag_1"))
        self.mirror("--plan", "plan")
        self.ok("mirror", self.source.host, self.tree.place, "--apply", "plan", "--report", "report")
        done = self.records()[-1]
        self.assertEqual((planned["images_ahead"], planned["bytes_ahead"]), (done["images"], done["bytes"]))
        self.assertGreater(done["bytes"], 0)

    def test_what_is_no_image_fails_alone(self):
        self.source.add("team/app", "sbom", artifact(self.base, "application/x-sbom", b"text"))
        done = self.mirror(check=False)
        self.assertEqual(done.code, 10, done.err)
        self.assertEqual(self.outcomes()["team/app:sbom"], "failed")
        self.assertEqual(self.outcomes()["team/app:1"], "copied")
        self.assertFalse(self.tree.exists("repositories/team/app/tag_sbom"))

    def test_the_verdict_on_what_is_put_right_or_damaged(self):
        self.source.add("team/odd", "1", image("odd", created="yesterday"))
        self.source.add("team/odd", "2", image("bad", 1, 50_000))
        self.source.on("GET", digest_of(image("bad", 1, 50_000).layers[0][0]), corrupt(30_000))
        self.assertEqual(self.mirror("--include", "team/odd", "--retry", "0", check=False).code, 10)
        repaired, broken = sorted(self.records()[:-1], key=lambda one: one["tag"])
        self.assertEqual((repaired["outcome"], repaired["verdict"]), ("copied", "repaired"))
        self.assertEqual((broken["outcome"], broken["verdict"], broken["id"]), ("failed", "broken", None))
        self.assertEqual(broken["digest"], image("bad", 1, 50_000).digest)

    def test_one_platform_of_an_index_is_taken(self):
        arm = image("arm", 1, 5_000, architecture="arm64")
        self.source.add("team/app", "3", index([image("amd", 1, 5_000), arm]))
        self.assertIn("linux/amd64 is taken", self.mirror("--include", "team/app", "--state", "state").err)
        first = self.tree.read("repositories/team/app/tag_3")
        self.assertEqual(json.loads(self.tree.read(f"images/{first}/json"))["architecture"], "amd64")
        self.mirror("--include", "team/app", "--include-tag", "3", "--platform", "linux/arm64", "--state", "state")
        self.assertEqual(self.outcomes()["team/app:3"], "updated")
        second = self.tree.read("repositories/team/app/tag_3")
        self.assertEqual(json.loads(self.tree.read(f"images/{second}/json"))["architecture"], "arm64")
        done = self.mirror("--platform", "linux/arm64,linux/amd64", check=False)
        self.assertEqual(done.code, 2, done.err)

    def test_a_removed_tag_is_pruned(self):
        self.mirror()
        del self.source.tags["team/app"]["2"]
        self.mirror("--prune", "--yes")
        self.assertFalse(self.tree.exists("repositories/team/app/tag_2"))
        self.assertTrue(self.tree.exists("repositories/team/app/tag_1"))


class Foreign(BackCase):
    """Layers that registries need not hold: images of Windows have them."""

    TYPES = ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
             "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")

    def setUp(self):
        super().setUp()
        self.source, self.elsewhere = self.registry(), self.registry()
        self.image = image("app", 2, 20_000)
        self.layer = self.image.layers[0][0]
        self.digest = digest_of(self.layer)
        self.elsewhere.add("base", "1", self.image)
        self.tree = StorageTree(self.path("tree"))
        self.url = f"http://{self.elsewhere.host}/v2/base/blobs/{self.digest}"

    def offer(self, media_type, *urls):
        """The image, of which the registry lacks the first layer."""
        first = {**self.image.document["layers"][0], "mediaType": media_type, **({"urls": list(urls)} if urls else {})}
        document = {**self.image.document, "layers": [first, *self.image.document["layers"][1:]]}
        return self.source.add("team/app", "1", Document(document, MANIFEST, [
            blob for digest, blob in self.image.blobs.items() if digest != self.digest]))

    def layers(self):
        """Those of the chain, base first."""
        found, identity = [], self.tree.read("repositories/team/app/tag_1")
        while identity:
            text, data = (self.tree.files.read(f"images/{identity}/{name}") for name in ("json", "layer"))
            found.insert(0, data)
            identity = json.loads(text).get("parent")
        return found

    def test_they_come_from_the_first_url_that_has_them(self):
        for number, media_type in enumerate(self.TYPES):
            self.offer(media_type, f"http://{self.elsewhere.host}/nowhere", self.url)
            for command, source, end in (("copy", f"{self.source.host}/team/app:1", ":team/app:1"),
                                         ("mirror", self.source.host, "")):
                self.tree = StorageTree(self.path(f"{command}-{number}"))
                self.elsewhere.log.clear()
                self.ok(command, source, self.tree.place + end)
                self.assertEqual(len(self.elsewhere.requests("GET", self.digest)), 1)
                self.assertEqual(self.layers(), [data for data, _ in self.image.layers])

    def test_what_none_of_them_has_is_refused_with_its_reason(self):
        self.elsewhere.on("GET", self.digest, corrupt(10_000))
        for media_type in self.TYPES:
            for urls, code, saying in (((), 9, "lies elsewhere, and cannot be had"),
                                       ((f"http://{self.elsewhere.host}/no",), 9, "lies elsewhere, and cannot be had"),
                                       ((self.url,), 7, self.digest[7:19])):
                with self.subTest(media_type, urls=urls):
                    self.offer(media_type, *urls)
                    self.fails(code, "copy", "--retry", "0", f"{self.source.host}/team/app:1",
                               f"{self.tree.place}:team/app:1", saying=saying)
                    self.assertFalse(self.tree.exists("repositories/team/app/tag_1"))

    def test_a_mirror_names_it_and_takes_the_rest(self):
        self.offer(self.TYPES[0])
        self.source.add("team/app", "2", image("other"))
        done = self.regctl("mirror", self.source.host, self.tree.place, "--report", "report")
        self.assertEqual(done.code, 10, done.err)
        self.assertIn(f"layer {self.digest[7:19]}", done.err)
        self.assertIn("lies elsewhere, and cannot be had", done.err)
        self.assertEqual(self.tree.tags("team/app").keys(), {"2"})

    def test_a_layout_without_it_tells_where_it_is_offered(self):
        self.offer(self.TYPES[1], self.url)
        self.ok("copy", f"{self.source.host}/team/app:1", "oci:layout:1")
        self.fails(9, "copy", "oci:layout:1", f"{self.tree.place}:team/app:1", saying="lies elsewhere, and cannot be")


class Long(BackCase):
    """Chains of as many images as engines took, and more."""

    # Images; of a converted one Docker takes no more layers than 125, and engines up to 1.9 run no more steps than 124.
    LENGTHS = ((124, False, False), (125, False, True), (126, True, True), (127, True, True), (130, True, True))

    def test_there_and_back(self):
        old, new = StorageTree(self.path("old")), StorageTree(self.path("new"))
        chain = old.add_chain("long", self.LENGTHS[-1][0])
        for length, is_long_there, is_long_back in self.LENGTHS:
            with self.subTest(length):
                old.tag("team/app", str(length), chain[length - 1])
                there, back = f"v2-storage:{self.path('v2')}:team/app:{length}", f"{new.place}:team/app:{length}"
                done = self.ok("copy", f"{old.place}:team/app:{length}", there)
                self.assertEqual(f"has {length} layers, and Docker takes no more than 125" in done.err, is_long_there,
                                 done.err)
                config = self.ok("inspect", "--config", there).json
                self.assertEqual((len(config["rootfs"]["diff_ids"]), len(config["history"])), (length, length))
                done = self.ok("copy", there, back)
                self.assertEqual(f"has {length} steps, and engines up to 1.9 run none of more than 124" in done.err,
                                 is_long_back, done.err)
                self.assertEqual(self.layers_of(new, length), self.layers_of(old, length))
                # Where the images are as they were they get their names back.
                self.ok("copy", there, f"{old.place}:team/back:{length}")
                self.assertEqual(old.read(f"repositories/team/back/tag_{length}"), chain[length - 1])

    def layers_of(self, tree, tag):
        """The sums of a tag's layers, unpacked, base first."""
        found, identity = [], tree.read(f"repositories/team/app/tag_{tag}")
        while identity:
            found.insert(0, sum_of(gzip.decompress(tree.files.read(f"images/{identity}/layer"))))
            identity = json.loads(tree.files.read(f"images/{identity}/json")).get("parent")
        return found


class Faults(BackCase):
    """Registries that misbehave: no tag moves, and the next run brings the image."""

    def ends(self):
        self.source = self.registry()
        self.image = self.source.add("team/app", "1.0", image("new", 2, 50_000))
        self.tree = StorageTree(self.path("tree"))
        return self.source

    @property
    def words(self):
        return "copy", "--retry", "2", f"{self.source.host}/team/app:1.0", f"{self.tree.place}:team/app:1.0"

    def layer(self, number=0):
        return digest_of(self.image.layers[number][0])

    def copies(self):
        self.ok(*self.words)
        found, identity = [], self.tree.read("repositories/team/app/tag_1.0")
        while identity:
            text, data = (self.tree.files.read(f"images/{identity}/{name}") for name in ("json", "layer"))
            self.assertFalse(self.tree.exists(f"images/{identity}/_inprogress"))
            self.assertIn(payload_sum(text.decode(), data), json.loads(self.tree.read(f"images/{identity}/_checksum")))
            found.insert(0, data)
            identity = json.loads(text).get("parent")
        self.assertEqual(found, [data for data, _ in self.image.layers])

    def copy_fails(self, code, saying=""):
        self.fails(code, *self.words, saying=saying)
        self.assertFalse(self.tree.exists("repositories/team/app/tag_1.0"))

    def test_a_layer_that_is_cut_goes_on_where_it_ended(self):
        for number in (0, 1):
            self.ends().on("GET", self.layer(number), cut(20_000), times=2)
            self.copies()

    def test_a_layer_that_is_wrong_once_is_fetched_again(self):
        self.ends().on("GET", self.layer(), corrupt(30_000), times=1)
        self.copies()

    def test_a_layer_that_stays_wrong_moves_no_tag(self):
        self.ends().on("GET", self.layer(1), corrupt(30_000))
        self.copy_fails(7, saying=self.layer(1)[7:19])
        self.source.faults.clear()
        self.copies()

    def test_a_layer_that_is_gone_is_named(self):
        self.ends().on("GET", self.layer(1), status(404, "BLOB_UNKNOWN"))
        self.copy_fails(3, saying=self.layer(1)[7:19])

    def test_a_config_that_is_no_config_is_named(self):
        self.ends()
        made = image("odd")
        document = {**made.document, "config": describe(b"{}", CONFIG)}
        self.source.add("team/app", "1.0", Document(document, MANIFEST, [b"{}", *made.blobs.values()]))
        self.copy_fails(6, saying="rootfs.diff_ids is missing")


if __name__ == "__main__":
    main()
