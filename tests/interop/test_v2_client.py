#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""registry/v2 against distribution 2.8, and against a token service before it: tests/interop/registry/v2_client."""

import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from distribution import Distribution, TokenServer, certificate  # noqa: E402
from harness import TestCase, main  # noqa: E402

PROGRAM = os.path.abspath(os.environ["REGCTL_INTEROP_V2_CLIENT"])
NOT_FOUND, DENIED, UNAVAILABLE, PROTOCOL, INTEGRITY, UNSUPPORTED = 21, 22, 23, 24, 25, 27
OCI = "application/vnd.oci.image."


class V2Case(TestCase):
    def distribution(self, **options):
        registry = Distribution(self.folder, **options)
        self.addCleanup(registry.stop)
        return registry

    def token_server(self, **options):
        server = TokenServer(self.folder, **options)
        self.addCleanup(server.stop)
        return server

    def run_client(self, *words, user=None, password="secret", **environment):
        """Exit code, lines of stdout, stderr."""
        if user:
            environment.update(V2_USER=user, V2_PASSWORD=password)
        done = subprocess.run([PROGRAM, *words], env={**self.environment({}), **environment}, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def client(self, *words, **options):
        """The lines of a success."""
        code, lines, errors = self.run_client(*words, **options)
        self.assertEqual(code, 0, errors)
        return lines

    def fails(self, code, *words, saying="", **options):
        got, _, errors = self.run_client(*words, **options)
        self.assertEqual(got, code, errors)
        self.assertIn(saying, errors)


class Reading(V2Case):
    def test_a_registry_is_known_to_speak_v2(self):
        registry = self.distribution()
        self.assertEqual(self.client("protocols", registry.host), ["v2"])
        secured = self.distribution(users={"acme": "secret"})
        self.assertEqual(self.client("protocols", secured.host), ["v2"])

    def test_tags_digest_and_manifest(self):
        registry = self.distribution()
        digest = registry.push_image("team/app", "1.0")
        registry.push_image("team/app", "2.0", layers=(b"another",))
        self.assertEqual(sorted(self.client("tags", registry.host + "/team/app")), ["1.0", "2.0"])
        line, = self.client("digest", registry.host + "/team/app:1.0")
        self.assertEqual(line.split()[0], digest)
        self.assertEqual(line.split()[2], OCI + "manifest.v1+json")
        self.assertEqual(self.client("digest", f"{registry.host}/team/app@{digest}"), [line])
        body = "\n".join(self.client("manifest", registry.host + "/team/app:1.0"))
        self.assertEqual("sha256:" + hashlib.sha256(body.encode()).hexdigest(), digest)
        self.fails(NOT_FOUND, "digest", registry.host + "/team/app:3.0")
        self.fails(NOT_FOUND, "tags", registry.host + "/team/other", saying="there is no repository")

    def test_the_catalog_comes_in_pages(self):
        registry = self.distribution()
        names = [f"team/app-{i:04}" for i in range(1, 4)]
        for name in names:
            registry.push_image(name, "1.0")
        self.assertEqual(self.client("catalog", registry.host), names)

    def test_an_index_is_no_child_of_it(self):
        registry = self.distribution()
        child = registry.push_image("team/app", "child")
        body = registry.ask("GET", "/v2/team/app/manifests/child", headers={"Accept": OCI + "manifest.v1+json"})[2]
        index = registry.push_manifest("team/app", "all", {
            "schemaVersion": 2, "mediaType": OCI + "index.v1+json",
            "manifests": [{"mediaType": OCI + "manifest.v1+json", "digest": child, "size": len(body),
                           "platform": {"os": "linux", "architecture": "amd64"}}]})
        self.assertTrue(self.client("digest", registry.host + "/team/app:all")[0].startswith(index))


class Access(V2Case):
    def test_a_password_is_asked_for_and_checked(self):
        registry = self.distribution(users={"acme": "secret"})
        self.assertEqual(self.client("catalog", registry.host, user="acme"), [])
        self.assertEqual(self.client("login", registry.host, user="acme"), ["accepted"])
        self.fails(DENIED, "login", registry.host, user="acme", password="wrong")
        self.fails(DENIED, "tags", registry.host + "/team/app", saying="regctl login")

    def test_without_users_a_login_is_not_checked(self):
        self.assertEqual(self.client("login", self.distribution().host, user="acme"), ["not checked"])

    def copies_with_tokens(self, tokens, **options):
        open_registry = self.distribution()
        digest = open_registry.push_image("team/app", "1.0", layers=(b"one", b"two"))
        registry = self.distribution(tokens=tokens)
        self.client("copy", open_registry.host + "/team/app:1.0", registry.host + "/team/app:1.0", **options)
        self.assertTrue(self.client("digest", registry.host + "/team/app:1.0", **options)[0].startswith(digest))
        return registry

    def test_a_password_gets_one_token_for_each_scope(self):
        tokens = self.token_server()
        registry = self.copies_with_tokens(tokens, user="acme")
        self.assertEqual({request["user"] for request in tokens.requests}, {"acme"})
        scopes = [tuple(request["scopes"]) for request in tokens.requests]
        # Two runs: one token for reading and one for writing, then one for reading.
        self.assertEqual(sorted(scopes), sorted([("repository:team/app:pull",), ("repository:team/app:pull,push",),
                                                 ("repository:team/app:pull",)]))
        tokens.requests.clear()
        self.client("copy", registry.host + "/team/app:1.0", registry.host + "/team/copy:1.0", user="acme")
        self.assertIn(["repository:team/app:pull", "repository:team/copy:pull,push"],
                      [request["scopes"] for request in tokens.requests])

    def test_packed_and_unusual_answers(self):
        self.copies_with_tokens(self.token_server(packed=True, answer="access_token", expires_in=None), user="acme")

    def test_an_identity_token_gets_tokens(self):
        tokens = self.token_server()
        self.copies_with_tokens(tokens, user="acme", password="", V2_IDENTITY_TOKEN="refresh-of-acme")
        self.assertEqual({request["method"] for request in tokens.requests}, {"POST"})

    def test_the_anonymous_read_what_is_public(self):
        tokens = self.token_server()
        registry = self.copies_with_tokens(tokens, user="acme")
        self.assertEqual(self.client("tags", registry.host + "/team/app"), ["1.0"])
        self.fails(DENIED, "rm", registry.host + "/team/app:1.0", saying="regctl login")
        self.fails(DENIED, "tags", registry.host + "/team/app", user="acme", password="wrong",
                   saying="wrong password")
        self.fails(UNSUPPORTED, "catalog", registry.host, saying="catalog is closed")
        self.assertEqual(self.client("catalog", registry.host, user="acme"), ["team/app"])

    def test_a_mount_without_a_token_for_both_is_an_upload(self):
        tokens = self.token_server()
        registry = self.copies_with_tokens(tokens, user="acme")
        both = lambda scopes: len({scope.split(":")[1] for scope in scopes}) > 1  # noqa: E731
        tokens.refuse = both
        lines = self.client("copy", registry.host + "/team/app:1.0", registry.host + "/team/copy:1.0", user="acme")
        self.assertFalse([line for line in lines if line.startswith("mounted")])
        self.assertEqual(len([request for request in tokens.requests if both(request["scopes"])]), 1)


class Writing(V2Case):
    def copies(self, target, source=None, **options):
        source = source or self.distribution()
        digest = source.push_image("team/app", "1.0", layers=(os.urandom(300_000), b"", b"three"))
        lines = self.client("copy", source.host + "/team/app:1.0", target.host + "/team/copy:1.0", **options)
        self.assertTrue(self.client("digest", target.host + "/team/copy:1.0", **options)[0].startswith(digest))
        return lines

    def test_an_image_is_copied_whole(self):
        for options in ({}, {"relative": True}):
            with self.subTest(options):
                self.copies(self.distribution(**options))

    def test_an_image_is_copied_over_tls(self):
        self.copies(self.distribution(tls=certificate(self.folder)), V2_INSECURE="1")

    def test_blobs_go_in_pieces(self):
        target = self.distribution()
        self.copies(target, V2_CHUNK_BYTES="100000")
        self.assertEqual(self.client("stream", target.host + "/team/copy", "250000", V2_CHUNK_BYTES="100000"),
                         [f"sha256:{hashlib.sha256(b'x' * 250000).hexdigest()} 250000"])

    def test_an_unknown_digest_is_streamed(self):
        target = self.distribution(relative=True)
        for size in (0, 1, 700_000):
            self.assertEqual(self.client("stream", target.host + "/team/app", str(size)),
                             [f"sha256:{hashlib.sha256(b'x' * size).hexdigest()} {size}"])

    def test_blobs_are_mounted(self):
        registry = self.distribution()
        lines = self.copies(registry, source=registry)
        self.assertTrue([line for line in lines if line.startswith("mounted")])

    def test_a_read_only_registry_and_a_cache(self):
        source = self.distribution()
        source.push_image("team/app", "1.0")
        for options in ({"readonly": True}, {"upstream": source.url("")}):
            with self.subTest(options):
                target = self.distribution(**options)
                self.fails(UNSUPPORTED, "copy", source.host + "/team/app:1.0", target.host + "/team/copy:1.0",
                           saying="takes no uploads")

    def test_a_cache_is_read(self):
        source = self.distribution()
        digest = source.push_image("team/app", "1.0")
        cache, target = self.distribution(upstream=source.url("")), self.distribution()
        for _ in range(2):
            self.client("copy", cache.host + "/team/app:1.0", target.host + "/team/app:1.0")
            self.assertTrue(self.client("digest", target.host + "/team/app:1.0")[0].startswith(digest))
            target = self.distribution()

    def test_referrers_are_listed_by_tag(self):
        source, target = self.distribution(), self.distribution()
        subject = source.push_image("team/app", "1.0")
        size = len(source.ask("GET", "/v2/team/app/manifests/1.0", headers={"Accept": OCI + "manifest.v1+json"})[2])
        source.push_blob("team/app", b"{}")
        empty = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
                 "digest": "sha256:" + hashlib.sha256(b"{}").hexdigest()}
        entries = []
        for kind in ("application/x-one", "application/x-two"):
            document = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "artifactType": kind,
                        "config": empty, "layers": [empty], "annotations": {"kind": kind},
                        "subject": {"mediaType": OCI + "manifest.v1+json", "digest": subject, "size": size}}
            digest = source.push_manifest("team/app", kind.partition("/")[2], document)
            entries.append({"mediaType": OCI + "manifest.v1+json", "digest": digest,
                            "size": len(json.dumps(document).encode())})
        source.push_manifest("team/app", subject.replace(":", "-"), {
            "schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries})
        expected = [f"{entries[0]['digest']} application/x-one", f"{entries[1]['digest']} application/x-two"]
        self.assertEqual(self.client("referrers", source.host + "/team/app:1.0"), expected)
        self.client("copy", source.host + "/team/app:1.0", target.host + "/team/app:1.0")
        self.assertEqual(self.client("referrers", target.host + "/team/app:1.0"), expected)
        index = json.loads(target.ask("GET", "/v2/team/app/manifests/" + subject.replace(":", "-"),
                                      headers={"Accept": OCI + "index.v1+json"})[2])
        self.assertEqual([entry["annotations"] for entry in index["manifests"]],
                         [{"kind": "application/x-one"}, {"kind": "application/x-two"}])


class Removal(V2Case):
    def test_a_tag_with_a_digest_of_its_own_is_removed(self):
        registry = self.distribution()
        registry.push_image("team/app", "1.0")
        registry.push_image("team/app", "2.0", layers=(b"another",))
        self.client("rm", registry.host + "/team/app:1.0")
        self.assertEqual(self.client("tags", registry.host + "/team/app"), ["2.0"])
        self.fails(NOT_FOUND, "rm", registry.host + "/team/app:1.0")

    def test_one_of_two_tags(self):
        registry = self.distribution()
        digest = registry.push_image("team/app", "1.0")
        registry.push_image("team/app", "latest")
        self.fails(UNSUPPORTED, "rm", registry.host + "/team/app:1.0", saying="latest")
        self.assertEqual(sorted(self.client("tags", registry.host + "/team/app")), ["1.0", "latest"])
        self.client("rm", registry.host + "/team/app:1.0", V2_REPLACE_TAG="1")
        self.assertEqual(self.client("tags", registry.host + "/team/app"), ["latest"])
        self.assertTrue(self.client("digest", registry.host + "/team/app:latest")[0].startswith(digest))

    def test_a_child_of_a_tagged_index_stays(self):
        registry = self.distribution()
        child = registry.push_image("team/app", "child")
        registry.push_manifest("team/app", "all", {
            "schemaVersion": 2, "mediaType": OCI + "index.v1+json",
            "manifests": [{"mediaType": OCI + "manifest.v1+json", "digest": child, "size": 400}]})
        self.fails(UNSUPPORTED, "rm", registry.host + "/team/app:child", saying="all")
        self.assertEqual(registry.ask("GET", "/v2/team/app/manifests/" + child,
                                      headers={"Accept": OCI + "manifest.v1+json"})[0], 200)

    def test_a_registry_that_removes_nothing(self):
        registry = self.distribution(delete=False)
        registry.push_image("team/app", "1.0")
        self.fails(UNSUPPORTED, "rm", registry.host + "/team/app:1.0", saying="removes nothing")
        self.assertEqual(self.client("tags", registry.host + "/team/app"), ["1.0"])

    def test_all_tags_of_a_repository_are_removed(self):
        registry = self.distribution()
        for tag in ("1.0", "2.0"):
            registry.push_image("team/app", tag, layers=(tag.encode(),))
        registry.push_image("team/app", "same", layers=(b"2.0",))
        self.client("rm-repository", registry.host + "/team/app")
        self.assertEqual(self.client("tags", registry.host + "/team/app"), [])


if __name__ == "__main__":
    main()
