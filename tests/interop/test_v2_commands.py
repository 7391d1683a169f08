#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands about a registry as a whole, against distribution 2.8 and a token service: ping, login, logout, search."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from distribution import Distribution, TokenServer, certificate  # noqa: E402
from harness import RegctlServer, TestCase, main  # noqa: E402

USERS = {"acme": "secret"}


class Commands(TestCase):
    def distribution(self, **options):
        return self.start(Distribution, **options)

    def secured(self):
        """(registry, its kind): one with Basic, one with tokens that only users get."""
        yield self.distribution(users=USERS), "basic"
        tokens = self.start(TokenServer, users=USERS)
        tokens.refuse = lambda scopes: tokens.requests[-1]["user"] is None
        yield self.distribution(tokens=tokens), "tokens"

    def login(self, registry, password, code=0):
        result = self.regctl("login", "-u", "acme", "--password-stdin", registry.host, stdin=password.encode())
        self.assertEqual(result.code, code, result.err)
        self.assertNotIn(password, result.out + result.err)
        return result

    def stored(self):
        path = os.path.join(self.home, ".docker", "config.json")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="utf-8") as file:
            return json.load(file).get("auths", {})

    def largest_blob(self):
        """Of the tree: a layer."""
        blobs = [os.path.join(root, name)
                 for root, _, files in os.walk(os.path.join(self.folder, "tree", "docker/registry/v2/blobs"))
                 for name in files]
        return max(blobs, key=os.path.getsize)

    def test_ping_names_the_protocols_of_a_host(self):
        for registry, kind in (*self.secured(), (self.distribution(), "open")):
            with self.subTest(kind):
                answer = self.ok("ping", registry.host, "--format", "json").json
                self.assertEqual(answer, {"host": registry.host, "url": registry.url(""), "protocols": ["v2"],
                                          "standalone": None, "version": None})
                self.assertEqual(self.ok("ping", f"v2://{registry.host}").out, registry.url("") + " speaks v2\n")
                self.fails(6, "ping", f"v1://{registry.host}", saying="speaks protocol v2, not v1")
                self.fails(6, "ping", registry.host, "--api", "v1", saying="speaks protocol v2, not v1")
        old = self.start(RegctlServer)
        self.assertEqual(self.ok("ping", old.host, "--format", "json").json["protocols"], ["v1"])
        self.fails(6, "ping", old.host, "--api", "v2", saying="speaks protocol v1, not v2")

    def test_audit_and_verify_look_at_registries_and_at_trees(self):
        registry = self.distribution()
        archive = "oci-archive:" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "layouts",
                                                "skopeo-oci-archive.tar")
        self.ok("copy", archive, f"{registry.host}/team/app:1.0")
        digest = self.ok("digest", f"{registry.host}/team/app:1.0").out.strip()
        for place in (registry.host, f"{registry.host}/team/app", f"{registry.host}/team/app:1.0", archive):
            audited = self.ok("audit", "--deep", place, "--format", "json").json
            self.assertEqual([(row["id"], row["verdict"]) for row in audited["tags"]],
                             [(digest, "sound")])
        self.assertIn("1 sound", self.ok("verify", "--deep", registry.host).err)
        self.ok("copy", archive, "v2-storage:tree:team/app:1.0")
        self.assertIn("1 sound", self.ok("verify", "--deep", "v2-storage:tree").err)
        self.assertIn("no difference in 1 tag", self.ok("diff", registry.host, "v2-storage:tree").err)
        blob = self.largest_blob()
        with open(blob, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        self.assertEqual(self.regctl("verify", "v2-storage:tree").code, 0)
        damaged = self.regctl("verify", "--deep", "v2-storage:tree")
        self.assertEqual(damaged.code, 7, damaged.err)
        self.assertIn("checksum wrong", damaged.out)

    def test_gc_and_repair_keep_what_distribution_serves(self):
        """Manifests that it takes, and regctl refuses."""
        registry = self.distribution()
        changes = {"no-size": lambda layer: layer.pop("size"), "negative": lambda layer: layer.update(size=-1),
                   "data": lambda layer: layer.update(data="***"), "no-text": lambda layer: layer.update(data=5),
                   "deep": lambda layer: layer.update(z=json.loads("[" * 200 + "]" * 200))}
        accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
        tags = {}
        for tag, change in changes.items():
            good = registry.push_image("team/app", tag, layers=(tag.encode(),))
            document = json.loads(registry.ask("GET", f"/v2/team/app/manifests/{good}", headers=accept)[2])
            change(document["layers"][0])
            registry.push_manifest("team/app", tag, document)
            tags[tag] = document
        stray = registry.push_blob("team/app", b"stray")
        tree = f"v2-storage:{registry.root}"
        audited = self.regctl("audit", tree, "--format", "json").json
        rows = [row for one in audited["repositories"] for row in one["manifests"] if row["tag"]]
        self.assertEqual({row["tag"]: row["by_tag_2"] for row in rows}, dict.fromkeys(tags, 200))
        self.ok("repair", tree, "--drop-tags")
        self.ok("gc", tree, "--apply", "--grace", "0")
        for tag, document in tags.items():
            self.assertEqual(registry.ask("GET", f"/v2/team/app/manifests/{tag}", headers=accept)[0], 200, tag)
            for blob in (document["config"], *document["layers"]):
                self.assertEqual(registry.ask("GET", f"/v2/team/app/blobs/{blob['digest']}")[0], 200, tag)
        # What nests too deep to be read may name anything.
        self.assertEqual(registry.ask("HEAD", f"/v2/team/app/blobs/{stray}")[0], 200)

    def test_login_checks_the_password_by_the_protocol_that_is_spoken(self):
        for registry, kind in self.secured():
            with self.subTest(kind):
                registry.host_image = f"{registry.host}/team/app"
                self.fails(4, "tags", registry.host_image)
                self.login(registry, "wrong-password", code=4)
                self.assertNotIn(registry.host, self.stored())
                result = self.login(registry, "secret")
                self.assertIn("login succeeded", result.err)
                self.assertNotIn("does not check passwords", result.err)
                self.assertEqual(base64.b64decode(self.stored()[registry.host]["auth"]), b"acme:secret")
                self.fails(3, "tags", registry.host_image, saying="there is no repository")
                self.ok("logout", registry.host)
                self.fails(4, "tags", registry.host_image)

    def test_login_at_a_registry_for_everybody_is_noted(self):
        registry = self.distribution()
        self.assertIn(f"{registry.host} does not check passwords", self.login(registry, "any").err)
        self.assertIn(registry.host, self.stored())

    def test_login_at_a_registry_with_tls(self):
        pair = certificate(self.folder)
        registry = self.distribution(users=USERS, tls=pair)
        words = ("login", "-u", "acme", "--password-stdin", registry.host)
        self.ok(*words, "--ca-file", pair[0], stdin=b"secret")
        self.fails(5, *words, stdin=b"secret", saying="certificate")

    def test_search_looks_through_the_catalog(self):
        registry = self.distribution(users=USERS)
        empty = self.distribution()
        self.assertEqual(self.ok("search", empty.host, "--format", "json").json, [])
        names = ["other/thing", "team/app", "team/application", "team/db"]
        environment = {"REGCTL_USERNAME": "acme", "REGCTL_PASSWORD": "secret"}
        self.write("blob", b"content")
        for name in names:
            blob = self.ok("blob", "put", f"{registry.host}/{name}", "blob", env=environment).out.strip()
            layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": blob, "size": 7}
            self.write("manifest", json.dumps({"schemaVersion": 2, "layers": [layer], "config": layer,
                                               "mediaType": "application/vnd.oci.image.manifest.v1+json"}))
            self.ok("manifest", "put", f"{registry.host}/{name}:1", "manifest", env=environment)

        def search(*words):
            rows = self.ok("search", *words, "--format", "json", env=environment).json
            return [row["repository"] for row in rows]

        self.assertEqual(search(registry.host), names)
        self.assertEqual(search(registry.host, "APP"), ["team/app", "team/application"])
        self.assertEqual(search(f"{registry.host}/thing"), ["other/thing"])
        self.assertEqual(search(registry.host, "nothing"), [])
        self.fails(9, "search", registry.host, saying="its catalog is closed")
        self.fails(9, "search", registry.host, "--api", "v1", env=environment, saying="speaks only protocol v2")


if __name__ == "__main__":
    main()
