#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server at a hundred moments during pushes, or at REGCTL_ROUNDS moments; fewer in a bucket.

Each moment is a number of bytes that the clients have sent and received since the server started, so that
it falls into heads, bodies, fsyncs and answers alike. After each one the tree is checked without a server: every
acknowledged image is there, and every image that is there is whole. After the last push an audit finds nothing.
"""

import http.client
import os
import random
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main  # noqa: E402
from trees import rounds  # noqa: E402
from v1_push import Client, Image, Tree  # noqa: E402

SEED = 19700101
MOMENTS = rounds(100, in_bucket=15)
CLIENTS = 4
CHAIN_BYTES = 250_000  # about what one push of a chain moves


class Trigger:
    """Kills a server once a number of bytes has been moved, in the thread that moves the last one."""

    def __init__(self, server, at_bytes):
        self.server, self.left = server, at_bytes
        self.lock = threading.Lock()

    def count(self, size):
        with self.lock:
            is_now = 0 <= self.left < size
            self.left -= size
        if is_now:
            self.server.process.send_signal(signal.SIGKILL)


class Pusher:
    """Pushes chain after chain to the current server; repeats a chain that failed."""

    def __init__(self, number, base):
        self.number, self.base = number, base
        self.sizes = random.Random(SEED + number)
        self.acknowledged = {}  # (name, tag) → chain
        self.count = 0
        self.pending = self.next_chain()

    def next_chain(self):
        """Half of the chains are also pushed by other clients at about the same time."""
        self.count += 1
        owner = "all" if self.count % 2 else self.number
        sizes = random.Random(f"{SEED} {owner} {self.count}")
        parent = self.base
        for position in range(2):
            parent = Image(f"{SEED} {owner} {self.count} {position}", sizes.randrange(1000, 200_000), parent)
        return parent

    def push_until_it_fails(self, host, on_bytes):
        client = Client(host, on_bytes)
        try:
            while True:
                name, tag = f"team/client-{self.number}", f"{self.count}"
                client.push(name, tag, self.pending)
                self.acknowledged[(name, tag)] = self.pending
                self.pending = self.next_chain()
        except (OSError, http.client.HTTPException):
            pass  # killed
        finally:
            client.close()


class Kill(TestCase):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        base = Image(f"{SEED} base", 150_000)
        self.pushers = [Pusher(number, base) for number in range(CLIENTS)]
        self.storage = self.path("storage")
        self.known = {}
        self.failures = []

    def run_until_killed(self, at_bytes):
        server = self.start(RegctlServer, storage=self.storage)
        trigger = Trigger(server, at_bytes)

        def push(pusher):
            try:
                pusher.push_until_it_fails(server.host, trigger.count)
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(f"{type(error).__name__}: {error}")
                server.process.send_signal(signal.SIGKILL)

        threads = [threading.Thread(target=push, args=(pusher,)) for pusher in self.pushers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(server.process.wait(), -signal.SIGKILL)

    def check(self, known):
        tree = Tree(self.storage, known)
        self.assertEqual(tree.problems, [])
        for pusher in self.pushers:
            for place, top in pusher.acknowledged.items():
                self.assertEqual(tree.tags.get(place), top.id, place)
                self.assertLessEqual({image.id for image in top.chain}, tree.complete)
        return tree

    def test_acknowledged_images_survive_kill_9_and_every_image_is_whole(self):
        choose = random.Random(SEED)
        in_the_middle, unfinished = 0, set()
        for moment in range(MOMENTS):
            at_bytes = choose.randrange(CHAIN_BYTES * CLIENTS)
            with self.subTest(moment=moment, at_bytes=at_bytes):
                self.run_until_killed(at_bytes)
                self.assertEqual(self.failures, [])
                before, unfinished = unfinished, self.check(self.known).unfinished
                in_the_middle += bool(unfinished - before)
        self.assertGreater(in_the_middle, MOMENTS // 4, "the moments fall beside the pushes")

        server = self.start(RegctlServer, storage=self.storage)
        client = Client(server.host)
        self.addCleanup(client.close)
        for pusher in self.pushers:
            place = (f"team/client-{pusher.number}", f"{pusher.count}")
            client.push(*place, pusher.pending)
            pusher.acknowledged[place] = pusher.pending
            for (name, tag), top in pusher.acknowledged.items():
                self.assertEqual(client.pull(name, tag), {image.id: image.layer for image in top.chain})
        self.assertEqual(client.search("client"), [f"team/client-{n}" for n in range(CLIENTS)])
        self.assertEqual(server.end(), 0)
        tree = self.check(None)
        self.assertEqual((tree.unfinished, tree.leftovers("images")), (set(), []))
        self.ok("audit", "--deep", server.place)
        print(f"{len(tree.complete)} images, {len(tree.tags)} tags, {in_the_middle} moments within an image",
              file=sys.stderr)


if __name__ == "__main__":
    main()
