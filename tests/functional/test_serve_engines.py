#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests of Docker engines 1.5.0 and 1.9.1, sent to regctl serve byte for byte as recorded: with their
`Connection: close`, their `Token Token …`, their odd chunks and the newline after a JSON.

The recording has only size and SHA-256 of layers. Two layers are in tree-pushed. The others no longer exist,
since an engine packs a layer anew (with another time in it) at each push. Layers of the same size, with their own
payload checksums, take their place.
"""

import gzip
import hashlib
import io
import os
import re
import socket
import struct
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, PATIENCE_S, RegctlServer, TestCase, main  # noqa: E402

ENGINES = ("1.5.0", "1.9.1")
HELLO = b"\x16\x03\x01\x00\xe0\x01\x00\x00\xdc\x03\x03" + b"\x00" * 40
BASE = "5cd2e042b14cf23c7069b57438607fcb77039f6c2e1e27f54c126d2cba19fd6a"  # of what 1.9.1 pushed


class Exchange:
    """A recorded request and its answer."""

    def __init__(self, block):
        lines = block.split("\n")
        self.head = [line[2:] for line in lines if line.startswith("> ")]
        length = next((int(h.split(": ")[1]) for h in self.head if h.startswith("Content-Length")), None)
        after = block.split("\n>\n", 1)[1]
        body, _, answer = after.partition("\n< ")
        self.body = body.encode()[:length]
        self.layer = body if body.startswith("[body elided") else None
        self.answer = [line[2:] for line in ("< " + answer).split("\n") if line.startswith("< ")]
        self.content = answer.split("\n<\n", 1)[1].strip("\n") if "\n<\n" in answer else ""

    @property
    def status(self):
        return self.answer[0].split()[1]


def read_exchanges(name):
    """The exchanges in order; None for a TLS hello."""
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        for block in file.read().split("=" * 100 + "\n")[1:]:
            yield None if "[TLS ClientHello" in block else Exchange(block)


def make_layer(size):
    """A gzip tar of exactly this size, padded by an extra field of the gzip header."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        if size > 2000:
            noise = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range((size - 1000) // 32))
            info = tarfile.TarInfo("noise")
            info.size = len(noise)
            archive.addfile(info, io.BytesIO(noise))
    packed = gzip.compress(tar.getvalue(), mtime=0)
    extra = size - len(packed) - 2
    return packed[:3] + b"\x04" + packed[4:10] + struct.pack("<H", extra) + b"\0" * extra + packed[10:]


class Engines(TestCase):
    def setUp(self):
        super().setUp()
        self.layers = {}  # recorded SHA-256 → bytes
        with tarfile.open(os.path.join(DATA, "tree-pushed.tar.gz")) as tree:
            for member in tree.getmembers():
                if member.name.endswith("/layer"):
                    data = tree.extractfile(member).read()
                    self.layers[hashlib.sha256(data).hexdigest()] = data
        self.jsons = {}
        self.sums = {}  # recorded payload checksum → the one of our layer
        self.server = self.start(RegctlServer)

    def send(self, data):
        """Sends the bytes on a new connection; returns the status line, the headers and the body."""
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_S) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return lines[0], dict(line.split(": ", 1) for line in lines[1:]), body

    def find_layer(self, note):
        size, digest = re.match(r"\[body elided: (\d+) bytes, .* sha256 (\w{64})", note).groups()
        data = self.layers.setdefault(digest, make_layer(int(size)))
        self.assertEqual(len(data), int(size))
        return data

    def chunked(self, note):
        """A layer in the chunks that the engine sent first, then in large ones."""
        data = self.find_layer(note)
        sizes = [int(n) for n in re.search(r"chunk sizes ([\d,]+)", note)[1].strip(",").split(",")]
        pieces, position = [], 0
        while position < len(data):
            size = sizes.pop(0) if sizes else 32768
            piece = data[position:position + size]
            pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
            position += size
        return b"".join(pieces) + b"0\r\n\r\n"

    def request_of(self, exchange):
        path = exchange.head[0].split()[1]
        image, part = path.split("/")[-2:]
        if part == "json":
            self.jsons[image] = exchange.body
        data = exchange.body
        if exchange.layer:
            data = self.chunked(exchange.layer)
            self.jsons[image] += b"\n" + self.find_layer(exchange.layer)
        text = "\r\n".join(exchange.head) + "\r\n\r\n"
        if part == "checksum":
            recorded = re.search(r"Checksum-Payload: (\S+)", text)[1]
            self.sums[recorded] = "sha256:" + hashlib.sha256(self.jsons[image]).hexdigest()
            text = text.replace(recorded, self.sums[recorded])
        return text.encode() + data

    def compare(self, exchange):
        line, headers, content = self.send(self.request_of(exchange))
        self.assertEqual(line.split()[1], exchange.status)
        for field in exchange.answer[1:]:
            name, _, value = field.partition(": ")
            if name in ("X-Docker-Size", "X-Docker-Checksum-Payload", "Accept-Ranges", "Connection"):
                self.assertEqual(headers.get(name), self.sums.get(value, value), name)
            if name in ("X-Docker-Token", "X-Docker-Endpoints"):
                self.assertIn(name, headers)
        if exchange.content.startswith("[body elided"):
            self.assertEqual(content, self.find_layer(exchange.content))
        elif exchange.head[0].startswith("GET /v1/images/") and exchange.status == "200":
            self.assertEqual(content.removesuffix(b"\n"), exchange.content.encode())
        elif re.search("/tags(/| )", exchange.head[0]):
            self.assertEqual(content.decode(), exchange.content)

    def replay(self, name):
        compared = 0
        for exchange in read_exchanges(name):
            if exchange is None:
                # Answered at once: an engine loses two seconds each time where it is not.
                self.assertEqual(self.send(HELLO)[0], "")
                continue
            with self.subTest(f"{name}: {exchange.head[0]}"):
                self.compare(exchange)
                compared += 1
        return compared

    def test_a_push_and_a_pull_of_each_engine_go_as_recorded(self):
        for engine, pushed, pulled in zip(ENGINES, (18, 17), (11, 10)):
            with self.subTest(engine):
                self.server = self.start(RegctlServer)
                self.assertEqual(self.replay(f"engine-{engine}-push.txt"), pushed)
                self.assertEqual(self.replay(f"engine-{engine}-pull.txt"), pulled)

    def test_an_engine_can_resume_a_cut_download(self):
        self.replay("engine-1.9.1-push.txt")
        request = f"GET /v1/images/{BASE}/layer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        whole = self.send(f"{request}\r\n".encode())[2]
        line, headers, rest = self.send(f"{request}Range: bytes=32979-{len(whole)}\r\n\r\n".encode())
        self.assertEqual(line.split()[1], "206")
        self.assertEqual(rest, whole[32979:])
        self.assertEqual(headers["Content-Range"], f"bytes 32979-{len(whole) - 1}/{len(whole)}")

    def test_expect_100_continue_is_answered(self):
        head = (f"PUT /v1/images/{BASE}/layer HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n"
                "Expect: 100-continue\r\n\r\n")
        self.assertEqual(self.send(head.encode())[0].split()[1], "404")  # and no 100 before it
        text = f'{{"id":"{BASE}"}}'
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_S) as connection:
            connection.sendall(f"PUT /v1/images/{BASE}/json HTTP/1.1\r\nHost: h\r\nContent-Length: {len(text)}\r\n"
                               "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
            self.assertIn(b"100 Continue", connection.recv(65536))
            connection.sendall(text.encode())
            self.assertIn(b"200 OK", connection.recv(65536))


if __name__ == "__main__":
    main()
