#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole Ceph on loopback whose gateway speaks S3: a monitor, one OSD and radosgw, and no system service.

  ceph_server.py [--store memstore|bluestore] [--folder FOLDER]

Prints the URL of the gateway, an access key and its secret key once it takes requests, and serves until stdin ends.
Any user may run it, as often as wanted at a time. It needs Debian's ceph-mon, ceph-osd and radosgw. Source of the
settings: Ceph 16.2 as it behaves.
"""

import argparse
import os
import uuid

from daemons import find_port, listening_port, serve

ACCESS_KEY, SECRET_KEY = "ACCESSKEYID0", "secret/key+0"  # characters that are special in a URL

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
# At this name, to which only proxies of tests lead, and at addresses, buckets are named in the path; below it by the
# host. It is Google's, since docker-registry lets nobody set that.
rgw dns name = storage.googleapis.com
rgw frontends = beast endpoint=127.0.0.1:0 tcp_nodelay=1
"""


def start_ceph(processes, folder, options):
    """Returns the URL of the gateway, and the two keys."""

    def path(name):
        return os.path.join(folder, name)

    for name in ("mon", "osd", "rgw"):
        os.mkdir(path(name))
    fsid, monitor_port = str(uuid.uuid4()), find_port()
    with open(path("keyring"), "w", encoding="ascii"):
        pass
    with open(path("ceph.conf"), "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(folder=folder, store=options.store, fsid=fsid, monitor_port=monitor_port))
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
    return f"http://127.0.0.1:{port} {ACCESS_KEY} {SECRET_KEY}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=("memstore", "bluestore"), default="memstore",
                        help="objects lie in memory (memstore), or on disk (bluestore)")
    serve("regctl-ceph.", start_ceph, parser)


if __name__ == "__main__":
    main()
