# SPDX-License-Identifier: Apache-2.0
"""What scripts have in common that run somebody else's server, of several daemons, for tests."""

import argparse
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile


class Failed(Exception):
    """A server cannot start, or go on."""


class Unwanted(Exception):
    """Whoever started us has gone."""


class Processes:
    """The daemons, and the programs that prepare them. While one of them is waited for, the end of a daemon is
    Failed, and the end of stdin Unwanted."""

    def __init__(self, log):
        self.log = log
        self.daemons = {}  # pidfd → process

    def _begin(self, *command):
        # The kernel ends it when we end, even if nobody can tell us to.
        with open(self.log, "ab") as log:
            return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)

    def start(self, *command):
        """Starts a daemon."""
        process = self._begin(*command)
        self.daemons[os.pidfd_open(process.pid)] = process
        return process

    def run(self, *command):
        """Runs a program to its end."""
        process = self._begin(*command)
        end = os.pidfd_open(process.pid)
        try:
            while not self.wait([end]):
                pass
        finally:
            process.kill()
            os.close(end)
        if process.wait():
            raise Failed(self.describe(process))

    def wait(self, others=(), timeout_s=None):
        """Waits until one of the other descriptors is ready, or time is over; returns those that are."""
        ready, _, _ = select.select([sys.stdin, *self.daemons, *others], [], [], timeout_s)
        for ended in self.daemons.keys() & ready:
            raise Failed(self.describe(self.daemons[ended]))
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 4096):
            raise Unwanted
        return [descriptor for descriptor in ready if descriptor in others]

    def describe(self, process):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return f"{' '.join(process.args[3:])} ended with {process.wait()}:\n" + "".join(log.readlines()[-20:])

    def stop(self):
        for end, process in self.daemons.items():
            process.kill()  # nothing of it is to last
            process.wait()
            os.close(end)


def find_port():
    """A port at which nobody listens, and which the kernel does not give to connections."""
    for port in random.sample(range(20_000, 30_000), 1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise Failed("no port is free")


def listening_port(pid):
    """The port at which a process listens, or None."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in sockets:
                return int(local.rpartition(":")[2], 16)
    return None


def serve(prefix, start, parser=None):
    """The main function of such a script. It makes a folder whose name begins with `prefix`, calls
    start(processes, folder, options), prints the line that it returns, and goes on until stdin ends: whoever started
    the script need only go. The daemons and the folder end with it, however it ends."""
    parser = parser or argparse.ArgumentParser()
    parser.add_argument("--folder", help="holds the folder of all files")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = tempfile.mkdtemp(prefix=prefix, dir=options.folder)
    processes = Processes(os.path.join(folder, "log"))
    try:
        print(start(processes, folder, options), flush=True)
        while True:
            processes.wait()
    except Unwanted:
        pass
    except Failed as failed:
        sys.exit(str(failed))
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)
