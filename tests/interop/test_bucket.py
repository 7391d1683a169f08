#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""objects::Bucket against Ceph, and against a proxy before it that misbehaves: tests/interop/bucket."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import TestCase, main  # noqa: E402
from s3_case import S3Case  # noqa: E402

PROGRAM = os.path.abspath(os.environ["REGCTL_INTEROP_BUCKET"])
SUITES = ("reading", "listing", "writing", "uploads", "refusals", "faults/reading", "faults/writing")


def run_program(environment, *words):
    """The program's exit code, and what it prints."""
    done = subprocess.run([PROGRAM, *words], env=environment, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class Bucket(S3Case):
    def test_every_suite_passes(self):
        proxy = self.start_proxy()
        environment = {**self.environment({}), **self.bucket.environment(),
                       "REGCTL_TEST_BUCKET": self.bucket.name, "REGCTL_TEST_PROXY": proxy.endpoint}
        for suite in SUITES:
            with self.subTest(suite):
                code, output = run_program(environment, f"--test-suite=bucket/{suite}", "--no-skip")
                self.assertEqual(code, 0, output)
                self.assertNotRegex(output, r"test cases: +0 ", "the suite has no tests")


class Program(TestCase):
    def test_no_suite_is_forgotten(self):
        _, output = run_program(self.environment({}), "--list-test-suites")
        self.assertEqual({line for line in output.splitlines() if line.startswith("bucket/")},
                         {f"bucket/{suite}" for suite in SUITES})

    def test_without_a_server_it_fails(self):
        code, output = run_program(self.environment({}), "--test-suite=bucket/reading")
        self.assertNotEqual(code, 0)
        self.assertIn("AWS_ENDPOINT_URL is not set: this program is started by tests/interop/test_bucket.py", output)


if __name__ == "__main__":
    main()
