#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror between registries of protocol v2 at REGCTL_ROUNDS moments (without it, a few), and of an
upload in pieces, which the next run continues.

Each moment is a number of bytes that have passed between the mirror and its destination, so that it falls into
listings, heads, blobs, manifests and tags alike. The next run continues from there and is killed too, until one run
completes. After each, every tag at the destination is whole and one that the source has.
"""

import os
import random
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, main  # noqa: E402
from middleman import Middleman, Spoiled  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image, index, signature, signature_tag  # noqa: E402

SEED = 19700105
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


class Kill(V2Case):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", file=sys.stderr)
        self.source = self.distribution()
        base = image("base", 1, LAYER_BYTES // 2)
        self.expected = {}
        for number in range(REPOSITORIES):
            name = f"team/app-{number}"
            app = image(name, 1, LAYER_BYTES, base)
            self.push(self.source, name, "1.0", index([app, image(f"{name} arm", architecture="arm64")]))
            self.push(self.source, name, signature_tag(app), signature(app))
            self.expected[name] = self.tags_of(self.source, name)

    def mirror(self, destination, at_bytes):
        """The exit code: SIGKILL, unless the run ended before the moment."""
        process = self.start_regctl("mirror", "-q", "-j", "4", self.source.host, destination.host)
        destination.kill_at(process, at_bytes)
        _, err = process.communicate(timeout=PATIENCE_S)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual((process.returncode, err), (0, b""))
        return process.returncode

    def check(self, server, what):
        """The number of tags that are there, each whole, with its signature where it is an image."""
        count = 0
        for name, expected in self.expected.items():
            found = self.settled_tags(server, name)
            count += len(found)
            for tag, digest in found.items():
                self.assertEqual(digest, expected[tag], what)
                self.assertEqual(self.assertComplete(server, name, tag), digest, what)
            if "1.0" in found:
                self.assertEqual(found, expected, what)
        return count

    def test_runs_killed_at_any_moment_make_progress_until_one_completes(self):
        choose = random.Random(SEED)
        kills, destinations = 0, 0
        while kills < MOMENTS:
            server = self.distribution()
            destination = Destination(server)
            destinations += 1
            tags, code = 0, None
            while code != 0:
                at_bytes = choose.randrange(RUN_BYTES // 2) if kills < MOMENTS else -1
                code = self.mirror(destination, at_bytes)
                kills += code != 0
                found = self.check(server, f"destination {destinations}, kill {kills} at byte {at_bytes}")
                self.assertGreaterEqual(found, tags)
                tags = found
            destination.stop()
            server.stop()
            self.assertEqual(tags, 2 * REPOSITORIES)
        print(f"{destinations} destinations, {kills} kills", file=sys.stderr)


class PieceCounter(Middleman):
    """Stands before a registry; sends a signal to a process as it begins to send a given piece."""

    def __init__(self, server):
        self.process, self.signal, self.left, self.pieces = None, None, -1, []
        super().__init__(server)

    def interrupt_at(self, process, signal_number, piece):
        self.process, self.signal, self.left = process, signal_number, piece

    def choose(self, request):
        if request.method != "PATCH":
            return
        self.left -= 1
        if self.left == 0:
            self.process.send_signal(self.signal)
            self.process.wait()
            raise Spoiled
        self.pieces.append(request.headers["Content-Range"])


class Pieces(V2Case):
    """A layer of several pieces; the config's upload is one request, as it fits into a piece."""

    PIECE_BYTES = 65_536

    def setUp(self):
        super().setUp()
        self.server = self.distribution()
        self.registry = PieceCounter(self.server)
        self.addCleanup(self.registry.stop)
        self.layout = self.path("layout")
        source = self.distribution()
        self.push(source, "team/app", "1.0", image("app", 1, 10 * self.PIECE_BYTES))
        self.ok("copy", "-q", source.host + "/team/app:1.0", "oci:" + self.layout + ":1.0")
        blobs = os.path.join(self.layout, "blobs", "sha256")
        layer_bytes = max(os.path.getsize(os.path.join(blobs, blob)) for blob in os.listdir(blobs))
        self.all_pieces = -(-layer_bytes // self.PIECE_BYTES)

    def copy(self):
        return self.start_regctl("copy", "--chunk-size", str(self.PIECE_BYTES), "--retry", "0",
                                 "oci:" + self.layout + ":1.0", self.registry.host + "/team/app:1.0")

    def finish(self, process):
        _, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, err.decode()

    def kept(self):
        folder = self.path("home/.local/state/regctl/uploads")
        return os.listdir(folder) if os.path.exists(folder) else []

    def test_the_next_run_goes_on_behind_the_last_piece(self):
        for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
            with self.subTest(number):
                process = self.copy()
                self.registry.interrupt_at(process, number, 5)
                ended, err = self.finish(process)
                self.assertEqual(ended, code, err)
                self.assertEqual(len(self.registry.pieces), 4)
                self.assertEqual(len(self.kept()), 1)
                self.registry.pieces.clear()
                code, err = self.finish(self.copy())
                self.assertEqual(code, 0, err)
                self.assertIn(f"goes on behind the {4 * self.PIECE_BYTES} bytes", err)
                self.assertEqual(self.registry.pieces[0].partition("-")[0], str(4 * self.PIECE_BYTES))
                self.assertEqual(len(self.registry.pieces), self.all_pieces - 4)
                self.assertEqual(self.kept(), [])
                self.assertComplete(self.server, "team/app", "1.0")
                self.registry.pieces.clear()
                self.renew()

    def test_an_upload_that_the_registry_has_forgotten_begins_anew(self):
        process = self.copy()
        self.registry.interrupt_at(process, signal.SIGKILL, 5)
        self.assertEqual(self.finish(process)[0], -signal.SIGKILL)
        self.renew()
        self.registry.pieces.clear()
        self.assertEqual(self.finish(self.copy())[0], 0)
        # distribution answers for the session by what its URL says, and misses the upload at the next piece.
        self.assertEqual(self.registry.pieces[-self.all_pieces].partition("-")[0], "0")
        self.assertEqual(self.kept(), [])
        self.assertComplete(self.server, "team/app", "1.0")

    def renew(self):
        """An empty registry in the place of the other one, with its name."""
        port = int(self.registry.host.rpartition(":")[2])
        self.registry.stop()
        self.server = self.distribution()
        self.registry._target_port = self.server.port
        self.registry.start_at(port)


if __name__ == "__main__":
    main()
