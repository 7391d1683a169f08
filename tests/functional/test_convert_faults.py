#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror from a v1 registry to distribution with faults at both and on the ways to them.

The fault of a request follows from the seed, the side, the request and its number of repetitions, not from the order
in which threads run. One repository is broken at the source until the first run is over. No tag is ever another
digest than an undisturbed run gives it, and each run's result and report say what became of each tag.
"""

import collections
import json
import os
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, main  # noqa: E402
from middleman import Middleman, Spoil  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from v2_case import V2Case  # noqa: E402

SEEDS = range(int(os.environ.get("REGCTL_SEEDS", "8")))
AT_A_TIME = 4  # a seed waits for the pauses between attempts, most of the time
MOST_RUNS = 12
REPOSITORIES = 4
BROKEN = "team/broken"
DONE = {"copied", "updated", "kept"}


class Side(Middleman):
    """A registry and the way to it. Corrupts only bytes whose damage can be noticed: those that have a sum."""

    def __init__(self, server, seed, name, broken=None):
        self.seed, self.name, self.broken = seed, name, broken
        self.spoiled = 0
        super().__init__(server)

    def choose(self, request):
        spoil = self.choose_broken(request) or self.choose_spoil(request)
        self.spoiled += spoil is not None
        return spoil

    def choose_broken(self, request):
        """The topmost image of the repository cannot be had."""
        if not self.broken or f"/v1/images/{self.broken}/layer" not in request.path:
            return None
        return (Spoil(404), Spoil(500), Spoil(flip_answer=0.5))[random.Random(f"{self.seed} broken").randrange(3)]

    def choose_spoil(self, request):
        choose = random.Random(f"{self.seed} {self.name} {request.method} {request.path.partition('?')[0]} {request.count}")
        kind, at, other = choose.random(), choose.random(), choose.random()
        if kind < 0.03:
            return Spoil(cut_request=at) if request.body_size and other < 0.5 else Spoil(cut_answer=at)
        if kind < 0.08:
            status = choose.choice((500, 503, 429))
            return Spoil(status, is_passed_on=other < 0.3, headers={"Retry-After": "0"} if at < 0.5 else {})
        if kind < 0.11 and re.search("/layer$|/blobs/sha256:|/manifests/sha256:", request.path):
            return Spoil(flip_answer=at) if request.method == "GET" else None
        if kind < 0.13 and request.method in ("PUT", "PATCH"):
            return Spoil(flip_request=at) if "/uploads/" in request.path else Spoil(404)  # a session that is gone
        return None


class Faults(V2Case):
    def setUp(self):
        super().setUp()
        tree = StorageTree(self.path("tree"))
        base = tree.add_image("base", size=20_000)
        for name in [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]:
            below = tree.add_image(f"{name} below", base, size=100)
            self.broken = tree.add_image(name, below, size=30_000)
            tree.tag(name, "1.0", below)
            tree.tag(name, "2.0", self.broken)
        self.source = self.start(RegctlServer, storage=self.path("tree"))
        server = self.distribution()
        self.ok("mirror", self.source.host, server.host, "--state", "other")
        names = [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]
        self.expected = {name: self.tags_of(server, name) for name in names}
        server.stop()
        self.assertEqual({tuple(sorted(tags)) for tags in self.expected.values()}, {("1.0", "2.0")})

    def outcomes(self, report):
        """Whether each tag of the report is done; the whole of a repository or a mirror that failed is not."""
        records = [json.loads(line) for line in self.read(report).decode().splitlines()]
        self.assertEqual(records[-1]["type"], "summary")
        done = {}
        for record in records[:-1]:
            is_failed = record["outcome"] == "failed"
            self.assertEqual(is_failed, bool(record.get("error")), record)
            if record["type"] == "tag":
                done[(record["source"], record["tag"])] = record["outcome"] in DONE
            elif record["type"] == "repository":
                done.update({(record["source"], tag): False for tag in self.expected[record["source"]]})
            else:
                done.update({(name, tag): False for name, tags in self.expected.items() for tag in tags})
        return done

    def check_run(self, seed, run, result, server):
        """Whether everything is there."""
        what = f"seed {seed}, run {run}: {result.code}\n{result.err}"
        self.assertIn(result.code, (0, 3, 5, 6, 7, 10), what)
        done = self.outcomes(f"report-{seed}")
        self.assertEqual(result.code == 0, all(done.values()), what)
        is_all = True
        for name, expected in self.expected.items():
            found = self.tags_of(server, name)
            for tag, digest in found.items():
                self.assertEqual(digest, expected[tag], what)
                self.assertEqual(self.assertComplete(server, name, tag), digest, what)
            for tag in expected:
                self.assertTrue(tag in found or not done.get((name, tag), False), (what, name, tag))
            is_all = is_all and found == expected
        return is_all

    def run_seed(self, seed):
        server = self.distribution()
        source, destination = Side(self.source, seed, "source", self.broken), Side(server, seed, "destination")
        code, run = None, 0
        while code != 0:
            run += 1
            self.assertLessEqual(run, MOST_RUNS, f"seed {seed} never gets through")
            result = self.regctl("mirror", source.host, destination.host, "--report", f"report-{seed}",
                                 "--state", f"state-{seed}")
            code = result.code
            is_all = self.check_run(seed, run, result, server)
            if run == 1:
                self.assertNotEqual(code, 0, "a repository was broken")
            source.broken = None
        self.assertTrue(is_all, f"seed {seed}: a run that says all is well left something out")
        for side in (source, destination):
            side.stop()
        server.stop()
        return run, source.spoiled + destination.spoiled

    def test_a_successful_run_is_complete_and_any_other_reports_what_is_missing(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            seeds = list(pool.map(self.run_seed, SEEDS))
        runs, spoiled = [sum(column) for column in zip(*seeds)]
        print(f"{len(seeds)} seeds, {runs} runs, {spoiled} requests spoiled", file=sys.stderr)
        self.assertGreater(spoiled, 5 * len(seeds))


class Once(V2Case):
    """Without faults."""

    def test_no_layer_is_fetched_twice(self):
        tree = StorageTree(self.path("tree"))
        base = tree.add_chain("base", 3)[-1]
        for number in range(6):
            tree.tag(f"team/app-{number}", "1.0", tree.add_image(f"app-{number}", base))
            tree.tag(f"team/app-{number}", "base", base)
        source = Side(self.start(RegctlServer, storage=self.path("tree")), None, "source")
        source.choose_spoil = lambda request: None
        fetched = collections.Counter()
        source.on_answer = lambda request, status: fetched.update(
            [request.path] if request.path.endswith("/layer") and request.method == "GET" else [])
        server = self.distribution()
        self.ok("mirror", "--jobs", "8", source.host, server.host)
        self.assertEqual((len(fetched), set(fetched.values())), (9, {1}), fetched)
        source.stop()


if __name__ == "__main__":
    main()
