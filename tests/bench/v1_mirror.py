#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`regctl mirror` between two `regctl serve`, with curl moving the same layers as the measure.

Usage: v1_mirror.py REGCTL

Cold: 20 images of 40 layers of 1 MiB, 30 of which they have in common, to an empty registry; curl fetches
and sends the same distinct layers one by one. Warm: 1,000 repositories of 10 tags that are all there; regctl
serve lists all tags in one answer, so that this costs few requests. Large: 10,000 repositories of 10 tags,
first all there, then all to be copied, which is first planned and then done. CPU is user + system time of the client;
figures are medians. A missed bar is exit code 1.
"""

import collections
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import zlib

from common import MIB, at_most, end, free_port, measure, median

ROUNDS = 3
IMAGES, CHAIN, COMMON = 20, 40, 30


class Registry:
    """regctl serve with an access log."""

    def __init__(self, regctl, folder):
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.log = folder + ".log"
        self.process = subprocess.Popen(
            [regctl, "serve", "-q", "--listen", self.host, "--storage", folder, "--access-log", self.log],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin = time.monotonic()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - begin > 60:
                sys.exit("regctl serve does not serve")
            time.sleep(0.01)
        os.truncate(self.log, 0)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url("/v1/_ping")) as answer:
                return answer.status == 200
        except OSError:
            return False

    def url(self, path):
        return f"http://{self.host}{path}"

    def requests(self):
        """The requests so far, as "GET /v1/search"."""
        with open(self.log, encoding="utf-8") as file:
            return [re.search(r'"(\S+ \S+) HTTP', line).group(1) for line in file]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Cost:
    """What a command that must succeed took: CPU and wall seconds, and MiB at its peak."""

    def __init__(self, command, **options):
        self.cpu, self.wall, self.peak = measure(command, **options)


def mirror(regctl, work, source, destination, *flags):
    """A run of regctl mirror, and the last record of its report."""
    report = os.path.join(work, "report")
    cost = Cost([regctl, "mirror", "-q", source.host, destination.host, "--report", report, *flags],
                env={**os.environ, "HOME": work, "XDG_STATE_HOME": os.path.join(work, "state")})
    with open(report, "rb") as file:
        file.seek(-min(2000, os.path.getsize(report)), os.SEEK_END)
        return cost, json.loads(file.read().splitlines()[-1])


def random_layer(size):
    """A gzip tar of one file of random bytes: nothing on the way can make it smaller."""
    header = tarfile.TarInfo("data")
    header.size = size
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    pieces = [header.tobuf(), os.urandom(size), bytes(-size % 512 + 1024)]
    return b"".join([packer.compress(piece) for piece in pieces] + [packer.flush()])


def write_image(tree, identity, layer, chain):
    """`chain` is what is below, next first."""
    folder = os.path.join(tree, "images", identity)
    os.makedirs(folder)
    document = {"id": identity, "created": "2015-01-01T00:00:00Z", **({"parent": chain[0]} if chain else {})}
    text = json.dumps(document, separators=(",", ":")).encode()
    checksum = "sha256:" + hashlib.sha256(text + b"\n" + layer).hexdigest()
    for name, data in (("json", text), ("layer", layer), ("ancestry", json.dumps([identity, *chain]).encode()),
                       ("_checksum", json.dumps([checksum]).encode())):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def write_tag(tree, name, tag, identity):
    folder = os.path.join(tree, "repositories", name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tag_" + tag), "w", encoding="ascii") as file:
        file.write(identity)


def make_images(tree):
    """Returns the IDs of all images."""
    common, made = [], []

    def add(seed, chain):
        identity = hashlib.sha256(seed.encode()).hexdigest()
        write_image(tree, identity, random_layer(MIB), chain)
        made.append(identity)
        chain.insert(0, identity)

    for depth in range(COMMON):
        add(f"common {depth}", common)
    for number in range(IMAGES):
        chain = list(common)
        for depth in range(COMMON, CHAIN):
            add(f"{number} {depth}", chain)
        write_tag(tree, f"team/app-{number}", "1.0", chain[0])
    return made


def make_tags(tree, repositories, tags=10):
    """Many repositories, all of one small image."""
    identity = "a" * 64
    write_image(tree, identity, random_layer(1000), [])
    for number in range(repositories):
        name = f"team{number % 100}/service-{number}"
        write_tag(tree, name, "1.0", identity)
        folder = os.path.join(tree, "repositories", name)
        for tag in range(1, tags):  # links are quicker to make and to remove
            os.link(os.path.join(folder, "tag_1.0"), os.path.join(folder, f"tag_1.{tag}"))


def curl_moves(work, source, destination, ids, round_number):
    """CPU and wall seconds of fetching each layer into a file and sending it from there, one after the other,
    by one curl for each way: it has its connection and its start once, as the mirror has."""
    get, put = ["curl", "-sf"], []
    for identity in ids:
        file = os.path.join(work, "layers", identity)
        get += ["-o", file, source.url(f"/v1/images/{identity}/layer")]
        new = hashlib.sha256(f"{identity}{round_number}".encode()).hexdigest()
        request = urllib.request.Request(destination.url(f"/v1/images/{new}/json"),
                                         json.dumps({"id": new}).encode(), method="PUT")
        urllib.request.urlopen(request).read()
        put += ["--next", "-sf", "-o", "/dev/null", "-T", file, destination.url(f"/v1/images/{new}/layer")]
    os.makedirs(os.path.join(work, "layers"), exist_ok=True)
    fetched, sent = Cost(get), Cost(["curl", *put[1:]])
    return fetched.cpu + sent.cpu, fetched.wall + sent.wall


def measure_cold(regctl, work):
    tree = os.path.join(work, "images")
    ids = make_images(tree)
    rows = []
    for number in range(ROUNDS):
        source, empty = Registry(regctl, tree), Registry(regctl, os.path.join(work, f"cold-{number}"))
        other = Registry(regctl, os.path.join(work, f"curl-{number}"))
        try:
            cost, summary = mirror(regctl, work, source, empty)
            if (summary["copied"], summary["images"]) != (IMAGES, len(ids)):
                sys.exit(f"not all was copied: {summary}")
            moved = collections.Counter(r.split("/")[3] for server, method in ((source, "GET"), (empty, "PUT"))
                                        for r in server.requests() if r.startswith(method) and r.endswith("/layer"))
            if set(moved) != set(ids):
                sys.exit("the logs do not have all layers")
            curl_cpu, curl_wall = curl_moves(work, source, other, ids, number)
        finally:
            for server in (source, empty, other):
                server.stop()
        rows.append((cost.cpu, cost.wall, curl_cpu, curl_wall, cost.cpu / curl_cpu, max(moved.values()) / 2, cost.peak))
        for name in ("cold", "curl"):
            shutil.rmtree(os.path.join(work, f"{name}-{number}"))
    cpu, wall, curl_cpu, curl_wall, ratio, times, peak = median(rows)
    print(f"cold, {len(ids)} layers of 1 MiB: {cpu:.2f} s CPU, {wall:.2f} s, {peak:.1f} MiB; "
          f"curl {curl_cpu:.2f} s CPU, {curl_wall:.2f} s", flush=True)
    at_most("CPU of a cold mirror, to curl's", ratio, 1.3, "x")
    at_most("how often a distinct layer is moved", times, 1, "times")


def measure_warm(regctl, work):
    repositories, tags = 1000, 10
    tree, copy = os.path.join(work, "warm"), os.path.join(work, "warm-copy")
    make_tags(tree, repositories, tags)
    shutil.copytree(tree, copy)
    rows = []
    for _ in range(ROUNDS):
        source, destination = Registry(regctl, tree), Registry(regctl, copy)
        try:
            cost, summary = mirror(regctl, work, source, destination)
            if summary["kept"] != repositories * tags:
                sys.exit(f"not all was kept: {summary}")
            requests = len(source.requests()) + len(destination.requests())
        finally:
            source.stop()
            destination.stop()
        rows.append((cost.wall, cost.cpu, requests / repositories))
    wall, cpu, requests = median(rows)
    print(f"warm, {repositories} repositories of {tags} tags: {wall:.2f} s, {cpu:.2f} s CPU", flush=True)
    at_most("requests of a warm mirror, for each repository", requests, 2.1, "requests")
    at_most("time of a warm mirror", wall, 3, "s")


def measure_large(regctl, work):
    repositories, tags = 10_000, 10
    tree, copy = os.path.join(work, "large"), os.path.join(work, "large-copy")
    make_tags(tree, repositories, tags)
    subprocess.run(["cp", "-al", tree, copy], check=True)
    source = Registry(regctl, tree)
    full, empty = Registry(regctl, copy), Registry(regctl, os.path.join(work, "large-empty"))
    try:
        for destination, flags, outcome in ((full, [], "kept"), (empty, ["--dry-run"], "planned"),
                                            (empty, [], "copied")):
            cost, summary = mirror(regctl, work, source, destination, *flags)
            if summary[outcome] != repositories * tags:
                sys.exit(f"not all was {outcome}: {summary}")
            print(f"large, all {outcome}: {cost.wall:.1f} s, {cost.cpu:.1f} s CPU", flush=True)
            at_most(f"peak memory at {repositories} repositories of {tags} tags, all {outcome}", cost.peak, 64, "MiB")
    finally:
        for server in (source, full, empty):
            server.stop()


def main():
    regctl = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
        measure_cold(regctl, work)
        measure_warm(regctl, work)
        measure_large(regctl, work)
    end()


if __name__ == "__main__":
    main()
