#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`docker save` archives of manifest.json as engines lay them out: one image, four times. No engine is at
hand here: the layouts are those of moby's image/tarexport (1.10 to 24, and 25 on) and of containerd's
archive exporter, which engines with the containerd image store use."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main  # noqa: E402

NAME = "registry.example/team/app"
ATTESTATION = {"com.docker.official-images.bashbrew.arch": "unknown",
               "vnd.docker.reference.type": "attestation-manifest"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def plain_tar(name, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


LAYERS = [plain_tar("etc/base", b"base" * 1000), plain_tar("app", b"app" * 1000),
          plain_tar("etc/base", b"base" * 1000)]  # the third is the first once more
CONFIG = json.dumps({
    "architecture": "amd64", "os": "linux", "created": "2024-05-06T07:08:09.123456789Z",
    "config": {"Cmd": ["/app"], "Env": ["PATH=/bin"]},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(x) for x in LAYERS]},
    "history": [{"created_by": "ADD base"}, {"created_by": "ENV PATH=/bin", "empty_layer": True},
                {"created_by": "COPY app"}, {"created_by": "ADD base again"},
                {"created_by": "CMD /app", "empty_layer": True}]}).encode()


class Writer:
    def __init__(self, path):
        self.tar = tarfile.open(path, "w")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tar.close()

    def folder(self, name):
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self.tar.addfile(info)

    def file(self, name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def json(self, name, document):
        self.file(name, json.dumps(document).encode())

    def link(self, name, target):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(info)

    def blob(self, data):
        self.file("blobs/sha256/" + sha256(data), data)
        return "blobs/sha256/" + sha256(data)


def write_1_10(path):
    """Docker 1.10 to 24: a folder a layer under a made-up v1 ID, a repeated layer as a link."""
    ids = [sha256(f"v1-{i}".encode()) for i in range(len(LAYERS))]
    with Writer(path) as tar:
        for i, layer in enumerate(LAYERS):
            tar.folder(ids[i])
            tar.file(ids[i] + "/VERSION", b"1.0")
            v1 = {"id": ids[i], "created": "1970-01-01T00:00:00Z", "container_config": {"Cmd": None}}
            tar.json(ids[i] + "/json", {**v1, "parent": ids[i - 1]} if i else v1)
            if LAYERS.index(layer) < i:
                tar.link(ids[i] + "/layer.tar", f"../{ids[LAYERS.index(layer)]}/layer.tar")
            else:
                tar.file(ids[i] + "/layer.tar", layer)
        tar.file(sha256(CONFIG) + ".json", CONFIG)
        tar.json("manifest.json", [{"Config": sha256(CONFIG) + ".json", "RepoTags": [NAME + ":1"],
                                    "Layers": [x + "/layer.tar" for x in ids]}])
        tar.json("repositories", {NAME: {"1": ids[-1]}})


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": "sha256:" + sha256(data), "size": len(data), **more}


def write_blobs(path, layers, config, manifests=()):
    """What Docker 25 and later share: blobs, an OCI index, manifest.json. `layers` as they are stored."""
    oci = "application/vnd.oci.image."
    media = oci + "layer.v1.tar" + ("+gzip" if layers[0].startswith(b"\x1f\x8b") else "")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": oci + "manifest.v1+json",
                           "config": descriptor(oci + "config.v1+json", config),
                           "layers": [descriptor(media, x) for x in layers]}).encode()
    with Writer(path) as tar:
        tar.folder("blobs")
        tar.folder("blobs/sha256")
        for data in dict.fromkeys([*layers, config, manifest]):
            tar.blob(data)
        index = {"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": [
            descriptor(oci + "manifest.v1+json", manifest, annotations={
                "io.containerd.image.name": NAME + ":1", "org.opencontainers.image.ref.name": "1"})]}
        for other in manifests:
            tar.blob(other)
            index["manifests"].append(descriptor(oci + "manifest.v1+json", other, annotations=ATTESTATION,
                                                 platform={"architecture": "unknown", "os": "unknown"}))
        tar.json("index.json", index)
        tar.json("manifest.json", [{
            "Config": "blobs/sha256/" + sha256(config), "RepoTags": [NAME + ":1"],
            "Layers": ["blobs/sha256/" + sha256(x) for x in layers],
            "LayerSources": {"sha256:" + sha256(x): descriptor(media, x) for x in layers}}])
        tar.json("oci-layout", {"imageLayoutVersion": "1.0.0"})
        tar.json("repositories", {NAME: {"1": sha256(LAYERS[-1])}})


def write_25(path):
    write_blobs(path, LAYERS, CONFIG)


def write_containerd(path):
    """The containerd image store keeps layers as they were pulled, and what describes their making."""
    other = json.dumps({"schemaVersion": 2, "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
                        "layers": []}).encode()
    write_blobs(path, [gzip.compress(x, mtime=0) for x in LAYERS], CONFIG, [other])


def without_manifest(path):
    """An OCI layout alone, as `docker buildx build --output type=oci` writes it."""
    write_25(path + ".25")
    with tarfile.open(path + ".25") as old, tarfile.open(path, "w") as new:
        for member in old.getmembers():
            if member.name not in ("manifest.json", "repositories"):
                new.addfile(member, old.extractfile(member) if member.isreg() else None)


WRITERS = {"1.10": write_1_10, "25": write_25, "containerd": write_containerd, "oci": without_manifest}


class EngineArchives(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(RegctlServer)

    def history(self, image):
        return self.ok("history", "--format", "json", image).json

    def test_every_layout_gives_the_same_image(self):
        ids = {}
        for name, write in WRITERS.items():
            with self.subTest(name):
                write(self.path(name + ".tar"))
                image = f"{self.server.host}/team/app:{name}"
                self.ok("push", name + ".tar", image)
                history = self.history(image)
                self.assertEqual([step["created_by"] for step in history],
                                 ["CMD /app", "ADD base again", "COPY app", "ENV PATH=/bin", "ADD base"])
                ids[name] = [step["id"] for step in history]
                files = self.ok("layer", "files", image, ids[name][2]).out
                self.assertEqual(files.split()[-1], "app")
        self.assertEqual(len({tuple(x) for x in ids.values()}), 1, ids)

    def test_the_name_in_the_archive_is_known(self):
        for name, write in WRITERS.items():
            with self.subTest(name):
                write(self.path(name + ".tar"))
                self.assertIn(NAME, self.ok("images", name + ".tar").out)

    def test_a_blob_that_is_not_its_name_is_refused(self):
        write_25(self.path("good.tar"))
        data = bytearray(self.read("good.tar"))
        position = data.index(b"app" * 100)
        data[position] ^= 1
        self.write("bad.tar", bytes(data))
        self.fails(7, "push", "bad.tar", f"{self.server.host}/team/bad:1", saying="sha256:")
        self.assertEqual(self.ok("tags", f"{self.server.host}/team/bad").out, "")


if __name__ == "__main__":
    main()
