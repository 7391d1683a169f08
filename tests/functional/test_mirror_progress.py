#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The progress display of regctl mirror on a terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import REGCTL, FaultServer, RegctlServer, TestCase, interrupt, main, make_archive, wait_for  # noqa: E402


class Progress(TestCase):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(FaultServer), self.start(RegctlServer)
        self.shown = ""

    def push(self, place, seeds):
        make_archive(self.path("image.tar"), seeds, 20_000)
        self.ok("push", "image.tar", f"{self.source.host}/{place}")

    def start_on_terminal(self, columns, *words):
        """Starts regctl mirror with a terminal as standard error; reading it does not block."""
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([REGCTL, "mirror", self.source.host, self.destination.host, *words],
                                   env=self.environment({"TERM": "xterm"}), cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end)
        os.close(end)
        os.set_blocking(terminal, False)
        self.addCleanup(process.kill)
        return process, terminal

    def shows(self, terminal, text):
        try:
            self.shown += os.read(terminal, 65536).decode()
        except BlockingIOError:
            pass
        return text in self.shown

    def test_finished_tags_are_shown_out_of_the_known_ones(self):
        """One tag is done and one excluded while the third waits for its layer; then another repository follows."""
        self.push("app:1", ["base"])
        self.ok("tag", f"{self.source.host}/app:1", f"{self.source.host}/app:latest")
        self.push("app:2", ["base", "two"])
        self.push("late:1", ["base"])
        self.source.control({"method": "GET", "path": "/layer$", "skip": 1, "action": "stall", "after": 1000})
        for columns, text in ((100, "0 of 2 repositories, 1 of 2+ tags, 1 of 2 layers, "), (60, "\n1 of 2+ tags, ")):
            with self.subTest(columns):
                process, terminal = self.start_on_terminal(columns, "-j", "1", "--exclude-tag", "latest")
                wait_for(lambda: self.shows(terminal, text), f"'{text}' in {self.shown}")
                interrupt(process)
                self.assertEqual(process.wait(), 130)


if __name__ == "__main__":
    main()
