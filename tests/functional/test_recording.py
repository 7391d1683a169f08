#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault server says what docker-registry 0.9 said: its recorded requests, replayed in order.

Compared are status, the protocol's headers and, for JSON answers, the body. Layers' bytes were not
recorded, so sums and sizes differ; what else differs is listed in DEVIATIONS with its reason.
"""

import hashlib
import http.client
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, TestCase, main  # noqa: E402

# Number of a request → why the answer may differ. The fault server plays what a client can run into.
DEVIATIONS = {
    8: "the tarsum of a layer whose bytes are not recorded",
    16: "search results carry a namespace and more that clients do not read",
    17: "the same", 18: "the same", 85: "the same", 90: "the same", 92: "the same",
    23: "tag properties are not played", 24: "repository properties are not played",
    38: "listings of files are not played", 39: "diffs are not played",
}
LAST = 39  # parts A and B: what pushing and pulling rely on


def read_recording():
    with open(os.path.join(DATA, "server-0.9-requests.txt"), encoding="utf-8") as file:
        text = file.read()
    for block in text.split("=" * 78 + "\n"):
        match = re.match(r"(\d+)\. (.*)\n-+ request\n(.*?)\n-+ response\n(.*)", block, re.S)
        if match and int(match[1]) <= LAST:
            yield int(match[1]), match[2], match[3], match[4]


def split_message(text):
    head, _, body = text.partition("\n\n")
    lines = head.split("\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    body = re.sub(r"\n(note:|!!|\n#|#).*", "", body, flags=re.S)  # remarks of whoever recorded
    return lines[0], headers, body.strip("\n")


class Recording(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        self.sums = {}

    def ask(self, request):
        line, headers, body = split_message(request)
        method, path, _ = line.split(" ")
        data = body.encode()
        elided = re.match(r"\[(\d+) bytes elided", body)
        if elided:
            data = path.encode().ljust(int(elided[1]), b"x")
        headers = {k: v for k, v in headers.items() if k not in ("Host", "Content-Length")}
        connection = http.client.HTTPConnection(self.server.host)
        chunked = headers.pop("Transfer-Encoding", None)
        if "X-Docker-Checksum-Payload" in headers and not headers["X-Docker-Checksum-Payload"].endswith("0" * 64):
            identity = path.split("/")[3]
            image = self.sums[identity]
            headers["X-Docker-Checksum-Payload"] = image
        connection.request(method, path, iter([data]) if chunked else data or None, headers,
                           encode_chunked=bool(chunked))
        answer = connection.getresponse()
        try:
            content = answer.read()
        except http.client.IncompleteRead as cut:
            content = cut.partial
        connection.close()
        self.remember(method, path, data)
        return answer, content

    def remember(self, method, path, data):
        parts = path.split("/")
        if method == "PUT" and parts[2] == "images":
            if parts[4] == "json":
                self.sums[parts[3]] = data
            elif parts[4] == "layer" and isinstance(self.sums.get(parts[3]), bytes):
                total = hashlib.sha256(self.sums[parts[3]] + b"\n" + data).hexdigest()
                self.sums[parts[3]] = "sha256:" + total

    def test_the_recorded_push_and_pull_are_answered_alike(self):
        compared = 0
        for number, title, request, response in read_recording():
            answer, content = self.ask(request)
            if number in DEVIATIONS:
                continue
            with self.subTest(f"{number}. {title}"):
                line, headers, body = split_message(response)
                self.assertEqual(answer.status, int(line.split()[1]))
                for name in ("Content-Range", "Accept-Ranges", "X-Docker-Size"):
                    self.assertEqual(answer.headers.get(name), headers.get(name), name)
                for name in ("X-Docker-Token", "X-Docker-Endpoints", "X-Docker-Checksum-Payload"):
                    self.assertEqual(name in answer.headers, name in headers, name)
                if body.startswith(("{", "[\"", '"', "true")) and "bytes in all" not in body:
                    self.assertEqual(content.decode(), body)
                compared += 1
        self.assertGreater(compared, 25)


if __name__ == "__main__":
    main()
