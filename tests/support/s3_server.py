# SPDX-License-Identifier: Apache-2.0
"""A real S3 server for tests: tests/support/ceph_server.py or swift_server.py, started and ended from here.

REGCTL_S3 names one that is there already, by the line that those scripts print: scripts/test starts one for all tests.
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


class S3Server:
    """A server that somebody else starts and stops."""

    def __init__(self, line):
        """line: "URL ACCESS_KEY SECRET_KEY"."""
        self.endpoint, self._access_key, self._secret_key = line.split()

    @property
    def port(self):
        return int(self.endpoint.rpartition(":")[2])

    def bucket(self, name):
        """A bucket of this server, which need not be there."""
        return S3Bucket(self.endpoint, self._access_key, self._secret_key, name)

    def make_bucket(self, name=None):
        """A new bucket; without a name it gets one that no other has."""
        bucket = self.bucket(name or f"test-{secrets.token_hex(8)}")
        bucket.make()
        return bucket

    def stop(self):
        pass


class Ceph(S3Server):
    """One that is started here. Several may run at a time."""

    def __init__(self, *options):
        """options: those of ceph_server.py."""
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "ceph_server.py"), *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline().decode()
        if not line:
            self.stop()
            self.errors.seek(0)
            raise AssertionError("Ceph did not start: " + self.errors.read().decode(errors="replace"))
        super().__init__(line)

    def stop(self):
        self.process.stdin.close()  # it ends with that
        self.process.wait()
        self.process.stdout.close()


@functools.cache
def shared_server():
    """The server that REGCTL_S3 names, or a Ceph that is started at the first call and lasts as long as this
    process."""
    if line := os.environ.get("REGCTL_S3"):
        return S3Server(line)
    ceph = Ceph()
    atexit.register(ceph.stop)
    return ceph
