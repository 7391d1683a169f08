#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Docker engines 1.5.0 and 1.9.1 sent, sent again as it stands to regctl serve: bytes of requests with
their `Connection: close`, their `Token Token …` and their odd chunks. The layers are those of tree-pushed."""

import hashlib
import os
import re
import socket
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, RegctlServer, TestCase, main  # noqa: E402

ENGINES = ("1.5.0", "1.9.1")


def read_exchanges(name):
    """Request heads and bodies, and the recorded status lines; None for a TLS hello."""
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        blocks = file.read().split("=" * 100 + "\n")[1:]
    for block in blocks:
        if "[TLS ClientHello" in block:
            yield None
            continue
        lines = block.split("\n")
        head = [line[2:] for line in lines if line.startswith("> ")]
        after = lines[len([x for x in lines if x.startswith(("#", ">"))]):]
        body = "\n".join(after[:next(i for i, x in enumerate(after) if x.startswith("< "))]).strip("\n")
        answer = [line[2:] for line in lines if line.startswith("< ")]
        recorded = block.split("<\n", 1)[1].strip("\n") if "<\n" in block else ""
        yield head, body, answer, recorded


class Engines(TestCase):
    def setUp(self):
        super().setUp()
        self.layers = {}
        with tarfile.open(os.path.join(DATA, "tree-pushed.tar.gz")) as tree:
            for member in tree.getmembers():
                if member.name.endswith("/layer"):
                    data = tree.extractfile(member).read()
                    self.layers[hashlib.sha256(data).hexdigest()] = data
        self.server = self.start(RegctlServer)

    def send(self, data):
        """Sends it on a connection of its own; returns the status line, the headers and the body."""
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return lines[0], dict(line.split(": ", 1) for line in lines[1:]), body

    def chunked(self, note):
        """A layer in the chunks that the engine sent first, then in large ones."""
        data = self.layers[re.search(r"sha256 (\w{64})", note)[1]]
        sizes = [int(n) for n in re.search(r"chunk sizes ([\d,]+)", note)[1].strip(",").split(",")]
        pieces, position = [], 0
        while position < len(data):
            size = sizes.pop(0) if sizes else 32768
            piece = data[position:position + size]
            pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
            position += size
        return b"".join(pieces) + b"0\r\n\r\n"

    def replay(self, name):
        compared = 0
        for exchange in read_exchanges(name):
            if exchange is None:
                # Answered at once: an engine loses two seconds each time where it is not.
                self.assertEqual(self.send(b"\x16\x03\x01\x00\xe0\x01\x00\x00\xdc\x03\x03" + b"\x00" * 40)[0], "")
                continue
            head, body, answer, recorded = exchange
            data = self.chunked(body) if body.startswith("[body elided") else body.encode()
            request = "\r\n".join(head).strip("\r\n") + "\r\n\r\n"
            with self.subTest(head[0]):
                line, headers, content = self.send(request.encode() + data)
                self.assertEqual(line.split()[1], answer[0].split()[1])
                for field in answer[1:]:
                    name, _, value = field.partition(": ")
                    if name in ("X-Docker-Size", "X-Docker-Checksum-Payload", "Accept-Ranges"):
                        self.assertEqual(headers.get(name), value, name)
                    if name in ("X-Docker-Token", "X-Docker-Endpoints"):
                        self.assertIn(name, headers)
                if recorded.startswith("[body elided"):
                    self.assertEqual(hashlib.sha256(content).hexdigest(),
                                     re.search(r"sha256 (\w{64})", recorded)[1])
                elif recorded.startswith(("[\"", '"')) and line.split()[1] == "200":
                    self.assertEqual(content.decode(), recorded)
                compared += 1
        return compared

    def test_a_push_and_a_pull_of_each_engine_go_as_they_went(self):
        for engine in ENGINES:
            with self.subTest(engine):
                self.server = self.start(RegctlServer)
                self.assertGreater(self.replay(f"engine-{engine}-push.txt"), 15)
                self.assertGreater(self.replay(f"engine-{engine}-pull.txt"), 9)

    def test_a_cut_download_goes_on_where_engines_ask(self):
        self.replay("engine-1.9.1-push.txt")
        base = "5cd2e042b14cf23c7069b57438607fcb77039f6c2e1e27f54c126d2cba19fd6a"
        whole = self.send(f"GET /v1/images/{base}/layer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())[2]
        line, headers, rest = self.send(
            f"GET /v1/images/{base}/layer HTTP/1.1\r\nHost: h\r\nRange: bytes=32979-{len(whole)}\r\n"
            "Connection: close\r\n\r\n".encode())
        self.assertEqual(line.split()[1], "206")
        self.assertEqual(rest, whole[32979:])
        self.assertEqual(headers["Content-Range"], f"bytes 32979-{len(whole) - 1}/{len(whole)}")

    def test_a_client_that_expects_to_be_told_is_told(self):
        base = "5cd2e042b14cf23c7069b57438607fcb77039f6c2e1e27f54c126d2cba19fd6a"
        head = (f"PUT /v1/images/{base}/layer HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n"
                "Expect: 100-continue\r\n\r\n")
        self.assertEqual(self.send(head.encode())[0].split()[1], "404")  # and no 100 before it
        text = f'{{"id":"{base}"}}'
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            connection.sendall(f"PUT /v1/images/{base}/json HTTP/1.1\r\nHost: h\r\nContent-Length: {len(text)}\r\n"
                               "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
            self.assertIn(b"100 Continue", connection.recv(65536))
            connection.sendall(text.encode())
            self.assertIn(b"200 OK", connection.recv(65536))


if __name__ == "__main__":
    main()
