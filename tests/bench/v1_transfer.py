#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Push and pull against curl moving the same bytes, in one run, as ratios.

Usage: v1_transfer.py REGCTL REGISTRY_COMMAND...

REGISTRY_COMMAND starts a v1 registry; "{port}" and "{dir}" in it are replaced. Prints for each
transfer the CPU seconds (user + system), wall seconds and peak memory of the whole process, the
median of several runs, and the ratio to curl. Two bars are checked and printed as "ok" or "MISSED":
a pull takes at most 2.5 times curl's CPU, and peak memory stays under 32 MiB whatever a layer's size. A
missed one is exit code 1.
"""

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

from common import MIB, at_most, end, free_port, measure, median, write_layer

RUNS = 3


def write_archive(path, folder, sizes):
    """A `docker save` archive of a chain of layers; returns the IDs, base first."""
    ids = []
    with tarfile.open(path, "w") as archive:

        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        for number, size in enumerate(sizes):
            layer = os.path.join(folder, "layer")
            write_layer(layer, size)
            identity = hashlib.sha256(f"{path}{number}".encode()).hexdigest()
            image = {"id": identity, "created": "2015-01-01T00:00:00Z"}
            if ids:
                image["parent"] = ids[-1]
            ids.append(identity)
            add(f"{identity}/VERSION", b"1.0")
            add(f"{identity}/json", json.dumps(image, separators=(",", ":")).encode())
            archive.add(layer, f"{identity}/layer.tar")
            os.remove(layer)
        add("repositories", json.dumps({"bench": {"latest": ids[-1]}}).encode())
    return ids


class Registry:
    def __init__(self, command, folder):
        self.port = free_port()
        words = [word.replace("{port}", str(self.port)).replace("{dir}", folder) for word in command]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        sys.exit("the registry does not start")

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def row(name, figures, reference=None):
    cpu, wall, peak = figures
    text = f"{name:<34}{cpu:8.2f} s cpu {wall:8.2f} s wall {peak:8.1f} MiB peak"
    if reference:
        text += f"   {cpu / reference[0]:5.2f} x cpu {wall / reference[1]:5.2f} x wall"
    print(text, flush=True)


def curl_get(registry, ids, target):
    words = ["curl", "-sf"]
    for identity in ids:
        words += ["-o", target, registry.url(f"/v1/images/{identity}/layer")]
    return measure(words)


def curl_put(registry, folder, ids, run):
    """Sends json, layer and checksum of each image under new IDs, as a push does."""
    words = ["curl", "-sf"]
    for number, identity in enumerate(ids):
        new = hashlib.sha256(f"{identity}{run}".encode()).hexdigest()
        text = json.dumps({"id": new}, separators=(",", ":"))
        source = os.path.join(folder, f"layer{number}")
        with open(source, "rb") as layer:
            checksum = hashlib.sha256(text.encode() + b"\n")
            while piece := layer.read(MIB):
                checksum.update(piece)
        base = registry.url(f"/v1/images/{new}/")
        words += ["--next", "-sf", "-o", "/dev/null", "-X", "PUT", "-H", "Content-Type: application/json",
                  "--data", text, base + "json"]
        words += ["--next", "-sf", "-o", "/dev/null", "-T", source, base + "layer"]
        words += ["--next", "-sf", "-o", "/dev/null", "-X", "PUT", "-H",
                  f"X-Docker-Checksum-Payload: sha256:{checksum.hexdigest()}", base + "checksum"]
    del words[2]  # the first --next
    del words[2]
    return measure(words)


def many_layers(regctl, registry_command, work):
    folder = os.path.join(work, "registry")
    os.mkdir(folder)
    archive = os.path.join(work, "image.tar")
    ids = write_archive(archive, work, [64 * MIB] * 8)
    name = "bench/image"
    pushes, pulls, gets, puts = [], [], [], []
    for run in range(RUNS):
        shutil.rmtree(folder)
        os.mkdir(folder)
        registry = Registry(registry_command, folder)
        try:
            target = f"127.0.0.1:{registry.port}/{name}:1"
            pushes.append(measure([regctl, "push", "-q", archive, target]))
            pulled = os.path.join(work, "pulled.tar")
            pulls.append(measure([regctl, "pull", "-q", target, pulled]))
            gets.append(curl_get(registry, ids, pulled))
            for number, identity in enumerate(ids):
                urllib.request.urlretrieve(registry.url(f"/v1/images/{identity}/layer"),
                                           os.path.join(work, f"layer{number}"))
            puts.append(curl_put(registry, work, ids, run))
        finally:
            registry.stop()
    get, put, pull, push = median(gets), median(puts), median(pulls), median(pushes)
    print(f"512 MiB in 8 layers, median of {RUNS} runs")
    row("curl, GET of each layer", get)
    row("regctl pull", pull, get)
    row("curl, PUT json, layer, checksum", put)
    row("regctl push", push, put)
    at_most("CPU of a pull, to curl's", pull[0] / get[0], 2.5, "x")
    at_most("peak memory of a pull", pull[2], 32, "MiB")
    at_most("peak memory of a push", push[2], 32, "MiB")
    shutil.rmtree(folder)
    os.remove(archive)


def one_large_layer(regctl, registry_command, work):
    folder = os.path.join(work, "large")
    os.mkdir(folder)
    archive = os.path.join(work, "large.tar")
    write_archive(archive, work, [4096 * MIB])
    registry = Registry(registry_command, folder)
    try:
        target = f"127.0.0.1:{registry.port}/bench/large:1"
        push = measure([regctl, "push", "-q", archive, target])
        os.remove(archive)
        pull = measure([regctl, "pull", "-q", target, os.path.join(work, "pulled.tar")])
    finally:
        registry.stop()
    print("4 GiB in one layer, one run")
    row("regctl push", push)
    row("regctl pull", pull)
    at_most("peak memory of a push", push[2], 32, "MiB")
    at_most("peak memory of a pull", pull[2], 32, "MiB")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    regctl, registry_command = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
        many_layers(regctl, registry_command, work)
        one_large_layer(regctl, registry_command, work)
    end()


if __name__ == "__main__":
    main()
