# SPDX-License-Identifier: Apache-2.0
"""Storage trees of docker-registry as they lie on disk: those that were recorded, and ones made to order."""

import hashlib
import json
import os
import tarfile

import trees
from harness import DATA, Layer


def payload_sum(text, layer):
    return "sha256:" + hashlib.sha256(text.encode() + b"\n" + layer).hexdigest()


class StorageTree:
    """A tree with images/ and repositories/, in a folder or at its counterpart in the bucket (trees.py)."""

    def __init__(self, folder):
        self.folder = folder
        self.files = trees.files_at(folder)
        if not trees.IN_BUCKET:
            for name in ("images", "repositories"):
                os.makedirs(os.path.join(folder, name), exist_ok=True)

    @classmethod
    def recorded(cls, folder, name):
        """A copy of tests/data/v1/NAME.tar.gz."""
        tree = cls(folder)
        with tarfile.open(os.path.join(DATA, name + ".tar.gz")) as archive:
            if trees.IN_BUCKET:
                tree.files.write_all({os.path.normpath(entry.name): archive.extractfile(entry).read()
                                      for entry in archive if entry.isfile()})
            else:
                archive.extractall(folder)
        return tree

    @property
    def place(self):
        return trees.place(self.folder)

    @property
    def location(self):
        return trees.location(self.folder)

    def local(self):
        """A folder with its files, for programs that know no buckets."""
        return self.files.local()

    def path(self, *parts):
        """Of a tree on disk."""
        return os.path.join(self.folder, *parts)

    @staticmethod
    def image_file(identity, part):
        """As `path` of the methods below."""
        return f"images/{identity}/{part}"

    def write(self, path, data):
        self.files.write(path, data if isinstance(data, bytes) else data.encode())

    def remove(self, path):
        self.files.remove(path)

    def exists(self, path):
        return self.files.exists(path)

    def read(self, *parts):
        return self.files.read("/".join(parts)).decode()

    def tags(self, name):
        """The tags of a repository ("team/app"), each with its image's ID."""
        return {entry.removeprefix("tag_"): self.read(f"repositories/{name}/{entry}")
                for entry in self.files.names(f"repositories/{name}") if entry.startswith("tag_")}

    def add_image(self, seed, parent=None, layer=None, size=500, more=None):
        """A sound image; returns its ID. `more` are members of its JSON."""
        made = Layer(seed, size)
        data = made.data if layer is None else layer
        document = {"id": made.id, **({"parent": parent} if parent else {}), **(more or {})}
        text = json.dumps(document)
        below = json.loads(self.read("images", parent, "ancestry")) if parent else []
        parts = {"json": text.encode(), "layer": data, "ancestry": json.dumps([made.id, *below]).encode(),
                 "_checksum": json.dumps([payload_sum(text, data)]).encode()}
        self.files.write_all({self.image_file(made.id, part): content for part, content in parts.items()})
        return made.id

    def add_chain(self, seed, length, parent=None):
        """IDs, base first."""
        chain = []
        for i in range(length):
            parent = self.add_image(f"{seed}-{i}", parent)
            chain.append(parent)
        return chain

    def tag(self, repository, tag, identity):
        self.write(f"repositories/{repository}/tag_{tag}", identity)

    def list_images(self, repository, identities):
        self.write(f"repositories/{repository}/_index_images",
                   json.dumps([{"id": identity} for identity in identities]))

    def images(self):
        return set(self.files.names("images"))

    def age(self, identity, seconds):
        """Makes what is there of the image look that old."""
        self.files.age(f"images/{identity}", seconds)

    def snapshot(self, part=""):
        """Content and version of each file below images/ whose name ends with `part`."""
        return {path: (self.files.read(path), version) for path, version in self.files.versions("images").items()
                if path.endswith(part)}
