#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror at a hundred moments, or at REGCTL_ROUNDS moments; fewer in a bucket.

Each moment is a number of bytes that have passed between the mirror and its destination, so that it falls into
listings, heads, layers, checksums and tags alike. The next run continues from there and is killed too, until one
run completes. Then the test goes on with the next destination.
"""

import collections
import hashlib
import os
import random
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, RegctlServer, TestCase, main  # noqa: E402
from middleman import Middleman  # noqa: E402
from trees import rounds  # noqa: E402
from v1_push import Client, Image, Tree  # noqa: E402

SEED = 19700104
MOMENTS = rounds(100, in_bucket=10)
REPOSITORIES = 50
JOBS = 4
LAYER_BYTES = 60_000
RUN_BYTES = REPOSITORIES * LAYER_BYTES  # about what a whole run moves


class Destination(Middleman):
    """Stands before the destination: counts the bytes of each layer, and kills a process at a given moment."""

    def __init__(self, server):
        self.lock = threading.Lock()
        self.sent = collections.Counter()  # image → bytes of its layer
        self.process, self.left = None, -1
        super().__init__(server)

    def kill_at(self, process, at_bytes):
        with self.lock:
            self.process, self.left = process, at_bytes

    def on_bytes(self, size):
        with self.lock:
            is_now = 0 <= self.left < size
            self.left -= size
        if is_now:
            self.process.send_signal(signal.SIGKILL)

    def on_body(self, request, size):
        if request.path.endswith("/layer"):
            with self.lock:
                self.sent[request.path.split("/")[3]] += size
        super().on_body(request, size)


class Kill(TestCase):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        self.source = self.start(RegctlServer)
        client = Client(self.source.host)
        base = Image(f"{SEED} base", LAYER_BYTES)
        for number in range(REPOSITORIES):
            client.push(f"team/app-{number}", "1.0", Image(f"{SEED} {number}", LAYER_BYTES, base))
        client.close()
        self.whole = self.files(self.source)

    def files(self, server):
        """The files of the images and tags of a tree: path → hash."""
        files = server.files
        return {path: hashlib.sha256(files.read(path)).hexdigest() for path in files.paths()
                if path.rsplit("/", 1)[-1] in ("json", "layer", "ancestry", "_checksum") or "/tag_" in path}

    def mirror(self, destination, at_bytes):
        """The exit code: SIGKILL, unless the run ended before the moment."""
        process = self.start_regctl("mirror", "-q", "-j", str(JOBS), self.source.host, destination.host)
        destination.kill_at(process, at_bytes)
        _, err = process.communicate(timeout=PATIENCE_S)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual((process.returncode, err), (0, b""))
        return process.returncode

    def test_runs_killed_at_any_moment_make_progress_until_one_completes(self):
        choose = random.Random(SEED)
        kills, wasted, destinations, in_a_layer = 0, 0, 0, 0
        while kills < MOMENTS:
            server = self.start(RegctlServer)
            destination = Destination(server)
            destinations += 1
            known, tags, unfinished = {}, 0, set()
            code = None
            while code != 0:
                at_bytes = choose.randrange(RUN_BYTES // 3) if kills < MOMENTS else -1
                code = self.mirror(destination, at_bytes)
                kills += code != 0
                tree = Tree(server.storage, known)
                what = f"destination {destinations}, kill {kills} at byte {at_bytes}"
                self.assertEqual(tree.problems, [], what)
                self.assertGreaterEqual(len(tree.tags), tags, what)
                in_a_layer += bool(tree.unfinished - unfinished)
                tags, unfinished = len(tree.tags), tree.unfinished
            destination.stop()
            self.assertEqual(self.files(server), self.whole)
            self.assertEqual(server.end(), 0)
            self.assertEqual(Tree(server.storage).unfinished, set())
            wasted += sum(destination.sent.values()) - (REPOSITORIES + 1) * LAYER_BYTES
        print(f"{destinations} destinations, {kills} kills, {in_a_layer} within an image, "
              f"{wasted / LAYER_BYTES / kills:.2f} layers a kill sent twice", file=sys.stderr)
        self.assertGreater(in_a_layer, MOMENTS // 4, "the moments fall beside the layers")
        self.assertLess(wasted, kills * JOBS * LAYER_BYTES)


if __name__ == "__main__":
    main()
