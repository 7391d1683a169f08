# SPDX-License-Identifier: Apache-2.0
"""What the tests of protocol v2 have in common: registries real and played, skopeo, who is logged in, what is whole."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from distribution import Distribution, TokenServer
from harness import PATIENCE_S, TestCase
from v2_images import MANIFEST_TYPES
from v2_registry import V2Registry

LAYOUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "layouts")


class V2Case(TestCase):
    maxDiff = None

    def registry(self, **options):
        """One in threads of the test, which misbehaves on request."""
        registry = V2Registry(**options)
        self.addCleanup(registry.stop)
        return registry

    def distribution(self, **options):
        registry = Distribution(self.folder, **options)
        self.addCleanup(registry.stop)
        return registry

    @classmethod
    def shared_distribution(cls):
        """One for all tests of the class; for setUpClass()."""
        folder = tempfile.mkdtemp(prefix="regctl-test.")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        registry = Distribution(folder)
        cls.addClassCleanup(registry.stop)
        return registry

    def token_server(self, **options):
        server = TokenServer(self.folder, **options)
        self.addCleanup(server.stop)
        return server

    def log_in(self, *hosts):
        """As acme, with the password `secret`; for regctl and for skopeo."""
        self.auth_file = self.path("home/.docker/config.json")
        os.makedirs(os.path.dirname(self.auth_file), exist_ok=True)
        auth = base64.b64encode(b"acme:secret").decode()
        self.write(self.auth_file, json.dumps({"auths": {host: {"auth": auth} for host in hosts}}))
        os.chmod(self.auth_file, 0o600)

    def skopeo(self, *words, check=True):
        """The output of skopeo 1.9."""
        none = self.path("no-auth.json")
        if not os.path.exists(none):
            self.write(none, "{}")
        done = subprocess.run(["skopeo", *words], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=self.folder,
                              env={"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.folder,
                                   "REGISTRY_AUTH_FILE": getattr(self, "auth_file", none)})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def skopeo_copy(self, source, destination, *options):
        self.skopeo("copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", *options, source, destination)

    def skopeo_digest(self, place):
        """The digest of the manifest as skopeo reads it."""
        options = ["--tls-verify=false"] if place.startswith("docker:") else []
        return "sha256:" + hashlib.sha256(self.skopeo("inspect", "--raw", *options, place)).hexdigest()

    @staticmethod
    def push(registry, name, tag, document):
        """Brings an image into distribution by hand, with all it needs."""
        for blob in document.all_blobs().values():
            registry.push_blob(name, blob)
        for one in document.manifests():
            is_top = one.digest == document.digest
            registry.push_manifest(name, tag if is_top and tag else one.digest, one.bytes, one.media_type)
        return document

    @staticmethod
    def tags_of(registry, name):
        """The tags of a repository of distribution, each with its digest."""
        status, _, text = registry.ask("GET", f"/v2/{name}/tags/list")
        if status == 404:
            return {}
        found = {}
        for tag in json.loads(text)["tags"] or []:
            headers = registry.ask("HEAD", f"/v2/{name}/manifests/{tag}", headers={"Accept": ",".join(MANIFEST_TYPES)})[1]
            found[tag] = headers["Docker-Content-Digest"]
        return found

    def settled_tags(self, server, name):
        """The same once nothing is half written: distribution finishes the last request of a process that was killed,
        and lists a tag before its link is written."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = self.tags_of(server, name)
            if None not in found.values():
                return found
            self.assertLess(time.monotonic(), until, f"{name} stays half written: {found}")

    def whole_tags(self, server, name, what):
        """The tags that distribution has of a repository, once they are settled, each with its digest; each must be whole."""
        found = self.settled_tags(server, name)
        for tag, digest in found.items():
            self.assertEqual(self.assertComplete(server, name, tag), digest, what)
        return found

    @staticmethod
    def ask_settled(registry, path, headers=None):
        """The answer to a GET once it is none of 500: distribution finishes the last request of a process that was
        killed, and writes files anew by emptying them first."""
        until = time.monotonic() + PATIENCE_S
        while True:
            answer = registry.ask("GET", path, headers=headers)
            if answer[0] != 500 or time.monotonic() > until:
                return answer

    def assertComplete(self, registry, name, reference):
        """Everything below a manifest is in the repository of distribution, and is what its digest says."""
        accept = {"Accept": ",".join(MANIFEST_TYPES)}
        status, headers, text = self.ask_settled(registry, f"/v2/{name}/manifests/{reference}", accept)
        self.assertEqual(status, 200, reference)
        digest = "sha256:" + hashlib.sha256(text).hexdigest()
        self.assertEqual(headers["Docker-Content-Digest"], digest)
        document = json.loads(text)
        for child in document.get("manifests", []):
            self.assertComplete(registry, name, child["digest"])
        for blob in [*document.get("layers", []), document.get("config")]:
            if not blob or blob.get("urls"):
                continue
            status, _, content = self.ask_settled(registry, f"/v2/{name}/blobs/{blob['digest']}")
            self.assertEqual(status, 200, blob)
            self.assertEqual("sha256:" + hashlib.sha256(content).hexdigest(), blob["digest"])
        return digest

    def assertNoSecrets(self, registry):
        """A registry of ours got no credential of anybody."""
        for record in registry.requests():
            for name in ("Authorization", "Cookie"):
                self.assertIsNone(record.headers.get(name), record)
            self.assertNotIn("secret", record.path)
