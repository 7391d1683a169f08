# SPDX-License-Identifier: Apache-2.0
"""Mirrors under faults drawn from a seed, until a run succeeds; into distribution unless a test says otherwise."""

import json
import os
import random
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from middleman import Middleman, Spoil

SEEDS = range(int(os.environ.get("REGCTL_SEEDS", "8")))
AT_A_TIME = 4  # a seed waits for the pauses between attempts, most of the time
MOST_RUNS = 12
REPOSITORIES = 4
BROKEN = "team/broken"
DONE = {"copied", "updated", "kept"}


class LayerReads:
    """When each layer was read from the source, and when a mirror lost what it had under way. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._moment = 0
        self._reads = {}  # layer → [(moment, whether the answer was spoiled)]
        self._losses = []  # moments

    def note_read(self, layer, is_spoiled):
        with self._lock:
            self._moment += 1
            self._reads.setdefault(layer, []).append((self._moment, is_spoiled))

    def note_loss(self, path):
        with self._lock:
            self._moment += 1
            self._losses.append((self._moment, path))

    def needless(self, wanted, may_cost, lost_at_once):
        """The layers that were read again without a reason: since one of the last reads that went well nothing was
        lost that is not the reason for `lost_at_once` others. wanted(layer): how often it is read at best, maybe at a
        time; may_cost(path, layer): whether a request that is spoiled may be the reason."""
        again = []
        for layer, reads in self._reads.items():
            whole, begin = [], None
            for moment, is_spoiled in reads:
                begin = begin or moment  # of what is tried again at once, the first
                if not is_spoiled:
                    whole.append((begin, moment))
                    begin = None
            again += [(moment, begin, layer) for (begin, _), (_, moment) in zip(whole, whole[wanted(layer):])]
        left = dict.fromkeys(self._losses, lost_at_once)
        needless = []
        for moment, begin, layer in sorted(again):
            reason = next((loss for loss, count in left.items()
                           if count and begin < loss[0] < moment and may_cost(loss[1], layer)), None)
            if reason is None:
                needless.append(layer)
            else:
                left[reason] -= 1
        return needless


class FaultySide(Middleman):
    """A registry and the way to it. Corrupts only bytes whose damage can be noticed: those that have a sum."""

    SUMMED = "/blobs/sha256:|/manifests/sha256:"  # where an answer with such bytes comes from
    UPLOADS = ("PUT",)  # the methods whose bodies may be corrupted
    LAYERS = "^$"  # what a source is asked for layers by, where their reads are to be counted
    # Of each side, the requests that take with them what is under way if they are spoiled.
    LOSSES = {"source": "^$", "destination": "/blobs/"}

    def __init__(self, server, seed, name, layer_reads, broken=None):
        self.seed, self.name, self.broken, self.layer_reads = seed, name, broken, layer_reads
        self.spoiled = 0
        super().__init__(server)

    def choose(self, request):
        spoil = self.choose_broken(request) or self.choose_spoil(request)
        is_spoiled = spoil is not None
        self.spoiled += is_spoiled
        if self.name == "source" and request.method == "GET" and re.search(self.LAYERS, request.path):
            self.layer_reads.note_read(request.path.rpartition("/blobs/")[2], is_spoiled)
        if is_spoiled and re.search(self.LOSSES[self.name], request.path):
            self.layer_reads.note_loss(request.path)
        return spoil

    def choose_broken(self, request):
        """What is done to a request for what is broken."""
        raise NotImplementedError

    def choose_spoil(self, request):
        path = request.path.partition("?")[0]
        choose = random.Random(f"{self.seed} {self.name} {request.method} {path} {request.count}")
        kind, at, other = choose.random(), choose.random(), choose.random()
        if kind < 0.03:
            return Spoil(cut_request=at) if request.body_size and other < 0.5 else Spoil(cut_answer=at)
        if kind < 0.08:
            status = choose.choice((500, 503, 429))
            return Spoil(status, is_passed_on=other < 0.3, headers={"Retry-After": "0"} if at < 0.5 else {})
        if kind < 0.11 and re.search(self.SUMMED, request.path):
            return Spoil(flip_answer=at) if request.method == "GET" else None
        if kind < 0.13 and request.method in self.UPLOADS:
            return Spoil(flip_request=at) if "/uploads/" in request.path else Spoil(404)  # a session that is gone
        return None


class FaultyV2Side(FaultySide):
    """One of protocol v2, where `broken` is a repository whose blobs or manifests cannot be had."""

    def choose_broken(self, request):
        is_of_it = self.broken and f"/{self.broken}/" in request.path and request.method == "GET"
        kind = random.Random(f"{self.seed} broken").randrange(3)
        if is_of_it and ("/blobs/", "/manifests/")[kind == 1] in request.path:
            return (Spoil(404), Spoil(500), Spoil(flip_answer=0.5))[kind]
        return None


class MirrorFaults:
    """Of a V2Case with `source`, `broken` (what its side takes for broken) and `expected`: the tags of each repository
    with their digests at the destination."""

    SIDE = FaultySide
    LOST_AT_ONCE = 1  # the layers that one fault may cost

    def reads_wanted(self, _layer):
        """How often a layer is read if nothing is spoiled."""
        return 1

    def may_cost(self, _path, _layer):
        """Whether a request that is spoiled may take a layer with it."""
        return True

    def options(self, _seed):
        """Further options of the mirror."""
        return ()

    def new_destination(self, _seed):
        return self.distribution()

    def name_of(self, destination):
        """How the mirror's command line names a destination's side."""
        return destination.host

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
            found = self.whole_tags(server, name, what)
            for tag, digest in found.items():
                self.assertEqual(digest, expected[tag], what)
            for tag in expected:
                self.assertTrue(tag in found or not done.get((name, tag), False), (what, name, tag))
            is_all = is_all and found == expected
        return is_all

    def run_seed(self, seed):
        server = self.new_destination(seed)
        layer_reads = LayerReads()
        source = self.SIDE(self.source, seed, "source", layer_reads, self.broken)
        destination = self.SIDE(server, seed, "destination", layer_reads)
        code, run = None, 0
        while code != 0:
            run += 1
            self.assertLessEqual(run, MOST_RUNS, f"seed {seed} never gets through")
            result = self.regctl("mirror", source.host, self.name_of(destination), "--report", f"report-{seed}",
                                 *self.options(seed))
            code = result.code
            is_all = self.check_run(seed, run, result, server)
            if run == 1:
                self.assertNotEqual(code, 0, "a repository was broken")
            source.broken = None
        self.assertTrue(is_all, f"seed {seed}: a run that says all is well left something out")
        for side in (source, destination):
            side.stop()
        server.stop()
        self.assertEqual(layer_reads.needless(self.reads_wanted, self.may_cost, self.LOST_AT_ONCE), [], f"seed {seed}")
        return run, source.spoiled + destination.spoiled

    def test_a_successful_run_is_complete_and_any_other_reports_what_is_missing(self):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            seeds = list(pool.map(self.run_seed, SEEDS))
        runs, spoiled = [sum(column) for column in zip(*seeds)]
        print(f"{len(seeds)} seeds, {runs} runs, {spoiled} requests spoiled", file=sys.stderr)
        self.assertGreater(spoiled, 5 * len(seeds))
