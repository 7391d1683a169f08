# SPDX-License-Identifier: Apache-2.0
"""Storage trees of docker-registry as they lie on disk: those that were recorded, and ones made to order."""

import hashlib
import json
import os
import tarfile
import time

from harness import DATA, Layer


def payload_sum(text, layer):
    return "sha256:" + hashlib.sha256(text.encode() + b"\n" + layer).hexdigest()


class StorageTree:
    """A folder with images/ and repositories/."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("images", "repositories"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)

    @classmethod
    def recorded(cls, folder, name):
        """A copy of tests/data/v1/NAME.tar.gz."""
        with tarfile.open(os.path.join(DATA, name + ".tar.gz")) as archive:
            archive.extractall(folder)
        return cls(folder)

    @property
    def place(self):
        return "v1-storage:" + self.folder

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def image_file(self, identity, part):
        return self.path("images", identity, part)

    def write(self, path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def add_image(self, seed, parent=None, layer=None, size=500):
        """A sound image; returns its ID."""
        made = Layer(seed, size)
        data = made.data if layer is None else layer
        document = {"id": made.id, **({"parent": parent} if parent else {})}
        text = json.dumps(document)
        below = json.loads(self.read("images", parent, "ancestry")) if parent else []
        self.write(self.image_file(made.id, "json"), text)
        self.write(self.image_file(made.id, "layer"), data)
        self.write(self.image_file(made.id, "ancestry"), json.dumps([made.id, *below]))
        self.write(self.image_file(made.id, "_checksum"), json.dumps([payload_sum(text, data)]))
        return made.id

    def add_chain(self, seed, length, parent=None):
        """IDs, base first."""
        chain = []
        for i in range(length):
            parent = self.add_image(f"{seed}-{i}", parent)
            chain.append(parent)
        return chain

    def tag(self, repository, tag, identity):
        self.write(self.path("repositories", *repository.split("/"), "tag_" + tag), identity)

    def list_images(self, repository, identities):
        self.write(self.path("repositories", *repository.split("/"), "_index_images"),
                   json.dumps([{"id": identity} for identity in identities]))

    def images(self):
        return set(os.listdir(self.path("images")))

    def age(self, identity, seconds):
        """Makes what is there of the image look that old."""
        then = time.time() - seconds
        folder = self.path("images", identity)
        for name in [*(os.path.join(folder, entry) for entry in os.listdir(folder)), folder]:
            os.utime(name, (then, then))

    def snapshot(self, part=""):
        """Content and time of each file below images/ whose name ends with `part`."""
        found = {}
        for folder, _, names in os.walk(self.path("images")):
            for name in names:
                if name.endswith(part):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, self.folder)] = (file.read(), os.stat(path).st_mtime_ns)
        return found
