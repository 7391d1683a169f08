#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl copy between distribution 2.8 in all its settings, layouts, archives and storage trees; skopeo and umoci are
the witnesses."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from middleman import Middleman  # noqa: E402
from v2_case import LAYOUTS, V2Case  # noqa: E402
from v2_images import MANIFEST_TYPES, Document, artifact, image, index, signature, signature_tag  # noqa: E402

UNSUPPORTED = 9
PRETTY = "application/vnd.docker.distribution.manifest.v1+prettyjws"
KINDS = ("single", "docker", "zstd", "multi", "nested")


class Counting(Middleman):
    """Stands before a registry, and notes what it is asked."""

    def __init__(self, server):
        self.seen = []
        super().__init__(server)

    def choose(self, request):
        self.seen.append(f"{request.method} {request.path}")

    def moved(self):
        """The requests that bring bytes of blobs, or begin to."""
        return [line for line in self.seen
                if line.startswith("POST ") or (line.startswith("GET ") and "/blobs/" in line)]


class Copies(V2Case):
    def setUp(self):
        super().setUp()
        self.source = self.fill(self.distribution())

    def unpack(self, name):
        folder = self.path(name)
        if not os.path.isdir(folder):
            with tarfile.open(os.path.join(LAYOUTS, name + ".tar.gz")) as archive:
                archive.extractall(folder)
        return folder

    def fill(self, registry):
        """team/KIND:1 of each kind; all but the nested index by skopeo."""
        at = f"docker://{registry.host}/team/"
        self.skopeo_copy(f"oci:{self.unpack('layout-umoci')}:1", at + "single:1", "--preserve-digests")
        self.skopeo_copy(f"oci:{self.unpack('layout-umoci')}:1", at + "docker:1", "--format", "v2s2")
        self.skopeo_copy(f"oci:{self.unpack('layout-zstd')}:1", at + "zstd:1", "--preserve-digests")
        self.skopeo_copy(f"oci:{self.unpack('layout-multiarch-skopeo')}:1", at + "multi:1", "--all",
                         "--preserve-digests")
        amd64, arm64 = image("amd64"), image("arm64", architecture="arm64")
        self.push(registry, "team/nested", "1", index([index([amd64, arm64])]))
        return registry

    def digests(self, registry=None):
        host = (registry or self.source).host
        return {kind: self.skopeo_digest(f"docker://{host}/team/{kind}:1") for kind in KINDS}

    def copy_all(self, target, source=None):
        """Copies each kind; `target` makes the destination of a kind's name."""
        for kind in KINDS:
            self.ok("copy", f"{(source or self.source).host}/team/{kind}:1", target(kind))


