#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl serve acknowledges only data that are on the disk: checks its system calls during a push in their order.

After a loss of power, fsynced data and any part of the rest remain. So a file's bytes must be fsynced before it
gets its name, names before they count, and all of it before the answer. strace records the calls.

REGCTL_ROUNDS is the number of pushed images, of different sizes (default 3).
"""

import os
import random
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main, wait_for  # noqa: E402
from trees import not_in_bucket  # noqa: E402
from v1_push import Client, Image  # noqa: E402

SEED = 19700102
ROUNDS = int(os.environ.get("REGCTL_ROUNDS", "3"))
# List, GET JSON, JSON, layer, checksum, tag: an image counts with its checksum.
ANSWERS = ["200", "404", "200", "200", "200", "200"]
WHOLE = (1, 5, 6)  # answers by which everything before is on the disk

CALLS = {
    "fsync": re.compile(r'fsync\((\d+)<([^>]*)>'),
    "link": re.compile(r'linkat\(AT_FDCWD<[^>]*>, "/proc/self/fd/(\d+)", \d+<([^>]*)>'),
    "rename": re.compile(r'renameat\(\d+<([^>]*)>, "[^"]*", \d+<[^>]*>, "([^"]*)"'),
    "create": re.compile(r'openat\(\d+<([^>]*)>, "([^"]*)", [A-Z_|]*O_CREAT'),
    "remove": re.compile(r'unlinkat\(\d+<([^>]*)>, "([^"]*)", 0\) = 0'),
    "make": re.compile(r'mkdirat\(\d+<([^>]*)>, "([^"]*)", 0777\) = 0'),
    "answer": re.compile(r'send(?:msg|to)\(\d+<socket:.*?"(HTTP/1\.1 \d+)()'),
}


class Durable(TestCase):
    def start_strace(self, server):
        self.trace = self.path("trace")
        said = self.path("strace")
        with open(said, "wb") as file:
            strace = subprocess.Popen(
                ["strace", "-f", "-y", "-s", "300", "-o", self.trace, "-p", str(server.process.pid), "-e",
                 "trace=fsync,linkat,renameat,openat,unlinkat,mkdirat,sendmsg,sendto"], stderr=file)
        self.addCleanup(strace.wait)
        self.addCleanup(server.stop)  # first: strace ends with it
        wait_for(lambda: os.path.getsize(said) or strace.poll() is not None, "strace")
        self.assertIsNone(strace.poll(), self.read("strace"))

    def calls(self):
        for line in self.read("trace").decode().splitlines():
            for name, pattern in CALLS.items():
                found = pattern.search(line)
                if found:
                    yield name, *found.groups()

    @not_in_bucket("its server answers once an object is durable")
    def test_every_step_is_on_the_disk_before_it_is_acknowledged(self):
        server = self.start(RegctlServer)
        self.start_strace(server)
        sizes = random.Random(SEED)
        images = [Image(f"{SEED} {i}", sizes.randrange(1, 100_000)) for i in range(ROUNDS)]
        client = Client(server.host)
        for i, image in enumerate(images):
            client.push("team/app", f"{i}", image)
        client.close()
        server.end(signal.SIGKILL)

        folders = [os.path.join(server.storage, "images", image.id) for image in images]
        synced, pending, answers, named = set(), {}, [], []
        for name, first, second in self.calls():
            folder = folders[min(len(answers) // len(ANSWERS), ROUNDS - 1)]
            with self.subTest(call=(name, first, second), answers=answers):
                if name == "fsync":
                    synced.add(first)
                    pending.pop(second, None)
                elif name == "link":  # a file without a name gets one
                    self.assertIn(first, synced)
                    synced.discard(first)
                elif name in ("rename", "create", "remove", "make"):
                    if (name, second) == ("remove", "_inprogress"):
                        self.assertEqual(pending.get(folder), None, "the image counts before it is durable")
                    if second in ("json", "layer") and first == folder:
                        self.assertNotIn("_inprogress", pending.get(folder, []), "the mark is not durable")
                    pending.setdefault(first, []).append(second)
                    named.append((first, second))
                else:
                    answers.append(first[-3:])
                    if (len(answers) - 1) % len(ANSWERS) + 1 in WHOLE:
                        self.assertEqual(pending, {})
        self.assertEqual(answers, ANSWERS * ROUNDS)
        for folder in folders:
            self.assertEqual({file for place, file in named if place == folder},
                             {"json", "ancestry", "layer", "_checksum", "_inprogress"})
        self.assertEqual({file for place, file in named if place.endswith("/team/app")},
                         {"_index_images", *(f"tag_{i}" for i in range(ROUNDS)),
                          *(f"tag{i}_json" for i in range(ROUNDS))})


if __name__ == "__main__":
    main()
