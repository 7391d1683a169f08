#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Distribution's storage tree, read and written beside a running distribution 2.8."""

import json
import os
import random
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from distribution import PROGRAM, Distribution  # noqa: E402
from harness import TestCase, main  # noqa: E402

DRIVER = os.path.abspath(os.environ["REGCTL_INTEROP_V2_STORAGE"])
ROUNDS = int(os.environ.get("REGCTL_ROUNDS", "20"))
TREE = "docker/registry/v2"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ACCEPT = {"Accept": f"{MANIFEST}, {INDEX}"}


class V2Storage(TestCase):
    def setUp(self):
        super().setUp()
        self.registry = Distribution(self.folder)
        self.addCleanup(self.registry.stop)
        self.root = self.registry.root

    def drive(self, command, *words):
        done = subprocess.run([DRIVER, command, self.root, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode().strip()

    def skopeo(self, *words):
        done = subprocess.run(["skopeo", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment({}), cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def pull(self, name, folder):
        """By skopeo, which checks every digest; returns the digest of the manifest."""
        image = f"docker://{self.registry.host}/{name}"
        self.skopeo("--insecure-policy", "copy", "--src-tls-verify=false", image, f"dir:{folder}")
        return json.loads(self.skopeo("inspect", "--tls-verify=false", image))["Digest"]

    def get(self, path):
        status, headers, body = self.registry.ask("GET", path, headers=ACCEPT)
        return status, headers, body

    def collect_by_distribution(self, *words):
        return subprocess.run([PROGRAM, "garbage-collect", *words, self.registry.config], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)

    def test_what_we_write_it_serves(self):
        digest = self.drive("push", "team/app", "1", "a layer")
        self.assertEqual(self.pull("team/app:1", "pulled"), digest)
        status, _, body = self.get("/v2/team/app/tags/list")
        self.assertEqual((status, json.loads(body)), (200, {"name": "team/app", "tags": ["1"]}))
        self.assertEqual(json.loads(self.get("/v2/_catalog")[2]), {"repositories": ["team/app"]})
        self.drive("push", "team/app", "1", "another layer")
        self.assertNotEqual(self.pull("team/app:1", "again"), digest)
        self.drive("untag", "team/app", "1")
        self.assertEqual(self.get("/v2/team/app/manifests/1")[0], 404)
        self.assertEqual(self.get(f"/v2/team/app/manifests/{digest}")[0], 200)
        self.assertIn(json.loads(self.get("/v2/team/app/tags/list")[2])["tags"], (None, []))

    def test_what_it_writes_we_read(self):
        digest = self.registry.push_image("team/app", "1", layers=(b"one", b"two" * 100000))
        self.assertEqual(self.drive("read", "team/app", "1"), digest)
        self.drive("push", "other", "1", "a layer")
        self.skopeo("--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests",
                    f"docker://{self.registry.host}/other:1", f"docker://{self.registry.host}/copied:1")
        self.assertEqual(self.drive("read", "copied", "1"), self.drive("read", "other", "1"))
        self.assertEqual(self.drive("audit"), "")

    def test_it_deletes_what_we_wrote(self):
        digest = self.drive("push", "team/app", "1", "a layer")
        self.assertEqual(self.registry.ask("DELETE", f"/v2/team/app/manifests/{digest}")[0], 202)
        self.assertIn(json.loads(self.get("/v2/team/app/tags/list")[2])["tags"], (None, []))
        self.assertEqual(self.drive("audit"), "")

    def test_its_clients_find_referrers_by_their_tag(self):
        subject = self.drive("push", "team/app", "1", "a layer")
        artifact = self.drive("refer", "team/app", "1")
        status, headers, body = self.get("/v2/team/app/manifests/" + subject.replace(":", "-"))
        self.assertEqual((status, headers["Content-Type"]), (200, INDEX))
        self.assertEqual([entry["digest"] for entry in json.loads(body)["manifests"]], [artifact])

    def test_reading_a_tag_that_it_moves(self):
        """distribution empties a link before it writes it: of two readers one must have seen that."""
        manifests = []
        for text in (b"one", b"two"):
            self.registry.push_image("app", "moving", layers=(text,))
            manifests.append(self.get("/v2/app/manifests/moving")[2])
        readers = [subprocess.Popen([DRIVER, "read-many", self.root, "app", "moving", "3000"], stderr=subprocess.PIPE)
                   for _ in range(2)]
        while any(reader.poll() is None for reader in readers):
            for manifest in manifests:
                self.registry.push_manifest("app", "moving", manifest, MANIFEST)
        for reader in readers:
            with reader:
                self.assertEqual((reader.returncode, reader.stderr.read()), (0, b""))

    def test_putting_a_manifest_whose_blobs_it_stores_again(self):
        """It empties the links of the blobs, too."""
        self.registry.push_image("app", "1", layers=(b"one",))
        writers = [subprocess.Popen([DRIVER, "put-many", self.root, "app", "1", "3000"], stderr=subprocess.PIPE)
                   for _ in range(2)]
        while any(writer.poll() is None for writer in writers):
            self.registry.push_blob("app", b"one")
        for writer in writers:
            with writer:
                self.assertEqual((writer.returncode, writer.stderr.read()), (0, b""))

    def test_writers_of_both_kinds_at_once(self):
        failures = []

        def push(number):
            try:
                for i in range(5):
                    name = f"team/app{i}"
                    if number:
                        self.drive("push", name, f"ours{number}", "shared")
                    else:  # alone: its own writers see each other's links half written
                        self.registry.push_image(name, "theirs", layers=(b"shared", b"base"))
            except AssertionError as failure:
                failures.append(failure)

        writers = [threading.Thread(target=push, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.assertEqual(failures, [])
        for i in range(5):
            for tag in ("ours1", "ours2", "ours3", "theirs"):
                digest = self.drive("read", f"team/app{i}", tag)
                self.assertEqual(self.get(f"/v2/team/app{i}/manifests/{tag}")[1]["Docker-Content-Digest"], digest)
        self.assertEqual(self.drive("audit"), "")

    def test_a_kill_leaves_nothing_half_visible(self):
        chance = random.Random(1)
        for _ in range(ROUNDS):
            with subprocess.Popen([DRIVER, "push-many", self.root, "app"], stdout=subprocess.PIPE) as writer:
                for _ in range(chance.randrange(4)):
                    writer.stdout.readline()
                threading.Event().wait(chance.random() / 30)  # anywhere in the next push
                writer.kill()
            self.assertEqual(self.drive("audit"), "")
            for tag in json.loads(self.get("/v2/app/tags/list")[2]).get("tags") or []:
                self.assertEqual(self.get(f"/v2/app/manifests/{tag}")[0], 200, tag)
        for folder, _, names in os.walk(os.path.join(self.root, TREE)):
            for name in names:
                self.assertGreater(os.path.getsize(os.path.join(folder, name)), 0, name)
        done = self.collect_by_distribution("--dry-run", "-m")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.drive("gc")
        self.assertEqual(self.drive("audit"), "")

    def test_both_collections_leave_what_the_other_serves(self):
        ours = self.drive("push", "team/app", "1", "a layer")
        theirs = self.registry.push_image("team/app", "2", layers=(b"base",))
        old = self.drive("push", "team/app", "1", "an old layer")
        self.drive("push", "team/app", "1", "a layer")
        removed = self.drive("gc")
        self.assertIn(f"revision {old}", removed)
        self.assertNotIn("kept", removed)
        self.assertEqual(self.pull("team/app:1", "one"), ours)
        done = self.collect_by_distribution("-m")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.drive("read", "team/app", "1"), ours)
        self.assertEqual(self.drive("read", "team/app", "2"), theirs)
        self.assertEqual(self.drive("audit"), "")


if __name__ == "__main__":
    main()
