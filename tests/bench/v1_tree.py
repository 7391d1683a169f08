#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`regctl mirror` of many tags into a storage tree, with the durable writes that this cannot do without as the
measure.

Usage: v1_tree.py REGCTL [REPOSITORIES]

10,000 tags of 501 tiny images, in one repository and in 100, go from a tree into an empty one. The measure of
wall time is one write, fsync, rename and fsync of the folder for each tag, one after the other, by Python in
the same file system: what is durable with each tag and grouped with no other takes at least twice that,
since a tag is two files. CPU is user + system time of the command; figures are medians.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time

from common import at_most, end, median
from v1_mirror import Cost, random_layer, write_image, write_tag

ROUNDS = 3
TAGS, TOPS = 10_000, 500


def make_tree(tree, repositories):
    layer = random_layer(100)
    base = hashlib.sha256(b"base").hexdigest()
    write_image(tree, base, layer, [])
    tops = [hashlib.sha256(f"top {i}".encode()).hexdigest() for i in range(TOPS)]
    for top in tops:
        write_image(tree, top, layer, [base])
    for number in range(TAGS):
        write_tag(tree, f"team/app-{number % repositories}", f"1.{number}", tops[number % TOPS])


def write_durably(folder, names):
    """Seconds that it takes to write small files, each durable before the next begins."""
    os.makedirs(folder)
    opened = os.open(folder, os.O_RDONLY)
    begin = time.monotonic()
    for name in names:
        file = os.open(os.path.join(folder, name + ".part"), os.O_WRONLY | os.O_CREAT)
        os.write(file, b"a" * 64)
        os.fsync(file)
        os.close(file)
        os.rename(os.path.join(folder, name + ".part"), os.path.join(folder, name))
        os.fsync(opened)
    os.close(opened)
    return time.monotonic() - begin


def measure(regctl, work, repositories):
    tree = os.path.join(work, f"source-{repositories}")
    make_tree(tree, repositories)
    rows = []
    for number in range(ROUNDS):
        copy, plain = os.path.join(work, "copy"), os.path.join(work, "plain")
        plain_s = write_durably(plain, [f"tag_{i}" for i in range(TAGS)])
        cost = Cost([regctl, "mirror", "-q", f"v1-storage:{tree}", f"v1-storage:{copy}"],
                    env={**os.environ, "HOME": work, "XDG_STATE_HOME": os.path.join(work, f"state-{number}")})
        written = sum(name.startswith("tag_") for _, _, files in os.walk(os.path.join(copy, "repositories"))
                      for name in files)
        if written != TAGS:
            sys.exit(f"{written} tags of {TAGS} were written")
        rows.append((cost.wall, cost.cpu, plain_s, cost.wall / plain_s, cost.peak))
        shutil.rmtree(copy)
        shutil.rmtree(plain)
    wall, cpu, plain_s, ratio, peak = median(rows)
    print(f"{TAGS} tags of {TOPS + 1} images in {repositories} repositories: {wall:.1f} s, {cpu:.2f} s CPU, "
          f"{peak:.1f} MiB; {TAGS} durable files one by one {plain_s:.1f} s", flush=True)
    at_most(f"CPU of a mirror into {repositories} repositories of a tree", cpu, 10, "s")
    at_most(f"time of a mirror into {repositories} repositories of a tree, to one durable file a tag", ratio, 1, "x")


def main():
    regctl = os.path.abspath(sys.argv[1])
    choices = [int(x) for x in sys.argv[2:]] or [1, 100]
    with tempfile.TemporaryDirectory(prefix="regctl-bench.") as work:
        for repositories in choices:
            measure(regctl, work, repositories)
    end()


if __name__ == "__main__":
    main()
