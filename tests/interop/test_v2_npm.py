#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""npm's clients of protocol v2, docker-registry-client 3.4.0 and @sigstore/oci 0.6.0, at distribution 2.8 with a token
service: what they pushed is copied, mirrored and verified, and what regctl pushed they pull and check."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main, npm_client  # noqa: E402
from v2_case import LAYOUTS, V2Case  # noqa: E402
from v2_images import DOCKER, Document, describe, digest_of, image, index  # noqa: E402

BUNDLE, LIST = "application/vnd.dev.sigstore.bundle.v0.3+json", "application/x-sbom"
CREDENTIAL = {"REGISTRY_USER": "acme", "REGISTRY_PASSWORD": "secret"}


def docker_image(seed):
    """One of Docker's schema 2, as docker-registry-client pushes them."""
    made = image(seed, 2, 30_000)
    config, *layers = made.blobs.values()
    return Document({"schemaVersion": 2, "mediaType": DOCKER + "manifest.v2+json",
                     "config": describe(config, "application/vnd.docker.container.image.v1+json"),
                     "layers": [describe(one, "application/vnd.docker.image.rootfs.diff.tar.gzip") for one in layers]},
                    DOCKER + "manifest.v2+json", [config, *layers])


class Npm(V2Case):
    def setUp(self):
        super().setUp()
        tokens = self.token_server()
        self.one, self.other = (self.distribution(tokens=tokens) for _ in range(2))
        self.log_in(self.one.host, self.other.host)

    def npm(self, registry, *words, name="team/app"):
        return npm_client(f"{registry.host}/{name}", *words, script="client_v2.js", env=CREDENTIAL)

    def assertPulls(self, registry, reference, document):
        """The client gets an image with all its bytes."""
        folder = self.path(f"pulled-{reference.replace(':', '-')}")
        os.mkdir(folder)
        self.assertEqual(self.npm(registry, "pull", reference, folder), document.digest)
        self.assertEqual(self.read(os.path.join(folder, "manifest.json")), document.bytes)
        for digest, blob in document.blobs.items():
            self.assertEqual(self.read(os.path.join(folder, digest.removeprefix("sha256:"))), blob)

    def test_what_the_client_pushed_goes_everywhere(self):
        document = docker_image("npm")
        folder = self.path("image")
        os.mkdir(folder)
        self.write("image/manifest.json", document.bytes)
        for digest, blob in document.blobs.items():
            self.write(os.path.join(folder, digest.removeprefix("sha256:")), blob)
        for tag in ("1.0", "latest"):
            self.assertEqual(self.npm(self.one, "push", tag, folder), document.digest)
        there = f"{self.one.host}/team/app:1.0"
        self.assertEqual(self.ok("digest", there).out.strip(), document.digest)
        for place in ("oci:layout:1.0", "oci-archive:app.tar:1.0", "v2-storage:tree:team/app:1.0"):
            self.ok("copy", there, place)
            self.assertEqual(self.ok("digest", place).out.strip(), document.digest)
        self.ok("mirror", self.one.host, self.other.host)
        self.ok("verify", "--deep", self.one.host, self.other.host)
        self.assertEqual(sorted(self.npm(self.other, "tags").split()), ["1.0", "latest"])
        self.assertPulls(self.other, "1.0", document)

    def test_what_regctl_pushed_is_pulled_by_the_client(self):
        amd64, arm64 = image("amd64"), image("arm64", architecture="arm64")
        both = index([amd64, arm64])
        open_registry = self.distribution()
        self.push(open_registry, "team/app", "both", both)
        self.push(open_registry, "team/app", "docker", docker_image("docker"))
        self.ok("copy", "--all-tags", f"{open_registry.host}/team/app", f"{self.one.host}/team/app")
        self.ok("push", f"docker-archive:{LAYOUTS}/save-20.10.tar:example/demo:1", f"{self.one.host}/team/app:saved")
        self.assertEqual(sorted(self.npm(self.one, "tags").split()), ["both", "docker", "saved"])
        both.blobs = {}  # those of its images
        for reference, document in (("both", both), (arm64.digest, arm64), ("docker", docker_image("docker"))):
            self.assertPulls(self.one, reference, document)
        os.mkdir(self.path("saved"))
        digest = self.npm(self.one, "pull", "saved", self.path("saved"))
        self.assertEqual(self.ok("digest", f"{self.one.host}/team/app:saved").out.strip(), digest)
        for name in set(os.listdir(self.path("saved"))) - {"manifest.json"}:
            self.assertEqual(digest_of(self.read(os.path.join("saved", name))), "sha256:" + name)

    def referrers(self, registry):
        rows = self.ok("referrers", "--format", "json", f"{registry.host}/team/app:1.0").json["referrers"]
        return {row["digest"]: row["artifact_type"] for row in rows}

    def test_what_sigstore_attached_goes_along_and_grows_there(self):
        """Its list of referrers is one that regctl reads, and adds to; and the other way round."""
        open_registry = self.distribution()
        for document in (image("single"), index([image("amd64")])):
            self.push(open_registry, "team/app", "1.0", document)
            self.ok("copy", f"{open_registry.host}/team/app:1.0", f"{self.one.host}/team/app:1.0")
            self.assertEqual(self.npm(self.one, "digest", "1.0"), document.digest)
            self.write("bundle", json.dumps({"of": document.digest}))
            first = self.npm(self.one, "attach", document.digest, BUNDLE, self.path("bundle"))
            self.assertEqual(self.referrers(self.one), {first: BUNDLE})
            self.ok("copy", "--referrers", f"{self.one.host}/team/app:1.0", f"{self.other.host}/team/app:1.0")
            self.assertEqual(self.referrers(self.other), {first: BUNDLE})
            second = self.npm(self.other, "attach", document.digest, LIST, self.path("bundle"))
            self.assertEqual(self.referrers(self.other), {first: BUNDLE, second: LIST})
            self.ok("mirror", self.other.host, self.one.host)
            self.assertEqual(self.referrers(self.one), {first: BUNDLE, second: LIST})
        self.ok("verify", "--deep", self.one.host, self.other.host)


if __name__ == "__main__":
    main()
