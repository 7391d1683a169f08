#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies between two v2 registries against skopeo at the same work, in one run, as ratios.

Usage: v2_copy.py REGCTL

The registries are distribution's, each in a folder of its own. Prints for each program the CPU seconds
(user + system), wall seconds and peak memory of the whole process, the median of several runs, and the
ratio to skopeo. Bars: of one image of 8 layers at most 0.45 of the CPU and 0.9 of the wall, and a peak of
24 MiB, also for a layer of 4 GiB; of a push of a docker-archive of 512 MiB at most 0.4 of the CPU; of a mirror of 50
repositories with 4 tags each, which share their bases, at most 0.5 of the wall, and again for nothing new 0.15; a plan
of 10,000 repositories with 10 tags each takes at most 64 MiB; a start no longer than one of curl, which loads what
regctl loads. A missed one is exit code 1.
"""

import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
# pylint: disable=wrong-import-position
from common import MIB, at_most, cpu_of, end, measure, median, write_layer
from support.distribution import Distribution

RUNS = 3
LAYERS = 8
LAYER_BYTES = 32 * MIB
LARGE_BYTES = 4096 * MIB
ARCHIVE_LAYERS = 8
ARCHIVE_LAYER_BYTES = 64 * MIB
PLANNED_REPOSITORIES = 10_000
PLANNED_TAGS = 10
STARTS = 101
REPOSITORIES = 50
TAGS = 4
OCI = "application/vnd.oci.image."
KNOWN_BLOBS = "/var/lib/containers/cache/blob-info-cache-v1.boltdb"  # where skopeo remembers blobs


class Layout:
    """An OCI layout that grows."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "blobs/sha256").mkdir(parents=True)
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self.entries = []

    def add(self, content, kind):
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": OCI + kind, "digest": "sha256:" + digest, "size": len(content)}

    def layer(self, size):
        """Not read as a whole: the peak of a program that is started counts the one that starts it."""
        path = self.folder / "layer"
        write_layer(path, size)
        sum_of_it = hashlib.sha256()
        with open(path, "rb") as content:
            while piece := content.read(MIB):
                sum_of_it.update(piece)
        digest, bytes_of_it = sum_of_it.hexdigest(), path.stat().st_size
        path.rename(self.folder / "blobs/sha256" / digest)
        return {"mediaType": OCI + "layer.v1.tar+gzip", "digest": "sha256:" + digest, "size": bytes_of_it}

    def image(self, name, layers):
        config = self.add(json.dumps({"os": "linux", "architecture": "amd64", "author": name,
                                      "rootfs": {"type": "layers", "diff_ids": []}}).encode(),
                          "config.v1+json")
        manifest = self.add(json.dumps({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                                        "config": config, "layers": layers}).encode(), "manifest.v1+json")
        manifest["annotations"] = {"org.opencontainers.image.ref.name": name}
        self.entries.append(manifest)
        index = {"schemaVersion": 2, "manifests": self.entries}
        (self.folder / "index.json").write_text(json.dumps(index))


def forget():
    """skopeo asks for nothing that it remembers, which would make the second run another one."""
    pathlib.Path(KNOWN_BLOBS).unlink(missing_ok=True)


def compare(what, ours, theirs, bars):
    """Prints one comparison, and judges its bars."""
    mine, other = median(ours), median(theirs)
    print(f"{what}: regctl {mine[0]:.2f} s CPU, {mine[1]:.2f} s, {mine[2]:.0f} MiB; "
          f"skopeo {other[0]:.2f} s CPU, {other[1]:.2f} s, {other[2]:.0f} MiB")
    for i, name in enumerate(("CPU", "wall")):
        if name in bars:
            at_most(f"{what}, {name}", mine[i] / other[i], bars[name], "of skopeo's")
    if "peak" in bars:
        at_most(f"{what}, peak", mine[2], bars["peak"], "MiB")


def bench_image(regctl, folder, source):
    layout = Layout(folder / "image")
    layout.image("1", [layout.layer(LAYER_BYTES) for _ in range(LAYERS)])
    measure([regctl, "copy", "-q", f"oci:{layout.folder}:1", f"{source.host}/team/app:1"])
    ours, theirs = [], []
    for run in range(RUNS):
        with Distribution(folder) as target:
            ours.append(measure([regctl, "copy", "-q", f"{source.host}/team/app:1", f"{target.host}/team/app:1"]))
        forget()
        with Distribution(folder) as target:
            theirs.append(measure(["skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false",
                                   f"docker://{source.host}/team/app:1", f"docker://{target.host}/team/app:1"]))
    compare("one image", ours, theirs, {"CPU": 0.45, "wall": 0.9, "peak": 24})


