# SPDX-License-Identifier: Apache-2.0
"""A client of protocol v1 and a checker of storage trees, both independent of regctl.

The client does what an engine does, in Python's own HTTP; the checker reads a tree as docker-registry
left it and says what is wrong with it. Neither trusts a checksum that it has not computed.
"""

import hashlib
import http.client
import json
import random
import urllib.parse

import trees

SEND_BYTES = 16 * 1024


class Refused(Exception):
    """An answer that is no success: its status and text."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status} {text[:200]!r}")
        self.status = status


class Image:
    """One image with a layer of random bytes; `parent` is an Image."""

    def __init__(self, seed, size, parent=None):
        self.id = hashlib.sha256(f"image {seed}".encode()).hexdigest()
        self.parent = parent
        document = {"id": self.id, "created": "2015-01-01T00:00:00Z"}
        if parent:
            document["parent"] = parent.id
        self.json = json.dumps(document).encode()
        self.layer = random.Random(seed).randbytes(size)
        self.checksum = "sha256:" + hashlib.sha256(self.json + b"\n" + self.layer).hexdigest()

    @property
    def chain(self):
        """From this image down to its base."""
        return [self, *(self.parent.chain if self.parent else [])]


class Client:
    """One connection. `on_bytes` is called with the size of each piece that was sent or received."""

    def __init__(self, host, on_bytes=lambda size: None):
        self.connection = http.client.HTTPConnection(host, timeout=60)
        self.on_bytes = on_bytes

    def close(self):
        self.connection.close()

    def request(self, method, path, body=b"", headers=None):
        """Status, headers and body of the answer."""
        connection = self.connection
        connection.putrequest(method, path)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if method == "PUT":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        self.on_bytes(len(path))
        for begin in range(0, len(body), SEND_BYTES):
            piece = body[begin:begin + SEND_BYTES]
            connection.send(piece)
            self.on_bytes(len(piece))
        answer = connection.getresponse()
        text = answer.read()
        self.on_bytes(len(text) + 1)
        return answer.status, answer.headers, text

    def expect(self, statuses, method, path, body=b"", headers=None):
        status, answered, text = self.request(method, path, body, headers)
        if status not in statuses:
            raise Refused(method, path, status, text)
        return status, answered, text

    def get(self, path):
        return self.expect((200,), "GET", path)[2]

    def get_json(self, path):
        return json.loads(self.get(path))

    def push_image(self, image):
        """409 says that somebody else has brought the image in the meantime."""
        base = f"/v1/images/{image.id}/"
        if self.request("GET", base + "json")[0] == 200:
            return
        if self.expect((200, 409), "PUT", base + "json", image.json)[0] == 409:
            return
        if self.expect((200, 409), "PUT", base + "layer", image.layer)[0] == 409:
            return
        self.expect((200,), "PUT", base + "checksum", headers={"X-Docker-Checksum-Payload": image.checksum})

    def push(self, name, tag, top):
        """Pushes a chain; once this returns the registry has acknowledged all of it."""
        listing = json.dumps([{"id": image.id, "Tag": tag} for image in top.chain]).encode()
        self.expect((200,), "PUT", f"/v1/repositories/{name}/", listing)
        for image in reversed(top.chain):
            self.push_image(image)
        self.expect((200,), "PUT", f"/v1/repositories/{name}/tags/{tag}", json.dumps(top.id).encode())

    def finish(self, name, top):
        """What engines send when all tags are there."""
        listing = json.dumps([{"id": image.id, "checksum": image.checksum} for image in top.chain]).encode()
        self.expect((204,), "PUT", f"/v1/repositories/{name}/images", listing)

    def pull(self, name, tag):
        """The chain of a tag as {ID: layer}, top first; every byte was compared with its checksum."""
        top = self.get_json(f"/v1/repositories/{name}/tags/{tag}")
        layers = {}
        for identity in self.get_json(f"/v1/images/{top}/ancestry"):
            _, headers, text = self.expect((200,), "GET", f"/v1/images/{identity}/json")
            layer = self.get(f"/v1/images/{identity}/layer")
            checksum = "sha256:" + hashlib.sha256(text + b"\n" + layer).hexdigest()
            if headers["X-Docker-Checksum-Payload"] != checksum:
                raise AssertionError(f"{identity} is {checksum}, not {headers['X-Docker-Checksum-Payload']}")
            layers[identity] = layer
        return layers

    def search(self, term):
        found = self.get_json("/v1/search?q=" + urllib.parse.quote(term))
        return [entry["name"] for entry in found["results"]]


class Tree:
    """A storage tree in a folder, or at its counterpart in the bucket. `problems` says in sentences what is wrong with
    it.

    An image that bears the mark of an upload, or a folder without JSON, is no problem: it is not there.
    Known images are not read again as long as their files are the same, unless `known` is None.
    """

    def __init__(self, folder, known=None):
        self.files = trees.files_at(folder)
        self.problems = []
        self.complete = set()
        self.unfinished = set()
        self.tags = {}  # (name, tag) → ID
        images = {identity: {} for identity in self.files.names("images")}  # also those without files
        for path, version in self.files.versions("images").items():
            _, identity, name = path.split("/")
            images.setdefault(identity, {})[name] = version
        for identity in sorted(images):
            self._read_image(identity, images[identity], known)
        for identity in self.complete:
            self._check_ancestry(identity)
        self._read_repositories()

    def _fail(self, text):
        self.problems.append(text)

    def _read_image(self, identity, files, known):
        if "_inprogress" in files or not files.keys() & {"json", "layer"}:
            self.unfinished.add(identity)
            return
        self.complete.add(identity)
        missing = {"json", "layer", "ancestry", "_checksum"} - files.keys()
        if missing:
            self._fail(f"{identity} has no {missing}")
            return
        marks = [files[name] for name in ("json", "layer", "_checksum")]
        if known is not None and known.get(identity) == marks:
            return
        text, layer, sums = [self._bytes(identity, name) for name in ("json", "layer", "_checksum")]
        checksum = "sha256:" + hashlib.sha256(text + b"\n" + layer).hexdigest()
        if json.loads(text)["id"] != identity:
            self._fail(f"{identity} has the JSON of {json.loads(text)['id']}")
        if json.loads(sums) != [checksum]:
            self._fail(f"{identity} is {checksum}, recorded {sums}")
        elif known is not None:
            known[identity] = marks

    def _bytes(self, identity, name):
        return self.files.read(f"images/{identity}/{name}")

    def _check_ancestry(self, identity):
        chain, parent = [], identity
        while parent and parent in self.complete and parent not in chain:
            chain.append(parent)
            parent = json.loads(self._bytes(parent, "json")).get("parent")
        if parent:
            self._fail(f"{identity} is complete, {parent} below it is not")
        elif json.loads(self._bytes(identity, "ancestry")) != chain:
            self._fail(f"the ancestry of {identity} is not that of the JSONs")

    def _read_repositories(self):
        for path in self.files.paths("repositories"):
            _, space, repository, file = path.split("/")
            if not file.startswith("."):
                self._read_file_of_repository(f"{space}/{repository}", file, self.files.read(path))

    def _read_file_of_repository(self, name, file, data):
        if file.startswith("tag_"):
            identity = data.decode()
            self.tags[(name, file[4:])] = identity
            if identity not in self.complete:
                self._fail(f"{name}:{file[4:]} is {identity}, which is not complete")
        elif file == "_index_images":
            ids = [entry["id"] for entry in json.loads(data)]
            if len(ids) != len(set(ids)):
                self._fail(f"{name} lists an image twice")
        elif file.endswith("json"):
            json.loads(data)
        else:
            self._fail(f"{name} has a file {file}")

    def leftovers(self, part=""):
        """Files with a temporary name, in the whole tree or in a part of it."""
        return [path for path in self.files.paths(part) if path.rsplit("/", 1)[-1].startswith(".")]
