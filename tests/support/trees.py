# SPDX-License-Identifier: Apache-2.0
"""Where the storage trees of tests lie: in folders, or with REGCTL_TREES=s3 in a bucket of a real S3 server.

Each path has a counterpart in the bucket, so that tests name trees by paths either way. What tests do with the
files of a tree goes through FolderFiles or BucketFiles, which have the same methods.
"""

import atexit
import concurrent.futures
import functools
import os
import re
import shutil
import time
import unittest

IN_BUCKET = os.environ.get("REGCTL_TREES") == "s3"
NOT_IN_BUCKET = "not in a bucket: "
_WRITERS = 4
_MOST_ROUNDS = 50  # in a bucket, where each takes as long as twenty elsewhere


def not_in_bucket(reason):
    """Marks a test, or a class of them, of what no bucket has. main() counts it as not applicable."""
    return unittest.skipIf(IN_BUCKET, NOT_IN_BUCKET + reason)


def rounds(usual, in_bucket):
    """How often a test tries something: REGCTL_ROUNDS times, or by default as told."""
    wanted = int(os.environ.get("REGCTL_ROUNDS", in_bucket if IN_BUCKET else usual))
    return min(wanted, _MOST_ROUNDS) if IN_BUCKET else wanted


@functools.cache
def _bucket():
    """One bucket for all trees of this process."""
    from s3_server import shared_server  # pylint: disable=import-outside-toplevel  # needed here only, and it needs us
    bucket = shared_server().make_bucket()
    atexit.register(bucket.remove)
    return bucket


class _Ages:
    """Between programs and the server, once a test wants objects to look old: no server lets one set their times."""

    def __init__(self):
        from s3_server import shared_server  # pylint: disable=import-outside-toplevel
        from s3_proxy import S3Proxy  # pylint: disable=import-outside-toplevel
        self._proxy = S3Proxy(shared_server())
        atexit.register(self._proxy.stop)
        self.endpoint = self._proxy.endpoint
        self._then = {}  # prefix → time

    def set(self, prefix, seconds):
        """Keys that begin with `prefix` are that old. The last call that a key is meant by counts."""
        self._then.pop(prefix, None)
        self._then[prefix] = time.gmtime(time.time() - seconds)
        self._proxy.forget()
        self._proxy.fault(method="GET", query="list-type", times=None, replace=[
            [f"(<Key>{re.escape(key)}[^<]*</Key><LastModified>)[^<]*", time.strftime(r"\g<1>%Y-%m-%dT%H:%M:%SZ", then)]
            for key, then in self._then.items()])
        for key, then in reversed(self._then.items()):
            self._proxy.fault(method="HEAD", key="^" + re.escape(key), times=None,
                              headers={"Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", then)})


_ages = functools.cache(_Ages)


def environment():
    """What a program needs to find the trees."""
    if not IN_BUCKET:
        return {}
    return _bucket().environment(_ages().endpoint if _ages.cache_info().currsize else None)


def location(folder):
    """What --storage takes for the tree at this absolute path."""
    return f"s3://{_bucket().name}{folder}" if IN_BUCKET else folder


def place(folder):
    """The tree at this absolute path as a place."""
    return "v1-storage:" + location(folder)


def files_at(folder):
    """The files of the tree at this absolute path, which need not be there."""
    return BucketFiles(folder) if IN_BUCKET else FolderFiles(folder)


class FolderFiles:
    """The files of a tree on disk; all paths are relative to it."""

    def __init__(self, folder):
        self.folder = folder

    def _path(self, path):
        return os.path.join(self.folder, path)

    def read(self, path):
        with open(self._path(path), "rb") as file:
            return file.read()

    def write(self, path, data):
        os.makedirs(os.path.dirname(self._path(path)), exist_ok=True)
        with open(self._path(path), "wb") as file:
            file.write(data)

    def write_all(self, files):
        """files: path → bytes."""
        for path, data in files.items():
            self.write(path, data)

    def remove(self, path):
        os.remove(self._path(path))

    def remove_folder(self, path):
        shutil.rmtree(self._path(path))

    def exists(self, path):
        return os.path.isfile(self._path(path))

    def names(self, path):
        """What lies in a folder, without what lies further down."""
        return os.listdir(self._path(path)) if os.path.isdir(self._path(path)) else []

    def paths(self, path=""):
        """All files below a folder."""
        return [os.path.relpath(os.path.join(base, name), self.folder)
                for base, _, names in os.walk(self._path(path)) for name in names]

    def age(self, path, seconds):
        """Makes a folder and what lies in it look that old, to programs that are started from now on."""
        then = time.time() - seconds
        for base, _, names in os.walk(self._path(path)):
            for name in [*names, "."]:
                os.utime(os.path.join(base, name), (then, then))

    def versions(self, path=""):
        """All files below a folder, each with something that changes whenever it is written."""
        found = {}
        for file in self.paths(path):
            try:
                status = os.stat(self._path(file))
            except FileNotFoundError:  # a server removes it meanwhile
                continue
            found[file] = status.st_ino, status.st_size, status.st_mtime_ns
        return found

    def copy_to(self, folder):
        """Copies all files to the tree at another absolute path, which must not be there yet; returns those."""
        shutil.copytree(self.folder, folder)
        return FolderFiles(folder)

    def local(self):
        """A folder with these files."""
        return self.folder


class BucketFiles:
    """The files of a tree in the bucket, likewise."""

    def __init__(self, folder):
        self.folder, self.bucket, self.prefix = folder, _bucket(), folder[1:] + "/"

    def read(self, path):
        return self.bucket.get(self.prefix + path)

    def write(self, path, data):
        self.bucket.put(self.prefix + path, data)

    def write_all(self, files):
        with concurrent.futures.ThreadPoolExecutor(_WRITERS) as pool:
            for written in [pool.submit(self.write, *file) for file in files.items()]:
                written.result()

    def remove(self, path):
        self.bucket.delete(self.prefix + path)

    def remove_folder(self, path):
        self.bucket.empty(f"{self.prefix}{path}/")

    def exists(self, path):
        return self.bucket.head(self.prefix + path) is not None

    def names(self, path):
        return list({found[len(path) + 1:].split("/")[0]: None for found in self.paths(path)})

    def paths(self, path=""):
        return list(self.versions(path))

    def age(self, path, seconds):
        _ages().set(f"{self.prefix}{path}/" if path else self.prefix, seconds)

    def versions(self, path=""):
        listing = self.bucket.listing(f"{self.prefix}{path}/" if path else self.prefix)
        return {key[len(self.prefix):]: version for key, version in listing.items()}

    def copy_to(self, folder):
        copy = BucketFiles(folder)
        copy.write_all({path: self.read(path) for path in self.paths()})
        return copy

    def local(self):
        """A copy, for programs that know no buckets: as the files are now."""
        shutil.rmtree(self.folder, ignore_errors=True)
        FolderFiles(self.folder).write_all({path: self.read(path) for path in self.paths()})
        return self.folder
