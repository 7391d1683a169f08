#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror with faults at both registries and on the ways to them.

Twenty seeds, fewer in a bucket. The fault of a request follows from the seed, the side, the request and its number of
repetitions, not from the order in which threads run. One repository is broken at the source until the first run is
over; on each side the tokens expire once in the middle of a run.
"""

import hashlib
import json
import os
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import RegctlServer, TestCase, main  # noqa: E402
from middleman import ExpiringTokens, Middleman, Spoil  # noqa: E402
from trees import IN_BUCKET  # noqa: E402
from v1_push import Client, Image, Tree  # noqa: E402

SEEDS = range(6 if IN_BUCKET else 20)
AT_A_TIME = 4  # a seed waits for the pauses between attempts, most of the time
MOST_RUNS = 12
REPOSITORIES = 6
BROKEN = "team/broken"
USER, PASSWORD = "alice", "secret"
USERS = "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
EXPIRES_AFTER = range(20, 60)  # requests of a run
DONE = {"copied", "updated", "kept"}


class Side(Middleman):
    """A registry and the way to it. Corrupts only bytes whose damage can be noticed: tags and listings have no
    checksums."""

    def __init__(self, server, seed, name, broken=None):
        self.seed, self.name, self.broken = seed, name, broken
        self.tokens = ExpiringTokens()
        self.left = random.Random(f"{seed} {name}").choice(EXPIRES_AFTER)
        self.spoiled = 0
        self.lock = threading.Lock()
        super().__init__(server)

    def choose(self, request):
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self.tokens.expire()
        if self.tokens.is_over(request.headers.get("Authorization")):
            return Spoil(401, headers={"WWW-Authenticate": "Token"})
        spoil = self.choose_broken(request) or self.choose_spoil(request)
        with self.lock:
            self.spoiled += spoil is not None
        return spoil

    def choose_broken(self, request):
        if not self.broken or self.broken not in request.path:
            return None
        kind = random.Random(f"{self.seed} broken").randrange(3)
        if request.path.endswith(("/layer", "/json")[kind == 1]):
            return (Spoil(404), Spoil(500), Spoil(flip_answer=0.5))[kind]
        return None

    def choose_spoil(self, request):
        choose = random.Random(f"{self.seed} {self.name} {request.method} {request.path} {request.count}")
        kind, at, other = choose.random(), choose.random(), choose.random()
        if kind < 0.01:
            return Spoil(cut_request=at) if request.body_size and other < 0.5 else Spoil(cut_answer=at)
        if kind < 0.06:
            return Spoil(choose.choice((500, 503, 429)), is_passed_on=other < 0.3)
        if kind < 0.09 and "/images/" in request.path and request.path.endswith(("/layer", "/json", "/ancestry")):
            return Spoil(flip_request=at) if request.method == "PUT" else Spoil(flip_answer=at)
        return None

    def change_request(self, name, value):
        return self.tokens.change_request(value) if name.lower() == "authorization" else value

    def change_answer(self, name, value):
        is_token = name.lower() in ("x-docker-token", "www-authenticate")
        return self.tokens.change_answer(value) if is_token else value


class Destination(Side):
    """Checks at each request to set a tag that the tag's image is whole in the tree."""

    def __init__(self, server, seed, images):
        self.files, self.images = server.files, images
        self.bad_tags = []
        super().__init__(server, seed, "destination")

    def on_body(self, request, size):
        if "/tags/" in request.path:
            self.bad_tags += [f"{request.path}: {image.id}" for image in self.last_tagged(request)
                              if not self.is_whole(image)]
        super().on_body(request, size)

    def last_tagged(self, request):
        """The chain of the image that this tag has at the source."""
        name, tag = request.path.removeprefix("/v1/repositories/").split("/tags/")
        return self.images[(name, tag)].chain

    def is_whole(self, image):
        folder = f"images/{image.id}"
        if not {"json", "layer"} <= set(self.files.names(folder)):
            return False
        return (self.files.read(f"{folder}/json"), self.files.read(f"{folder}/layer")) == (
            image.json, image.layer) and not self.files.exists(f"{folder}/_inprogress")


