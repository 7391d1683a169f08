# SPDX-License-Identifier: Apache-2.0
"""A Ceph whose gateway speaks S3, for tests: tests/support/ceph_server.py, started and ended from here.

REGCTL_CEPH names one that is there already, by its URL: scripts/test starts one for all tests.
"""

import atexit
import functools
import os
import secrets
import subprocess
import sys
import tempfile

from s3 import S3Bucket

HERE = os.path.dirname(os.path.abspath(__file__))
ACCESS_KEY, SECRET_KEY = "ACCESSKEYID0", "secret/key+0"  # characters that are special in a URL


class Ceph:
    """One server. Several may run at a time."""

    def __init__(self, folder=None, store="memstore"):
        """Starts it; its files lie in `folder`, or where temporary ones do. Objects are in memory (memstore), or on
        disk (bluestore)."""
        self.errors = tempfile.TemporaryFile()
        more = ["--folder", folder] if folder else []
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "ceph_server.py"), "--store", store, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.endpoint = self.process.stdout.readline().decode().strip()
        if not self.endpoint:
            self.stop()
            self.errors.seek(0)
            raise AssertionError("Ceph did not start: " + self.errors.read().decode(errors="replace"))

    @property
    def port(self):
        return int(self.endpoint.rpartition(":")[2])

    def bucket(self, name):
        """A bucket of this server, which need not be there."""
        return S3Bucket(self.endpoint, ACCESS_KEY, SECRET_KEY, name)

    def make_bucket(self, name=None):
        """A new bucket; without a name it gets one that no other has."""
        bucket = self.bucket(name or f"test-{secrets.token_hex(8)}")
        bucket.make()
        return bucket

    def stop(self):
        self.process.stdin.close()  # it ends with that
        self.process.wait()
        self.process.stdout.close()


class _OtherCeph(Ceph):
    """A server that somebody else starts and stops."""

    def __init__(self, endpoint):  # pylint: disable=super-init-not-called
        self.endpoint = endpoint

    def stop(self):
        pass


@functools.cache
def shared_ceph():
    """The server that REGCTL_CEPH names, or one that is started at the first call and lasts as long as this process."""
    if endpoint := os.environ.get("REGCTL_CEPH"):
        return _OtherCeph(endpoint)
    ceph = Ceph()
    atexit.register(ceph.stop)
    return ceph
