#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What regctl serve acknowledges is on the disk by then: its system calls during a push, read in order.

A loss of power keeps what was fsynced and any part of the rest. So a file's bytes are fsynced before it has
its name, names before they count, and all of it before the answer that says so. strace does the watching.
"""

import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main, wait_for  # noqa: E402
from v1_push import Client, Image  # noqa: E402

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

    def test_every_acknowledged_step_is_on_the_disk_by_then(self):
        server = self.start(RegctlServer)
        self.start_strace(server)
        image = Image("image", 10_000)
        client = Client(server.host)
        client.push("team/app", "1", image)
        client.close()
        server.end(signal.SIGKILL)

        folder = os.path.join(server.storage, "images", image.id)
        synced, pending, answers, named = set(), {}, [], []
        for name, first, second in self.calls():
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
                    # List, GET JSON, JSON, layer, checksum, tag: an image counts with its checksum.
                    if len(answers) in (1, 5, 6):
                        self.assertEqual(pending, {})
        self.assertEqual(answers, ["200", "404", "200", "200", "200", "200"])
        self.assertEqual({file for place, file in named if place == folder},
                         {"json", "ancestry", "layer", "_checksum", "_inprogress"})
        self.assertEqual({file for place, file in named if place.endswith("/team/app")},
                         {"_index_images", "tag_1", "tag1_json"})


if __name__ == "__main__":
    main()
