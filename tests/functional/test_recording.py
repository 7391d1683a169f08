#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault server says what docker-registry 0.9 said: its recorded requests, replayed in order.

Compared are the status, every header but those in UNSTABLE, and the whole body. Of layers the recording
has only the size, so the replay sends bytes of its own, and names their checksums in place of the recorded.
"""

import hashlib
import http.client
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, TestCase, main  # noqa: E402

# Number of a request → why the answer differs.
DEVIATIONS = {
    38: "listings of files are not played: regctl asks for none, and the layer's bytes are not recorded",
}
# They name the server's software, or move with the clock, or belong to the connection.
UNSTABLE = {"Server", "Date", "Expires", "Connection"}
TOKEN_MODE = 118  # the first request of part G, which was sent to another server


def read_recording():
    """Numbers, titles, requests and responses."""
    with open(os.path.join(DATA, "server-0.9-requests.txt"), encoding="utf-8") as file:
        text = file.read()
    for block in text.split("=" * 78 + "\n"):
        match = re.match(r"(\d+)\. (.*)\n-+ request\n(.*?)\n-+ response\n(.*)", block, re.S)
        if match:
            yield int(match[1]), match[2], Message(match[3]), Message(match[4])


class Message:
    def __init__(self, text):
        head, _, body = text.partition("\n\n")
        self.line, *lines = head.strip("\n").split("\n")
        self.headers = {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}
        self.body = re.sub(r"\n(note:|!!|\n).*|\(no \w+ body\).*", "", body, flags=re.S).strip("\n")
        elided = re.match(r"\[(\d+) bytes elided", self.body)
        self.elided_bytes = int(elided[1]) if elided else None


class Layers:
    """What was sent in place of the layers that were not recorded."""

    def __init__(self):
        self.jsons = {}
        self.data = {}
        self.sums = {}  # the recorded checksum → ours

    def remember(self, path, data, elided):
        *_, identity, part = path.split("/")
        if part == "json":
            self.jsons[identity] = data
        elif part == "layer" and elided:
            self.data[identity] = data

    def translate(self, path, recorded):
        """A checksum that fits our bytes, where a recorded one fits those that we do not have. One of
        zeros is meant to be wrong."""
        identity = path.split("/")[3]
        if identity in self.data and not recorded.endswith("0" * 64):
            total = hashlib.sha256(self.jsons[identity] + b"\n" + self.data[identity]).hexdigest()
            self.sums[recorded] = "sha256:" + total
        return self.sums.get(recorded, recorded)


class Recording(TestCase):
    maxDiff = None

    def replay(self, server, numbers):
        """Sends these requests and compares the answers."""
        self.server = server
        self.layers = Layers()
        compared = 0
        for number, title, request, response in read_recording():
            if number in numbers:
                answer, content = self.ask(request)
                if number not in DEVIATIONS:
                    with self.subTest(f"{number}. {title}"):
                        compared += 1
                        self.compare(request, response, answer, content)
        self.assertEqual(compared, len(set(numbers) - set(DEVIATIONS)))

    def ask(self, request):
        method, path, _ = request.line.split(" ")
        data = request.body.encode()
        if request.elided_bytes is not None:
            data = path.encode().ljust(request.elided_bytes, b"x")
        headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length")}
        chunked = headers.pop("Transfer-Encoding", None)
        if "X-Docker-Checksum-Payload" in headers:
            headers["X-Docker-Checksum-Payload"] = self.layers.translate(
                path, headers["X-Docker-Checksum-Payload"])
        if method == "PUT":
            self.layers.remember(path, data, request.elided_bytes)
        connection = http.client.HTTPConnection(self.server.host)
        connection.request(method, path, iter([data]) if chunked else data or None, headers,
                           encode_chunked=bool(chunked))
        answer = connection.getresponse()
        try:
            content = answer.read()
        except http.client.IncompleteRead as cut:  # the original promises more than it has, too
            content = cut.partial
        connection.close()
        return answer, content

    def compare(self, request, response, answer, content):
        self.assertEqual(f"HTTP/1.1 {answer.status} {answer.reason}", response.line)
        # Our server at the address of theirs.
        headers = {name: self.settle(value.replace(self.server.host, request.headers["Host"]))
                   for name, value in answer.headers.items() if name not in UNSTABLE}
        expected = {name: self.settle(self.layers.sums.get(value, value))
                    for name, value in response.headers.items() if name not in UNSTABLE}
        if response.body.endswith(" bytes in all]"):  # the software's versions, in a ping
            self.assertEqual(content[:34].decode(), response.body[:34])
            del headers["Content-Length"], expected["Content-Length"]
        elif response.elided_bytes is not None:
            layer = self.layers.data[request.line.split("/")[3]]
            first = int(headers.get("Content-Range", "0").split("-")[0])
            self.assertEqual(content, layer[first:first + response.elided_bytes])
        else:
            body = content.decode().replace(self.server.host, request.headers["Host"])
            if body != content.decode():
                headers["Content-Length"] = str(len(body))
            self.assertEqual(self.settle(body).strip("\n"), self.settle(response.body))
        self.assertEqual(headers, expected)

    @staticmethod
    def settle(text):
        """Without what differs from run to run: random signatures, the time, the order of a set."""
        text = re.sub(r"signature=\w{16},", "signature=RANDOM,", text)
        text = re.sub(r'"last_update": \d+', '"last_update": 1', text)
        return ", ".join(sorted(text.split(", "))) if re.fullmatch(r"([A-Z]+, )+[A-Z]+", text) else text

    def test_the_registry_that_is_its_own_index_answers_alike(self):
        self.replay(self.start(FaultServer), range(1, TOKEN_MODE))

    def test_the_registry_in_token_mode_answers_alike(self):
        # Made outside of the recording: a server without images, and a stub of an index that accepts one
        # signature, lists the base and the child and lets nobody read the base.
        base = "06662c8672a5fbd4fa3a4db1ec08b79d0ce9e05593d1428be8ac3f334f8a6a7f"
        child = "c212ff05d00d6fdbfe662c11a3bd289e4d8f9adcd7e8b13b3eb2d0d42fa3368e"
        index = {"signature": "GOODGOODGOODGOOD", "images": [base, child], "denied": [base]}
        server = self.start(FaultServer, "--standalone", "False", "--index", json.dumps(index))
        self.replay(server, range(TOKEN_MODE, 141))


if __name__ == "__main__":
    main()
