#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`regctl mirror` from `regctl serve` to distribution, which converts each image, against what cannot be saved.

Usage: convert.py REGCTL

Cold: 20 images of 20 layers, 15 of which they have in common, at four jobs. The measure of CPU is SHA-256 of the stored
bytes twice and of the unpacked ones once, and their inflation, by the libraries alone, and curl moving the same layers
one by one; at most 1.25 times that. The wall is at most 1.2 times that of a mirror of the same tree to another v1
registry, the peak at most 32 MiB. Warm: 100 repositories of 10 tags that are all there, at most one request a tag and two
a repository at the destination; 1,000 repositories of 10 tags at most 64 MiB. In place: the tree of the cold run to
distribution's tree on the same file system, at most 1.3 times the CPU of sha256sum and of zcat | sha256sum over all
layers, and no layer written. Figures are medians. A missed bar is exit code 1.
"""

import base64
import hashlib
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile
import time
import urllib.request
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
# pylint: disable=wrong-import-position
from common import MIB, at_most, cpu_of, end, measure, median
from support.distribution import Distribution
from support.middleman import Middleman
from v1_mirror import Cost, Registry, make_tags, mirror, write_image, write_tag

ROUNDS = 3
IMAGES, CHAIN, COMMON = 20, 20, 15
JOBS = ["--jobs", "4"]


class Counter(Middleman):
    """Counts the requests that go through."""

    def __init__(self, server):
        self.count = 0
        super().__init__(server)

    def choose(self, request):
        self.count += 1


def text_layer(size):
    """A gzip tar of one file that packs about as well as programs do: to three quarters."""
    header = tarfile.TarInfo("data")
    content = base64.b64encode(os.urandom(size * 3 // 4))
    header.size = len(content)
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    pieces = [header.tobuf(), content, bytes(-len(content) % 512 + 1024)]
    return b"".join([packer.compress(piece) for piece in pieces] + [packer.flush()])


def make_images(tree):
    """Returns the IDs of all images."""
    common, made = [], []

    def add(seed, chain):
        identity = hashlib.sha256(seed.encode()).hexdigest()
        write_image(tree, identity, text_layer(2 * MIB), chain)
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


def libraries(tree, ids):
    """CPU seconds of the sums and of the inflation."""
    spent = 0.0
    for identity in ids:
        with open(os.path.join(tree, "images", identity, "layer"), "rb") as file:
            stored = file.read()
        begin = time.process_time()
        for _ in range(2):
            hashlib.sha256(stored)
        inflater, unpacked = zlib.decompressobj(31), hashlib.sha256()
        for at in range(0, len(stored), MIB // 8):
            unpacked.update(inflater.decompress(stored[at:at + MIB // 8]))
        spent += time.process_time() - begin
    return spent


def curl_moves(work, source, destination, ids):
    """CPU seconds of fetching each layer into a file and sending it from there."""
    layers = os.path.join(work, "layers")
    os.makedirs(layers, exist_ok=True)
    get, put = ["curl", "-sf"], ["curl"]
    for identity in ids:
        get += ["-o", os.path.join(layers, identity), source.url(f"/v1/images/{identity}/layer")]
    fetched = Cost(get)
    for identity in ids:
        file = os.path.join(layers, identity)
        with open(file, "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        begun = urllib.request.Request(f"http://{destination.host}/v2/curl/blobs/uploads/", b"", method="POST")
        with urllib.request.urlopen(begun) as answer:
            place = answer.headers["Location"]
        put += ["--next", "-sf", "-o", "/dev/null", "-T", file, f"{place}&digest=sha256:{digest}"]
    del put[1]  # the first --next
    return fetched.cpu + Cost(put).cpu


def measure_cold(regctl, work):
    tree = os.path.join(work, "images")
    ids = make_images(tree)
    rows = []
    for number in range(ROUNDS):
        source, v1 = Registry(regctl, tree), Registry(regctl, os.path.join(work, f"v1-{number}"))
        try:
            with Distribution(work) as server:
                shutil.rmtree(os.path.join(work, "state"), ignore_errors=True)
                cost, summary = mirror(regctl, work, source, server, *JOBS)
                of_servers = cpu_of(server.process) + cpu_of(source.process)
                if (summary["copied"], summary["images"]) != (IMAGES, len(ids)):
                    sys.exit(f"not all was copied: {summary}")
                floor = libraries(tree, ids) + curl_moves(work, source, server, ids)
            wall = mirror(regctl, work, source, v1, *JOBS)[0].wall
        finally:
            source.stop()
            v1.stop()
        rows.append((cost.cpu, floor, cost.cpu / floor, cost.wall, wall, cost.wall / wall, cost.peak, of_servers))
    cpu, floor, of_cpu, wall, v1_wall, of_wall, peak, of_servers = median(rows)
    print(f"cold, {len(ids)} layers of 2 MiB: {cpu:.2f} s CPU, {wall:.2f} s, {peak:.1f} MiB; the two registries "
          f"{of_servers:.2f} s CPU; libraries and curl {floor:.2f} s CPU; to v1 {v1_wall:.2f} s", flush=True)
    at_most("CPU of conversions, to libraries and curl", of_cpu, 1.25, "x")
    at_most("time of conversions, to a mirror of v1", of_wall, 1.2, "x")
    at_most("peak memory of conversions", peak, 32, "MiB")


def sums_of_layers(tree, ids):
    """CPU seconds of what nobody who takes over the layers can save."""
    layers = [os.path.join(tree, "images", identity, "layer") for identity in ids]
    stored = measure(["sha256sum", *layers])[0]
    return stored + measure(["bash", "-c", 'for layer; do zcat <"$layer" | sha256sum; done', "bash", *layers])[0]


def written_layers(tree):
    """Bytes of the blobs that are no documents and are not the files of another tree."""
    written = 0
    for folder, _, names in os.walk(os.path.join(tree, "docker/registry/v2/blobs")):
        for path in (os.path.join(folder, name) for name in names):
            with open(path, "rb") as blob:
                is_document = blob.read(1) == b"{"
            if not is_document and os.stat(path).st_nlink == 1:
                written += os.path.getsize(path)
    return written


def measure_in_place(regctl, work):
    tree, ids = os.path.join(work, "images"), os.listdir(os.path.join(work, "images", "images"))
    rows = []
    for number in range(ROUNDS):
        new = os.path.join(work, f"in-place-{number}")
        cpu, wall, peak = measure([regctl, "mirror", "-q", *JOBS, f"v1-storage:{tree}", f"v2-storage:{new}"])
        floor = sums_of_layers(tree, ids)
        rows.append((cpu, floor, cpu / floor, wall, peak, written_layers(new) / MIB))
    cpu, floor, of_cpu, wall, peak, written = median(rows)
    print(f"in place, {len(ids)} layers of 2 MiB: {cpu:.2f} s CPU, {wall:.2f} s, {peak:.1f} MiB; sums of all layers "
          f"{floor:.2f} s CPU", flush=True)
    at_most("CPU of a conversion in place, to sums of all layers", of_cpu, 1.3, "x")
    at_most("layers written by a conversion in place", written, 0, "MiB")


def measure_warm(regctl, work):
    for repositories, bar in ((100, "requests"), (1000, "memory")):
        tree = os.path.join(work, f"warm-{repositories}")
        make_tags(tree, repositories)
        source = Registry(regctl, tree)
        try:
            with Distribution(work) as server:
                mirror(regctl, work, source, server)
                way = Counter(server) if bar == "requests" else server
                state = ["--state", os.path.join(work, "state-of-warm")]
                if bar == "requests":
                    mirror(regctl, work, source, way, *state)
                    way.count = 0
                cost, summary = mirror(regctl, work, source, way, *state)
                if summary["kept"] != repositories * 10:
                    sys.exit(f"not all was kept: {summary}")
                print(f"warm, {repositories} repositories of 10 tags: {cost.wall:.2f} s, {cost.cpu:.2f} s CPU, "
                      f"{cost.peak:.1f} MiB", flush=True)
                if bar == "requests":
                    at_most("requests at the destination, for each repository", way.count / repositories, 12.1, "requests")
                    way.stop()
                else:
                    at_most(f"peak memory at {repositories} repositories of 10 tags", cost.peak, 64, "MiB")
        finally:
            source.stop()


def main():
    regctl = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
        measure_cold(regctl, work)
        measure_in_place(regctl, work)
        measure_warm(regctl, work)
    end()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
