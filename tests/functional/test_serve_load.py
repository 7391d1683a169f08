#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""64 clients push overlapping chains to one server while 64 others pull and search."""

import json
import os
import random
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main, make_archive  # noqa: E402
from v1_push import Client, Image, Tree  # noqa: E402

SEED = 20150101
PUSHERS = 64
PROGRAMS = 4  # of them, and of the pullers, are regctl itself
LOOKS = 4  # at whatever is there, before a puller takes what it wants


class Crowd:
    """Threads that begin at the same time; their exceptions are reported."""

    def __init__(self):
        self.threads, self.failures = [], []
        self.start = threading.Event()

    def add(self, work, *words):
        def run():
            self.start.wait()
            try:
                work(*words)
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(f"{work.__name__} {words}: {type(error).__name__}: {error}")

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def run(self):
        self.start.set()
        for thread in self.threads:
            thread.join()
        return self.failures


class Load(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(RegctlServer)
        # 4 bases of two images, 16 images on them, and on each of those 4 tops that differ.
        bases = [Image(f"{SEED} base {i}", 300_000, Image(f"{SEED} root {i}", 200_000)) for i in range(4)]
        middles = [Image(f"{SEED} middle {i}", 50_000, bases[i % 4]) for i in range(16)]
        self.tops = [Image(f"{SEED} top {i}", 20_000, middles[i % 16]) for i in range(PUSHERS)]
        self.pushed = [threading.Event() for _ in range(PUSHERS)]

    @staticmethod
    def name(number):
        return f"team{number % 8}/service-{number}"

    def push(self, number):
        client = Client(self.server.host)
        try:
            client.push(self.name(number), "1.0", self.tops[number])
            client.finish(self.name(number), self.tops[number])
        finally:
            client.close()
            self.pushed[number].set()

    def push_with_regctl(self, number):
        try:
            result = self.regctl("push", f"{number}.tar", f"{self.server.host}/{self.name(number)}:1.0")
            if result.code != 0:
                raise AssertionError(result.err)
        finally:
            self.pushed[number].set()

    def compare(self, number, layers):
        expected = {image.id: image.layer for image in self.tops[number].chain}
        if layers != expected or list(layers) != list(expected):
            raise AssertionError(f"{self.name(number)} is not what was pushed")

    def pull(self, number):
        """Lists the images pushed by other clients meanwhile, then pulls one."""
        choose = random.Random(SEED + number)
        client = Client(self.server.host)
        try:
            for _ in range(LOOKS):
                found = client.search(f"-{choose.randrange(10)}")
                for name in found[:1]:
                    status, _, tags = client.request("GET", f"/v1/repositories/{name}/tags")
                    if status == 200 and json.loads(tags):
                        client.pull(name, "1.0")  # a tag that is there is complete
            self.pushed[number].wait()
            self.compare(number, client.pull(self.name(number), "1.0"))
        finally:
            client.close()

    def pull_with_regctl(self, number):
        self.pushed[number].wait()
        for words in (["pull", f"{self.server.host}/{self.name(number)}:1.0", f"pulled-{number}.tar"],
                      ["search", f"{self.server.host}/service"]):
            result = self.regctl(*words)
            if result.code != 0:
                raise AssertionError(result.err)

    def test_every_client_gets_the_pushed_images(self):
        crowd = Crowd()
        archives = {}
        for number in range(PUSHERS):
            if number < PROGRAMS:
                seeds = ["base", "middle", f"top-{number}"]
                archives[number] = make_archive(self.path(f"{number}.tar"), seeds, 100_000)
                crowd.add(self.push_with_regctl, number)
                crowd.add(self.pull_with_regctl, number)
            else:
                crowd.add(self.push, number)
                crowd.add(self.pull, number)
        self.assertEqual(crowd.run(), [])

        tree = Tree(self.server.storage)
        self.assertEqual((tree.problems, tree.unfinished, tree.leftovers()), ([], set(), []))
        pushed = {image.id for top in self.tops[PROGRAMS:] for image in top.chain}
        pushed |= {layer.id for layers in archives.values() for layer in layers}
        self.assertEqual(tree.complete, pushed)
        tops = {number: top.id for number, top in enumerate(self.tops[PROGRAMS:], PROGRAMS)}
        tops |= {number: layers[-1].id for number, layers in archives.items()}
        self.assertEqual(tree.tags, {(self.name(n), "1.0"): top for n, top in tops.items()})

        client = Client(self.server.host)
        self.addCleanup(client.close)
        self.assertEqual(client.search("service"), sorted(self.name(n) for n in range(PUSHERS)))
        for number in range(PROGRAMS, PUSHERS):
            self.compare(number, client.pull(self.name(number), "1.0"))
            listed = client.get_json(f"/v1/repositories/{self.name(number)}/images")
            self.assertEqual({entry["id"]: entry["checksum"] for entry in listed},
                             {image.id: image.checksum for image in self.tops[number].chain})
        for number, layers in archives.items():
            pulled = client.pull(self.name(number), "1.0")
            self.assertEqual(list(pulled), [layer.id for layer in layers[::-1]])
            for identity, data in pulled.items():
                # One image from several archives is packed at different times: whoever came first has it.
                self.assertIn(data, [layer.data for group in archives.values() for layer in group
                                     if layer.id == identity])
        self.assertEqual(self.server.end(), 0)
        self.assertEqual([line for line in self.server.errors().splitlines() if "serving" not in line], [])


if __name__ == "__main__":
    main()
