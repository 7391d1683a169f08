#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl audit of OCI images: registries of protocol v2, layouts and archives; verify of the latter."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import (INDEX, LAYER, MANIFEST, Document, artifact, describe, image, index,  # noqa: E402
                       signature, signature_tag)
from v2_registry import corrupt, status  # noqa: E402

DENIED, UNAVAILABLE, INTEGRITY, SOME_FAILED = 4, 5, 7, 10


def size_of(*documents):
    """All manifests and blobs of these, each once."""
    contents = {}
    for document in documents:
        contents.update(document.all_blobs())
        contents.update({one.digest: one.bytes for one in document.manifests()})
    return sum(map(len, contents.values()))


class AuditOci(V2Case):
    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.base = image("base", 2, 5000)
        self.derived = image("derived", 1, 3000, base=self.base)
        self.index = index([image("amd64"), image("arm64", architecture="arm64")])
        self.server.add("team/app", "1.0", self.base)
        self.server.add("team/app", "latest", self.base)
        self.server.add("team/web", "1.0", self.derived)
        self.server.add("other/many", "1.0", self.index)

    def audit(self, *words, code=0):
        result = self.regctl("audit", *words, "--format", "json")
        self.assertEqual(result.code, code, result.err)
        return result.json

    def rows(self, answer, part="tags"):
        """Of what is damaged: name → (verdict, image at fault)."""
        return {f"{row['repository']}:{row['tag']}": (row["verdict"], row["at_fault"])
                for row in answer[part] if row["damaged"]}

    def last_layer(self, document):
        return document.document["layers"][-1]["digest"]

    def test_a_sound_registry_with_what_each_repository_takes(self):
        answer = self.audit(self.server.host, "--deep")
        self.assertEqual({f"{row['repository']}:{row['tag']}": (row["id"], row["verdict"], row["size"])
                          for row in answer["tags"]},
                         {f"team/app:{tag}": (self.base.digest, "sound", size_of(self.base)) for tag in ("1.0", "latest")} |
                         {"team/web:1.0": (self.derived.digest, "sound", size_of(self.derived)),
                          "other/many:1.0": (self.index.digest, "sound", size_of(self.index))})
        shared = sum(len(data) for data, _ in self.base.layers)
        sizes = {row["repository"]: (row["size"], row["shared_size"], row["freed_size"]) for row in answer["repositories"]}
        self.assertEqual(sizes, {
            "team/app": (size_of(self.base), shared, size_of(self.base) - shared),
            "team/web": (size_of(self.derived), shared, size_of(self.derived) - shared),
            "other/many": (size_of(self.index), 0, size_of(self.index))})
        self.assertEqual([row["freed_size"] for row in answer["repositories"]],
                         sorted((row["freed_size"] for row in answer["repositories"]), reverse=True))
        everything = size_of(self.base, self.derived, self.index)
        summary = answer["summary"]
        self.assertEqual((summary["size"], summary["shared_size"], summary["damaged"], summary["deep"]),
                         (everything, shared, False, True))
        self.assertEqual({row["id"] for row in answer["images"] if row["shared"]},
                         {layer["digest"] for layer in self.base.document["layers"]})
        self.assertEqual(len(self.server.requests("GET", self.last_layer(self.base))), 2)  # once in each repository
        words = self.ok("audit", self.server.host, "--all")
        self.assertIn("manifests and blobs, ", words.err)
        self.assertIn("nothing damaged", words.err)
        self.assertIn(self.base.digest[7:19], words.out)
        self.assertNotIn("sha256:", words.out)

    def test_what_is_damaged_and_where(self):
        blobs, manifests = self.server.blobs, self.server.manifests
        self.server.add("bad/gone", "1", image("gone"))
        self.server.add("bad/short", "1", image("short"))
        self.server.add("bad/changed", "1", image("changed"))
        self.server.add("bad/child", "1", index([image("c1"), image("c2", architecture="arm64")]))
        self.server.add("bad/text", "1", Document(b'{"schemaVersion": 2, "layers": 7}', MANIFEST))
        gone, short, changed = (self.last_layer(image(seed)) for seed in ("gone", "short", "changed"))
        del blobs["bad/gone"][gone]
        blobs["bad/short"][short] = blobs["bad/short"][short][:-1]
        blobs["bad/changed"][changed] = blobs["bad/changed"][changed][:-1] + b"x"
        child = image("c2", architecture="arm64").digest
        del manifests["bad/child"][child]
        expected = {"bad/gone:1": ("layer missing", gone), "bad/short:1": ("size wrong", short),
                    "bad/child:1": ("manifest missing", child),
                    "bad/text:1": ("JSON damaged", self.server.tags["bad/text"]["1"])}
        self.assertEqual(self.rows(self.audit(self.server.host, code=INTEGRITY)), expected)
        answer = self.audit(self.server.host, "--deep", code=INTEGRITY)
        self.assertEqual(self.rows(answer), expected | {"bad/changed:1": ("checksum wrong", changed)})
        self.assertEqual({row["id"]: row["repository"] for row in answer["images"] if row["damaged"]},
                         {fault: name.removesuffix(":1") for name, (_, fault) in self.rows(answer).items()})
        self.assertEqual([row["verdict"] for row in answer["tags"]][:2], ["manifest missing", "JSON damaged"])
        self.assertEqual(answer["summary"]["damaged_tags"], 5)
        table = self.regctl("audit", self.server.host)
        self.assertEqual(table.code, INTEGRITY)
        self.assertIn("4 tags and 4 manifests and blobs damaged", table.err)
        self.assertIn(gone[7:19], table.out)

    def test_a_repository_or_a_tag_alone(self):
        answer = self.audit(f"{self.server.host}/team/app")
        self.assertEqual([row["tag"] for row in answer["tags"]], ["1.0", "latest"])
        self.assertIsNone(answer["repositories"][0]["freed_size"])
        self.assertEqual([row["tag"] for row in self.audit(f"{self.server.host}/team/app:latest")["tags"]], ["latest"])
        self.fails(3, "audit", f"{self.server.host}/team/app:1.9", saying="1.9")
        self.fails(3, "audit", f"{self.server.host}/team/nothing")
        self.fails(2, "audit", f"{self.server.host}/team/app@{self.base.digest}", saying="name a tag")

    def refuse(self, path):
        for method in ("HEAD", "GET"):
            self.server.on(method, path, status(500))

    def test_what_the_registry_does_not_give_is_unreadable_while_it_lists_tags(self):
        layer = self.last_layer(self.derived)
        self.refuse(f"team/web/blobs/{layer}")
        answer = self.audit(self.server.host, "--retry", "0", code=INTEGRITY)
        self.assertEqual(self.rows(answer), {"team/web:1.0": ("unreadable", layer)})
        self.refuse("team/app/manifests/latest")
        answer = self.audit(f"{self.server.host}/team/app", "--retry", "0", code=INTEGRITY)
        self.assertEqual(self.rows(answer), {"team/app:latest": ("unreadable", None)})

    def test_a_registry_that_stops_answering_ends_the_audit(self):
        self.refuse("team/web/blobs/")
        self.server.on("GET", "team/web/tags/list", status(500), skip=1)
        self.fails(UNAVAILABLE, "audit", self.server.host, "--retry", "0", saying="500")

    def test_a_registry_that_refuses_ends_the_audit(self):
        self.server.on("GET", "team/web/manifests/", status(403, "DENIED"))
        self.fails(DENIED, "audit", self.server.host, saying="team/web")

    def test_without_all_repositories_nobody_knows_what_is_shared(self):
        self.server.on("GET", "team/web/tags/list", status(500))
        answer = self.audit(self.server.host, "--retry", "0", code=SOME_FAILED)
        self.assertEqual([(row["repository"], row["freed_size"]) for row in answer["repositories"]],
                         [(name, None) for name in ("other/many", "team/app", "team/web")])
        self.assertEqual((answer["summary"]["not_looked_at"], answer["summary"]["shared_size"]), (1, None))

    def test_a_tag_that_was_only_listed_names_no_image(self):
        self.server.tags["team/app"]["ghost"] = "sha256:" + 64 * "0"
        self.assertEqual(self.rows(self.audit(self.server.host, code=INTEGRITY)), {"team/app:ghost": ("tag to nowhere", None)})

    def test_damage_is_named_where_it_is(self):
        """The base is needed in two repositories, and damaged in the second."""
        layer = self.last_layer(self.base)
        del self.server.blobs["team/web"][layer]
        answer = self.audit(self.server.host, code=INTEGRITY)
        self.assertEqual(self.rows(answer), {"team/web:1.0": ("layer missing", layer)})
        self.assertEqual([row["repository"] for row in answer["images"] if row["damaged"]], ["team/web"])

    def test_the_worst_of_several_faults_is_told(self):
        gone, changed = (layer["digest"] for layer in self.base.document["layers"])
        del self.server.blobs["team/app"][gone]
        self.server.blobs["team/app"][changed] = bytes(len(self.server.blobs["team/app"][changed]))
        answer = self.audit(f"{self.server.host}/team/app:1.0", "--deep", code=INTEGRITY)
        self.assertEqual(self.rows(answer), {"team/app:1.0": ("layer missing", gone)})
        self.assertEqual(answer["summary"]["images_by_verdict"]["checksum wrong"], 1)

    def test_each_manifest_is_held_to_the_sizes_that_it_tells(self):
        document = json.loads(self.base.bytes)
        document["layers"][0]["size"] += 1
        other = Document(json.dumps(document).encode(), MANIFEST)
        self.server.add("team/app", "wrong", other)
        for _ in range(3):  # whichever of them is looked at first
            answer = self.audit(f"{self.server.host}/team/app", code=INTEGRITY)
            self.assertEqual(self.rows(answer), {"team/app:wrong": ("size wrong", document["layers"][0]["digest"])})
        child = json.loads(self.index.bytes)
        child["manifests"][0]["size"] += 1
        self.server.add("other/many", "wrong", Document(json.dumps(child).encode(), INDEX, children=self.index.children))
        self.assertEqual(self.rows(self.audit(f"{self.server.host}/other/many", code=INTEGRITY)),
                         {"other/many:wrong": ("size wrong", child["manifests"][0]["digest"])})

    def test_the_index_of_a_cache_names_layers(self):
        """As BuildKit writes it with --cache-to type=registry."""
        layers = [data for data, _ in self.base.layers]
        cache = Document({"schemaVersion": 2, "mediaType": INDEX,
                          "manifests": [describe(data, LAYER) for data in layers]}, INDEX, layers)
        self.server.add("team/cache", "1", cache)
        self.assertEqual(self.audit(f"{self.server.host}/team/cache", "--deep")["tags"][0]["size"], size_of(cache))
        self.assertIn("1 sound", self.ok("verify", "--deep", f"{self.server.host}/team/cache").err)
        del self.server.blobs["team/cache"][cache.document["manifests"][0]["digest"]]
        self.audit(f"{self.server.host}/team/cache", code=INTEGRITY)

    def test_a_layer_that_changes_on_its_way_is_no_damage(self):
        self.server.on("GET", self.last_layer(self.derived), corrupt(100), times=1)
        self.audit(f"{self.server.host}/team/web", "--deep")

    def test_a_layout_or_archive_is_audited_as_one_repository(self):
        self.ok("copy", f"{self.server.host}/team/app:1.0", "oci:layout:1.0")
        self.ok("copy", f"{self.server.host}/team/web:1.0", "oci:layout:web")
        self.ok("copy", f"{self.server.host}/other/many:1.0", "oci-archive:many.tar:1.0")
        answer = self.audit("oci:layout", "--deep")
        self.assertIsNone(answer["repositories"][0]["freed_size"])
        self.assertEqual([(row["repository"], row["tag"], row["verdict"]) for row in answer["tags"]],
                         [("layout", "1.0", "sound"), ("layout", "web", "sound")])
        self.assertEqual(answer["summary"]["size"], size_of(self.base, self.derived))
        self.assertEqual(self.audit("oci-archive:many.tar")["tags"][0]["size"], size_of(self.index))
        digest = self.last_layer(self.derived)
        with open(self.path(f"layout/blobs/sha256/{digest[7:]}"), "r+b") as blob:
            blob.seek(20)
            blob.write(b"?")
        self.audit("oci:layout")
        self.assertEqual(self.rows(self.audit("oci:layout", "--deep", code=INTEGRITY)),
                         {"layout:web": ("checksum wrong", digest)})
        self.audit("oci:layout:1.0", "--deep")
        self.audit(f"oci:layout@{self.base.digest}", "--deep")
        os.remove(self.path(f"layout/blobs/sha256/{digest[7:]}"))
        self.assertEqual(self.rows(self.audit("oci:layout", code=INTEGRITY)), {"layout:web": ("layer missing", digest)})
        self.fails(3, "audit", "oci:layout:none", saying="none")
        self.fails(2, "audit", "oci-archive:-", saying="more than once")

    def test_verify_and_diff_of_a_layout(self):
        self.ok("copy", "--all-tags", f"{self.server.host}/team/app", "oci:layout")
        self.assertIn("2 sound", self.ok("verify", "--deep", "oci:layout").err)
        self.assertIn("2 sound", self.ok("verify", "--deep", f"{self.server.host}/team/app", "oci:layout").err)
        self.assertIn("2 sound", self.ok("verify", "--deep", "oci:layout", f"{self.server.host}/team/app").err)
        self.assertIn("no difference in 2 tags", self.ok("diff", "oci:layout", f"{self.server.host}/team/app").err)
        self.server.add("team/app", "latest", self.derived)
        self.assertIn("tag differs", self.regctl("verify", "oci:layout", f"{self.server.host}/team/app").out)
        self.fails(2, "verify", self.server.host, "oci:layout", saying="many")
        self.fails(2, "verify", "oci:layout", self.server.host, saying="name one of those")
        self.server.add("team/web", None, artifact(self.derived, "application/x-notes"))
        self.server.add("team/web", signature_tag(self.derived), signature(self.derived))
        self.ok("copy", "--referrers", f"{self.server.host}/team/web:1.0", "oci:signed:1.0")
        self.assertIn("1 sound", self.ok("verify", f"{self.server.host}/team/web", "oci:signed").err)
        self.ok("copy", f"{self.server.host}/team/web:1.0", "oci:bare")
        with open(self.path("bare/index.json"), encoding="utf-8") as file:
            document = json.load(file)
        document["manifests"][0].pop("annotations", None)
        self.write("bare/index.json", json.dumps(document))
        rows = self.ok("verify", "oci:bare", "--all", "--format", "json").json
        self.assertIn(self.derived.digest, json.dumps(rows))


if __name__ == "__main__":
    main()
