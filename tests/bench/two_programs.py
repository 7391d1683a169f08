#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two programs of regctl, an earlier one and a later one, in one run, as ratios.

Usage: two_programs.py LATER EARLIER

Needs valgrind and wrk (apt-get install valgrind wrk). The commands push, pull and mirror run against the later
program's `regctl serve`, each first in both programs under callgrind, which counts instructions, then in 11 pairs. The
order within a pair changes from one to the next. The servers of both programs run at the same time and are asked in
turn; their instructions are not counted, because valgrind of Debian 12 has no openat2. CPU is user + system time;
the ratios are medians of those of the pairs. A missed bar is exit code 1.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from common import MIB, at_most, end, measure
from v1_mirror import Registry, make_images, make_tags
from v1_serve import PUT_V1, Load, image_json, push_v1, serve
from v1_transfer import write_archive

PAIRS = 11
INSTRUCTIONS_BAR, CPU_BAR, MEMORY_BAR = 1.02, 1.05, 1.02


def remove_all_in(folder):
    """Not the folder: a server has it open."""
    for name in os.listdir(folder) if os.path.exists(folder) else ():
        shutil.rmtree(os.path.join(folder, name))


def instructions_of(command, **options):
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log.name}",
                        *command], check=True, stdout=subprocess.DEVNULL, **options)
        return int(re.search(r"Collected : (\d+)", log.read()).group(1))


class Command:
    """A command to compare. `words` come after the program; `prepare` is called before each run. Counting instructions
    takes fifty times as long as the command, so that large ones go without."""

    def __init__(self, name, words, prepare=lambda: None, has_instructions=True, **options):
        self.name, self.words, self.prepare = name, words, prepare
        self.has_instructions, self.options = has_instructions, options

    def run(self, measuring, program):
        self.prepare()
        return measuring([program, *self.words], **self.options)

    def compare(self, later, earlier):
        if self.has_instructions:
            counts = [self.run(instructions_of, program) for program in (later, earlier)]
            at_most(f"{self.name}, {counts[1] / 1e6:.0f} million instructions", counts[0] / counts[1],
                    INSTRUCTIONS_BAR, "x")
        cpu, peak, earlier_cpu = [], [], []
        for number in range(PAIRS):
            order = (later, earlier) if number % 2 == 0 else (earlier, later)
            costs = {program: self.run(measure, program) for program in order}
            cpu.append(costs[later][0] / costs[earlier][0])
            peak.append(costs[later][2] / costs[earlier][2])
            earlier_cpu.append(costs[earlier][0])
        at_most(f"{self.name}, {statistics.median(earlier_cpu):.2f} s CPU", statistics.median(cpu), CPU_BAR, "x")
        at_most(f"{self.name}, peak memory", statistics.median(peak), MEMORY_BAR, "x")


def compare_transfers(later, earlier, work):
    server = Registry(later, os.path.join(work, "registry"))
    try:
        archive = os.path.join(work, "image.tar")
        for size in (2 * MIB, 64 * MIB):
            write_archive(archive, work, [size] * 8)
            target = f"{server.host}/bench/image:{size}"

            def forget():
                remove_all_in(os.path.join(work, "registry", "images"))

            layers, is_small = f"8 layers of {size // MIB} MiB", size < 64 * MIB
            Command(f"push of {layers}", ["push", "-q", archive, target], forget, is_small).compare(later, earlier)
            words = ["pull", "-q", target, os.path.join(work, "pulled.tar")]
            Command(f"pull of {layers}", words, has_instructions=is_small).compare(later, earlier)
    finally:
        server.stop()


def compare_mirrors(later, earlier, work):
    made = {name: os.path.join(work, name) for name in ("cold", "cold-copy", "warm", "warm-copy", "large", "empty")}
    make_images(made["cold"])
    make_tags(made["warm"], 1000)
    shutil.copytree(made["warm"], made["warm-copy"])
    make_tags(made["large"], 10_000)
    servers = {name: Registry(later, folder) for name, folder in made.items()}
    state = os.path.join(work, "state")
    environment = {**os.environ, "HOME": work, "XDG_STATE_HOME": state}

    def forget():
        shutil.rmtree(state, ignore_errors=True)
        for folder in ("images", "repositories"):
            remove_all_in(os.path.join(made["cold-copy"], folder))

    try:
        for name, source, destination, flags in (("cold", "cold", "cold-copy", []),
                                                 ("warm, 1,000 repositories of 10 tags", "warm", "warm-copy", []),
                                                 ("planned, 1,000 repositories of 10 tags", "warm", "empty",
                                                  ["--dry-run"]),
                                                 ("planned, 10,000 repositories of 10 tags", "large", "empty",
                                                  ["--dry-run"])):
            words = ["mirror", "-q", servers[source].host, servers[destination].host, *flags]
            Command(f"mirror, {name}", words, forget, source != "large", env=environment).compare(later, earlier)
    finally:
        for server in servers.values():
            server.stop()


def compare_servers(later, earlier, work):
    layer_file = os.path.join(work, "layer")
    with open(layer_file, "wb") as file:
        file.write(os.urandom(64 * MIB))
    servers = [serve(program, os.path.join(work, name)) for program, name in ((later, "later"), (earlier, "earlier"))]
    identity = "a" * 64
    try:
        for server in servers:
            push_v1(server, identity, layer_file)
            server.must(200, "PUT", f"/v1/images/{1:064x}/json", image_json(f"{1:064x}"))
        for name, path, connections, script, unit in (
                ("GET of an image's JSON", f"/v1/images/{identity}/json", 16, "", "requests"),
                ("GET of a layer of 64 MiB", f"/v1/images/{identity}/layer", 4, "", "bytes"),
                ("PUT of a layer of 64 MiB", "/v1/_ping", 1, PUT_V1, "good")):
            ratios = []
            for number in range(PAIRS):
                order = servers if number % 2 == 0 else servers[::-1]
                cost = {}
                for server in order:
                    load = Load(work, server, path, connections, script, 2, [layer_file, "6", ""])
                    cost[server] = load.cpu / getattr(load, unit)
                ratios.append(cost[servers[0]] / cost[servers[1]])
            at_most(f"serve, CPU of a {name}", statistics.median(ratios), CPU_BAR, "x")
        peaks = [server.memory_mib("VmHWM") for server in servers]
        at_most(f"serve, peak memory of {peaks[1]:.1f} MiB", peaks[0] / peaks[1], MEMORY_BAR, "x")
    finally:
        for server in servers:
            server.stop()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    later, earlier = map(os.path.abspath, sys.argv[1:])
    for program in ("valgrind", "wrk"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed: apt-get install valgrind wrk")
    for compare in (compare_transfers, compare_mirrors, compare_servers):
        with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
            compare(later, earlier, work)
    end()


if __name__ == "__main__":
    main()
