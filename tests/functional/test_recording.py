#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault server answers as docker-registry 0.9 did: its recorded requests, replayed in order.

Compares the status, every header except those in UNSTABLE, and the whole body.
"""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, main  # noqa: E402
from recording import TOKEN_MODE, Replay  # noqa: E402

# They name the server's software, or move with the clock, or belong to the connection.
UNSTABLE = {"Server", "Date", "Expires", "Connection"}


class Recording(Replay):
    # Number of a request → why the answer differs.
    DEVIATIONS = {
        38: "listings of files are not played: regctl asks for none, and the layer's bytes are not recorded",
    }

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
        """Removes parts that differ from run to run: random signatures, the time, the order of a set."""
        text = re.sub(r"signature=\w{16},", "signature=RANDOM,", text)
        text = re.sub(r'"last_update": \d+', '"last_update": 1', text)
        return ", ".join(sorted(text.split(", "))) if re.fullmatch(r"([A-Z]+, )+[A-Z]+", text) else text

    def test_the_standalone_registry_answers_as_recorded(self):
        self.replay(self.start(FaultServer), range(1, TOKEN_MODE))

    def test_the_registry_in_token_mode_answers_as_recorded(self):
        # Made outside of the recording: a server without images, and a stub of an index that accepts one
        # signature, lists the base and the child and lets nobody read the base.
        base = "06662c8672a5fbd4fa3a4db1ec08b79d0ce9e05593d1428be8ac3f334f8a6a7f"
        child = "c212ff05d00d6fdbfe662c11a3bd289e4d8f9adcd7e8b13b3eb2d0d42fa3368e"
        index = {"signature": "GOODGOODGOODGOOD", "images": [base, child], "denied": [base]}
        server = self.start(FaultServer, "--standalone", "False", "--index", json.dumps(index))
        self.replay(server, range(TOKEN_MODE, 141))


if __name__ == "__main__":
    main()
