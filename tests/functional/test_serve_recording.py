#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve answers as docker-registry 0.9 did: its recorded requests, replayed in order.

Compares the status, the headers that clients use, and the body. DIFFERENCES lists the different answers and
their reasons; regctl-serve(1) documents them for users.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from recording import TOKEN_MODE, Replay  # noqa: E402

HEADERS = ("X-Docker-Registry-Standalone", "X-Docker-Endpoints", "X-Docker-Size",
           "X-Docker-Checksum-Payload", "Content-Range", "Accept-Ranges", "Last-Modified", "Cache-Control")

# Number of a request → what is answered instead: status, body, and why.
DIFFERENCES = {
    1: (200, "true", "the versions of Python's modules are nobody's business"),
    17: (200, '{"num_results": 1, "num_pages": 1, "page": 2, "page_size": 1, "query": "demo", "results": []}',
         "results come in pages, as the Hub's did"),
    30: (206, None, "an open range ends at the last byte"),
    32: (206, None, "an end behind the last byte is clamped"),
    33: (206, None, "a range of one byte is a range"),
    34: (206, None, "the last N bytes are served"),
    37: (404, '{"error": "Image not found"}', "what is not there was not modified either"),
    38: (400, None, "the replay's bytes are no tar"),
    39: (400, None, "the same; a diff needs no redis"),
    46: (200, "true", "a form type does not make the bytes another document"),
    48: (200, "true", "a chunked body is a body"),
    49: (400, '{"error": "The image\'s layer has to come before its checksum"}', "the client's fault"),
    66: (200, "", "a layer of 0 bytes is 0 bytes"),
    80: (400, '{"error": "An entry has no image ID under `id\'"}', "the client's fault"),
    82: (404, '{"error": "Not Found"}', "errors are JSON"),
    83: (405, '{"error": "Method Not Allowed"}', "errors are JSON"),
    84: (404, '{"error": "Not Found"}', "errors are JSON"),
    90: (200, '{"num_results": 0, "query": "a/b", "results": []}', "it has no tags"),
    92: (200, '{"num_results": 0, "query": "slash", "results": []}', "it has no tags"),
    93: (200, '""', "the final slash may be left out"),
    95: (200, '"OK"', "the final slash may be left out"),
    104: (400, '{"error": "`access\' has to be \\"public\\" or \\"private\\""}', "the client's fault"),
    117: (200, "true", "the final slash may be left out"),
}
# Parts of a layer that were recorded with another size than is right.
RANGES = {30: (100, 200251), 32: (100, 200251), 33: (5, 5), 34: (200242, 200251)}


class Recording(Replay):
    maxDiff = None

    def compare(self, request, response, answer, content):
        number = self.number
        status, body, _ = DIFFERENCES.get(number, (None, None, None))
        self.assertEqual(answer.status, status or int(response.line.split(" ")[1]))
        if number in RANGES:
            first, last = RANGES[number]
            layer = self.layers.data[request.line.split("/")[3]]
            self.assertEqual(answer.headers["Content-Range"], f"bytes {first}-{last}/{len(layer)}")
            self.assertEqual(content, layer[first:last + 1])
            return
        if body is not None:
            self.assertEqual(content.decode(), body)
        elif number not in DIFFERENCES:
            self.compare_headers(request, response, answer)
            self.compare_body(request, response, content)

    def compare_headers(self, request, response, answer):
        for name in HEADERS:
            expected = response.headers.get(name)
            if expected:
                expected = self.layers.sums.get(expected, expected)
                expected = expected.replace(request.headers["Host"], self.server.host)
            if name == "Content-Range" and expected:
                expected = "bytes " + expected  # the original leaves the unit out
            self.assertEqual(answer.headers.get(name), expected, name)
        for name in ("X-Docker-Token", "WWW-Authenticate"):
            expected = response.headers.get(name, "").replace("%2F", "/")
            self.assertRegex(answer.headers.get(name, ""),
                             re.sub("signature=[A-Z0-9]+", "signature=[0-9a-f]+", re.escape(expected)) + "$")

    def compare_body(self, request, response, content):
        if response.elided_bytes is not None:
            layer = self.layers.data[request.line.split("/")[3]]
            first = int(response.headers.get("Content-Range", "0").split("-")[0])
            self.assertEqual(content, layer[first:first + response.elided_bytes])
        else:
            self.assertEqual(self.settle(content.decode()), self.settle(response.body))

    @staticmethod
    def settle(text):
        """Removes parts that differ from run to run: the time, and the order of images, which is a dict's."""
        if text.startswith("[{"):
            return sorted(text[1:-1].replace("}, {", "}\n{").split("\n"))
        return re.sub(r'"last_update": \d+', '"last_update": 1', text)

    def test_the_recorded_requests_get_the_recorded_answers(self):
        self.replay(self.start(RegctlServer), range(1, TOKEN_MODE))


if __name__ == "__main__":
    main()
