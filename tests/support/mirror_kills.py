# SPDX-License-Identifier: Apache-2.0
"""Mirrors that are killed with SIGKILL at moments drawn from a seed, each run where the one before was killed, until
one completes; then into a new destination, until there were enough kills.

A moment is a number of bytes that have passed between the mirror and its destination, so that it falls into all kinds
of requests alike."""

import os
import random
import signal
import sys
import threading

from harness import PATIENCE_S
from middleman import Middleman

MOMENTS = int(os.environ.get("REGCTL_ROUNDS", "12"))
REPOSITORIES = 8
LAYER_BYTES = 60_000
RUN_BYTES = REPOSITORIES * LAYER_BYTES  # about what a whole run moves


class Destination(Middleman):
    """Stands before the destination, and kills a process at a given moment."""

    def __init__(self, server):
        self.lock = threading.Lock()
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


class MirrorKills:
    """Of a V2Case with `source`, from which each destination gets two tags for each of REPOSITORIES. A destination's
    number counts from 0."""

    SEED = 0
    LAST_MOMENT = RUN_BYTES

    def new_destination(self, _number):
        return self.distribution()

    def words(self, destination, _number):
        """The ends on the mirror's command line, and further options."""
        return self.source.host, destination.host

    def count_whole(self, server, number, what):
        """The number of tags that the destination has; each must be whole, and the one that is expected."""
        raise NotImplementedError

    def check_run(self, code):
        """Called after each run with its exit code."""

    def check_completed(self, server, number):
        """Called after the run that completed; the destination does not run any more."""

    def run_and_kill(self, destination, number, at_bytes):
        """The exit code: SIGKILL, unless the run ended before the moment."""
        process = self.start_regctl("mirror", "-q", "-j", "4", *self.words(destination, number))
        destination.kill_at(process, at_bytes)
        _, err = process.communicate(timeout=PATIENCE_S)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual((process.returncode, err), (0, b""))
        return process.returncode

    def test_runs_killed_at_any_moment_make_progress_until_one_completes(self):
        print(f"seed {self.SEED}", file=sys.stderr)
        choose = random.Random(self.SEED)
        kills, number = 0, 0
        while kills < MOMENTS:
            server = self.new_destination(number)
            destination = Destination(server)
            tags, code = 0, None
            while code != 0:
                at_bytes = choose.randrange(self.LAST_MOMENT) if kills < MOMENTS else -1
                code = self.run_and_kill(destination, number, at_bytes)
                kills += code != 0
                self.check_run(code)
                found = self.count_whole(server, number, f"destination {number}, kill {kills} at byte {at_bytes}")
                self.assertGreaterEqual(found, tags)
                tags = found
            destination.stop()
            server.stop()
            self.assertEqual(tags, 2 * REPOSITORIES)
            self.check_completed(server, number)
            number += 1
        print(f"{number} destinations, {kills} kills", file=sys.stderr)
