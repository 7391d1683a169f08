#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Archives, checked by skopeo and GNU tar; and the detection of a registry of protocol v2."""

import json
import os
import socket
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, TestCase, main, wait_for  # noqa: E402


class Archives(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer, "--storage", os.path.join(DATA, "tree-wild.tar.gz"))

    def skopeo(self, *words):
        done = subprocess.run(["skopeo", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment({}), cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_skopeo_reads_our_archives(self):
        for name in ("mixed:latest", "team/demo-1.3.3:1.0", "team/demo-1.9.1:1.0", "team/deep/name:1"):
            with self.subTest(name):
                self.ok("pull", f"{self.server.host}/{name}", "out.tar")
                config = json.loads(self.skopeo("inspect", "--config", "docker-archive:out.tar"))
                self.assertEqual(config["rootfs"]["type"], "layers")
                # Reads every layer and checks it against its diff ID.
                self.skopeo("--insecure-policy", "copy", "docker-archive:out.tar", "dir:copied")
                subprocess.run(["tar", "tf", self.path("out.tar")], check=True, stdout=subprocess.DEVNULL)

    def test_we_read_skopeos_archives(self):
        self.ok("pull", f"{self.server.host}/team/demo-1.9.1:1.0", "out.tar")
        self.skopeo("--insecure-policy", "copy", "docker-archive:out.tar",
                    "docker-archive:modern.tar:example.com/team/modern:7")
        self.assertEqual(self.ok("tags", "modern.tar").out, "example.com/team/modern:7\n")
        target = f"{self.server.host}/team/modern:7"
        self.ok("push", "modern.tar", target)
        self.assertIn("already pushed, skipping", self.ok("push", "modern.tar", target).err)
        before = self.ok("inspect", "out.tar").json["json"]["config"]
        self.assertEqual(self.ok("inspect", target).json["json"]["config"], before)

    def test_our_archives_give_back_ids_and_jsons(self):
        self.ok("pull", f"{self.server.host}/mixed:latest", "out.tar")
        wanted = self.ok("history", "--format", "json", f"{self.server.host}/mixed:latest").json
        found = self.ok("history", "--format", "json", "out.tar").json
        self.assertEqual([h["id"] for h in found], [h["id"] for h in wanted])
        with tarfile.open(self.path("out.tar")) as archive:
            for layer in wanted:
                stored = self.server.get(f"/v1/images/{layer['id']}/json")
                self.assertEqual(archive.extractfile(f"{layer['id']}/json").read(), stored)

    def test_an_oci_layout_in_a_tar_is_read(self):
        self.ok("pull", f"{self.server.host}/team/demo-1.9.1:1.0", "out.tar")
        self.skopeo("--insecure-policy", "copy", "docker-archive:out.tar", "oci-archive:oci.tar:latest")
        self.ok("push", "oci.tar", f"{self.server.host}/team/oci:1")
        self.assertEqual(len(self.ok("history", "--format", "json", f"{self.server.host}/team/oci:1").json),
                         len(self.ok("history", "--format", "json", "out.tar").json))

    def test_a_registry_of_protocol_v2_is_recognised(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.write("config.yml", f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {self.folder}/v2\n"
                                 f"http:\n  addr: 127.0.0.1:{port}\n")
        process = subprocess.Popen(["docker-registry", "serve", self.path("config.yml")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def answers():
            with socket.socket() as connection:
                return connection.connect_ex(("127.0.0.1", port)) == 0

        wait_for(answers, "Debian's docker-registry")
        self.assertEqual(self.ok("ping", f"127.0.0.1:{port}", "--format", "json").json["protocols"], ["v2"])
        self.fails(9, "tags", f"127.0.0.1:{port}/team/app", "--api", "v1", saying="speaks only protocol v2")
        self.fails(3, "tags", f"127.0.0.1:{port}/team/app", saying="there is no repository")


if __name__ == "__main__":
    main()
