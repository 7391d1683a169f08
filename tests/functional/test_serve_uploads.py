#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve with several clients that upload one image at the same time."""

import hashlib
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main  # noqa: E402

STEPS = ("json", "layer", "checksum")


class Upload:
    """The upload of one client under an ID that other clients use too."""

    def __init__(self, identity, comment, layer):
        self.json = json.dumps({"id": identity, "comment": comment}).encode()
        self.layer = layer
        self.checksum = "sha256:" + hashlib.sha256(self.json + b"\n" + layer).hexdigest()

    def send(self, server, identity, step):
        body = {"json": self.json, "layer": self.layer, "checksum": None}[step]
        headers = {"X-Docker-Checksum-Payload": self.checksum} if step == "checksum" else {}
        return server.ask("PUT", f"/v1/images/{identity}/{step}", body, headers)


class Uploads(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(RegctlServer)

    def assert_stored(self, identity, upload):
        answer = self.server.ask("GET", f"/v1/images/{identity}/json")
        self.assertEqual((answer.status, answer.content), (200, upload.json))
        self.assertEqual(answer.headers["X-Docker-Checksum-Payload"], upload.checksum)
        self.assertEqual(self.server.ask("GET", f"/v1/images/{identity}/layer").content, upload.layer)

    def play(self, identity, uploads, order):
        """Runs the steps of each upload, interleaved by `order`; a refused upload ends. Returns the status of the last
        step of each."""
        steps = [iter(STEPS) for _ in uploads]
        last = [200 for _ in uploads]
        for number in order:
            step = next(steps[number])
            if last[number] == 200:
                last[number] = uploads[number].send(self.server, identity, step).status
                if step == "checksum" and last[number] == 200:
                    self.assert_stored(identity, uploads[number])
        return last

    def orders(self):
        return sorted(set(itertools.permutations((0, 0, 0, 1, 1, 1))))

    def test_a_success_means_the_image_is_there_and_a_replaced_upload_gets_an_error(self):
        pairs = ((("a", b"a" * 1000), ("b", b"b" * 1000)), (("a", b"a" * 1000), ("a", b"b" * 1000)),
                 (("a", b"a" * 1000), ("b", b"a" * 1000)), (("a", b"a" * 1000), ("a", b"b" * 2000)))
        for number, (pair, order) in enumerate(itertools.product(pairs, self.orders())):
            with self.subTest(f"{pair[0][0]}{pair[0][1][:1]} {pair[1][0]}{pair[1][1][:1]} {order}"):
                identity = f"{number:064x}"
                uploads = [Upload(identity, *each) for each in pair]
                statuses = self.play(identity, uploads, order)
                if 200 in statuses:  # the other one is told, as the original has it, by its next step
                    done = statuses.index(200)
                    self.assertEqual(statuses.count(200), 1)
                else:  # each has replaced a part of what the other sent: both may try again
                    self.assertEqual(statuses, [400, 400])
                    self.assertEqual(self.play(identity, uploads[:1], (0, 0, 0)), [200])
                    done = 0
                self.assert_stored(identity, uploads[done])

    def test_an_upload_replaced_by_a_complete_image_gets_409(self):
        identity = "a" * 64
        first, second = Upload(identity, "first", b"first" * 1000), Upload(identity, "second", b"second" * 1000)
        for step in STEPS[:2]:
            self.assertEqual(first.send(self.server, identity, step).status, 200)
        self.assertEqual(self.play(identity, [second], (0, 0, 0)), [200])
        answer = first.send(self.server, identity, "checksum")
        self.assertEqual(answer.status, 409)
        self.assertIn("replaced", answer.json["error"])
        self.assert_stored(identity, second)

    def test_clients_with_equal_bytes_all_succeed(self):
        for number, order in enumerate(self.orders()):
            with self.subTest(str(order)):
                identity = f"{number:064x}"
                upload = Upload(identity, "same", b"same" * 1000)
                statuses = self.play(identity, [upload, upload], order)
                late = order[3] if len(set(order[:3])) == 1 else None  # who begins when all is there: 409
                self.assertEqual(statuses, [409 if number == late else 200 for number in range(2)])
                self.assert_stored(identity, upload)

    def test_a_complete_image_is_409_at_every_step(self):
        identity = "a" * 64
        upload = Upload(identity, "first", b"first" * 1000)
        self.assertEqual(self.play(identity, [upload], (0, 0, 0)), [200])
        for other in (upload, Upload(identity, "other", b"other")):
            for step in STEPS:
                self.assertEqual(other.send(self.server, identity, step).status, 409, step)
        self.assert_stored(identity, upload)

    def test_a_wrong_checksum_without_a_second_client_is_the_clients_fault(self):
        identity = "a" * 64
        upload = Upload(identity, "cut", b"whole layer")
        for _ in range(2):
            upload.send(self.server, identity, "json")
            self.assertEqual(self.server.ask("PUT", f"/v1/images/{identity}/layer", b"whole").status, 200)
            answer = upload.send(self.server, identity, "checksum")
            self.assertEqual((answer.status, answer.json), (400, {"error": "Checksum mismatch"}))
        self.assertEqual(self.play(identity, [upload], (0, 0, 0)), [200])
        self.assert_stored(identity, upload)


if __name__ == "__main__":
    main()
