# SPDX-License-Identifier: Apache-2.0
"""OCI images for tests, made of a seed: the same bytes whenever they are made."""

import gzip
import hashlib
import io
import json
import tarfile

OCI = "application/vnd.oci.image."
MANIFEST, INDEX, CONFIG = OCI + "manifest.v1+json", OCI + "index.v1+json", OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar+gzip"
DOCKER = "application/vnd.docker.distribution."
MANIFEST_TYPES = (MANIFEST, INDEX, DOCKER + "manifest.v2+json", DOCKER + "manifest.list.v2+json")


def digest_of(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def noise(seed, size):
    """Bytes that do not compress."""
    return hashlib.shake_128(str(seed).encode()).digest(size)


def layer(seed, size=1000):
    """A gzip tar with one file of `size` bytes, and its diff ID."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo(f"file-{seed}")
        info.size = size
        archive.addfile(info, io.BytesIO(noise(seed, size)))
    return gzip.compress(tar.getvalue(), 1, mtime=0), digest_of(tar.getvalue())


class Document:
    """A manifest with the blobs that it names, and the manifests that have to be there before it."""

    def __init__(self, document, media_type, blobs=(), children=(), platform=None):
        self.document = document
        self.bytes = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.media_type, self.digest = media_type, digest_of(self.bytes)
        self.blobs = {digest_of(blob): blob for blob in blobs}
        self.children, self.platform = list(children), platform

    def descriptor(self, **more):
        found = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.bytes), **more}
        return {**found, "platform": self.platform} if self.platform else found

    def manifests(self):
        """All of the tree, children first, each once."""
        found = {}
        for child in self.children:
            found.update({one.digest: one for one in child.manifests()})
        return list({**found, self.digest: self}.values())

    def all_blobs(self):
        return {digest: blob for one in self.manifests() for digest, blob in one.blobs.items()}


def describe(blob, media_type, **more):
    return {"mediaType": media_type, "digest": digest_of(blob), "size": len(blob), **more}


def image(seed, layers=1, size=1000, base=None, architecture="amd64", created="2022-05-13T16:53:22Z"):
    """An image of `layers` layers of its own above those of `base`."""
    made = list(base.layers if base else []) + [layer(f"{seed}-{i}", size) for i in range(layers)]
    config = json.dumps({"architecture": architecture, "os": "linux", "created": created,
                         "config": {"Env": [f"SEED={seed}"]},
                         "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in made]}}).encode()
    blobs = [data for data, _ in made]
    document = Document({"schemaVersion": 2, "mediaType": MANIFEST, "config": describe(config, CONFIG),
                         "layers": [describe(blob, LAYER) for blob in blobs]}, MANIFEST, [config, *blobs],
                        platform={"os": "linux", "architecture": architecture})
    document.layers = made
    return document


def index(children, **more):
    return Document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [one.descriptor() for one in children],
                     **more}, INDEX, children=children)


def artifact(subject, kind, data=b"{}"):
    """A manifest that refers to another one."""
    empty = describe(b"{}", "application/vnd.oci.empty.v1+json")
    bare = {key: value for key, value in subject.descriptor().items() if key != "platform"}
    return Document({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": empty,
                     "layers": [describe(data, "application/octet-stream")], "subject": bare}, MANIFEST,
                    [b"{}", data])


def signature(subject, text="signed"):
    """A manifest as cosign puts it under signature_tag()."""
    payload = json.dumps({"critical": {"image": {"docker-manifest-digest": subject.digest}}, "optional": text}).encode()
    config = json.dumps({"architecture": "", "os": "", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [digest_of(payload)]}}).encode()
    kind = "application/vnd.dev.cosign.simplesigning.v1+json"
    return Document({"schemaVersion": 2, "mediaType": MANIFEST, "config": describe(config, CONFIG),
                     "layers": [describe(payload, kind, annotations={"dev.cosignproject.cosign/signature": text})]},
                    MANIFEST, [config, payload])


def signature_tag(subject, ending="sig"):
    return subject.digest.replace(":", "-") + "." + ending
