#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl push of archives of `docker save` to a registry of protocol v2."""

import hashlib
import io
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import noise  # noqa: E402


def plain_layer(seed):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo(f"file-{seed}")
        info.size = 5_000
        archive.addfile(info, io.BytesIO(noise(seed, 5_000)))
    return tar.getvalue()


class Pushes(V2Case):
    def archive(self, path, images):
        """As docker 24 saves images: {name: layers}, each layer unpacked."""
        files, manifest = {}, []
        for name, layers in images.items():
            paths = []
            for layer in layers:
                digest = hashlib.sha256(layer).hexdigest()
                paths.append(f"{digest}/layer.tar")
                files[paths[-1]] = layer
            diff_ids = ["sha256:" + path.partition("/")[0] for path in paths]
            config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": [f"NAME={name}"]},
                                 "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
            files[hashlib.sha256(config).hexdigest() + ".json"] = config
            manifest.append({"Config": hashlib.sha256(config).hexdigest() + ".json", "RepoTags": [name],
                             "Layers": paths})
        files["manifest.json"] = json.dumps(manifest).encode()
        with tarfile.open(self.path(path), "w") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    def test_a_layer_that_images_share_is_packed_and_sent_once(self):
        registry = self.registry()
        base = [plain_layer("base 1"), plain_layer("base 2")]
        self.archive("images.tar", {name: [*base, plain_layer(name)]
                                    for name in ("team/one:1.0", "team/one:2.0", "team/two:1.0")})
        done = self.ok("push", "--format", "json", "--all-tags", "images.tar", registry.host).json
        self.assertEqual(sorted((name, tag) for name, tags in registry.tags.items() for tag in tags),
                         [("team/one", "1.0"), ("team/one", "2.0"), ("team/two", "1.0")])
        sent = [one for one in registry.requests("PUT", "/blobs/uploads/") if one.status == 201]
        self.assertEqual(len(sent), 2 + 3 + 3, sent)  # shared layers, layers of their own, configs
        mounted = [one for one in registry.requests("POST", "mount=") if one.status == 201]
        self.assertEqual(len(mounted), 2, registry.log)
        self.assertEqual(done["blobs"], 8)
        for name, tags in registry.tags.items():
            for digest in tags.values():
                for layer in json.loads(registry.manifests[name][digest][1])["layers"]:
                    self.assertIn(layer["digest"], registry.blobs[name])
                    self.assertTrue(layer["mediaType"].endswith("+gzip"))


if __name__ == "__main__":
    main()
