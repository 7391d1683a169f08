#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program and the settings of distribution 2.8 that change how it is spoken to: TLS, storage behind redirects,
caches, replicas, a public address, limits of lists, and what it does not allow. test_v2_copy.py has simpler ones."""

import functools
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from daemons import find_port  # noqa: E402
from distribution import certificate  # noqa: E402
from harness import main, wait_for  # noqa: E402
from middleman import Middleman, Spoil  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import Document, MANIFEST, image, index, signature, signature_tag  # noqa: E402

UNAVAILABLE, UNSUPPORTED, PARTIAL = 5, 9, 10


class Storage:
    """Serves the files of a registry's storage, and notes the requests for them."""

    def __init__(self, root):
        self.headers = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def send_head(self):
                outer.headers.append(self.headers)
                return super().send_head()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def redirect(self):
        """The setting that leads there."""
        url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        return {"middleware.storage": [{"name": "redirect", "options": {"baseurl": url}}]}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Replicas(Middleman):
    """Stands before two registries: an upload that begins at the one goes on at the other one."""

    def __init__(self, one, other):
        self.other_port = other.port
        super().__init__(one)

    def choose(self, request):
        if request.method in ("PATCH", "PUT"):
            request.port = self.other_port


class CutsOnce(Middleman):
    """Each blob is cut at the first time that it is asked for."""

    def choose(self, request):
        is_first = request.method == "GET" and "/blobs/" in request.path and request.count == 1
        return Spoil(cut_answer=0.7) if is_first else None


class SettingsCase(V2Case):
    @classmethod
    def setUpClass(cls):
        cls.source = cls.shared_distribution()
        cls.app, cls.expected = cls.fill(cls.source)

    @classmethod
    def fill(cls, registry):
        """An index with its signature, and what all tags are."""
        app = cls.push(registry, "team/app", "1.0", index([image("app", 1, 50_000)]))
        cls.push(registry, "team/app", signature_tag(app), signature(app))
        base = image("base", 1, 50_000)
        for name, tag in (("team/app", "2.0"), ("team/base", "1.0")):
            cls.push(registry, name, tag, base)
        return app, {name: cls.tags_of(registry, name) for name in ("team/app", "team/base")}

    def started(self, made):
        self.addCleanup(made.stop)
        return made

    def assertHas(self, registry):
        """All tags of the source, whole."""
        for name, tags in self.expected.items():
            self.assertEqual(self.tags_of(registry, name), tags)
            for tag in tags:
                self.assertComplete(registry, name, tag)

    def assertGoesBothWays(self, host, root, *options):
        """The registry at `host`, with its storage at `root`, takes all of the source, and gives it again."""
        self.ok("mirror", *options, self.source.host, host)
        base = f"{self.source.host}/team/base:1.0"
        self.ok("copy", *options, "--chunk-size", "20KiB", base, f"{host}/in/pieces:1.0")
        looked_at = self.distribution(data=root)
        self.assertHas(looked_at)
        self.assertEqual(self.assertComplete(looked_at, "in/pieces", "1.0"), self.expected["team/base"]["1.0"])
        layout = os.path.basename(root) + "-layout"
        self.ok("copy", *options, "--referrers", f"{host}/team/app:1.0", f"oci:{layout}:1.0")
        digests = [one["digest"] for one in json.loads(self.read(layout + "/index.json"))["manifests"]]
        self.assertEqual(sorted(digests), sorted([self.app.digest, self.expected["team/app"][signature_tag(self.app)]]))


class Spoken(SettingsCase):
    def test_tls_with_http2_and_without(self):
        pair = certificate(self.folder)
        for number, more in enumerate(({}, {"http.http2": {"disabled": True}})):
            with self.subTest(more):
                there = self.distribution(data=self.path(f"data-{number}"), tls=pair, more=more)
                self.fails(UNAVAILABLE, "tags", f"{there.host}/team/app", saying="certificate")
                self.assertGoesBothWays(there.host, there.root, "--ca-file", pair[0])

    def test_tls_that_asks_for_a_certificate(self):
        pair = certificate(self.folder)
        self.make_key("client", "/CN=client")
        there = self.distribution(tls=pair, more={
            "http.tls": {"certificate": pair[0], "key": pair[1], "clientcas": [self.path("client.crt")]}})
        options = "--ca-file", pair[0]
        self.fails(UNAVAILABLE, "tags", *options, f"{there.host}/team/app", saying="certificate")
        self.assertGoesBothWays(there.host, there.root, *options, "--client-cert", self.path("client.crt"),
                                "--client-key", self.path("client.key"))

    def test_a_public_address(self):
        """It stands in each Location, whatever address and scheme the registry was asked by."""
        port = find_port()
        there = self.distribution(more={"http.addr": f"127.0.0.1:{port}", "http.host": f"https://127.0.0.1:{port}"})
        self.assertGoesBothWays(there.host, there.root)

    def test_storage_behind_redirects(self):
        for is_off in (False, True):
            with self.subTest(is_off=is_off):
                data = self.path(f"data-{is_off}")
                os.mkdir(data)
                storage = self.started(Storage(data))
                there = self.distribution(data=data, users={"acme": "secret"}, more={
                    **storage.redirect, "storage.redirect": {"disable": is_off}})
                self.log_in(there.host)
                self.assertGoesBothWays(there.host, data)
                self.assertEqual(bool(storage.headers), not is_off)
                for headers in storage.headers:
                    self.assertIsNone(headers.get("Authorization"))

    def test_descriptors_in_memory(self):
        there = self.distribution(more={"storage.cache": {"blobdescriptor": "inmemory"}})
        self.assertGoesBothWays(there.host, there.root)
        self.ok("rm", f"{there.host}/team/base:1.0")
        self.ok("mirror", self.source.host, there.host)
        self.assertHas(there)

    def test_a_catalog_of_few_names_a_page(self):
        small = self.distribution(data=self.source.root, more={"catalog": {"maxentries": 1}})
        found = self.ok("search", small.host, "--format", "json").json
        self.assertEqual([row["repository"] for row in found], list(self.expected))
        there = self.distribution()
        self.ok("mirror", small.host, there.host)
        self.assertHas(there)


