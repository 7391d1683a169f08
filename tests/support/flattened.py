# SPDX-License-Identifier: Apache-2.0
"""The files of images, told without the program: of a v1 chain its layers laid over each other, of a folder what some
other software unpacked into it.

Source: OCI Image Specification 1.0, layer.md; Docker Image Specification 1.0 (whiteouts).
"""

import bz2
import hashlib
import io
import json
import lzma
import os
import stat
import subprocess
import tarfile
import zlib

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
BEHIND = bytes(tarfile.RECORDSIZE)  # of tars that have no end, or lack the last file's padding
XATTR = "SCHILY.xattr."
KINDS = {tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK, tarfile.CHRTYPE: stat.S_IFCHR,
         tarfile.BLKTYPE: stat.S_IFBLK, tarfile.FIFOTYPE: stat.S_IFIFO}


def gunzip(data):
    """All members, and nothing of what is no member behind them."""
    plain = b""
    while data[:2] == b"\x1f\x8b":
        member = zlib.decompressobj(wbits=31)
        plain += member.decompress(data)
        assert member.eof, "gzip is cut"
        data = member.unused_data
    return plain


def unpacked(layer):
    """The tar of a layer as a v1 store has it."""
    if layer[:2] == b"\x1f\x8b":
        return gunzip(layer)
    if layer[:3] == b"BZh":
        return bz2.decompress(layer)
    if layer[:6] == b"\xfd7zXZ\0":
        return lzma.decompress(layer)
    if layer[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(["zstd", "-dcq"], input=layer, check=True, stdout=subprocess.PIPE).stdout
    return layer


class File:
    """The properties of one inode. `is_told` is false of a folder that no entry names, of which only the kind counts."""

    def __init__(self, kind, mode=0, owner=(0, 0), time=0, device=0, target="", content=b"", xattrs=None,
                 is_told=True):
        self.kind, self.mode, self.owner, self.time, self.device = kind, mode, owner, time, device
        self.target, self.xattrs, self.is_told = target, xattrs or {}, is_told
        self.content = hashlib.sha256(content).hexdigest(), len(content)

    def facts(self):
        return vars(self).items() if self.is_told else [("kind", self.kind)]


class Files:
    """path ("" is the root) → File; hard links are one File."""

    def __init__(self):
        self.files = {"": File(stat.S_IFDIR, is_told=False)}

    @classmethod
    def of_chain(cls, tree, identity):
        """Of the v1 image with this ID in a StorageTree."""
        layers = []
        while identity:
            layers.append(unpacked(tree.files.read(tree.image_file(identity, "layer"))))
            text = tree.files.read(tree.image_file(identity, "json"))
            identity = json.loads(text.decode(errors="replace")).get("parent")
        made = cls()
        for layer in reversed(layers):
            made.lay(layer)
        return made

    @classmethod
    def of_folder(cls, root):
        made, inodes = cls(), {}
        for folder, folders, names in os.walk(root):
            for path in [folder] if folder == root else []:
                made.files[""] = cls._of_path(path, inodes)
            for name in folders + names:
                path = os.path.join(folder, name)
                made.files[os.path.relpath(path, root)] = cls._of_path(path, inodes)
        return made

    @staticmethod
    def _of_path(path, inodes):
        found = os.lstat(path)
        if found.st_ino in inodes:
            return inodes[found.st_ino]
        kind, content = stat.S_IFMT(found.st_mode), b""
        if kind == stat.S_IFREG:
            with open(path, "rb") as file:
                content = file.read()
        made = File(kind, stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), int(found.st_mtime), found.st_rdev,
                    os.readlink(path) if kind == stat.S_IFLNK else "", content,
                    {name: os.getxattr(path, name, follow_symlinks=False)
                     for name in os.listxattr(path, follow_symlinks=False)})
        inodes[found.st_ino] = made
        return made

    def lay(self, tar):
        """Lays a layer over what is there."""
        if not any(tar):
            return
        below = dict(self.files)  # whiteouts hide nothing of their own layer
        with tarfile.open(fileobj=io.BytesIO(tar + BEHIND), encoding="utf-8", errors="surrogateescape") as archive:
            for entry in archive:
                path = self._resolved(entry.name)
                folder, _, name = path.rpartition("/")
                if name == OPAQUE:
                    self._hide(below, lambda one, folder=folder: not folder or one.startswith(folder + "/"))
                elif name.startswith(WHITEOUT):
                    hidden = os.path.join(folder, name[len(WHITEOUT):])
                    self._hide(below, lambda one, hidden=hidden: one == hidden or one.startswith(hidden + "/"))
                else:
                    self._put(path, entry, archive)

    def _resolved(self, name):
        """The path of an entry, whose folders may be symbolic links, as they are within the image."""
        path, parts = "", [part for part in name.split("/") if part not in ("", ".")]
        for _ in range(40 + len(parts)):
            if not parts:
                return path
            part = parts.pop(0)
            if part == "..":
                path = path.rpartition("/")[0]
                continue
            there = os.path.join(path, part)
            file = self.files.get(there)
            if parts and file and file.kind == stat.S_IFLNK:
                path = "" if file.target.startswith("/") else path
                parts = [one for one in file.target.split("/") if one not in ("", ".")] + parts
            else:
                path = there
        raise AssertionError(f"symbolic links of {name} go round")

    def _hide(self, below, is_hidden):
        for path in [one for one in self.files if one and is_hidden(one) and self.files[one] is below.get(one)]:
            del self.files[path]

    def _put(self, path, entry, archive):
        parts = path.split("/")
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            if folder not in self.files or self.files[folder].kind != stat.S_IFDIR:
                self.files[folder] = File(stat.S_IFDIR, is_told=False)
        if entry.type == tarfile.LNKTYPE:
            file = self.files[self._resolved(entry.linkname)]
        else:
            kind = KINDS.get(entry.type, stat.S_IFREG)
            is_device = kind in (stat.S_IFCHR, stat.S_IFBLK)
            file = File(kind, 0o777 if kind == stat.S_IFLNK else entry.mode & 0o7777, (entry.uid, entry.gid),
                        int(entry.mtime), os.makedev(entry.devmajor, entry.devminor) if is_device else 0,
                        entry.linkname if kind == stat.S_IFLNK else "",
                        archive.extractfile(entry).read() if kind == stat.S_IFREG else b"",
                        {name[len(XATTR):]: text.encode(errors="surrogateescape")
                         for name, text in entry.pax_headers.items() if name.startswith(XATTR)})
        if file.kind != stat.S_IFDIR:
            for below in [one for one in self.files if one.startswith(path + "/")]:
                del self.files[below]
        self.files[path] = file

    def differences(self, found, but_for=None):
        """Of another Files, what it has otherwise: path → {fact: (here, there)}, or a word. but_for: kind → a fact that
        does not count."""
        differences = {path: "is too much" for path in found.files.keys() - self.files.keys()}
        groups = ({}, {})
        for path, file in self.files.items():
            there = found.files.get(path)
            if there is None:
                differences[path] = "is missing"
                continue
            others = vars(there)
            other = {name: (fact, others[name]) for name, fact in file.facts()
                     if fact != others[name] and name != (but_for or {}).get(file.kind)}
            # Which paths are one file shows in the first of them.
            links = [group.setdefault(id(one), path) for group, one in zip(groups, (file, there))]
            if links[0] != links[1]:
                other["link"] = tuple(links)
            if other:
                differences[path] = other
        return differences
