#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of an image as one tar, from v1 registries, layouts and archives."""

import io
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, RegctlServer, TestCase, main, make_archive  # noqa: E402

WILD = os.path.join(DATA, "tree-wild.tar.gz")
LAYOUTS = os.path.join(DATA, "..", "layouts")


def files_of(tar, mode="r:"):
    """What a tar holds: for each path its type and content, or its link's target."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(tar), mode=mode) as archive:
        for member in archive:
            content = archive.extractfile(member).read() if member.isfile() else member.linkname
            files[member.name.strip("./")] = (member.type, content)
    return files


def stacked(layers):
    """The files of layers, base first, one over the other. None of ours has opaque folders or links to links."""
    files = {}
    for layer in layers:
        above = files_of(layer, "r:*")
        for path in above:
            folder, _, name = path.rpartition("/")
            if name.startswith(".wh."):
                gone = (folder + "/" if folder else "") + name[4:]
                files = {key: value for key, value in files.items() if key != gone and not key.startswith(gone + "/")}
        files.update({path: value for path, value in above.items() if "/.wh." not in "/" + path})
    return files


class Export(TestCase):
    def export(self, *words):
        self.ok("export", *words, "files.tar")
        with open(self.path("files.tar"), "rb") as file:
            return file.read()

    def unpack(self, layout):
        with tarfile.open(os.path.join(LAYOUTS, layout)) as archive:
            archive.extractall(self.path("layout"))
        return "layout"

    def blob(self, digest):
        with open(self.path("layout/blobs/" + digest.replace(":", "/")), "rb") as file:
            return file.read()

    def test_v1_images_of_every_compression(self):
        server = self.start(FaultServer, "--storage", WILD)
        for name in ("mixed:latest", "team/demo-1.3.3:1.0", "team/demo-1.9.1:latest"):
            with self.subTest(name):
                details = self.ok("inspect", f"{server.host}/{name}").json
                layers = [server.get(f"/v1/images/{layer['id']}/layer") for layer in reversed(details["layers"])]
                want = stacked([layer for layer in layers if layer])
                self.assertTrue(want)
                self.assertEqual(files_of(self.export(f"{server.host}/{name}")), want)

    def test_a_damaged_layer_leaves_no_file(self):
        server = self.start(FaultServer, "--storage", WILD)
        for name in ("team/cut:1", "team/flipped:1"):
            with self.subTest(name):
                self.fails(7, "export", f"{server.host}/{name}", "files.tar", saying=["layer of image"])
                self.assertFalse(os.path.exists(self.path("files.tar")))

    def test_an_oci_layout_in_its_order(self):
        layout = self.unpack("layout-umoci.tar.gz")
        with open(self.path("layout/index.json"), encoding="utf-8") as file:
            index = json.load(file)
        for entry in index["manifests"]:
            tag = entry["annotations"]["org.opencontainers.image.ref.name"]
            with self.subTest(tag):
                manifest = json.loads(self.blob(entry["digest"]))
                layers = [self.blob(layer["digest"]) for layer in manifest["layers"]]
                tar = self.export(f"oci:{layout}:{tag}")
                self.assertEqual(files_of(tar), stacked(layers))
                with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
                    folders = [member.isdir() for member in archive]
                self.assertEqual(folders, sorted(folders))

    def test_the_same_files_from_an_archive_and_to_stdout(self):
        layout = self.unpack("layout-umoci.tar.gz")
        files = self.export(f"oci:{layout}:1")
        archive = os.path.join(LAYOUTS, "skopeo-oci-archive.tar")
        self.assertEqual(files_of(self.export("oci-archive:" + archive)), files_of(files))
        self.assertEqual(self.ok("export", f"oci:{layout}:1").out_bytes, files)
        self.assertEqual(self.ok("export", f"oci:{layout}:1", "-").out_bytes, files)

    def test_a_changed_blob_is_refused(self):
        layout = self.unpack("layout-umoci.tar.gz")
        for folder, _, names in os.walk(self.path("layout/blobs")):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    data = bytearray(file.read())
                if data.startswith(b"\x1f\x8b"):  # the layers; the time in their heads changes no file
                    data[4] ^= 1
                    with open(path, "wb") as file:
                        file.write(data)
        self.fails(7, "export", f"oci:{layout}:1", "files.tar", saying=["has checksum"])
        self.assertFalse(os.path.exists(self.path("files.tar")))

    def test_what_was_exported_can_be_unpacked(self):
        layers = make_archive(self.path("app.tar"), ["base", "top"])
        server = self.start(RegctlServer)
        image = f"{server.host}/team/app:1.0"
        self.ok("push", "app.tar", image)
        self.assertEqual(files_of(self.export(image)), stacked([layer.data for layer in layers]))


if __name__ == "__main__":
    main()
