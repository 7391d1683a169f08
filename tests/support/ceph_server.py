#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole Ceph on loopback whose gateway speaks S3: a monitor, one OSD and radosgw, and no system service.

  ceph_server.py [--store memstore|bluestore] [--folder FOLDER]

Prints the URL of the gateway once it takes requests, and serves until stdin ends: whoever started this need only
go. The daemons end with this process, however it ends. Any user may run it, as often as wanted at a time. It needs
Debian's ceph-mon, ceph-osd and radosgw. Source of the settings: Ceph 16.2 as it behaves.
"""

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
import uuid

from ceph import ACCESS_KEY, SECRET_KEY

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor_port}
public addr = 127.0.0.1
ms bind msgr1 = false
run dir = {folder}
log file = {folder}/log
crash dir = {folder}
admin socket =
pid file =
keyring = {folder}/keyring
# Loopback needs no proof of who asks; without it the gateway would insist on encryption.
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
# Who waits for the OSD looks for it often.
objecter tick interval = 0.25
# One OSD holds everything, in as few placement groups as possible.
osd pool default size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
[mon]
mon data = {folder}/mon
mon cluster log file = {folder}/log
mon allow pool size one = true
# A disk that others have filled is no reason to stop.
mon data avail crit = 0
# A change is made known at once.
paxos propose interval = 0.05
[osd]
osd data = {folder}/osd
osd objectstore = {store}
memstore device bytes = 8589934592
bluestore block size = 21474836480
[client.rgw]
rgw data = {folder}/rgw
# Encryption may be asked for on loopback, too.
rgw crypt require ssl = false
rgw frontends = beast endpoint=127.0.0.1:0 tcp_nodelay=1
"""


class Failed(Exception):
    """Ceph cannot start, or go on."""


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


def start_ceph(processes, folder, store):
    """Returns the URL of the gateway."""

    def path(name):
        return os.path.join(folder, name)

    for name in ("mon", "osd", "rgw"):
        os.mkdir(path(name))
    fsid, monitor_port = str(uuid.uuid4()), find_port()
    with open(path("keyring"), "w", encoding="ascii"):
        pass
    with open(path("ceph.conf"), "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(folder=folder, store=store, fsid=fsid, monitor_port=monitor_port))
    common = ["-c", path("ceph.conf")]
    # A map of the cluster in which the OSD is known: nobody has to ask the monitor to add it.
    processes.run("monmaptool", *common, "--create", "--fsid", fsid, "--addv", "a", f"v2:127.0.0.1:{monitor_port}",
                  path("monmap"))
    processes.run("osdmaptool", *common, "--createsimple", "1", path("osdmap"))
    processes.run("ceph-mon", *common, "-i", "a", "--mkfs", "--monmap", path("monmap"), "--osdmap", path("osdmap"))
    processes.start("ceph-mon", *common, "-i", "a", "-f")
    processes.run("ceph-osd", *common, "-i", "0", "--mkfs", "--osd-uuid", str(uuid.uuid4()))
    processes.start("ceph-osd", *common, "-i", "0", "-f")
    processes.run("radosgw-admin", *common, "user", "create", "--uid=test", "--display-name=test",
                  f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}", "--no-mon-config")
    gateway = processes.start("radosgw", *common, "-n", "client.rgw", "--no-mon-config", "-f")
    while not (port := listening_port(gateway.pid)):
        processes.wait(timeout_s=0.05)
    return f"http://127.0.0.1:{port}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("memstore", "bluestore"), default="memstore")
    parser.add_argument("--folder", help="holds the folder of all files")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = tempfile.mkdtemp(prefix="regctl-ceph.", dir=options.folder)
    processes = Processes(os.path.join(folder, "log"))
    try:
        print(start_ceph(processes, folder, options.store), flush=True)
        while True:
            processes.wait()
    except Unwanted:
        pass
    except Failed as failed:
        sys.exit(str(failed))
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
