# SPDX-License-Identifier: Apache-2.0
"""The recorded requests to docker-registry 0.9 (tests/data/v1/server-0.9-requests.txt), replayed in order.

Of layers the recording has only the size, so the replay sends bytes of its own, and names their checksums
in place of the recorded ones.
"""

import hashlib
import http.client
import os
import re

from harness import DATA, TestCase

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


class Replay(TestCase):
    """compare() is the subclass's; DEVIATIONS has the requests that it is not asked about."""

    DEVIATIONS = {}
    maxDiff = None

    def replay(self, server, numbers):
        """Sends these requests and compares the answers."""
        self.server = server
        self.layers = Layers()
        compared = 0
        for number, title, request, response in read_recording():
            if number in numbers:
                self.number = number
                answer, content = self.ask(request)
                if number not in self.DEVIATIONS:
                    with self.subTest(f"{number}. {title}"):
                        compared += 1
                        self.compare(request, response, answer, content)
        self.assertEqual(compared, len(set(numbers) - set(self.DEVIATIONS)))

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
