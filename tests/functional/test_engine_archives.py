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
from harness import Layer, RegctlServer, TestCase, main  # noqa: E402

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


def zstd(data):
    """A frame of zstd with uncompressed blocks (RFC 8878)."""
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little")
    for start in range(0, len(data), 65_536):
        block = data[start:start + 65_536]
        is_last = start + 65_536 >= len(data)
        frame += (len(block) << 3 | is_last).to_bytes(3, "little") + block
    return frame


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
    """Docker 1.10 to 24: a folder for each layer under a made-up v1 ID; a repeated layer is a link."""
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


def write_blobs(path, layers, config, manifests=(), annotations=None):
    """The common parts of Docker 25 and later: blobs, an OCI index, manifest.json. `layers` are the stored bytes."""
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
            descriptor(oci + "manifest.v1+json", manifest, annotations=annotations or {
                "io.containerd.image.name": NAME + ":1", "org.opencontainers.image.ref.name": "1"})]}
        for other in manifests:
            tar.blob(other)
            index["manifests"].append(descriptor(oci + "manifest.v1+json", other, annotations=ATTESTATION,
                                                 platform={"architecture": "unknown", "os": "unknown"}))
        tar.json("index.json", index)
        tar.json("manifest.json", [{
            "Config": "blobs/sha256/" + sha256(config), "RepoTags": None if annotations else [NAME + ":1"],
            "Layers": ["blobs/sha256/" + sha256(x) for x in layers],
            "LayerSources": {"sha256:" + sha256(x): descriptor(media, x) for x in layers}}])
        tar.json("oci-layout", {"imageLayoutVersion": "1.0.0"})
        tar.json("repositories", {NAME: {"1": sha256(LAYERS[-1])}})


def write_25(path):
    write_blobs(path, LAYERS, CONFIG)


