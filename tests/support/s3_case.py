# SPDX-License-Identifier: Apache-2.0
"""What tests have in common that need a bucket of a real S3 server."""

from s3_server import shared_server
from harness import TestCase
from s3_proxy import S3Proxy


class S3Case(TestCase):
    """Has a bucket of its own, `bucket`, to which the program finds its way by the environment."""

    def setUp(self):
        super().setUp()
        self.bucket = shared_server().make_bucket()
        self.addCleanup(self.bucket.remove)
        self.s3_environment = self.bucket.environment()

    def environment(self, extra):
        return super().environment({**self.s3_environment, **extra})

    def start_proxy(self, **options):
        """A proxy before the server, through which the program goes from now on."""
        proxy = S3Proxy(shared_server(), **options)
        self.addCleanup(proxy.stop)
        self.s3_environment = self.bucket.environment(proxy.endpoint)
        return proxy