class Replicated(SettingsCase):
    def test_replicas_of_one_storage(self):
        one = self.distribution()
        both = self.started(Replicas(one, self.distribution(data=one.root)))
        self.assertGoesBothWays(both.host, one.root)

    def test_replicas_with_secrets_of_their_own(self):
        one = self.distribution()
        both = self.started(Replicas(one, self.distribution(data=one.root, more={"http.secret": "another"})))
        result = self.fails(UNAVAILABLE, "copy", f"{self.source.host}/team/base:1.0", f"{both.host}/team/base:1.0",
                            saying=("loses the upload each time", "http.secret"))
        self.assertNotIn("Traceback", result.err)
        self.assertEqual(self.tags_of(one, "team/base"), {})


class Cached(SettingsCase):
    """A cache that is filled by what is read through it."""

    def setUp(self):
        super().setUp()
        self.cache = self.distribution(upstream=self.source.url(""))

    def lists_all(self):
        return json.loads(self.cache.ask("GET", "/v2/_catalog")[2])["repositories"] == sorted(self.expected)

    def test_it_is_mirrored_when_it_is_empty_and_when_it_is_full(self):
        for number in range(2):
            there = self.distribution()
            if number == 0:
                for name in self.expected:  # each by itself: what is mounted is not read through the cache
                    self.ok("mirror", f"{self.cache.host}/{name}", f"{there.host}/{name}",
                            "--state", name.replace("/", "-"))
            else:
                wait_for(self.lists_all, "the cache lists what was pulled, which it stores after its answers")
                self.ok("mirror", self.cache.host, there.host)
            self.assertHas(there)
        self.ok("verify", "--deep", self.source.host, self.cache.host)
        digest = self.ok("digest", f"{self.cache.host}/team/app:1.0").out.strip()
        self.assertEqual(digest, self.app.digest)

    def test_it_ignores_ranges_of_what_it_does_not_have(self):
        there, cutting = self.distribution(), self.started(CutsOnce(self.cache))
        for name in self.expected:
            self.ok("mirror", f"{cutting.host}/{name}", f"{there.host}/{name}")
        self.assertHas(there)

    def test_nothing_is_written_to_it(self):
        self.write("blob", b"content")
        there = f"{self.cache.host}/team/app"
        for words in (("copy", f"{self.source.host}/team/base:1.0", f"{there}:1.0"), ("blob", "put", there, "blob"),
                      ("tag", f"{there}:1.0", "2.0"), ("rm", f"{there}:1.0")):
            with self.subTest(words[0]):
                self.fails(UNSUPPORTED, *words, saying=self.cache.host)
        self.assertHas(self.source)


class Refused(SettingsCase):
    def test_nothing_is_removed(self):
        here, there = self.distribution(), self.distribution(delete=False)
        self.fill(here)
        self.ok("mirror", here.host, there.host)
        for words in (("rm",), ("rm", "--replace-tag"), ("rm", "--repository", "--yes")):
            name = f"{there.host}/team/base" + ("" if "--repository" in words else ":1.0")
            with self.subTest(words):
                self.fails(UNSUPPORTED, *words, name, saying="removes nothing")
        self.assertHas(there)
        here.ask("DELETE", f"/v2/team/app/manifests/{self.app.digest}")
        result = self.regctl("mirror", "--prune", "--yes", here.host, there.host, "--report", "report")
        self.assertEqual(result.code, PARTIAL, result.err)
        self.assertIn("removes nothing", result.err)
        self.assertEqual(json.loads(self.read("report").splitlines()[-1])["deleted"], 0)
        self.assertHas(there)

    def test_nothing_is_written(self):
        there = self.distribution(data=self.source.root, readonly=True)
        self.write("blob", b"content")
        image_there = f"{there.host}/team/app:1.0"
        for words in (("tag", image_there, "3.0"), ("rm", image_there),
                      ("blob", "put", f"{there.host}/team/app", "blob"),
                      ("index", "make", f"{there.host}/team/app:3.0", image_there)):
            with self.subTest(words[0]):
                self.fails(UNSUPPORTED, *words, saying=there.host)
        self.assertHas(self.source)
        self.ok("mirror", self.source.host, there.host)  # which has all of it

    def test_layers_elsewhere(self):
        """Unless it is told which URLs it may take."""
        here, there = self.distribution(foreign=True), self.distribution()
        own = image("own")
        document = json.loads(own.bytes)
        document["layers"].append({"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                                   "digest": "sha256:" + "1" * 64, "size": 100, "urls": ["https://example.com/layer"]})
        self.push(here, "team/app", "1.0", Document(document, MANIFEST, own.blobs.values()))
        self.fails(UNSUPPORTED, "copy", f"{here.host}/team/app:1.0", f"{there.host}/team/app:1.0",
                   saying="does not take layers that lie elsewhere")
        self.assertEqual(self.tags_of(there, "team/app"), {})


if __name__ == "__main__":
    main()