class Registries(Copies):
    def test_settings_of_the_destination(self):
        expected = self.digests()
        tokens = self.token_server()
        for options in ({}, {"relative": True}, {"delete": False}, {"users": {"acme": "secret"}}, {"tokens": tokens}):
            with self.subTest(options):
                there = self.distribution(**options)
                self.log_in(there.host)
                self.copy_all(lambda kind: f"{there.host}/team/{kind}:1")
                self.assertEqual(self.digests(there), expected)
                if options.keys().isdisjoint(("users", "tokens")):
                    for kind in KINDS:
                        self.assertComplete(there, f"team/{kind}", "1")

    def test_settings_of_the_source(self):
        expected = self.digests()
        tokens = self.token_server()
        for options in ({"readonly": True}, {"users": {"acme": "secret"}}, {"tokens": tokens}):
            with self.subTest(options):
                here, there = self.distribution(data=self.source.root, **options), self.distribution()
                self.log_in(here.host)
                self.copy_all(lambda kind: f"{there.host}/team/{kind}:1", here)
                self.assertEqual(self.digests(there), expected)

    def test_a_read_only_destination(self):
        there = self.distribution(readonly=True)
        self.fails(UNSUPPORTED, "copy", f"{self.source.host}/team/single:1", f"{there.host}/team/single:1",
                   saying="takes no uploads")

    def test_what_is_there_is_not_moved(self):
        source, there = Counting(self.source), Counting(self.distribution())
        for side in (source, there):
            self.addCleanup(side.stop)
        for kind in KINDS:
            words = "copy", f"{source.host}/team/{kind}:1", f"{there.host}/team/{kind}:1"
            self.ok(*words)
            for side in (source, there):
                self.assertTrue(side.moved())
                side.seen.clear()
            self.ok(*words)
            self.assertEqual([line for line in there.seen if "/v2/team" in line],
                             [f"HEAD /v2/team/{kind}/manifests/1"])
            self.ok(*words, "--referrers")
            self.assertEqual(source.moved() + there.moved(), [])
            for side in (source, there):
                side.seen.clear()

    def test_blobs_are_mounted_within_a_registry(self):
        there = Counting(self.source)
        self.addCleanup(there.stop)
        self.ok("copy", f"{there.host}/team/multi:1", f"{there.host}/team/other:1")
        self.assertEqual(self.assertComplete(self.source, "team/other", "1"), self.digests()["multi"])
        self.assertFalse([line for line in there.seen if line.startswith("PUT") and "/uploads/" in line])
        self.assertFalse([line for line in there.seen if line.startswith("GET") and "/blobs/" in line])

    def test_one_platform_of_an_index_is_copied(self):
        there = self.distribution()
        for kind in ("multi", "nested"):
            self.ok("copy", "--platform", "linux/arm64", f"{self.source.host}/team/{kind}:1",
                    f"{there.host}/team/{kind}:arm64")
            self.assertComplete(there, f"team/{kind}", "arm64")
            text = self.skopeo("inspect", "--config", "--override-arch", "arm64", "--tls-verify=false",
                               f"docker://{there.host}/team/{kind}:arm64")
            self.assertEqual(json.loads(text)["architecture"], "arm64")
        self.fails(3, "copy", "--platform", "linux/s390x", f"{self.source.host}/team/multi:1",
                   f"{there.host}/team/multi:s390x", saying="s390x")
        self.assertNotIn("s390x", self.tags_of(there, "team/multi"))

    def test_what_refers_to_an_image_goes_along(self):
        there = self.distribution()
        subject = self.push(self.source, "team/app", "1.0", image("subject"))
        sbom = artifact(subject, "application/x-sbom", b"a list")
        for one in (sbom, artifact(sbom, "application/x-signature")):
            self.push(self.source, "team/app", None, one)
            self.push_fallback(self.source, "team/app", one)
        signed = self.push(self.source, "team/app", signature_tag(subject), signature(subject))
        self.ok("copy", "--referrers", f"{self.source.host}/team/app:1.0", f"{there.host}/team/app:1.0")
        self.assertComplete(there, "team/app", sbom.digest)
        self.assertEqual(self.tags_of(there, "team/app")[signature_tag(subject)], signed.digest)
        listed = [self.ok("referrers", "--format", "json", f"{side.host}/team/app:1.0").json["referrers"]
                  for side in (self.source, there)]
        self.assertEqual(*listed)
        self.ok("copy", f"{self.source.host}/team/app:1.0", f"{there.host}/team/bare:1.0")
        self.assertEqual(list(self.tags_of(there, "team/bare")), ["1.0"])

    def push_fallback(self, registry, name, one):
        """As clients do for registries without the API."""
        subject = one.document["subject"]["digest"]
        self.push(registry, name, subject.replace(":", "-"), Document(
            {"schemaVersion": 2, "mediaType": MANIFEST_TYPES[1], "manifests": [
                one.descriptor(artifactType=one.document["artifactType"])]}, MANIFEST_TYPES[1]))

    def test_all_tags_take_their_signatures_along(self):
        there = self.distribution()
        subject = self.push(self.source, "team/app", "1.0", image("subject"))
        self.push(self.source, "team/app", signature_tag(subject), signature(subject))
        self.ok("copy", "--all-tags", "--referrers", f"{self.source.host}/team/app", f"{there.host}/team/app")
        self.assertEqual(self.tags_of(there, "team/app"), self.tags_of(self.source, "team/app"))

    def test_foreign_layers_stay_where_they_are(self):
        here, there = self.distribution(foreign=True), self.distribution(foreign=True)
        own = image("own")
        document = json.loads(own.bytes)
        document["layers"].append({"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                                   "digest": "sha256:" + "1" * 64, "size": 100, "urls": ["https://example.com/layer"]})
        foreign = self.push(here, "team/app", "1.0", Document(document, MANIFEST_TYPES[0], own.blobs.values()))
        self.ok("copy", f"{here.host}/team/app:1.0", f"{there.host}/team/app:1.0")
        self.assertEqual(self.assertComplete(there, "team/app", "1.0"), foreign.digest)

    def test_schema1_keeps_its_digest(self):
        here, there = self.distribution(schema1=True), self.distribution(schema1=True)
        self.skopeo_copy(f"oci:{self.unpack('layout-umoci')}:1", f"docker://{here.host}/team/old:2", "--format", "v2s2")
        signed = here.ask("GET", "/v2/team/old/manifests/2", headers={"Accept": PRETTY})[2]
        self.assertEqual(here.ask("PUT", "/v2/team/old/manifests/2", signed, {"Content-Type": PRETTY})[0], 201)
        self.ok("copy", f"{here.host}/team/old:2", f"{there.host}/team/old:2")
        # Distribution signs anew whenever it is asked; the digest is that of the signed text.
        digests = [side.ask("GET", "/v2/team/old/manifests/2", headers={"Accept": PRETTY})[1]["Docker-Content-Digest"]
                   for side in (here, there)]
        self.assertEqual(*digests)
        for layer in json.loads(signed)["fsLayers"]:
            self.assertEqual(there.ask("GET", f"/v2/team/old/blobs/{layer['blobSum']}")[0], 200)
        modern = self.distribution()
        done = self.ok("copy", "--format", "json", f"{here.host}/team/old:2", f"{modern.host}/team/old:2")
        self.assertIn("of Docker's schema 1 is converted", done.err)
        self.assertEqual(self.assertComplete(modern, "team/old", "2"), done.json["tags"][0]["id"])
        self.assertIn("was made from this image already",
                      self.ok("copy", f"{here.host}/team/old:2", f"{modern.host}/team/old:2").err)


class Files(Copies):
    def umoci(self, *words):
        return subprocess.run(["umoci", *words], cwd=self.folder, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout.decode()

    def round_trip(self, place):
        """Each kind into its place and back; the digests of the ways back."""
        self.copy_all(place)
        there = self.distribution()
        for kind in KINDS:
            self.ok("copy", place(kind), f"{there.host}/team/{kind}:1")
            self.assertComplete(there, f"team/{kind}", "1")
        self.assertEqual(self.digests(there), self.digests())

    def assertSkopeoReads(self, place):
        """Skopeo 1.9 passes over Docker's manifests in a layout."""
        for kind, digest in self.digests().items():
            if kind != "docker":
                self.assertEqual(self.skopeo_digest(place(kind)), digest)

    def test_a_layout_goes_both_ways(self):
        self.round_trip(lambda kind: f"oci:layout:{kind}")
        self.assertEqual(sorted(self.umoci("ls", "--layout", "layout").split()), sorted(KINDS))
        self.assertSkopeoReads(lambda kind: f"oci:layout:{kind}")
        self.umoci("unpack", "--rootless", "--image", "layout:single", "bundle")
        self.assertTrue(os.listdir(self.path("bundle/rootfs")))
        # What skopeo and umoci write into it afterwards is read as well.
        self.umoci("tag", "--image", "layout:single", "again")
        self.skopeo_copy(f"docker://{self.source.host}/team/docker:1", "oci:layout:theirs")
        there = self.distribution()
        self.ok("copy", "oci:layout:again", f"{there.host}/team/single:1")
        self.ok("copy", "oci:layout:theirs", f"{there.host}/team/theirs:1")
        self.assertEqual(self.skopeo_digest(f"docker://{there.host}/team/single:1"), self.digests()["single"])
        self.assertEqual(self.assertComplete(there, "team/theirs", "1"), self.skopeo_digest("oci:layout:theirs"))

    def test_archives_of_layouts_go_both_ways(self):
        self.round_trip(lambda kind: f"oci-archive:{kind}.tar:1")
        self.assertSkopeoReads(lambda kind: f"oci-archive:{kind}.tar:1")

    def test_an_archive_of_skopeo(self):
        self.skopeo_copy(f"docker://{self.source.host}/team/multi:1", "oci-archive:theirs.tar:1", "--all",
                         "--preserve-digests")
        there = self.distribution()
        self.ok("copy", "oci-archive:theirs.tar:1", f"{there.host}/team/multi:1")
        self.assertEqual(self.assertComplete(there, "team/multi", "1"), self.digests()["multi"])

    def config_of(self, place):
        options = ["--tls-verify=false"] if place.startswith("docker:") else []
        return hashlib.sha256(self.skopeo("inspect", "--config", "--raw", *options, place)).hexdigest()

    def test_archives_of_docker_go_both_ways(self):
        there = self.distribution()
        for kind in ("single", "docker", "zstd", "multi"):
            with self.subTest(kind):
                self.ok("copy", f"{self.source.host}/team/{kind}:1", f"docker-archive:{kind}.tar:team/{kind}:1")
                name = f"docker-archive:{kind}.tar:team/{kind}:1"
                self.skopeo_copy(name, f"docker://{there.host}/theirs/{kind}:1")
                self.assertComplete(there, f"theirs/{kind}", "1")
                # The configuration is the image's ID.
                wanted = self.config_of(f"docker://{self.source.host}/team/{kind}:1")
                self.assertEqual(self.config_of(f"docker://{there.host}/theirs/{kind}:1"), wanted)
                self.ok("copy", name, f"{there.host}/team/{kind}:1")
                self.assertComplete(there, f"team/{kind}", "1")
                self.assertEqual(self.config_of(f"docker://{there.host}/team/{kind}:1"), wanted)

    def test_a_storage_tree_is_served_as_it_was_written(self):
        self.round_trip(lambda kind: f"v2-storage:tree:team/{kind}:1")
        served = self.distribution(data=self.path("tree"))
        self.assertEqual(self.digests(served), self.digests())
        for kind in KINDS:
            self.assertComplete(served, f"team/{kind}", "1")

    def test_the_tree_of_a_running_server(self):
        there = self.distribution()
        self.ok("copy", f"v2-storage:{self.source.root}:team/multi:1", f"{there.host}/team/multi:1")
        self.assertEqual(self.assertComplete(there, "team/multi", "1"), self.digests()["multi"])
        self.ok("copy", f"{self.source.host}/team/nested:1", f"v2-storage:{there.root}:team/nested:1")
        self.assertEqual(self.assertComplete(there, "team/nested", "1"), self.digests()["nested"])


if __name__ == "__main__":
    main()
