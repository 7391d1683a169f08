# SPDX-License-Identifier: Apache-2.0
"""Images of known files, to be compared: one base with an entry of every kind, and layers that change one thing."""

import gzip
import io
import json
import os
import tarfile

from v2_images import CONFIG, LAYER, MANIFEST, Document, describe, digest_of

KINDS = {"file": tarfile.REGTYPE, "link": tarfile.LNKTYPE, "symlink": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE,
         "device": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE}


def entry(name, data=b"", kind="file", link="", xattrs=None, **fields):
    """One entry of a tar; fields as tarfile.TarInfo has them."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime, info.mode = KINDS[kind], link, 1_500_000_000, 0o644
    for field, value in fields.items():
        setattr(info, field, value)
    info.size = len(data)
    info.pax_headers = {"SCHILY.xattr." + key: value for key, value in (xattrs or {}).items()}
    return info, data


def tar_of(*entries):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return tar.getvalue()


# What the lower layer and the upper one of the base image have; by name, so that one can be replaced.
BASE = {
    "etc": entry("etc/", kind="folder", mode=0o755),
    "passwd": entry("etc/passwd", b"root:x:0:0\n", uid=5, gid=6),
    "sh": entry("bin/sh", b"\x7fELF shell", mode=0o755, xattrs={"user.note": "one"}),
    "bash": entry("bin/bash", kind="link", link="bin/sh"),
    "dash": entry("bin/dash", kind="symlink", link="sh"),
    "null": entry("dev/null", kind="device", devmajor=1, devminor=3),
    "pipe": entry("run/pipe", kind="pipe"),
    "old": entry("opt/old", b"to be removed"),
    "opt": entry("opt/keep", b"stays"),
}
TOP = {"motd": entry("etc/motd", b"hello\n"), "gone": entry("opt/.wh.old")}

# Each changes one thing: {name: (layer that is changed, name there, entry or None, path that differs, what)}.
CHANGES = {
    "byte": ("base", "passwd", entry("etc/passwd", b"root:y:0:0\n", uid=5, gid=6), "etc/passwd", ["content"]),
    "size": ("base", "passwd", entry("etc/passwd", b"root:x:0:0", uid=5, gid=6), "etc/passwd", ["size", "content"]),
    "mode": ("top", "motd", entry("etc/motd", b"hello\n", mode=0o4755), "etc/motd", ["mode"]),
    "owner": ("base", "passwd", entry("etc/passwd", b"root:x:0:0\n", uid=5, gid=7), "etc/passwd", ["owner"]),
    "time": ("base", "etc", entry("etc/", kind="folder", mode=0o755, mtime=1_500_000_001), "etc", ["time"]),
    "xattr": ("base", "sh", entry("bin/sh", b"\x7fELF shell", mode=0o755, xattrs={"user.note": "two"}), "bin/bash",
              ["xattr user.note"]),
    "whiteout": ("top", "gone", None, "opt/old", None),
    "opaque": ("top", "gone", entry("opt/.wh..wh..opq"), "opt/keep", None),
    "hard link": ("base", "bash", entry("bin/bash", b"\x7fELF shell", mode=0o755, xattrs={"user.note": "one"}),
                  "bin/sh", ["type"]),
    "symlink": ("base", "dash", entry("bin/dash", kind="symlink", link="bash"), "bin/dash", ["target"]),
    "device": ("base", "null", entry("dev/null", kind="device", devmajor=1, devminor=5), "dev/null", ["device"]),
    "type": ("base", "pipe", entry("run/pipe", b"x"), "run/pipe", ["type"]),
}


def layers_of(change=None):
    """The two tars of the base image, or with one of CHANGES."""
    parts = {"base": dict(BASE), "top": dict(TOP)}
    if change:
        part, name, replaced, _, _ = CHANGES[change]
        parts[part][name] = replaced  # where it was: a hard link stands behind its file
    return [tar_of(*filter(None, parts[name].values())) for name in ("base", "top")]


def image_of(tars, config=None, pack=lambda tar: gzip.compress(tar, 6, mtime=0)):
    blobs = [pack(tar) for tar in tars]
    text = json.dumps({"architecture": "amd64", "os": "linux", "config": config or {"Cmd": ["sh"]},
                       "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]}}).encode()
    return Document({"schemaVersion": 2, "mediaType": MANIFEST, "config": describe(text, CONFIG),
                     "layers": [describe(blob, LAYER) for blob in blobs]}, MANIFEST, [text, *blobs],
                    platform={"os": "linux", "architecture": "amd64"})


def write_layout(folder, images):
    """An OCI layout of {name: Document}."""
    blobs = {}
    for one in images.values():
        blobs.update(one.all_blobs())
        blobs.update({manifest.digest: manifest.bytes for manifest in one.manifests()})
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    for digest, blob in blobs.items():
        with open(os.path.join(folder, "blobs", *digest.split(":")), "wb") as file:
            file.write(blob)
    index = {"schemaVersion": 2, "manifests": [
        one.descriptor(annotations={"org.opencontainers.image.ref.name": name}) for name, one in images.items()]}
    for name, text in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(text, file)