def write_containerd(path):
    """The containerd image store keeps layers as they were pulled, and attestations of the build."""
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

    def test_the_name_in_the_archive_is_found(self):
        for name, write in WRITERS.items():
            with self.subTest(name):
                write(self.path(name + ".tar"))
                self.assertIn(NAME, self.ok("images", name + ".tar").out)

    def test_a_blob_with_another_digest_than_its_name_is_refused(self):
        write_25(self.path("good.tar"))
        data = bytearray(self.read("good.tar"))
        position = data.index(b"app" * 100)
        data[position] ^= 1
        self.write("bad.tar", bytes(data))
        self.fails(7, "push", "bad.tar", f"{self.server.host}/team/bad:1", saying="sha256:")
        self.assertEqual(self.ok("tags", f"{self.server.host}/team/bad").out, "")

    def stored_layers(self, image):
        return [self.server.get(f"/v1/images/{step['id']}/layer") for step in self.history(image)]

    def test_zstd_becomes_gzip_on_every_way_into_v1(self):
        write_blobs(self.path("zstd.tar"), [zstd(x) for x in LAYERS], CONFIG)
        wanted = [LAYERS[2], LAYERS[1], LAYERS[0]]
        names = [f"{self.server.host}/team/{x}:1" for x in ("push", "keep", "pipe")] + [f"{self.server.host}/team/app:1"]
        told = [self.ok("push", "zstd.tar", names[0]),
                self.ok("copy", "--no-compress", "zstd.tar", names[1]),
                self.ok("push", "-", names[2], stdin=self.read("zstd.tar")),
                self.ok("mirror", "zstd.tar", self.server.host),
                self.ok("copy", "zstd.tar", f"{self.place('tree')}:team/app:1")]
        for result in told[:1] + told[-1:]:  # what is there already is not read again
            self.assertEqual(result.err.count("zstd, which no engine that speaks protocol v1 unpacks"), 1, result.err)
        for name in names:
            packed = [x for x in self.stored_layers(name) if len(gzip.decompress(x)) > 1024]
            self.assertEqual([gzip.decompress(x) for x in packed], wanted)
        for files in (self.tree_files("tree"), self.server.files):
            for image in files.names("images"):
                self.assertEqual(files.read(f"images/{image}/layer")[:2], b"\x1f\x8b")

    def test_layer_put_turns_zstd_into_gzip(self):
        layer = Layer("put", 3000)
        self.write("json", layer.json)
        plain = gzip.decompress(layer.data)
        self.write("layer", zstd(plain))
        put = self.ok("layer", "put", f"{self.server.host}/team/app", "json", "layer")
        self.assertIn("zstd", put.err)
        self.assertEqual(gzip.decompress(self.server.get(f"/v1/images/{layer.id}/layer")), plain)

    def test_zstd_stays_between_v1_places_and_is_noted(self):
        layer = Layer("old", 3000)
        layer.data = zstd(gzip.decompress(layer.data))
        self.server.push(layer, tag="1.0")
        other = self.start(RegctlServer)
        for words in (["copy", f"{self.server.host}/team/app:1.0", f"{other.host}/team/app:1.0"],
                      ["mirror", f"{self.server.host}/team/app", self.place("tree")]):
            told = self.ok(*words)
            self.assertIn("its bytes stay as they are", told.err)
        self.assertEqual(other.get(f"/v1/images/{layer.id}/layer"), layer.data)

    def test_a_layer_that_cannot_be_repacked_is_refused(self):
        ids = [sha256(b"odd")]
        for what, data, code, why in (("sealed", os.urandom(3000), 9, "neither a tar nor compressed"),
                                      ("cut", zstd(LAYERS[0])[:-100], 6, "the zstd data ends too early")):
            with self.subTest(what):
                with Writer(self.path(what + ".tar")) as tar:
                    tar.folder(ids[0])
                    tar.json(ids[0] + "/json", {"id": ids[0], "created": "2015-01-01T00:00:00Z"})
                    tar.file(ids[0] + "/layer.tar", data)
                self.fails(code, "push", what + ".tar", f"{self.server.host}/team/{what}:1", saying=why)
                self.assertEqual(self.ok("tags", f"{self.server.host}/team/{what}").out, "")

    def test_an_update_without_its_base_is_pushed_where_the_base_is(self):
        ids = [sha256(f"update {i}".encode()) for i in range(4)]
        documents = [{"id": x, "created": "2015-01-01T00:00:00Z", **({"parent": ids[i - 1]} if i else {})}
                     for i, x in enumerate(ids)]

        def write(name, members, stripped=()):
            with Writer(self.path(name)) as tar:
                for i in members:
                    tar.json(ids[i] + "/json", documents[i])
                    if i not in stripped:
                        tar.file(ids[i] + "/layer.tar", plain_tar(str(i), b"x"))
                tar.json("repositories", {"team/app": {name[0]: ids[members[-1]]}})

        write("1.tar", [0, 1])
        write("2.tar", [2, 3])
        write("3.tar", [0, 1, 2, 3], stripped=[0, 1])
        storage = self.place("tree")
        for place in (self.server.host, storage):
            target = f"{place}{':' if place == storage else '/'}team/app"
            for name in ("2.tar", "3.tar"):
                failed = self.fails(6, "copy", name, target + ":2", saying=ids[1][:12])
                self.assertIn("copy what it was built on there first", failed.err)
            self.assertNotIn("2", self.regctl("tags", target).out)
            self.ok("copy", "1.tar", target + ":1")
            self.ok("copy", "2.tar", target + ":2")
            self.ok("copy", "3.tar", target + ":3")
            self.assertEqual([x["id"] for x in self.history(target + ":2")], ids[::-1])
            self.ok("verify", target)
        other = self.start(RegctlServer)
        self.ok("copy", "1.tar", f"{other.host}/team/app:1")
        self.ok("mirror", "2.tar", other.host)
        self.assertEqual([x["id"] for x in self.history(f"{other.host}/team/app:2")], ids[::-1])
        self.fails(6, "copy", "2.tar", "out.tar", saying=ids[1][:12])
        self.assertIn(ids[3][:12], self.ok("images", "2.tar").out)

    def test_an_archives_bare_tag_goes_to_the_named_repository(self):
        write_blobs(self.path("tag.tar"), LAYERS, CONFIG, annotations={"org.opencontainers.image.ref.name": "1.2"})
        self.ok("push", "tag.tar", f"{self.server.host}/team/app")
        self.ok("push", "docker-archive:tag.tar:1.2", f"{self.server.host}/team/other")
        for name in ("app", "other"):
            self.assertEqual(self.ok("tags", f"{self.server.host}/team/{name}").out.split()[0], "1.2")
        self.assertRegex(self.ok("images", "tag.tar").out, "<none> +1.2 ")
        self.fails(2, "push", "tag.tar", self.server.host, saying="has no name to keep")

    def test_an_archive_folder_named_as_the_user_typed_it_is_read(self):
        ids = [sha256(b"typed 0"), sha256(b"typed 1")]
        with Writer(self.path("old.tar")) as tar:
            for folder, i in (("busybox:latest", 1), (ids[0], 0)):
                tar.folder(folder)
                tar.file(folder + "/VERSION", b"1.0")
                tar.json(folder + "/json", {"id": ids[i], "created": "2015-01-01T00:00:00Z",
                                            **({"parent": ids[0]} if i else {})})
                tar.file(folder + "/layer.tar", plain_tar(str(i), b"x"))
        self.ok("push", "old.tar", f"{self.server.host}/busybox:latest")
        history = self.history(f"{self.server.host}/busybox:latest")
        self.assertEqual([x["id"] for x in history], ids[::-1])
        self.assertEqual([x["unpacked_size"] for x in history], [None, None])


if __name__ == "__main__":
    main()
