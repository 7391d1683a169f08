#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl index: what make, add and filter leave in an index, whose images BuildKit gave attestations."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import CONFIG, INDEX, MANIFEST, Document, describe, image  # noqa: E402


USAGE = 2


def attestation(subject):
    """What BuildKit puts beside an image."""
    statement = json.dumps({"_type": "https://in-toto.io/Statement/v0.1", "of": subject.digest}).encode()
    config = json.dumps({"architecture": "unknown", "os": "unknown", "of": subject.digest}).encode()
    return Document({"schemaVersion": 2, "mediaType": MANIFEST, "config": describe(config, CONFIG),
                     "layers": [describe(statement, "application/vnd.in-toto+json")]}, MANIFEST, [config, statement],
                    platform={"os": "unknown", "architecture": "unknown"})


def built(*images):
    """An index as BuildKit makes it."""
    attestations = [attestation(one) for one in images]
    entries = [one.descriptor() for one in images]
    for one, about in zip(images, attestations):
        entries.append({**about.descriptor(), "annotations": {
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": one.digest}})
    return Document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX,
                    children=[*images, *attestations])


class Indexes(V2Case):
    def setUp(self):
        super().setUp()
        self.there = self.registry()
        self.amd, self.arm = image("amd"), image("arm", architecture="arm64")
        for tag, document in (("amd", built(self.amd)), ("arm", built(self.arm)), ("plain", image("plain"))):
            self.there.add("team/app", tag, document)

    def name(self, tag):
        return f"{self.there.host}/team/app:{tag}"

    def entries(self, tag="all"):
        digest = self.there.tags["team/app"][tag]
        return json.loads(self.there.manifests["team/app"][digest][1])["manifests"]

    def digests(self, tag="all"):
        return {one["digest"] for one in self.entries(tag)}

    def with_attestations(self, *images):
        return {one.digest for image in images for one in (image, attestation(image))}

    def test_make_keeps_the_attestations_of_all_images(self):
        done = self.ok("index", "make", "--format", "json", self.name("all"), self.name("amd"), self.name("arm")).json
        self.assertEqual((done["images"], done["digest"]), (4, self.there.tags["team/app"]["all"]))
        self.assertEqual(self.digests(), self.with_attestations(self.amd, self.arm))
        about = [one for one in self.entries() if one["platform"]["os"] == "unknown"]
        self.assertEqual({one["annotations"]["vnd.docker.reference.digest"] for one in about},
                         {self.amd.digest, self.arm.digest})

    def test_make_of_images_from_elsewhere_brings_them_along(self):
        elsewhere = self.registry()
        other = image("elsewhere", architecture="s390x")
        elsewhere.add("other", "1.0", built(other))
        self.ok("index", "make", self.name("all"), self.name("amd"), f"{elsewhere.host}/other:1.0")
        self.assertEqual(self.digests(), self.with_attestations(self.amd, other))
        for blob in {**other.all_blobs(), **attestation(other).all_blobs()}:
            self.assertIn(blob, self.there.blobs["team/app"])

    def test_an_image_that_is_replaced_goes_with_its_attestation(self):
        newer = image("newer")
        self.there.add("team/app", "newer", built(newer))
        self.ok("index", "make", self.name("all"), self.name("amd"), self.name("arm"), self.name("newer"))
        self.assertEqual(self.digests(), self.with_attestations(newer, self.arm))

    def test_the_same_image_twice_stays_as_it_is(self):
        self.ok("index", "make", self.name("all"), self.name("amd"), self.name("amd"))
        self.assertEqual(self.digests(), self.with_attestations(self.amd))

    def test_add_replaces_the_image_of_a_platform(self):
        self.ok("index", "make", self.name("all"), self.name("amd"), self.name("arm"))
        self.ok("index", "add", self.name("all"), self.name("plain"))
        self.assertEqual(self.digests(), {image("plain").digest} | self.with_attestations(self.arm))
        self.ok("index", "add", self.name("plain"), self.name("arm"))
        self.assertEqual(self.digests("plain"), {image("plain").digest} | self.with_attestations(self.arm))

    def test_filter_leaves_the_attestations_of_what_stays(self):
        self.ok("index", "make", self.name("all"), self.name("amd"), self.name("arm"))
        done = self.ok("index", "filter", "--format", "json", self.name("all"), "--platform", "linux/arm64").json
        self.assertEqual(done["images"], 2)
        self.assertEqual(self.digests(), self.with_attestations(self.arm))
        result = self.regctl("index", "filter", self.name("plain"), "--platform", "linux/amd64")
        self.assertEqual(result.code, USAGE, result.err)


if __name__ == "__main__":
    main()
