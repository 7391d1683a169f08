#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of regctl mirror between registries of protocol v2 at REGCTL_ROUNDS moments (without it, a few), and of an
upload in pieces, which the next run continues.

After each run every tag at the destination is whole and one that the source has.
"""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, main  # noqa: E402
from middleman import Middleman, Spoiled  # noqa: E402
from mirror_kills import LAYER_BYTES, REPOSITORIES, RUN_BYTES, MirrorKills  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image, index, signature, signature_tag  # noqa: E402

class Kill(MirrorKills, V2Case):
    SEED = 19700105
    LAST_MOMENT = RUN_BYTES // 2

    def setUp(self):
        super().setUp()
        self.source = self.distribution()
        base = image("base", 1, LAYER_BYTES // 2)
        self.expected = {}
        for number in range(REPOSITORIES):
            name = f"team/app-{number}"
            app = image(name, 1, LAYER_BYTES, base)
            self.push(self.source, name, "1.0", index([app, image(f"{name} arm", architecture="arm64")]))
            self.push(self.source, name, signature_tag(app), signature(app))
            self.expected[name] = self.tags_of(self.source, name)

    def count_whole(self, server, number, what):
        """Each tag has its signature where it is an image."""
        count = 0
        for name, expected in self.expected.items():
            found = self.whole_tags(server, name, what)
            count += len(found)
            self.assertEqual(found, {tag: expected.get(tag) for tag in found}, what)
            if "1.0" in found:
                self.assertEqual(found, expected, what)
        return count


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


class Interrupted(Middleman):
    """Stands before a registry; sends SIGINT to a process when it ends its first upload."""

    def __init__(self, server):
        self.process = None
        super().__init__(server)

    def choose(self, request):
        process, is_end = self.process, request.method == "PUT" and "/blobs/uploads/" in request.path
        if is_end and process:
            self.process = None
            process.send_signal(signal.SIGINT)
            process.wait()
            raise Spoiled


class Sessions(V2Case):
    def test_an_upload_that_no_run_takes_up_is_cancelled(self):
        source, server = self.distribution(), self.distribution()
        self.push(source, "team/app", "1.0", image("app", 1, 100_000))
        registry = Interrupted(server)
        self.addCleanup(registry.stop)
        process = self.start_regctl("copy", "--jobs", "1", source.host + "/team/app:1.0",
                                    registry.host + "/team/app:1.0")
        registry.process = process
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 130, err.decode())
        left = os.path.join(server.root, "docker/registry/v2/repositories/team/app/_uploads")
        # distribution writes the state of its hash once more behind a DELETE, and nothing else.
        self.assertEqual([file for _, _, files in os.walk(left) for file in files], ["0"])


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