def bench_large_layer(regctl, folder):
    """Of zeros on disk, in as few blocks as the file system allows: what counts is the way."""
    layout = Layout(folder / "large")
    path = layout.folder / "layer"
    sum_of_it, piece = hashlib.sha256(), bytes(MIB)
    with open(path, "wb") as file:
        file.truncate(LARGE_BYTES)
    for _ in range(LARGE_BYTES // MIB):
        sum_of_it.update(piece)
    digest = sum_of_it.hexdigest()
    path.rename(layout.folder / "blobs/sha256" / digest)
    layout.image("1", [{"mediaType": OCI + "layer.v1.tar", "digest": "sha256:" + digest, "size": LARGE_BYTES}])
    with Distribution(folder) as target:
        peak = measure([regctl, "copy", "-q", f"oci:{layout.folder}:1", f"{target.host}/team/app:1"])[2]
    at_most("a layer of 4 GiB, peak", peak, 24, "MiB")


def write_docker_archive(path):
    """As `docker save` writes it since 1.10: layers unpacked."""
    layers, diff_ids = [], []
    with tarfile.open(path, "w") as archive:

        def add(name, content):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        for _ in range(ARCHIVE_LAYERS):
            tar = io.BytesIO()
            with tarfile.open(fileobj=tar, mode="w") as inner:
                info = tarfile.TarInfo("data")
                info.size = ARCHIVE_LAYER_BYTES
                # Half of it can be compressed, as of real layers.
                inner.addfile(info, io.BytesIO(os.urandom(ARCHIVE_LAYER_BYTES // 2) + bytes(ARCHIVE_LAYER_BYTES // 2)))
            content = tar.getvalue()
            digest = hashlib.sha256(content).hexdigest()
            add(f"{digest}/layer.tar", content)
            layers.append(f"{digest}/layer.tar")
            diff_ids.append("sha256:" + digest)
        config = json.dumps({"os": "linux", "architecture": "amd64", "config": {},
                             "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
        name = hashlib.sha256(config).hexdigest() + ".json"
        add(name, config)
        add("manifest.json", json.dumps([{"Config": name, "RepoTags": ["app:1"], "Layers": layers}]).encode())


def bench_archive(regctl, folder):
    archive = folder / "image.tar"
    write_docker_archive(archive)
    ours, theirs = [], []
    for _ in range(RUNS):
        with Distribution(folder) as target:
            ours.append(measure([regctl, "push", "-q", str(archive), f"{target.host}/team/app:1"]))
        forget()
        with Distribution(folder) as target:
            theirs.append(measure(["skopeo", "copy", "-q", "--dest-tls-verify=false", f"docker-archive:{archive}",
                                   f"docker://{target.host}/team/app:1"]))
    archive.unlink()
    compare("an archive of 512 MiB", ours, theirs, {"CPU": 0.4})


def bench_plan(regctl, folder):
    """Between storage trees: what a plan needs does not depend on where names and digests come from."""
    layout = Layout(folder / "planned")
    layout.image("1", [layout.layer(MIB // 4)])
    tree = folder / "tree"
    measure([regctl, "copy", "-q", f"oci:{layout.folder}:1", f"v2-storage:{tree}:many/r0:0"])
    root = tree / "docker/registry/v2/repositories/many"
    manifests = root / "r0/_manifests"
    link = (manifests / "tags/0/current/link").read_text()
    revision = "revisions/sha256/" + link.removeprefix("sha256:")
    for number in range(PLANNED_REPOSITORIES):
        manifests = root / f"r{number}/_manifests"
        for path in [revision] + [f"tags/{tag}/current" for tag in range(PLANNED_TAGS)]:
            (manifests / path).mkdir(parents=True, exist_ok=True)
            (manifests / path / "link").write_text(link)
    peak = measure([regctl, "mirror", "-q", "--dry-run", f"v2-storage:{tree}", f"v2-storage:{folder}/none"])[2]
    at_most(f"a plan of {PLANNED_REPOSITORIES} x {PLANNED_TAGS} tags, peak", peak, 64, "MiB")


def bench_start(regctl):
    ours, theirs = [], []
    for _ in range(STARTS):
        ours.append(measure([regctl, "version"]))
        theirs.append(measure(["curl", "--version"]))
    at_most("a start, wall", median(ours)[1] / median(theirs)[1], 1.0, "of curl's")


def bench_mirror(regctl, folder, source):
    layout = Layout(folder / "many")
    bases = [layout.layer(MIB) for _ in range(3)]
    for repository in range(REPOSITORIES):
        for tag in range(TAGS):
            layout.image(f"{repository}-{tag}", [*bases, layout.layer(MIB // 4)])
            measure([regctl, "copy", "-q", f"oci:{layout.folder}:{repository}-{tag}",
                     f"{source.host}/many/r{repository}:{tag}"])
    plan = folder / "sync.yaml"
    images = "".join(f"    many/r{i}: []\n" for i in range(REPOSITORIES))
    plan.write_text(f"{source.host}:\n  tls-verify: false\n  images:\n{images}")
    state = ["--state", str(folder / "state")]
    with Distribution(folder) as one, Distribution(folder) as other:
        mirror = [regctl, "mirror", "-q", *state, f"{source.host}/many/", f"{one.host}/many/"]
        forget()
        sync = ["skopeo", "sync", "--src", "yaml", "--dest", "docker", "--src-tls-verify=false",
                "--dest-tls-verify=false", str(plan), f"{other.host}/many"]
        for what, bar in (("cold mirror", 0.5), ("warm mirror", 0.15)):
            before = cpu_of(source.process) + cpu_of(one.process)
            ours = measure(mirror)
            of_servers = cpu_of(source.process) + cpu_of(one.process) - before
            print(f"{what}: the two registries took {of_servers:.2f} s CPU for regctl's run")
            compare(what, [ours], [measure(sync)], {"wall": bar})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    regctl = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "auth.json").write_text("{}")
        os.environ["REGISTRY_AUTH_FILE"] = str(folder / "auth.json")
        with Distribution(folder) as source:
            bench_start(regctl)
            bench_image(regctl, folder, source)
            bench_large_layer(regctl, folder)
            bench_archive(regctl, folder)
            bench_plan(regctl, folder)
            bench_mirror(regctl, folder, source)
    end()


if __name__ == "__main__":
    main()