class Faults(TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.write("users", USERS)
        self.source = self.start(RegctlServer)
        client = Client(self.source.host)
        base = Image("base", 20_000)
        names = [f"team/app-{number}" for number in range(REPOSITORIES - 1)] + [BROKEN]
        self.tags = {}
        for name in names:
            middle = Image(f"{name} middle", 5_000, base)
            for tag in ("1.0", "2.0"):
                self.tags[(name, tag)] = Image(f"{name} {tag}", 30_000, middle)
                client.push(name, tag, self.tags[(name, tag)])
        client.close()
        self.broken = self.tags[(BROKEN, "2.0")].id
        self.source.end()
        self.source = self.start(RegctlServer, "--htpasswd", self.path("users"), storage=self.source.storage)
        self.whole = self.sums(self.source.files)

    def sums(self, files):
        """Each image's files: path → hash."""
        return {path: hashlib.sha256(files.read(path)).hexdigest() for path in files.paths("images")}

    def mirror(self, source, destination, report):
        return self.regctl("mirror", source.host, destination.host, "--report", report, "--state", report + ".state",
                           "--username", USER, "--password-stdin", stdin=PASSWORD.encode())

    def outcomes(self, report):
        """The outcome of each tag in the report: done, or not."""
        records = [json.loads(line) for line in self.read(report).decode().splitlines()]
        self.assertEqual(records[-1]["type"], "summary")
        if records[-1]["mirrors_failed"]:
            self.assertEqual([r["type"] for r in records[:-1]][-1:], ["mirror"])
            self.assertTrue(records[-2]["error"]["message"])
            return {place: False for place in self.tags}
        done = {}
        for record in records[:-1]:
            failed = record["outcome"] == "failed"
            self.assertEqual(failed, bool(record.get("error")), record)
            if record["type"] == "repository":
                done.update({place: False for place in self.tags if place[0] == record["source"]})
            else:
                done[(record["source"], record["tag"])] = record["outcome"] in DONE
        return done

    def check_run(self, seed, run, result, server):
        what = f"seed {seed}, run {run}: {result.code}\n{result.err}"
        self.assertIn(result.code, (0, 3, 5, 6, 7, 10), what)
        tree = Tree(server.storage)
        self.assertEqual(tree.problems, [], what)
        done = self.outcomes(f"report-{seed}")
        self.assertEqual(set(done), set(self.tags), what)
        for place, top in self.tags.items():
            if done[place]:
                self.assertEqual(tree.tags.get(place), top.id, what)
            else:  # perhaps it was there before, or its answer was lost
                self.assertIn(tree.tags.get(place), (None, top.id), what)
                self.assertRegex(result.err, rf"{place[0]}\b|1 mirror failed", what)
        self.assertEqual(result.code == 0, all(done.values()), what)
        return tree

    def run_seed(self, seed):
        """The number of runs until one succeeded."""
        server = self.start(RegctlServer, "--htpasswd", self.path("users"))
        source = Side(self.source, seed, "source", self.broken)
        destination = Destination(server, seed, self.tags)
        code, run = None, 0
        while code != 0:
            run += 1
            self.assertLessEqual(run, MOST_RUNS, f"seed {seed} never gets through")
            result = self.mirror(source, destination, f"report-{seed}")
            code = result.code
            tree = self.check_run(seed, run, result, server)
            if run == 1:
                self.assertNotEqual(code, 0, "a repository was broken")
                self.assertNotIn((BROKEN, "2.0"), tree.tags)
            source.broken = None
        self.assertEqual(destination.bad_tags, [], f"seed {seed}")
        self.assertEqual(tree.tags, {place: top.id for place, top in self.tags.items()})
        self.assertEqual(self.sums(server.files), self.whole)
        for side in (source, destination):
            side.stop()
        self.assertEqual(server.end(), 0)
        return run, source.spoiled + destination.spoiled, source.tokens.refused + destination.tokens.refused

    def test_a_successful_run_is_complete_and_any_other_reports_what_is_missing(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            seeds = list(pool.map(self.run_seed, SEEDS))
        runs, spoiled, refused = [sum(column) for column in zip(*seeds)]
        print(f"{len(seeds)} seeds, {runs} runs, {spoiled} requests spoiled, {refused} refused for their token",
              file=sys.stderr)
        self.assertGreater(spoiled, 10 * len(seeds))
        self.assertGreater(refused, len(seeds))


if __name__ == "__main__":
    main()
